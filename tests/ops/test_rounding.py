"""Rounding and division: PyTorch's values, dtypes, gradients and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, GRID, SPECIAL, same, same_error

HALVES = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.5])
INTEGERS = np.array([7, -7, 7, -7, 0]), np.array([2, 2, -2, -2, 3])
BOOLS = np.array([True, False])


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "trunc", "fix", "frac"])
def test_rounding(name: str) -> None:
    def call(lib: Any, x: Any) -> Any:
        return getattr(lib, name)(x)
    for values in (SPECIAL, SPECIAL.astype("f4"), HALVES, np.array(2.7), np.zeros((0, 2))):
        same(call, values)
        same(lambda lib, x: getattr(x * 1, f"{name}_")(), values)
    same_error(call, BOOLS, match="not implemented for bool")
    same_error(call, COMPLEX, match="not implemented for complex128")
    if name != "frac":
        same(call, np.array([1, -2], "i1"))


@pytest.mark.parametrize("decimals", [2, 1, 0, -1])
def test_round_to_decimals(decimals: int) -> None:
    same(lambda lib, x: lib.round(x, decimals=decimals), SPECIAL * 1.2345)


def test_integers_have_no_decimals() -> None:
    same_error(lambda lib, x: lib.round(x, decimals=2), np.array([1]),
               match="round: decimals are not implemented for int64; got decimals 2")


DIVISIONS = {"//": lambda lib, x, y: x // y, "%": lambda lib, x, y: x % y,
             "fmod": lambda lib, x, y: lib.fmod(x, y),
             "floor": lambda lib, x, y: lib.div(x, y, rounding_mode="floor"),
             "trunc": lambda lib, x, y: lib.div(x, y, rounding_mode="trunc")}


@pytest.mark.parametrize("name", DIVISIONS)
def test_division(name: str) -> None:
    call = DIVISIONS[name]
    same(lambda lib, x, y: call(lib, x.detach(), y.detach()), *GRID)
    same(lambda lib, x, y: call(lib, x.detach(), y.detach()), *[g.astype("f4") for g in GRID])
    same(call, *INTEGERS)
    same(call, np.array([7, 200], "u1"), np.array([2, 3], "u1"))
    same(call, np.array([7, -100], "i1"), np.array([2, 3]))
    same(call, np.array([True, False]), np.array([2, 3]))
    if name != "//":
        same(call, *GRID)


@pytest.mark.parametrize("name", DIVISIONS)
def test_whole_numbers_are_not_divided_by_zero(name: str) -> None:
    same_error(DIVISIONS[name], np.array([1, 2]), np.array([1, 0]), match="ZeroDivisionError: a whole number divided by zero")
    same_error(lambda lib, x: DIVISIONS[name](lib, x, 0), np.array([1, 2]), match="ZeroDivisionError")
    same(lambda lib, x: DIVISIONS[name](lib, x, 0), np.array([1.0, -2.0])) if name != "//" else None


@pytest.mark.parametrize("name", DIVISIONS)
def test_what_does_not_divide(name: str) -> None:
    same_error(DIVISIONS[name], BOOLS, BOOLS, match="not implemented for bool")
    same_error(DIVISIONS[name], COMPLEX, COMPLEX, match="not implemented for complex128")


@pytest.mark.parametrize("number", [2, 2.5, -3, True])
def test_division_of_and_by_numbers(number: Any) -> None:
    for values in (np.array([7.0, -7.0]), np.array([7, -7]), np.array([7.0, -7.0], "f4")):
        for name, call in DIVISIONS.items():
            same(lambda lib, x, c=call: c(lib, x.detach(), number), values)
            if name not in ("fmod", "floor", "trunc"):
                same(lambda lib, x, c=call: c(lib, number, x.detach()), values)


def test_true_division() -> None:
    same(lambda lib, x, y: lib.div(x, y), *INTEGERS)
    same(lambda lib, x, y: x.divide(y), *GRID)
    assert mg.div(mg.ones(2), 2, out=mg.zeros(2)).tolist() == [0.5, 0.5]
    same_error(lambda lib, x: lib.div(x, 2, rounding_mode="up"), np.ones(1),
               match="div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'")


def test_floor_divide_refuses_to_be_differentiated() -> None:
    out = mg.ones(2, requires_grad=True) // 2
    with pytest.raises(RuntimeError, match="floor_divide: the derivative is not implemented"):
        out.sum().backward()


@pytest.mark.parametrize("name", ["floor_divide_", "remainder_", "fmod_"])
def test_in_place(name: str) -> None:
    same(lambda lib, x: getattr(x.clone(), name)(3), np.array([7, -7]))


def test_the_remainder_of_a_number_has_a_gradient() -> None:
    """Stated in docs/differences.md."""
    t = mg.tensor([0.7, -0.3], requires_grad=True)
    (2 % t).sum().backward()
    assert t.grad.tolist() == [-2.0, 7.0]            # minus the quotients, rounded down
