"""The scaffold for a new op, run on a copy of the tree: what it writes imports, and fails for what is still to be written."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ("minigrad/__init__.py", "minigrad/_tensor.py", "minigrad/ops/{stem}.py", "tests/ops/samples/{stem}.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the scaffold and the contract test read: the package without its data, the tests of ops, the tool."""
    skip = shutil.ignore_patterns("__pycache__", "*.xz")
    shutil.copytree(ROOT / "minigrad", tmp_path / "minigrad", ignore=skip)
    shutil.copytree(ROOT / "tests" / "ops", tmp_path / "tests" / "ops", ignore=skip)
    for name in ("tools/new_op.py", "pyproject.toml", "tests/__init__.py", "tests/conftest.py", "tests/leaks.py", "tests/strict_arrays.py",
                 "tests/cupy_names.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the copy, which its `minigrad` comes from."""
    return subprocess.run([sys.executable, *arguments], cwd=tree, capture_output=True, text=True, encoding="utf-8", check=False,
                          env=os.environ | {"PYTHONPATH": str(tree)})


def contents(tree: Path, stem: str) -> list[str]:
    paths = [tree / file.format(stem=stem) for file in FILES]
    return [path.read_text(encoding="utf-8") if path.exists() else "" for path in paths]


def contract(tree: Path, name: str) -> str:
    """What the contract test says of one op."""
    return run(tree, "-m", "pytest", "-q", "--tb=line", "tests/ops/test_contract.py", "-k", name).stdout


def fill(path: Path, hole: str, text: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert before.count(hole) == 1
    path.write_text(before.replace(hole, text), encoding="utf-8")


def test_new_ops_import_and_name_what_is_missing(tree: Path) -> None:
    """One in a file that exists, one in a new file."""
    result = run(tree, "tools/new_op.py", "halfway", "--stem", "fused", "--inputs", "2")
    assert result.returncode == 0, result.stderr
    ops = tree / "minigrad/ops/fused.py"
    line = ops.read_text(encoding="utf-8").splitlines().index("def halfway(input: Tensor, other: Tensor) -> Tensor:") + 1
    assert f"minigrad/ops/fused.py:{line}  forward" in result.stdout
    fill(ops, "halfway_forward_is_to_be_written", "(input + other) / 2")
    assert run(tree, "tools/new_op.py", "triangle_wave", "--stem", "waves").returncode == 0

    names = "(minigrad.halfway is minigrad.Tensor.halfway, minigrad.triangle_wave is minigrad.Tensor.triangle_wave)"
    same = run(tree, "-c", f"import minigrad; print(minigrad.__file__, *{names})")
    assert same.stdout == f"{tree / 'minigrad' / '__init__.py'} True True\n", same.stderr
    said = contract(tree, "halfway or triangle_wave")
    for hole in ("halfway_oracle", "halfway_rule_for_x", "triangle_wave_forward"):
        assert f"NameError: name '{hole}_is_to_be_written' is not defined" in said


@pytest.mark.slow
def test_a_filled_skeleton_meets_the_contract(tree: Path) -> None:
    assert run(tree, "tools/new_op.py", "halfway", "--stem", "fused", "--inputs", "2").returncode == 0
    ops, samples = tree / "minigrad/ops/fused.py", tree / "tests/ops/samples/fused.py"
    fill(ops, "halfway_forward_is_to_be_written", "(input + other) / 2")
    fill(ops, "lambda g, x, y, out: halfway_rule_for_x_is_to_be_written", "lambda g: g / 2")
    fill(ops, "lambda g, x, y, out: halfway_rule_for_y_is_to_be_written", "lambda g: g / 2")
    fill(samples, "halfway_oracle_is_to_be_written", "(x + y) / 2")
    last = contract(tree, "halfway").splitlines()[-1]
    assert "passed" in last
    assert "failed" not in last


def test_a_dry_run_writes_nothing_and_shows_what_would_be(tree: Path) -> None:
    before = contents(tree, "waves")
    shown = run(tree, "tools/new_op.py", "triangle_wave", "--stem", "waves", "--dry-run").stdout
    assert contents(tree, "waves") == before
    run(tree, "tools/new_op.py", "triangle_wave", "--stem", "waves")
    added = [line[1:] for line in shown.splitlines() if line.startswith("+") and not line.startswith("+++")]
    written = "\n".join(contents(tree, "waves"))
    assert "    triangle_wave = waves.triangle_wave" in added
    assert "from .ops.waves import triangle_wave as triangle_wave" in added
    assert [line for line in added if line not in written] == []


@pytest.mark.parametrize(("arguments", "says"), [
    (("exp",), "exp is a public name already; see minigrad/__init__.py"),
    (("backward",), "backward is a method already; see minigrad/_tensor.py"),
    (("masked", "--stem", "waves"), "masked stands in minigrad/ops/select.py already"),
    (("class",), "'class' cannot be the name of a function or a module"),
    (("two",), "two stands in tests/ops/samples/elementwise.py already"),
    (("halfway", "--stem", "dims"), "minigrad/ops/dims.py holds no ops; take a stem that does, or a new one"),
    (("halfway", "--stem", "halfway"), "a file must not share its name with a public function; choose another stem than halfway"),
], ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_refusals(arguments: tuple[str, ...], says: str) -> None:
    result = run(ROOT, "tools/new_op.py", *arguments, "--dry-run")
    assert (result.returncode, result.stdout) == (1, "")
    assert says in result.stderr
