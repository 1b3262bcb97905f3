"""Samples of ops/order_statistics.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def ranked(x: np.ndarray, rank: int, dim: int, keepdim: bool) -> np.ndarray:
    if not x.ndim:
        return x
    found: Any = np.take(np.sort(x, dim), [rank], dim)
    return found if keepdim else found.squeeze(dim)


def middle(x: np.ndarray, dim: int = -1, keepdim: bool = False) -> np.ndarray:
    return ranked(x, (x.shape[dim] - 1) // 2 if x.ndim else 0, dim, keepdim)


def along_dim(r: Draw) -> Iterator[S]:
    yield S(r.distinct(5))
    yield S(r.distinct(3, 4))
    yield S(r.distinct(3, 5), 1, True)
    yield S(r.distinct(4, 3), 0)
    yield S(r.distinct(2, 3, 4), -2)
    yield S(r())


@samples("median_of_all", oracle=lambda x, skip_nan=False: middle(x.reshape(-1)))
def median_of_all(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 5))
    yield S(r.distinct(3, 4), True)                  # of an even number, the lower
    yield S(r())


@samples("median_with_indices", oracle=middle)
def median_with_indices(r: Draw) -> Iterator[S]:
    yield from along_dim(r)


@samples("nanmedian_with_indices", oracle=middle)
def nanmedian_with_indices(r: Draw) -> Iterator[S]:
    yield from along_dim(r)


@samples("kthvalue", oracle=lambda x, k, dim=-1, keepdim=False: ranked(x, k - 1, dim, keepdim))
def kthvalue(r: Draw) -> Iterator[S]:
    yield S(r.distinct(5), 2)
    yield S(r.distinct(3, 4), 4, 1, True)
    yield S(r.distinct(3, 4), 1, 0)
    yield S(r(), 1)


def most(x: np.ndarray, dim: int = -1, keepdim: bool = False) -> np.ndarray:
    def one(v: np.ndarray) -> Any:
        values, counts = np.unique(v, return_counts=True)
        return values[counts.argmax()]
    if not x.ndim:
        return x
    found: Any = np.apply_along_axis(one, dim, x)
    return np.expand_dims(found, dim) if keepdim else found


@samples("mode", oracle=most)
def mode(r: Draw) -> Iterator[S]:
    yield S(r.distinct(5))
    yield S(r.ints(3, 9), 1).constant("integer input")
    yield S(r.ints(9, 3), 0, True).constant("integer input")
    yield S(r())
