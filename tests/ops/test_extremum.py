"""Maxima and minima: overloads, ties, nan, positions."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

NAN = np.nan
X = np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 5.0]])
TIES = [[1.0, 2.0, 2.0], [2.0, 2.0, 2.0], [1.0, NAN, NAN], [NAN, 1.0, 2.0], [-np.inf, -np.inf]]


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
@pytest.mark.parametrize("values", TIES, ids=str)
def test_gradients_at_ties_and_nan_over_all(name: str, values: list[float]) -> None:
    same(lambda lib, x: getattr(lib, name)(x), np.array(values), second=True)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("values", TIES, ids=str)
def test_along_a_dim_the_first_of_equals_is_chosen(name: str, values: list[float]) -> None:
    for field in (0, 1):
        same(lambda lib, x, i=field: getattr(lib, name)(x, 0)[i], np.array(values), second=True)
        same(lambda lib, x, i=field: getattr(lib, name)(x, dim=1, keepdim=True)[i], np.array([values, values]))


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("options", [{"dim": 0}, {"dim": (0, 1), "keepdim": True}, {"dim": 1, "keepdim": True}, {"dim": None}, {"dim": ()}],
                         ids=str)
def test_amax_over_dims(name: str, options: dict[str, Any]) -> None:
    same(lambda lib, x: getattr(lib, name)(x, **options), X, second=True)
    same(lambda lib, x: getattr(lib, name)(x, **options), X.astype("i4"))


@pytest.mark.parametrize("field", ["min", "max"])
@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": -1, "keepdim": True}, {"keepdim": True}], ids=str)
def test_aminmax(field: str, options: dict[str, Any]) -> None:
    same(lambda lib, x: getattr(lib.aminmax(x, **options), field), X)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": 1, "keepdim": True}, {"dim": None, "keepdim": True}], ids=str)
def test_positions(name: str, options: dict[str, Any]) -> None:
    same(lambda lib, x: getattr(lib, name)(x, **options), X)
    same(lambda lib, x: getattr(lib, name)(x, **options), np.array([[1.0, NAN, NAN]]))
    same(lambda lib, x: getattr(lib, name)(x, **options), X.astype("u1"))


def test_third_overload_is_elementwise() -> None:
    same(lambda lib, x, y: lib.max(x, y), X, X[::-1].copy())
    same(lambda lib, x, y: x.min(other=y), X, X[0].astype("f4"))


def test_named_tuple() -> None:
    result = mg.tensor([[1.0, 5.0]]).max(1)
    assert type(result) is mg.return_types.max
    values, indices = result
    assert values is result.values
    assert indices is result.indices
    assert indices.dtype is mg.int64
    assert repr(result) == "minigrad.return_types.max(\nvalues=tensor([5.]),\nindices=tensor([1]))"


def test_zero_dims_and_empty_inputs() -> None:
    for field in (0, 1):
        same(lambda lib, x, i=field: x.max(0)[i], np.array(3.0))
        same(lambda lib, x, i=field: x.max(1)[i], np.zeros((0, 3)))
        same(lambda lib, x, i=field: x.min(0)[i], X > 2)
    same(lambda lib, x: x.argmax(0), np.array(3.0))
    same(lambda lib, x: x.amax(1), np.zeros((0, 3)))


def test_refusals() -> None:
    empty = np.zeros((0, 3))
    same_error(lambda lib, x: x.max(), empty, match=r"max\(\): Expected reduction dim to be specified for input.numel\(\) == 0")
    same_error(lambda lib, x: x.max(0), empty, match=r"max\(\): Expected reduction dim 0 to have non-zero size")
    same_error(lambda lib, x: x.amin(0), empty, match=r"amin\(\): Expected reduction dim 0 to have non-zero size")
    same_error(lambda lib, x: x.argmax(), empty, match=r"argmax\(\): Expected reduction dim to be specified")
    same_error(lambda lib, x: lib.aminmax(x), empty, match="cannot compute aminmax over an empty dimension")
    same_error(lambda lib, x: x.max((0, 1)), X, match="for several dims use amax")
    same_error(lambda lib, x: x.max(None), X, match="takes nothing, .dim, keepdim=False. or .other.")
    same_error(lambda lib, x: x.max(2), X, match="Dimension out of range")
    same_error(lambda lib, x: x.max(), X * 1j, match="complex")
    same_error(lambda lib, x: x.argmax(), X > 2, match="does not support bool input")
