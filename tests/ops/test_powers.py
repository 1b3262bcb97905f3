"""Powers: PyTorch's values, dtypes, gradients and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, GRID, SPECIAL, same, same_error

FINITE = SPECIAL[np.abs(SPECIAL) < 50]


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, -1, -2, 0.5, -0.5, 2.5, 1 / 3, 2j])
def test_number_as_exponent(exponent: Any) -> None:
    same(lambda lib, x: x ** exponent, SPECIAL)
    same(lambda lib, x: x ** exponent, SPECIAL.astype("f4"), rtol=1e-5)
    same(lambda lib, x: x ** exponent, COMPLEX)
    if not isinstance(exponent, complex):
        same(lambda lib, x: x ** exponent, SPECIAL, second=True)


@pytest.mark.parametrize("base", [0, 1, 2, -2, 0.5, 3])
def test_number_as_base(base: Any) -> None:
    same(lambda lib, x: base ** x, FINITE)
    same(lambda lib, x: base ** x, FINITE.astype("f4"), rtol=1e-5)
    same(lambda lib, x: lib.pow(base, x), np.array([1, 2, 3]))


def test_tensors_on_both_sides() -> None:
    same(lambda lib, x, y: x ** y, *GRID)
    same(lambda lib, x, y: x ** y, COMPLEX, COMPLEX[::-1].copy())
    same(lambda lib, x, y: x ** y, np.array([[2.0], [3.0]]), np.array([1.0, 2.0]))       # broadcasting


def test_zero_to_the_zero_has_no_gradient() -> None:
    x, y = mg.tensor(0.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    (x ** y).backward()
    assert x.grad.item() == 0.0
    assert y.grad.item() == 0.0
    x.grad = None
    (x ** 0).backward()
    assert x.grad.item() == 0.0


def test_integers_stay_integers() -> None:
    same(lambda lib, x: x ** 3, np.array([-2, 0, 3]))
    same(lambda lib, x: x ** True, np.array([-2, 0, 3]))
    same(lambda lib, x: x ** 2.5, np.array([2, 0, 3]))
    same(lambda lib, x: x ** 3, np.array([7, 200], "u1"))
    same(lambda lib, x: x ** 2, np.array([True, False]))


def test_negative_exponents_of_integers() -> None:
    same(lambda lib, x, y: x ** y, np.array([1, -1, -1, 2, -5, 3]), np.array([-1, -2, -3, -1, -2, 2]))
    same(lambda lib, y: 2 ** y, np.array([-1, 0, 3]))
    same_error(lambda lib, x: x ** -1, np.array([1, 2]),
               match="pow: Integers to negative integer powers are not allowed; got int64 \\(2,\\) \\*\\* -1; write -1.0, or x.float\\(\\)")


def test_bools_have_no_power() -> None:
    same_error(lambda lib, b: b ** b, np.array([True]), match="pow: not implemented for bool")


def test_float_power_is_double() -> None:
    for values in (np.array([1, 2]), np.array([1.5, 2], "f4"), np.array([1 + 1j], "c8"), np.array([True, False])):
        same(lambda lib, x: lib.float_power(x, 2), values)
        same(lambda lib, x: lib.float_power(2, x), values)
        same(lambda lib, x: lib.float_power(x, x), values)


def test_argument_names_and_in_place() -> None:
    t = mg.tensor([2.0, 3.0])
    assert t.pow(exponent=2).tolist() == mg.pow(input=t, exponent=2).tolist() == [4.0, 9.0]
    same(lambda lib, x: (x * 1).pow_(3), np.array([2.0, 3.0]))
    with pytest.raises(TypeError, match="pow: exponent must be a Tensor; got str 'a'"):
        mg.pow(t, "a")                               # type: ignore[arg-type]
