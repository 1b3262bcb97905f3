"""Integrals and slopes of samples, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.oracle import same, same_error

Y = np.array([[1.0, 2.0, 4.0, 4.5], [3.0, 5.0, 9.0, -1.0], [0.0, 1.0, 0.5, 2.0]])
X = np.array([0.0, 1.0, 3.0, 3.5])


@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
def test_integrals(name: str) -> None:
    same(lambda lib, y: getattr(lib, name)(y), Y)
    same(lambda lib, y: getattr(lib, name)(y, dx=0.5, dim=0), Y)
    same(lambda lib, y, x: getattr(lib, name)(y, x), Y, X)
    same(lambda lib, y, x: getattr(lib, name)(y, x), Y, Y[::-1].copy())
    same(lambda lib, y, x: getattr(lib, name)(y, x), Y, Y[:1].copy())
    same(lambda lib, y: getattr(lib, name)(y), np.arange(4))
    same(lambda lib, y: getattr(lib, name)(y), Y[:, :1].copy())
    same(lambda lib, y, x: getattr(lib, name)(y, x, dim=0), Y, X[:3].copy())


def test_trapz_is_an_older_name() -> None:
    same(lambda lib, y, x: lib.trapz(y, x), Y, X)


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("options", [{}, {"spacing": None}, {"spacing": 2}, {"spacing": (2.0, 3.0)}, {"dim": 1, "spacing": 0.5},
                                     {"dim": (1, 0)}, {"dim": (0,)}], ids=str)
def test_slopes(options: dict[str, Any], edge_order: int) -> None:
    for field in (0, -1):
        same(lambda lib, y, i=field: lib.gradient(y, edge_order=edge_order, **options)[i], Y)
    same(lambda lib, y: lib.gradient(y, dim=1, edge_order=edge_order)[0], np.arange(8.0, dtype="f4").reshape(2, 4))


@pytest.mark.parametrize("edge_order", [1, 2])
def test_slopes_of_samples_at_positions(edge_order: int) -> None:
    same(lambda lib, y, x: lib.gradient(y, spacing=(x.detach(),), dim=1, edge_order=edge_order)[0], Y, X)
    same(lambda lib, y, x: lib.gradient(y, spacing=(x.detach()[:3], x.detach()), edge_order=edge_order)[1], Y, X)


def test_refusals() -> None:
    same_error(lambda lib, y, x: lib.trapezoid(y, x, dim=0), Y, X, match="There must be one `x` value for each sample point")
    same_error(lambda lib, y, x: lib.trapezoid(y, x, dx=1), Y, X, match="takes x or dx, not both")
    same_error(lambda lib, y: lib.trapezoid(y > 1), Y, match="bool is not supported")
    same_error(lambda lib, y: lib.trapezoid(y), np.array(1.0), match="tensor has no dimensions")
    same_error(lambda lib, y: lib.gradient(y, spacing=[1.0, 2, 3]), Y, match="got a list of length 3")
    same_error(lambda lib, y: lib.gradient(y, edge_order=3), Y, match="only supports edge_order=1 and edge_order=2")
    same_error(lambda lib, y: lib.gradient(y[:1]), Y, match=r"at least edge_order\+1")
