"""Samples of ops/reduce.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import logsumexp as scipy_logsumexp

import minigrad as mg
from tests.ops.samples import Draw, S, samples


def reduction(function: Any) -> Any:
    """NumPy's reduction with PyTorch's arguments."""
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> np.ndarray:
        x = x if dtype is None else x.astype(dtype.numpy)
        axis = None if dim is None or not x.ndim or dim == () else tuple(dim) if isinstance(dim, list) else dim
        return function(x, axis=axis, keepdims=keepdim)
    return oracle


def over_dims(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(3, 4), 1)
    yield S(r(3, 4), -2, True)
    yield S(r(2, 3, 4), (0, -1))
    yield S(r(2, 3, 4), [0, 2], True)
    yield S(r(2, 3), ())
    yield S(r(2, 3), None, True)
    yield S(r())                                     # 0-d
    yield S(r(), 0)
    yield S(r(2, 3), keepdim=True, dim=0)


@samples("sum", oracle=reduction(np.sum))
def sum(r: Draw) -> Iterator[S]:
    yield from over_dims(r)
    yield S(r(0, 3))                                 # the sum of nothing is 0
    yield S(r(0, 3), 0)
    yield S(r(2, 3), 0, dtype=mg.float64)
    yield S(r.complex(2, 3), 0)
    yield S(r.ints(2, 3), 1).constant("integer input")
    yield S(r.bools(2, 3)).constant("bool input")


@samples("mean", oracle=reduction(np.mean))
def mean(r: Draw) -> Iterator[S]:
    yield from over_dims(r)
    yield S(r(0, 3), 1)
    yield S(r.complex(2, 3), 0)
    yield S(r.ints(2, 3), 1, dtype=mg.float64).constant("integer input")


def with_nan(x: np.ndarray) -> np.ndarray:
    x.reshape(-1)[::5] = np.nan
    return x


@samples("nansum", oracle=reduction(np.nansum))
def nansum(r: Draw) -> Iterator[S]:
    yield from over_dims(r)
    yield S(with_nan(r(3, 4)), 1).constant("numerical gradients cannot step from nan; tested in test_reduce.py")
    yield S(with_nan(r(3, 4))).constant("as above")
    yield S(r.ints(2, 3), 1).constant("integer input")


@samples("prod", oracle=reduction(np.prod))
def prod(r: Draw) -> Iterator[S]:
    yield S(r(3))
    yield S(r(3, 4), 1)
    yield S(r(3, 5), 0, True)
    yield S(r(3, 2), 0)
    yield S(r(2, 7), -1)
    yield S(np.array([2.0, 0.0, 3.0]))               # one zero: only its own gradient is not 0
    yield S(np.array([[2.0, 0.0, 0.0, 3.0], [1.0, 2.0, 0.0, 4.0]]), 1)
    yield S(r())
    yield S(r(), 0)
    yield S(r(0, 3), 0)
    yield S(r(1, 3), 0, dtype=mg.float64)
    yield S(r.complex(3))
    yield S(r.ints(2, 3), 1).constant("integer input")


@samples("logsumexp", oracle=lambda x, dim, keepdim=False: scipy_logsumexp(x, axis=dim if x.ndim else None, keepdims=keepdim))
def logsumexp(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 1)
    yield S(r(3, 4) + 1000, -1, True)                # exp would overflow
    yield S(r(2, 3, 4), (0, 2))
    yield S(r(), 0)
    yield S(r.ints(2, 3), 1).constant("integer input")


def truth(function: Any) -> Any:
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
        axis = tuple(dim) if isinstance(dim, list) else dim if x.ndim else None
        return (x != 0) if dim == () else function(x, axis=axis, keepdims=keepdim)
    return oracle


@samples("all", oracle=truth(np.all))
def all(r: Draw) -> Iterator[S]:
    yield S(r.bools(3, 4))
    yield S(r.bools(3, 4), 1)
    yield S(r.ints(3, 4), [0, 1], True)
    yield S(r(2, 3), ())
    yield S(r.bools(), 0)
    yield S(r.bools(0, 3), 0)


@samples("any", oracle=truth(np.any))
def any(r: Draw) -> Iterator[S]:
    yield S(r.bools(3, 4))
    yield S(r.bools(3, 4), 1)
    yield S(r.ints(3, 4), [0, 1], True)
    yield S(r(2, 3), ())
    yield S(r.bools(), 0)
    yield S(r.bools(0, 3), 0)


@samples("count_nonzero", oracle=lambda x, dim=None: np.count_nonzero(x, axis=dim if x.ndim else None))
def count_nonzero(r: Draw) -> Iterator[S]:
    yield S(r.ints(3, 4))
    yield S(r.ints(3, 4), 1)
    yield S(r.bools(2, 3, 4), (0, 2))
    yield S(r(), 0)
