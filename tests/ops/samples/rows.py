"""Samples of ops/rows.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("index_select", oracle=lambda x, dim, index: np.take(x, index.reshape(-1), dim) if x.ndim else x)
def index_select(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0, np.array([2, 0, 2]))
    yield S(r(2, 3, 4), 1, np.array([1]))
    yield S(r(3, 4), -1, np.array(2))                # a 0-d index is one slice
    yield S(r(), 0, np.array([0]))
    yield S(r(3, 2), 0, np.zeros(0, int))


def written(x: np.ndarray, dim: int, index: np.ndarray, values: Any, ufunc: Any = None) -> np.ndarray:
    out = x.copy()
    moved = np.moveaxis(out, dim, 0)
    values = np.moveaxis(np.asarray(values), dim, 0) if np.ndim(values) else values
    if ufunc is None:
        moved[index] = values
    else:
        ufunc.at(moved, index, values)
    return out


@samples("index_add", oracle=lambda x, dim, index, source, alpha=1: written(x, dim, index, alpha * source, np.add))
def index_add(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0, np.array([2, 0, 2]), r(3, 4))
    yield S(r(3, 4), 1, np.array([1, 1]), r(3, 2), alpha=2.5)
    yield S(r(2, 3, 4), -1, np.array([3]), r(2, 3, 1))
    yield S(r.ints(3), 0, np.array([1, 1]), r.ints(2))


@samples("index_copy", oracle=written)
def index_copy(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0, np.array([2, 0]), r(2, 4))
    yield S(r(3, 4), -1, np.array([1]), r(3, 1))


@samples("index_fill", oracle=written)
def index_fill(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0, np.array([2, 0]), 1.5)
    yield S(r(3, 4), 1, np.array([-1, 0, 0]), r())
    yield S(r.ints(3), 0, np.array([1]), 7)
