"""MINIGRAD_DEBUG and `debug`: ops that tell what they do."""
from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

import minigrad as mg
from minigrad.engine import mode as modes
from minigrad.engine.mode import local, watching


def test_level_1_prints_each_op(capsys: pytest.CaptureFixture[str]) -> None:
    with mg.debug(1):
        mg.ones(2, 3).exp() + 1.0
    lines = capsys.readouterr().err.splitlines()
    assert re.match(r"minigrad: exp +float32 \(2, 3\) -> float32 \(2, 3\)  \d+ us", lines[0])
    assert lines[1].startswith("minigrad: add ")
    mg.ones(2).exp()
    assert capsys.readouterr().err == ""             # silent again


def test_level_2_tells_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    x = mg.ones(2, 3, requires_grad=True)
    with mg.debug(2):
        x.exp()
    assert "keeps 24 bytes for the gradients of x" in capsys.readouterr().err


def test_level_2_prints_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = mg.ones(2, 3, requires_grad=True), mg.ones(3, requires_grad=True)
    with mg.debug(2):
        z = mg.cat([x * y, x]).sum()
        capsys.readouterr()
        z.backward()
    lines = [re.sub(r"\d+ us$", "us", line) for line in capsys.readouterr().err.splitlines()]
    assert lines == ["minigrad: SumBackward0 for input   float32 () -> float32 (4, 3)  us",
                     "minigrad: CatBackward0 for tensors float32 (4, 3) -> float32 (2, 3), float32 (2, 3)  us",
                     "minigrad: MulBackward0 for input   float32 (2, 3) -> float32 (2, 3)  us",
                     "minigrad: MulBackward0 for other   float32 (2, 3) -> float32 (2, 3)  us"]
    assert local.mode.rules is None


def test_level_3_stops_at_the_first_nan() -> None:
    with mg.debug(3), pytest.raises(RuntimeError, match=r"log: the result float32 \(\) holds NaN .* at .*test_debug\.py:\d+ `mg.tensor"):
        mg.tensor(-1.0).log()
    x = mg.tensor(0.0, requires_grad=True)
    with mg.debug(3), pytest.raises(RuntimeError, match="'SqrtBackward0' returned inf values"):
        x.sqrt().backward()


def test_gradients_are_the_same_while_watched() -> None:
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.debug(1):
        y = (x * x).sum()
        y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_an_unknown_level() -> None:
    with pytest.raises(ValueError, match="debug: level must be 0, 1, 2 or 3; got 7"):
        mg.debug(7)


def test_the_environment_switches_it_on() -> None:
    code = "import os; os.environ['MINIGRAD_DEBUG'] = '1'; import minigrad; minigrad.ones(1) * 2.0"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "minigrad: mul" in done.stderr


def test_watches_stand_one_in_front_of_the_other() -> None:
    seen: list[str] = []

    def watch(name: str) -> Any:
        def see(op: Any, call: Any, args: Any, kwargs: Any) -> Any:
            seen.append(f"{name} {op.name}")
            return call(*args, **kwargs)
        return see

    first, second, third = watch("first"), watch("second"), watch("third")
    with watching(first), watching(second), watching(third):
        mg.ones(1).exp()
        assert seen == ["third exp", "second exp", "first exp"]
        seen.clear()
        modes.local.mode.watch = modes.without(second, modes.local.mode.watch)
        mg.ones(1).exp()
        assert seen == ["third exp", "first exp"]
    seen.clear()
    mg.ones(1).exp()
    assert not seen
    assert modes.local.mode.watch is None


def test_a_silent_level_leaves_other_watches(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def see(op: Any, call: Any, args: Any, kwargs: Any) -> Any:
        seen.append(op.name)
        return call(*args, **kwargs)

    with watching(see), mg.debug(1), mg.debug(0):
        mg.ones(1).exp()
    assert seen == ["exp"]
    assert capsys.readouterr().err == ""
