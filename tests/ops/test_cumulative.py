"""Running sums, products and extrema, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

X = np.array([[0.5, -2.0, 3.0, 1.5], [2.0, 0.0, 1.0, -1.0], [1.0, 2.0, 0.0, 0.0]])
NAN = np.array([1.0, np.nan, 3.0, np.nan, 0.0])


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_values_and_gradients(name: str, dim: int) -> None:
    same(lambda lib, x: getattr(lib, name)(x, dim), X, second=name != "cumsum")
    same(lambda lib, x: getattr(lib, name)(x, dim), X.astype("f4"), rtol=1e-5)
    same(lambda lib, x: getattr(lib, name)(x, 0), np.array(3.0))
    same(lambda lib, x: getattr(lib, name)(x, 0), np.zeros((0, 3)))


@pytest.mark.parametrize("dtype", ["i4", "u1", "?"])
def test_integers_become_int64(dtype: str) -> None:
    same(lambda lib, x: lib.cumsum(x, 1), X.astype(dtype))
    same(lambda lib, x: lib.cumprod(x, 1), X.astype(dtype))
    same(lambda lib, x: lib.cumsum(x, 1, dtype=lib.float32), X.astype(dtype))


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("values", [X, X.astype("i8"), NAN, np.array(2.0), np.zeros((0, 3)), np.array([1.0, 2.0, 2.0, 1.0, 2.0])], ids=str)
def test_running_extrema_take_the_last_of_equals(name: str, values: np.ndarray) -> None:
    for field in (0, 1):
        same(lambda lib, x, i=field: getattr(lib, name)(x, 0)[i], values, second=values.dtype.kind == "f")


def test_products_of_zeros_to_second_order() -> None:
    same(lambda lib, x: lib.cumprod(x, 0), np.array([2.0, 0.0, 3.0, 0.0, 4.0]), second=True)
    same(lambda lib, x: lib.cumprod(x, 0), np.array([0.0, 0.0]), second=True)


def test_logcumsumexp_of_complex_numbers() -> None:
    """Also on which branch of the logarithm they come out."""
    z = X * 3 + 2j * X[::-1]
    for dim in range(z.ndim):
        same(lambda lib, x, d=dim: lib.logcumsumexp(x, d), z, second=True)
    same(lambda lib, x: lib.logcumsumexp(x, 0).detach(), np.array([-np.inf, -np.inf, 1, 2 + 1j]))


def test_logcumsumexp_far_out() -> None:
    same(lambda lib, x: lib.logcumsumexp(x, 0), np.array([-1000.0, 1000.0, 999.0, -1000.0]))
    same(lambda lib, x: lib.logcumsumexp(x, 0), np.array([-np.inf, 1.0, 2.0])[1:])
    same(lambda lib, x: lib.logcumsumexp(x, 0).detach(), np.array([-np.inf, -np.inf, 1.0, np.inf, 2.0]))


def test_differences() -> None:
    same(lambda lib, x: lib.diff(x), X)
    same(lambda lib, x: lib.diff(x, 2, 0), X)
    same(lambda lib, x: lib.diff(x, n=0), X)
    same(lambda lib, x: lib.diff(x, n=9), X)
    same(lambda lib, x: lib.diff(x, 0, 1, x), X)
    same(lambda lib, x, y: lib.diff(x, 1, 1, y, x), X, X[:, :1].copy())
    same(lambda lib, x: lib.diff(x), X > 0)
    same(lambda lib, x: lib.diff(x), X.astype("i4"))


def test_in_place() -> None:
    x = mg.tensor([1.0, 2.0, 3.0])
    assert x.cumsum_(0) is x
    assert x.tolist() == [1.0, 3.0, 6.0]
    assert x.cumprod_(0).tolist() == [1.0, 3.0, 18.0]
    same(lambda lib, x: (x * 2).cumprod_(1), X)


def test_refusals() -> None:
    same_error(lambda lib, x: x.cumsum(), X, match="missing argument 'dim'")
    same_error(lambda lib, x: x.cumsum(2), X, match="Dimension out of range")
    same_error(lambda lib, x: x.logcumsumexp(0), X.astype("i8"), match="not implemented")
    same_error(lambda lib, x: x.cummax(0), X * 1j, match="complex")
    same_error(lambda lib, x: lib.diff(x, n=-1), X, match="order must be non-negative but got -1")
    same_error(lambda lib, x: lib.diff(x), np.array(1.0), match="at least one-dimensional")
