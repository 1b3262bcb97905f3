"""Sorting and topk: stability, nan, gradients."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.ops.oracle import same, same_error

X = np.array([[3.0, 1.0, 2.0, 1.0], [0.0, 5.0, 0.0, 5.0]])
NAN = np.array([1.0, np.nan, 0.0, np.nan, -np.inf, np.inf])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("values", [X, X.astype("i8"), X > 1, NAN, np.array(3.0), np.zeros((0, 2))],
                         ids=["f8", "i8", "bool", "nan", "0-d", "empty"])
def test_sort_keeps_the_order_of_equals(values: np.ndarray, descending: bool) -> None:
    for dim in (0, -1):
        for field in (0, 1):
            same(lambda lib, x, d=dim, i=field: lib.sort(x, dim=d, descending=descending, stable=True)[i], values)
        same(lambda lib, x, d=dim: lib.argsort(x, dim=d, descending=descending, stable=True), values)
    same(lambda lib, x: x.msort(), values)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.booleans())
def test_indices_reproduce_the_values(numbers: list[int], descending: bool) -> None:
    x = mg.tensor(numbers)
    values, indices = x.sort(descending=descending)
    assert values.tolist() == sorted(numbers, reverse=descending)
    assert indices.tolist() == sorted(range(len(numbers)), key=lambda i: (-numbers[i] if descending else numbers[i], i))


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("k", [0, 1, 3, 4])
def test_topk(k: int, largest: bool) -> None:
    distinct = np.array([[3.0, 1.0, 2.0, 1.5], [0.0, 5.0, 0.5, 4.0]])
    for field in (0, 1):
        same(lambda lib, x, i=field: lib.topk(x, k, 1, largest)[i], distinct, second=True)
    same(lambda lib, x: x.topk(min(k, 2), 0, largest).values, distinct)
    same(lambda lib, x: x.detach().topk(k, largest=largest).values, X)        # ties: values only


@pytest.mark.parametrize("largest", [False, True])
def test_topk_of_many(largest: bool) -> None:
    values = np.random.default_rng(0).permutation(3000).reshape(3, 1000).astype(float)
    values[1, 5] = np.nan
    for k in (1, 7, 999):
        for field in (0, 1):
            same(lambda lib, x, k=k, i=field: lib.topk(x.detach(), k, 1, largest)[i], values)
        same(lambda lib, x, k=k: lib.topk(x.detach(), k, 0, largest).values, values.T.copy())


def test_topk_of_nan_and_of_one_number() -> None:
    same(lambda lib, x: x.topk(3).values, NAN)
    same(lambda lib, x: x.topk(2, largest=False).values, NAN)
    same(lambda lib, x: x.topk(1).indices, np.array(2.0))


def test_unsorted_topk_has_the_same_elements() -> None:
    values = mg.tensor(X).topk(2, 1, sorted=False).values
    assert values.sort().values.tolist() == [[2.0, 3.0], [5.0, 5.0]]


def test_gradient_returns_to_where_elements_came_from() -> None:
    x = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


def test_refusals() -> None:
    same_error(lambda lib, x: x.topk(5), X, match="selected index k out of range; got k=5")
    same_error(lambda lib, x: x.topk(-1), X, match="selected index k out of range")
    same_error(lambda lib, x: x.topk(1), X > 1, match="topk: does not support bool")
    same_error(lambda lib, x: x.sort(), X * 1j, match="complex")
    same_error(lambda lib, x: x.sort(2), X, match="Dimension out of range")
