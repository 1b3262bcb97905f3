"""Reductions over any dimensions of any shape: values and gradients against NumPy, written out; empty and 0-d ones too."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

Axes = tuple[int, ...]


class Reduction(NamedTuple):
    """NumPy's value over axes kept as 1, and the slope of each element; `empty`: it has a value of nothing."""

    value: Callable[[np.ndarray, Axes], Any]
    slope: Callable[[np.ndarray, Axes], Any]
    empty: bool = True


def spread(x: np.ndarray, axes: Axes) -> np.ndarray:
    """x minus its mean."""
    return x - mean(x, axes)


def mean(x: np.ndarray, axes: Axes) -> Any:
    return x.sum(axis=axes, keepdims=True) / np.float64(count(x, axes))


def count(x: np.ndarray, axes: Axes) -> int:
    return int(np.prod([x.shape[a] for a in axes]))


def ties(x: np.ndarray, best: np.ndarray, axes: Axes) -> np.ndarray:
    """1 where x is the best of its slice, shared evenly."""
    at = 1.0 * (x == best)
    return at / at.sum(axis=axes, keepdims=True)


def others(x: np.ndarray, axes: Axes) -> np.ndarray:
    """For each element, the product of all others of its slice."""
    out = np.ones_like(x)
    for at in np.ndindex(*x.shape):
        for also in np.ndindex(*x.shape):
            if at != also and all(a == b for d, (a, b) in enumerate(zip(at, also, strict=True)) if d not in axes):
                out[at] *= x[also]
    return out


def log_sum_exp(x: np.ndarray, axes: Axes) -> Any:
    return np.log(np.exp(x).sum(axis=axes, keepdims=True))


REDUCTIONS = {
    "sum": Reduction(lambda x, a: x.sum(axis=a, keepdims=True), lambda x, a: np.ones_like(x)),
    "mean": Reduction(mean, lambda x, a: np.ones_like(x) / max(count(x, a), 1)),
    "nansum": Reduction(lambda x, a: x.sum(axis=a, keepdims=True), lambda x, a: np.ones_like(x)),
    "logsumexp": Reduction(log_sum_exp, lambda x, a: np.exp(x - log_sum_exp(x, a))),
    "amax": Reduction(lambda x, a: x.max(axis=a, keepdims=True), lambda x, a: ties(x, x.max(axis=a, keepdims=True), a), empty=False),
    "amin": Reduction(lambda x, a: x.min(axis=a, keepdims=True), lambda x, a: ties(x, x.min(axis=a, keepdims=True), a), empty=False),
    "norm": Reduction(lambda x, a: np.sqrt((x * x).sum(axis=a, keepdims=True)),
                      lambda x, a: x / np.maximum(np.sqrt((x * x).sum(axis=a, keepdims=True)), 1e-300)),
    "var": Reduction(lambda x, a: (spread(x, a) ** 2).sum(axis=a, keepdims=True) / np.float64(max(count(x, a) - 1, 0)),
                     lambda x, a: 2 * spread(x, a) / np.float64(max(count(x, a) - 1, 0))),
}
# Some values are equal, so that there are ties, and some negative.
NUMBERS = np.array([0.5, -1.25, 2.0, 0.5, 3.5, -1.25, 1.0, 2.0])


@st.composite
def reductions(draw: st.DrawFn) -> tuple[np.ndarray, Any, bool]:
    """An array of up to four dimensions, the dimensions to reduce as a user may write them, and keepdim."""
    shape = draw(st.lists(st.integers(0, 3), max_size=4).map(tuple))
    n = len(shape)
    x = NUMBERS[np.arange(int(np.prod(shape))) * draw(st.sampled_from([1, 3, 5])) % 8].reshape(shape)
    if not n:
        return x, draw(st.sampled_from([None, 0, -1])), draw(st.booleans())
    chosen = draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1, max_size=n))
    signed = [d - n if draw(st.booleans()) else d for d in chosen]
    dim = draw(st.sampled_from([None, tuple(signed), list(signed), signed[0]]))
    return x, dim, draw(st.booleans())


def axes_of(x: np.ndarray, dim: Any) -> Axes:
    if dim is None:
        return tuple(range(x.ndim))
    return tuple(sorted({d % x.ndim for d in (dim if isinstance(dim, (tuple, list)) else [dim])})) if x.ndim else ()


