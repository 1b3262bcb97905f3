"""Samples of ops/cumulative.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.samples import Draw, S, samples


def along(r: Draw) -> Iterator[S]:
    yield S(r(5), 0)
    yield S(r(3, 4), 1)
    yield S(r(3, 4), -2)
    yield S(r(2, 3, 4), 1)
    yield S(r(), 0)
    yield S(r(0, 3), 0)


def scan(function: Any) -> Any:
    def oracle(x: np.ndarray, dim: int, *, dtype: Any = None) -> np.ndarray:
        return function(x, axis=dim).reshape(x.shape)
    return oracle


@samples("cumsum", oracle=scan(np.cumsum))
def cumsum(r: Draw) -> Iterator[S]:
    yield from along(r)
    yield S(r(3, 4), 1, dtype=mg.float64)
    yield S(r.complex(4), 0)
    yield S(r.ints(2, 3), 1).constant("integer input")
    yield S(r.bools(2, 3), 1).constant("bool input")


@samples("cumsum_from_end", oracle=lambda x, dim: np.flip(np.cumsum(np.flip(x, dim), dim), dim) if x.ndim else x)
def cumsum_from_end(r: Draw) -> Iterator[S]:
    yield from along(r)


@samples("cumprod", oracle=scan(np.cumprod))
def cumprod(r: Draw) -> Iterator[S]:
    yield from along(r)
    yield S(np.array([2.0, 0.0, 3.0, 4.0]), 0)       # zeros: no division may hide in the rule
    yield S(np.array([[2.0, 0.0, 3.0, 0.0, 5.0]]), 1)
    yield S(r.complex(4), 0)
    yield S(r.ints(2, 3), 1).constant("integer input")


def recur(x: np.ndarray, factor: np.ndarray, dim: int, from_end: bool = False) -> np.ndarray:
    x, factor = np.moveaxis(x, dim, 0), np.moveaxis(factor, dim, 0)
    out = np.zeros_like(x)
    h = np.zeros_like(x[0])
    for i in reversed(range(len(x))) if from_end else range(len(x)):
        h = out[i] = factor[i] * h + x[i]
    return np.moveaxis(out, 0, dim)


@samples("recurrence", oracle=recur)
def recurrence(r: Draw) -> Iterator[S]:
    yield S(r(5), r(5), 0)
    yield S(r(5), r(5), 0, True)
    yield S(r(2, 7), r(2, 7), 1)
    yield S(r(3, 2), r(3, 2), 0, True)
    yield S(r(1), r(1), 0)


def log_of_sums(x: np.ndarray, dim: int) -> np.ndarray:
    return np.log(np.cumsum(np.exp(x), dim)) if x.dtype.kind == "c" else np.logaddexp.accumulate(x, dim) if x.ndim else x


@samples("logcumsumexp", oracle=log_of_sums)
def logcumsumexp(r: Draw) -> Iterator[S]:
    yield from along(r)
    yield S(r(1, 5) * 500, 1)                        # exp would overflow
    yield S(r.complex(3, 2) / 2, 0)


@samples("cummax", oracle=lambda x, dim: np.maximum.accumulate(x, dim) if x.ndim else x)
def cummax(r: Draw) -> Iterator[S]:
    yield S(r.distinct(7), 0)
    yield S(r.distinct(3, 4), 1)
    yield S(r.distinct(3, 4), -2)
    yield S(r(), 0)
    yield S(r(0, 3), 0)
    yield S(r.ints(2, 3), 1).constant("integer input")


@samples("cummin", oracle=lambda x, dim: np.minimum.accumulate(x, dim) if x.ndim else x)
def cummin(r: Draw) -> Iterator[S]:
    yield S(r.distinct(7), 0)
    yield S(r.distinct(3, 4), 1)
    yield S(r(), 0)
