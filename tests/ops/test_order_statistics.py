"""Medians, quantiles, modes, k-th values, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
X = RNG.permutation(20).reshape(4, 5).astype(float) / 4
NAN = np.array([[1.0, np.nan, 0.0, np.nan, 2.0], [5, 4, 3, 2, 1]])


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("values", [X, NAN, np.array([1.0, 2.0, 2.0]), np.array(2.0)], ids=["f8", "nan", "tie", "0-d"])
def test_medians(name: str, values: np.ndarray) -> None:
    same(lambda lib, x: getattr(lib, name)(x), values, second=True)
    for field in (0, 1):
        same(lambda lib, x, i=field: getattr(lib, name)(x, -1)[i], values)
        same(lambda lib, x, i=field: getattr(lib, name)(x, dim=0, keepdim=True)[i], values[0] if values.ndim > 1 else values)
    same(lambda lib, x: getattr(lib, name)(x), X.astype("i8"))


def test_median_of_nothing() -> None:
    same(lambda lib, x: lib.median(x), np.zeros((0, 3)))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_kthvalue(k: int) -> None:
    for field in (0, 1):
        same(lambda lib, x, i=field: lib.kthvalue(x, k)[i], X, second=True)
        same(lambda lib, x, i=field: lib.kthvalue(x, min(k, 4), 0, True)[i], X)
    same(lambda lib, x: lib.kthvalue(x.detach(), k)[0], NAN)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_mode(dim: int) -> None:
    values = RNG.integers(0, 3, (5, 7))
    for dtype in ("i8", "f8"):
        for field in (0, 1):
            same(lambda lib, x, i=field: lib.mode(x, dim)[i], values.astype(dtype))
            same(lambda lib, x, i=field: lib.mode(x, dim, True)[i], values.astype(dtype))


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": -1, "keepdim": True}, {"keepdim": True}], ids=str)
def test_quantiles(name: str, interpolation: str, options: dict[str, Any]) -> None:
    same(lambda lib, x: getattr(lib, name)(x, 0.3, interpolation=interpolation, **options), X)
    same(lambda lib, x, q: getattr(lib, name)(x, q.detach(), interpolation=interpolation, **options), X, np.array([0.0, 0.25, 0.7, 1.0]))
    same(lambda lib, x: getattr(lib, name)(x.detach(), 0.3, interpolation=interpolation, **options), NAN)


def test_gradient_for_the_quantile_that_is_asked() -> None:
    same(lambda lib, x, q: lib.quantile(x, q, dim=1), X, np.array([0.1, 0.6]))
    same(lambda lib, x, q: lib.quantile(x, q), X, np.array(0.4))


def test_named_tuples() -> None:
    x = mg.tensor([2.0, 1.0, 3.0])
    for name, result in (("median", x.median(0)), ("nanmedian", x.nanmedian(0)), ("mode", x.mode()), ("kthvalue", x.kthvalue(1))):
        assert type(result) is getattr(mg.return_types, name)


def test_refusals() -> None:
    same_error(lambda lib, x: x.kthvalue(0), X, match=r"kthvalue\(\): selected number k out of range for dimension 1")
    same_error(lambda lib, x: x.kthvalue(1, 0), np.zeros((0, 3)), match=r"kthvalue\(\): Expected reduction dim 0 to have non-zero size")
    same_error(lambda lib, x: x.median(0), np.zeros((0, 3)), match=r"median\(\): Expected reduction dim 0 to have non-zero size")
    same_error(lambda lib, x: x.median(), X > 1, match="not implemented for bool")
    same_error(lambda lib, x: x.quantile(2.0), X, match=r"quantile\(\) q must be in the range \[0, 1\] but got 2")
    same_error(lambda lib, x, q: x.quantile(q), X, np.array([1.5]), match=r"q values must be in the range \[0, 1\]")
    same_error(lambda lib, x, q: x.quantile(q), X, np.array([[0.5]]), match="q must be a scalar or 1D tensor")
    same_error(lambda lib, x, q: x.quantile(q), X, np.array(0.5, "f4"), match="q tensor must be same dtype")
    same_error(lambda lib, x: x.quantile(0.5), X.astype("i8"), match="either float or double dtype")
    same_error(lambda lib, x: x.quantile(0.5), np.zeros((0, 3)), match="must be non-empty")
    same_error(lambda lib, x: x.quantile(0.5, interpolation="cubic"), X, match="interpolation must be one of .* but got cubic")
