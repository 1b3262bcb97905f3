"""python -m minigrad graph."""
from __future__ import annotations

from pathlib import Path

import pytest

from minigrad.cli import main

SCRIPT = """
import minigrad as mg
from minigrad import nn

def loss():
    w = mg.ones(3, requires_grad=True)
    return (w * 2).sum()

def pair():
    return nn.Linear(2, 1), (5, 2)

net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
broken = nn.Sequential(nn.Linear(4, 3), nn.Linear(5, 2))
number = 3
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return str(path)


def test_functions_and_models(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", f"{script}:loss"]) == 0
    assert "mul(" in capsys.readouterr().out
    assert main(["graph", f"{script}:pair", "--hide", "parameter", "--gradients"]) == 0
    assert "weight" not in capsys.readouterr().out
    assert main(["graph", f"{script}:net", "--input", "1,4", "--depth", "0", "-o", str(tmp_path / "g.dot")]) == 0
    assert "2 ops · 23 parameters" in capsys.readouterr().out
    assert "Sequential" in (tmp_path / "g.dot").read_text(encoding="utf-8")


def test_a_program_that_fails_is_drawn_up_to_there(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", f"{script}:broken", "--input", "1,4"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("minigrad: ShapeError: linear")
    assert "!! failed" in said.out


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["{}:net"], "say what to call it with: --input 1,3,224,224"),
    (["{}:nothing"], "has no nothing; it has mg, nn, loss, pair, net, broken, number"),
    (["{}:number"], "gives a int; it should give a Tensor, a Module, or"),
    (["nowhere.py:x"], "there is no file nowhere.py"), (["{}"], "expects SCRIPT.py:NAME")])
def test_wrong_targets(script: str, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", *[a.format(script) for a in arguments]]) == 2
    assert complaint in capsys.readouterr().err
