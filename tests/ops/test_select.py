"""Choosing between elements: PyTorch's values, ties, kinks and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.select import LARGE, blend, masked
from tests.ops.oracle import COMPLEX, GRID, SPECIAL, same, same_error

RNG = np.random.default_rng(5)


# ---------------------------------------------------------------- by a mask
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "i4", "u1"])
def test_blend_is_where(dtype: str) -> None:
    """Above and below the size from which it works on bits, with everything a float can be."""
    for n in (10, LARGE + 10):
        x = np.resize(SPECIAL if dtype[0] in "fc" else np.arange(100), (3, n)).astype(dtype)
        y, mask = x[::-1, ::-1], RNG.random(n) < 0.5
        np.testing.assert_array_equal(blend(mask, x, y), np.where(mask, x, y))
        np.testing.assert_array_equal(blend(mask, x[:, :1], y[:, :1]), np.where(mask, x[:, :1], y[:, :1]))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "i4"])
def test_masked_is_exact_for_nan_and_infinity(dtype: str) -> None:
    x = (SPECIAL if dtype[0] in "fc" else np.arange(23)).astype(dtype)
    mask = np.arange(23) % 2 == 0
    np.testing.assert_array_equal(masked(mg.tensor(x), mask).numpy(), np.where(mask, x, 0))


def test_where() -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        return lib.where(x > 0, x, y)
    same(call, *GRID)
    same(call, np.array([[1.0], [-1.0]]), np.array([3.0, 4.0]))
    same(call, np.array([1.0, -1.0], "f4"), np.array([3.0, 4.0]))
    same(call, np.array([1, -1]), np.array([3.5, 4.0], "f4"))
    same(call, RNG.normal(size=(80, 80)), RNG.normal(size=(80, 80)))
    same(lambda lib, x: lib.where(x > 0, x, 0), SPECIAL)
    same(lambda lib, x: lib.where(x > 0, 2.5, x), np.array([1, -1]))
    same(lambda lib, x: lib.where(x > 0, 1, 2), SPECIAL)
    same(lambda lib, x: lib.where(x > 0, 1.0, 2), SPECIAL)
    same(lambda lib, x: lib.where(x > 0, True, 2j), SPECIAL)
    same(lambda lib, x: x.where(x > 0, -1), SPECIAL)
    same(lambda lib, x: lib.where(condition=x > 0, input=x, other=x * 2), SPECIAL)
    same(lambda lib, c: lib.where(c, c, 5), np.array([2, 0], "u1"))


def test_where_of_a_condition_alone() -> None:
    mask = mg.tensor([[True, False], [True, True]])
    assert [i.tolist() for i in mg.where(mask)] == [[0, 1, 1], [0, 0, 1]]
    assert [i.tolist() for i in mg.where(mg.tensor(3.0))] == [[0]]
    assert mg.where(mask)[0].dtype == mg.int64


def test_where_refuses() -> None:
    same_error(lambda lib, x: lib.where(x, x, x), np.arange(3),
               match="where: expected condition to be a boolean tensor, but got int64 \\(3,\\)")
    same_error(lambda lib, x: lib.where(True, x, x), np.arange(3),
               match="where: condition must be a Tensor; got bool True")
    same_error(lambda lib, x: lib.where(x > 0, x, x[:2]), np.arange(3),
               match="size of tensor a \\(3\\) must match the size of tensor b \\(2\\)")


# ---------------------------------------------------------------- by size
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_extremes_of_two(name: str) -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        return getattr(lib, name)(x, y)
    same(call, *GRID)                                # ties: half and half, or to the first
    same(call, *GRID, second=True)
    same(call, np.array([[1.0], [2.0]]), np.array([1.0, 3.0], "f4"))
    same(call, np.array([1, 5]), np.array([4, 2], "u1"))
    same(call, np.array([True, False]), np.array([False, False]))
    same(call, np.array([200, 3], "u1"), np.array(300))
    same_error(call, COMPLEX, COMPLEX, match=f"{name}: not implemented for complex tensors, which have no order; got .*; take abs")
    same_error(lambda lib, x: getattr(lib, name)(x, 2), np.ones(2), match=f"{name}: other must be a Tensor; got int 2")


# ---------------------------------------------------------------- by bounds
@pytest.mark.parametrize(("low", "high"), [(-1, 2), (0.5, None), (None, 2), (3, 1), (float("nan"), None), (np.float32(0.5), np.int64(2))])
def test_clamp_to_numbers(low: Any, high: Any) -> None:
    for values in (SPECIAL, SPECIAL.astype("f4"), np.array(0.7)):
        same(lambda lib, x: x.clamp(low, high), values)
        same(lambda lib, x: lib.clip(x, min=low, max=high), values, second=True)
        same(lambda lib, x: (x * 1).clamp_(low, high), values)


def test_clamp_of_integers() -> None:
    for values in (np.array([1, 5, -3]), np.array([1, 200], "u1"), np.array([True, False])):
        same(lambda lib, x: lib.clamp(x, 2, 4), values)
        same(lambda lib, x: lib.clamp(x, 1.5), values)
        same(lambda lib, x: lib.clamp_max(x, 2.5), values)
    same(lambda lib, x: lib.clamp(x, -5), np.array([1, 200], "u1"))
    same_error(lambda lib, x: lib.clamp(x, 0, 300), np.array([1, 200], "u1"),
               match="clamp: value cannot be converted to type uint8 without overflow; got 300")


def test_clamp_to_tensors() -> None:
    same(lambda lib, x, y: lib.clamp(x, min=y), *GRID)
    same(lambda lib, x, y: lib.clamp(x, max=y), *GRID)
    same(lambda lib, x, y: lib.clamp_min(x, y), *GRID)
    x, low, high = (RNG.normal(size=50).round(1) for _ in range(3))
    x[:5], x[5:10], low[10:15] = low[:5], high[5:10], high[10:15]
    same(lambda lib, a, b, c: lib.clamp(a, b, c), x, low, high)
    same(lambda lib, a, b, c: lib.clamp(a, b, c), x, low, high, second=True)
    same(lambda lib, a, b, c: lib.clamp(a, b, c), x.reshape(5, 10), low[:1], high[:5].reshape(5, 1))
    same(lambda lib, a, b: lib.clamp(a, b), np.array([1, 5]), np.array([2.5, 2.0], "f4"))


def test_clamp_refuses() -> None:
    same_error(lambda lib, x: lib.clamp(x), np.ones(2), match="clamp: at least one of 'min' or 'max' must not be None")
    same_error(lambda lib, x: lib.clamp(x, "a"), np.ones(2),
               match="clamp: takes a Tensor and bounds that are numbers, Tensors or None; .*min str 'a'")
    same_error(lambda lib, x: lib.clamp(x, 1), COMPLEX, match="clamp: not implemented for complex128")
    same_error(lambda lib, x: lib.clamp(x, False, True), np.array([True]), match="clamp: not implemented for bool")


def test_clamp_min_and_max_by_name() -> None:
    t = mg.tensor([1.0, 3.0])
    assert t.clamp_min(min=2).tolist() == [2.0, 3.0]
    assert t.clamp_max(max=2).tolist() == [1.0, 2.0]
    t.clamp_min_(2).clamp_max_(2.5)
    assert t.tolist() == [2.0, 2.5]


# ---------------------------------------------------------------- what is no number
@pytest.mark.parametrize("options", [(), (1.0,), (1.0, 2.0, 3.0), (0.0, None, -5.0)])
def test_nan_to_num(options: tuple[Any, ...]) -> None:
    for values in (SPECIAL, SPECIAL.astype("f4"), SPECIAL.astype("f2"), np.arange(3), np.array([True])):
        same(lambda lib, x: lib.nan_to_num(x, *options), values)
    same(lambda lib, x: lib.nan_to_num(x.detach(), *options), np.array([complex(np.nan, np.inf), 1 + 1j]))
