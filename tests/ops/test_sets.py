"""Distinct values and membership, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import libraries, same, same_error

X = np.array([[2, 1, 2], [0, 1, 2], [2, 1, 2], [2, 1, 2]])


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("dim", [None, 0, 1, -1])
@pytest.mark.parametrize("values", [X, X.astype("f4"), X > 1, np.zeros((0, 3)), np.array([5.0])], ids=["i8", "f4", "bool", "empty", "one"])
def test_values_inverse_and_counts(name: str, dim: Any, values: np.ndarray) -> None:
    if dim in (1, -1) and (values.ndim == 1 and dim == 1 or not values.size):
        pytest.skip("no such slices")
    for field in range(3):
        same(lambda lib, x, i=field: getattr(lib, name)(x.detach(), return_inverse=True, return_counts=True, dim=dim)[i], values)
    same(lambda lib, x: getattr(lib, name)(x.detach(), dim=dim), values)
    same(lambda lib, x: getattr(lib, name)(x.detach(), return_counts=True, dim=dim)[1], values)


def test_slices_of_more_dims() -> None:
    values = np.random.default_rng(0).integers(0, 2, (3, 5, 2))
    for dim in range(3):
        for field in range(3):
            same(lambda lib, x, d=dim, i=field: lib.unique(x, dim=d, return_inverse=True, return_counts=True)[i], values)


def test_one_number_and_nan() -> None:
    same(lambda lib, x: lib.unique(x.detach(), return_inverse=True)[1], np.array(3.0))
    same(lambda lib, x: lib.unique(x.detach()), np.array([np.nan, 1.0, np.nan]))      # nan differ from each other


def test_membership() -> None:
    y = np.array([1, 5])
    same(lambda lib, x, y: lib.isin(x, y), X, y)
    same(lambda lib, x, y: lib.isin(x, y, invert=True, assume_unique=True), X, y)
    same(lambda lib, x: lib.isin(x, 2), X)
    same(lambda lib, x: lib.isin(2, x), X)
    same(lambda lib, x: lib.isin(elements=x, test_element=2), X)
    same(lambda lib, x, y: lib.isin(x, y), X.astype("f4"), np.array([1.5, np.nan, 2]))
    same(lambda lib, x, y: lib.isin(x, y), np.array([np.nan]), np.array([np.nan]))


def test_outside_the_graph() -> None:
    assert not mg.tensor([1.0, 1.0], requires_grad=True).unique().requires_grad


def test_refusals() -> None:
    same_error(lambda lib, x: lib.unique(x, dim=1), np.zeros((0, 3)), match="there are 0 sized dimensions")
    same_error(lambda lib, x: lib.isin(x, x), X > 1, match=r"unsupported input type encountered for isin\(\)|Unsupported")
    torch, ours = libraries()
    for lib in (torch, ours):
        with pytest.raises(TypeError):
            lib.isin(3, 3)
