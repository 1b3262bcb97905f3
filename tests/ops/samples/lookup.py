"""Samples of ops/lookup.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def gathered(x: np.ndarray, dim: int, index: np.ndarray) -> np.ndarray:
    if not x.ndim:
        return np.full(index.shape, x)
    corner = tuple(slice(None) if d == dim % x.ndim else slice(n) for d, n in enumerate(index.shape))
    return np.take_along_axis(x[corner], index, dim)


@samples("gather", oracle=gathered)
def gather(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 1, r.ints(3, 2, high=4))
    yield S(r(3, 4), 0, r.ints(5, 4, high=3))        # repeats
    yield S(r(3, 4), -1, r.ints(2, 6, high=4))       # fewer rows than x
    yield S(r(2, 3, 4), 1, r.ints(2, 1, 4, high=3))
    yield S(r(), 0, np.zeros(2, int))
    yield S(r(3, 4), 0, np.zeros((0, 4), int))


def gather_placed(x: np.ndarray, dim: int, index: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for at in np.ndindex(*index.shape):
        where = list(at)
        where[dim] = index[at]
        out[tuple(where)] += x[at]
    return out


@samples("gather_place", oracle=gather_placed)
def gather_place(r: Draw) -> Iterator[S]:
    yield S(r(3, 2), 1, r.ints(3, 2, high=4), (3, 4))
    yield S(r(5, 4), 0, r.ints(5, 4, high=3), (3, 4))


@samples("take", oracle=lambda x, index: np.take(x, index))
def take(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), np.array([[0, -1, 3], [3, 3, 11]]))
    yield S(r(3), np.array(1))
    yield S(r(3), np.zeros(0, int))


@samples("table_rows", oracle=lambda w, index, padding, by_frequency: w[index])
def table_rows(r: Draw) -> Iterator[S]:
    yield S(r(5, 3), r.ints(2, 4), None, False)
    yield S(r(5, 3), np.array(2), None, False)
    yield S(r(5, 3), np.zeros((0, 2), int), None, False)


@samples("one_hot_of", oracle=lambda x, n: np.eye(n, dtype=int)[x])
def one_hot_of(r: Draw) -> Iterator[S]:
    yield S(r.ints(2, 3), 5)
    yield S(np.array(1), 3)


def where(x: np.ndarray) -> Any:
    return np.argwhere(x)


@samples("nonzero_positions", oracle=where)
def nonzero_positions(r: Draw) -> Iterator[S]:
    yield S(r.ints(3, 4, high=2))
    yield S(r.bools(5))
    yield S(np.array(1.0))
    yield S(np.zeros((0, 2)))
