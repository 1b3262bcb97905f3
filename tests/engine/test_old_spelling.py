"""Numbers before tensors: PyTorch's spelling of factors before version 1.5, which many optimizers of that time keep."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

A, V = mg.full((2, 2), 3.0), mg.full((2,), 2.0)
CASES: list[tuple[str, Callable[[], Any], Any]] = [
    ("addcmul_", lambda: mg.ones(2).addcmul_(0.5, V, V), [3, 3]),
    ("addcdiv", lambda: mg.addcdiv(mg.ones(2), 0.5, V, V), [1.5, 1.5]),
    ("add_", lambda: mg.ones(2).add_(0.5, V), [2, 2]),
    ("sub", lambda: mg.sub(mg.ones(2), 0.5, V), [0, 0]),
    ("addmm, beta and alpha", lambda: mg.addmm(0.5, mg.ones(2, 2), 2, A, A), [[36.5, 36.5], [36.5, 36.5]]),
    ("addmm_, beta", lambda: mg.ones(2, 2).addmm_(0.5, A, A), [[18.5, 18.5], [18.5, 18.5]]),
    ("baddbmm", lambda: mg.ones(1, 2, 2).baddbmm(0.5, 2, A[None], A[None]), [[[36.5, 36.5], [36.5, 36.5]]]),
]


@pytest.mark.parametrize(("compute", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_factors_between_the_tensors(compute: Callable[[], Any], expected: Any) -> None:
    with pytest.warns(UserWarning, match=r"numbers before tensors are PyTorch's old spelling, and deprecated; write "):
        found = compute()
    np.testing.assert_allclose(found.numpy(), expected)


def test_the_warning_shows_the_new_spelling_and_gradients_are_those_of_it() -> None:
    x = mg.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"add: numbers .*; write add\(other, alpha=3\)"):
        mg.add(x, 3, x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [4, 4]


@pytest.mark.parametrize("compute", [
    lambda: mg.add(V, V, 2), lambda: mg.mul(V, 2, V), lambda: V.add(2, V, alpha=1), lambda: mg.addcmul(V, 1, 2, V, V)])
def test_other_arguments_too_many_are_refused(compute: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"takes \d positional arguments \(input, "):
        compute()
