"""Variance and covariance: PyTorch's overloads, corrections and edges."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

X = np.array([[1.0, 4.0, 2.0], [3.0, 3.0, 3.5]])
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), ((False,), {}), ((), {"unbiased": False}), ((0,), {}), ((0, False), {}), ((1, True, True), {}),
    (((0, 1),), {"correction": 0}),
    ((), {"correction": 0.5, "keepdim": True}), ((None,), {"correction": 2}), ((), {"axis": 1}), ((), {"dim": [0], "unbiased": True})]


@pytest.mark.parametrize(("args", "kwargs"), CALLS, ids=str)
def test_overloads(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for name in ("var", "std"):
        same(lambda lib, x, n=name: getattr(lib, n)(x, *args, **kwargs), X, second=True)
        same(lambda lib, x, n=name: getattr(x, n)(*args, **kwargs), X.astype("f4"), rtol=1e-5)
        for field in (0, 1):
            same(lambda lib, x, n=name, i=field: getattr(lib, n + "_mean")(x, *args, **kwargs)[i], X, second=field == 0)


@pytest.mark.parametrize("name", ["var", "std"])
def test_edges(name: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x), np.array([2.0, 2.0, 2.0]))        # std 0: gradient 0
    same(lambda lib, x: getattr(lib, name)(x), np.array(3.0))
    same(lambda lib, x: getattr(lib, name)(x), np.zeros((0, 3)))
    same(lambda lib, x: getattr(lib, name)(x, 1), np.zeros((0, 3)))
    same(lambda lib, x: getattr(lib, name)(x.detach(), correction=2), np.array([1.0, 2.0]))
    same(lambda lib, x: getattr(lib, name)(x, 1), X + 1j * X[::-1], second=True)
    same(lambda lib, x: getattr(lib, name)(x), X.astype("f2"), rtol=1e-2)


def test_no_dims_are_all_dims() -> None:
    same(lambda lib, x: lib.var(x.detach(), ()), X)  # PyTorch's gradient is nan here
    x, y = mg.tensor(X, requires_grad=True), mg.tensor(X, requires_grad=True)
    x.var(()).backward()
    y.var().backward()
    assert x.grad.tolist() == y.grad.tolist()
    same(lambda lib, x: lib.std_mean(x.detach(), ())[0], X)


def test_variance_of_large_numbers_loses_no_digits() -> None:
    same(lambda lib, x: lib.var(x), 1e8 + X)


def test_covariance() -> None:
    weights, counts = np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3])
    same(lambda lib, x: lib.cov(x), X, second=True)
    same(lambda lib, x: lib.cov(x, correction=0), X)
    same(lambda lib, x, w: lib.cov(x, fweights=w), X, counts)
    same(lambda lib, x, w: lib.cov(x, aweights=w), X, weights)
    same(lambda lib, x, f, a: lib.cov(x, fweights=f, aweights=a, correction=0), X, counts, weights)
    same(lambda lib, x: lib.cov(x), X[0])
    same(lambda lib, x: lib.cov(x), X.astype("i8"))
    same(lambda lib, x: lib.cov(x), X + 1j * X[::-1])


def test_covariance_without_degrees_of_freedom_warns() -> None:
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert np.isnan(mg.cov(mg.tensor([[1.0]])).item())


def test_correlation() -> None:
    same(lambda lib, x: lib.corrcoef(x), X, second=True)
    same(lambda lib, x: lib.corrcoef(x), X + 1j * X[::-1])
    same(lambda lib, x: lib.corrcoef(x), X[0])


def test_refusals() -> None:
    same_error(lambda lib, x: x.var(), X.astype("i8"), match="only support floating point and complex dtypes")
    same_error(lambda lib, x: x.var(2), X, match="Dimension out of range")
    same_error(lambda lib, x: x.var(0, unbiased=True, correction=1), X, match="unbiased or correction, not both")
    same_error(lambda lib, x: lib.cov(x), X > 2, match="bool dtype is not supported")
    same_error(lambda lib, x: lib.cov(x), X[None], match="two or fewer dimensions")
    same_error(lambda lib, x, w: lib.cov(x, fweights=w), X, np.array([1.0, 2, 3]), match="integral dtype")
    same_error(lambda lib, x, w: lib.cov(x, fweights=w), X, np.array([1, -2, 3]), match="fweights cannot be negative")
    same_error(lambda lib, x, w: lib.cov(x, aweights=w), X, np.linspace(-1, 1, X.shape[1]), match="aweights cannot be negative")
