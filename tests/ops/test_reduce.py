"""Sums, means, products, truth: PyTorch's dtypes, dims, kinks and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import libraries, same, same_error

X = np.arange(12.0).reshape(3, 4) - 4
NAN = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
DIMS: list[dict[str, Any]] = [{}, {"dim": 0}, {"dim": -1, "keepdim": True}, {"dim": (0, 1)}, {"dim": [1], "keepdim": True}, {"dim": ()},
                              {"dim": None, "keepdim": True}, {"axis": 1}, {"axis": 0, "keepdims": True}]


@pytest.mark.parametrize("name", ["sum", "mean", "nansum", "nanmean"])
@pytest.mark.parametrize("options", DIMS, ids=str)
@pytest.mark.parametrize("values", [X, X.astype("f4"), X.astype("f2"), X * 1j, np.zeros((0, 3)), np.array(2.0)],
                         ids=["f8", "f4", "f2", "c16", "empty", "0-d"])
def test_sums_and_means_over_dims(name: str, options: dict[str, Any], values: np.ndarray) -> None:
    if not values.ndim and options.get("dim", 0) not in (0, None, ()) or name == "nanmean" and "axis" in options or \
            not values.ndim and "axis" in options and options["axis"] != 0:
        pytest.skip("no such dim")
    if name.startswith("nan") and values.dtype.kind == "c":
        pytest.skip("PyTorch has no nansum of complex numbers")
    same(lambda lib, x: getattr(lib, name)(x, **options), values, second=True, rtol=1e-3 if values.dtype == "f2" else 1e-6)


@pytest.mark.parametrize("name", ["sum", "nansum", "prod"])
@pytest.mark.parametrize("dtype", ["i8", "i2", "u1", "?"])
def test_integers_and_bools_add_up_as_int64(name: str, dtype: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x), X.astype(dtype))
    same(lambda lib, x: getattr(lib, name)(x, 0, True), X.astype(dtype))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "nansum", "cumsum"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_dtype_option_and_the_dtype_of_its_gradient(name: str, dtype: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x, 0, dtype=getattr(lib, dtype)), X.astype("f4"), rtol=1e-3)


def test_dtype_option_to_integers_and_bools() -> None:
    same(lambda lib, x: lib.sum(x, dtype=lib.int32), X > 0)
    same(lambda lib, x: lib.sum(x, 0, dtype=lib.bool), X > 0)
    same(lambda lib, x: lib.mean(x, dtype=lib.float32), X.astype("i8"))


def test_float16_is_summed_with_float32() -> None:
    assert float(mg.ones(5000, dtype=mg.float16).sum()) == 5000


def test_nan_counts_as_nothing() -> None:
    same(lambda lib, x: lib.nansum(x, 1), NAN)
    same(lambda lib, x: lib.nanmean(x, 1), NAN)
    same(lambda lib, x: lib.nanmean(x), NAN)
    same(lambda lib, x: lib.sum(x, 1), NAN)


@pytest.mark.parametrize("values", [[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 0.0, 4.0], [0.0], []])
def test_product_and_its_gradients_at_zeros(values: list[float]) -> None:
    same(lambda lib, x: lib.prod(x), np.array(values), second=len(values) > 1)
    same(lambda lib, x: lib.prod(x, 0, True), np.array(values))


def test_second_gradient_of_a_product_with_zeros() -> None:
    x = mg.tensor([[0.0, 3.0, 0.0, 5.0], [2.0, 0.0, 1.0, 1.0]], requires_grad=True, dtype=mg.float64)
    first, = mg.autograd.grad(x.prod(1).sum(), [x], create_graph=True)
    np.testing.assert_array_equal(first.detach().numpy(), [[0, 0, 0, 0], [0, 2, 0, 0]])
    first[1, 1].backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 0, 0, 0], [1, 0, 2, 2]])


def test_product_along_dims() -> None:
    same(lambda lib, x: lib.prod(x, 1), X, second=True)
    same(lambda lib, x: lib.prod(x, 0, True), X, second=True)
    same(lambda lib, x: lib.prod(x, -1), np.zeros((0, 3)))
    same(lambda lib, x: x.prod(), X)


INFINITE = [np.array(v) for v in ([-np.inf, -np.inf], [-np.inf, 1.0], [np.inf, 1.0], [np.nan, 1.0])]


@pytest.mark.parametrize("values", INFINITE, ids=str)
def test_logsumexp_at_infinities(values: np.ndarray) -> None:
    same(lambda lib, x: lib.logsumexp(x, 0), values)


def test_logsumexp() -> None:
    same(lambda lib, x: lib.logsumexp(x, 1), X, second=True)
    same(lambda lib, x: lib.logsumexp(x, (0, 1), True), X.astype("f4"), second=True)
    same(lambda lib, x: lib.logsumexp(x, 0), X.astype("i8"))
    same(lambda lib, x: lib.logsumexp(x, 0), np.zeros((0, 3)))
    same(lambda lib, x: lib.logsumexp(x, 0), np.array(3.0))


@pytest.mark.parametrize("name", ["all", "any"])
@pytest.mark.parametrize("options", [*DIMS, {"keepdim": True}], ids=str)
@pytest.mark.parametrize("values", [X > 0, X, X.astype("u1"), NAN, np.zeros((0, 3)), X * 1j],
                         ids=["bool", "f8", "u1", "nan", "empty", "c16"])
def test_truth(name: str, options: dict[str, Any], values: np.ndarray) -> None:
    same(lambda lib, x: getattr(lib, name)(x, **options), values)


def test_count_nonzero() -> None:
    for options in ({}, {"dim": 0}, {"dim": (0, 1)}, {"dim": ()}):
        same(lambda lib, x, o=options: lib.count_nonzero(x, **o), X)
    same(lambda lib, x: lib.count_nonzero(x), NAN)
    same(lambda lib, x: lib.count_nonzero(x, 0), np.array(3.0))


def test_reductions_are_methods_and_functions_alike() -> None:
    for name in ("sum", "nansum", "mean", "nanmean", "prod", "logsumexp", "all", "any", "count_nonzero"):
        assert getattr(mg, name) is getattr(mg.Tensor, name)
        assert hasattr(libraries()[0].Tensor, name)


def test_refusals() -> None:
    same_error(lambda lib, x: x.sum(5), X, match=r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 5\)")
    same_error(lambda lib, x: x.sum((0, 0)), X, match="dim 0 appears multiple times")
    same_error(lambda lib, x: x.sum("a"), X, match="dim must be an int")
    same_error(lambda lib, x: x.sum(1), np.array(3.0), match="Dimension out of range")
    same_error(lambda lib, x: x.mean(), X.astype("i8"),
               match=r"could not infer output dtype.*Got: int64 \(.*\); pass dtype=minigrad\.float32")
    same_error(lambda lib, x: x.mean(dtype=lib.int64), X, match="Optional dtype must be either a floating point or complex dtype")
    same_error(lambda lib, x: lib.nanmean(x), X.astype("i8"), match="nanmean.*floating point")
    same_error(lambda lib, x: x.prod((0, 1)), X, match="dim must be an int")
    same_error(lambda lib, x: lib.logsumexp(x, None), X, match="'dim' .* must be tuple of ints")