@pytest.mark.parametrize("name", REDUCTIONS)
@given(reductions())
def test_any_dimensions(name: str, case: tuple[np.ndarray, Any, bool]) -> None:
    x, dim, keepdim = case
    reduction, axes = REDUCTIONS[name], axes_of(x, dim)
    if not reduction.empty and not count(x, axes):
        return                                       # see below
    dims: Any = tuple(range(x.ndim)) if dim is None and name in ("logsumexp", "amax", "amin", "norm", "var") else dim
    t = mg.from_numpy(x).requires_grad_()
    out = t.norm(2, dims, keepdim) if name == "norm" else getattr(t, name)(dims, keepdim=keepdim)
    with np.errstate(all="ignore"):
        value, slope = reduction.value(x, axes), reduction.slope(x, axes)
    shape = value.shape if keepdim else tuple(n for d, n in enumerate(x.shape) if d not in axes)
    assert tuple(out.shape) == shape
    np.testing.assert_allclose(out.detach().numpy(), value.reshape(shape), rtol=1e-10, atol=1e-12)
    seed = np.cos(np.arange(value.size)).reshape(value.shape)
    g, = mg.autograd.grad(out, t, mg.from_numpy(seed.reshape(shape)))
    expected = np.broadcast_to(seed, value.shape) * slope
    np.testing.assert_allclose(g.numpy(), expected, rtol=1e-9, atol=1e-12)


@given(reductions())
def test_products(case: tuple[np.ndarray, Any, bool]) -> None:
    """Of one dimension or of all, a zero among the factors or not."""
    x, dim, keepdim = case
    x = np.where(x == 0.5, 0.0, x)
    dim = dim[0] if isinstance(dim, (tuple, list)) else dim
    axes = axes_of(x, dim)
    t = mg.from_numpy(x).requires_grad_()
    out = t.prod() if dim is None else t.prod(dim, keepdim)
    value = x.prod(axis=axes, keepdims=True)
    np.testing.assert_allclose(out.detach().numpy(), value.reshape(out.shape), rtol=1e-12)
    g, = mg.autograd.grad(out, t, mg.ones_like(out))
    np.testing.assert_allclose(g.numpy(), others(x, axes), rtol=1e-12)


@given(reductions())
def test_truth_and_positions(case: tuple[np.ndarray, Any, bool]) -> None:
    """any, all, count_nonzero; and argmax and max, whose index names the value."""
    x, dim, keepdim = case
    axes = axes_of(x, dim)
    t = mg.tensor(x > 0)
    np.testing.assert_array_equal(t.any(dim, keepdim).numpy(), (x > 0).any(axis=axes, keepdims=keepdim))
    np.testing.assert_array_equal(t.all(dim, keepdim).numpy(), (x > 0).all(axis=axes, keepdims=keepdim))
    np.testing.assert_array_equal(t.count_nonzero(dim).numpy(), np.count_nonzero(x > 0, axis=axes))
    one = dim[0] if isinstance(dim, (tuple, list)) else dim
    if one is None or not x.ndim or not x.shape[one]:
        return
    values, indices = mg.from_numpy(x).max(one, keepdim=True)
    np.testing.assert_array_equal(values.numpy(), x.max(axis=one, keepdims=True))
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), one), values.numpy())
    np.testing.assert_array_equal(mg.from_numpy(x).argmax(one).numpy(), x.argmax(axis=one))


@given(reductions(), st.sampled_from(["amax", "amin", "argmax", "max", "median"]))
def test_nothing_has_no_extremum(case: tuple[np.ndarray, Any, bool], name: str) -> None:
    """Refused where NumPy refuses: a dimension of size 0 is reduced."""
    x, dim, _ = case
    one = dim[0] if isinstance(dim, (tuple, list)) else dim
    if one is None or not x.ndim:
        return
    t = mg.from_numpy(x)
    if x.shape[one]:
        getattr(t, name)(one)
    else:
        with pytest.raises((IndexError, RuntimeError), match=name):
            getattr(t, name)(one)


@given(reductions(), st.sampled_from(["sum", "amax", "var", "any", "logsumexp"]))
def test_dimensions_that_are_not_there(case: tuple[np.ndarray, Any, bool], name: str) -> None:
    x = case[0]
    t = mg.tensor(x > 0 if name == "any" else x)
    reach = max(x.ndim, 1)
    for dim in (reach, -reach - 1):
        words = rf"Dimension out of range \(expected to be in range of \[{-reach}, {reach - 1}\], but got {dim}\)"
        with pytest.raises(IndexError, match=words):
            getattr(t, name)(dim)
    if x.ndim:
        with pytest.raises(RuntimeError, match="dim 0 appears multiple times in the list of dims"):
            getattr(t, name)((0, -x.ndim))
