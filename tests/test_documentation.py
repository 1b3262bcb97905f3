"""The README's programs run as they stand, and what documents point to is there."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)|(?:src|href)=\"(?!https?:)([^\"]+)\"")


def test_the_programs_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    programs = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    names: dict[str, object] = {"__name__": "readme"}
    for program in programs:
        exec(compile(program, "README.md", "exec"), names)
    assert len(programs) >= 2
    accuracy = re.search(r"loss \d\.\d+, accuracy (0\.\d+)\n", capsys.readouterr().out)
    assert accuracy is not None
    assert float(accuracy[1]) > 0.8
    assert "<svg" in (tmp_path / "graph.html").read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be reached."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", h)).strip().lower().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for found in LINK.finditer(text):
        path, _, anchor = (found[1] or found[2]).partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {found[0]}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name}: {found[0]}"
