"""`doctor` and `summary` on the command line: what they find, and how they say what is wrong."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad import cli, config
from minigrad.utils import doctor
from minigrad.utils.locate import model_at, tensor_of_shape

MODEL = """
from minigrad import nn
import neighbour

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(neighbour.SIZE, 2), nn.ReLU())

def make(): return Net()
net = make()
class Holder: inner = net
number = 3
def needs(x): return net
"""


# ---------------------------------------------------------------- doctor
def test_it_finds_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["doctor"])
    text = capsys.readouterr().out
    for expected in ("Versions", f"numpy        {np.__version__}", "BLAS of NumPy", "kernels", "CuPy", "Extras", "Switches"):
        assert expected in text
    assert code == int("What to look at" in text)


def test_extras_come_from_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=2", 'matplotlib; extra == "examples"', "no-such-thing>=3; extra == 'gizmo'", 'numpy; extra == "gizmo"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: lines)
    assert doctor.extra_requirements() == {"examples": ["matplotlib"], "gizmo": ["no-such-thing", "numpy"]}
    found = dict(doctor.extras([]))
    assert found["gizmo"] == "no-such-thing, numpy: lacks no-such-thing; pip install 'minigrad[gizmo]'"


def test_a_required_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REQUIRED", ("numpy", "no-such-thing"))
    problems: list[str] = []
    assert dict(doctor.versions(problems))["no-such-thing"] == "not installed"
    assert problems == ["no-such-thing is not installed; pip install no-such-thing"]


def test_reference_kernels_are_told(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "MINIGRAD_KERNELS": "", "MINIGRAD_DEBUG": "0"}
    done = subprocess.run([sys.executable, "-m", "minigrad", "doctor"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "reference: NumPy, slow (NUMBA_DISABLE_JIT)" in done.stdout
    assert "What to look at\n  - convolutions and much else run on the slow reference kernels" in done.stdout


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert doctor.can_write(tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert not doctor.can_write(tmp_path)


def test_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGRAD_NUM_THREADS", "1")
    monkeypatch.setattr(config, "DEBUG", 2)
    problems: list[str] = []
    assert ("MINIGRAD_NUM_THREADS", "1") in list(doctor.switches(problems))
    assert problems == ["MINIGRAD_DEBUG=2 watches every op, which is slow; unset it when you are done"]


def test_wrong_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "now"]) == 2
    assert "doctor: takes no arguments; got now" in capsys.readouterr().err


# ---------------------------------------------------------------- summary
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a_model_of_mine.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("SIZE = 3\n", encoding="utf-8")
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


@pytest.mark.parametrize("name", ["Net", "make", "net", "Holder.inner"])
def test_summary_of_a_model_in_a_file(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["summary", f"{folder}/a_model_of_mine.py:{name}", "--input", "5,3"]) == 0
    text = capsys.readouterr().out
    assert "(model): Net  (5, 2)" in text
    assert "parameters   8: 8 trainable, 0 frozen" in text
    assert str(folder) not in sys.path


def test_summary_of_a_model_in_a_module(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(folder))
    assert cli.main(["summary", "a_model_of_mine:Net", "--input=5,3"]) == 0
    assert "MACs         30" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "text"), [
    ([], "summary: expects MODULE:MODEL and at least one --input; got nothing"),
    (["minigrad.nn:ReLU"], "summary: expects MODULE:MODEL and at least one --input; got minigrad.nn:ReLU"),
    (["minigrad.nn", "--input", "1"], "summary: expects MODULE:MODEL"),
    (["minigrad.nn:ReLU", "--input", "a"], "summary: --input expects a shape such as 1,1,28,28 or 1,16:int64; got a"),
    (["minigrad.nn:ReLU", "--input", "1:text"], "got 1:text"),
    (["minigrad.nn:ReLU", "--input"], "--input expects a shape such as 1,1,28,28 or 1,16:int64; got nothing"),
    (["no_such_module:X", "--input", "1"], "no_such_module: no such module"),
    (["no_such_file.py:X", "--input", "1"], "no_such_file.py: no such file"),
    (["minigrad.nn:Nothing", "--input", "1"], "minigrad.nn:Nothing: minigrad.nn has no 'Nothing'"),
    (["minigrad.nn:Linear", "--input", "1"], "minigrad.nn:Linear: could not be made without arguments"),
    (["os:sep", "--input", "1"], "os:sep: is no nn.Module, and made none; got str"),
])
def test_what_is_wrong_is_said(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["summary", *arguments]) == 2
    assert text in capsys.readouterr().err


def test_models_of_a_file_are_named(folder: Path) -> None:
    with pytest.raises(ValueError, match="has no 'Nett'; it has Net, net"):
        model_at(f"{folder}/a_model_of_mine.py:Nett")
    with pytest.raises(TypeError, match="could not be made without arguments"):
        model_at(f"{folder}/a_model_of_mine.py:needs")


def test_shapes() -> None:
    for text, shape, dtype in (("1,2", (1, 2), "float32"), ("3:int64", (3,), "int64"), ("2,0:float64", (2, 0), "float64")):
        found = tensor_of_shape(text)
        assert found is not None
        assert (tuple(found.shape), str(found.dtype)) == (shape, f"minigrad.{dtype}")
    assert tensor_of_shape("") is None
    assert tensor_of_shape("-1,2") is None
