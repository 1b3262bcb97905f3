"""Samples of ops/sort.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def ordered(x: np.ndarray, dim: int = -1, descending: bool = False, *, stable: bool = False) -> np.ndarray:
    if not x.ndim:
        return x
    return -np.sort(-x, dim) if descending else np.sort(x, dim)


@samples("sort", oracle=ordered)
def sort(r: Draw) -> Iterator[S]:
    yield S(r.distinct(7))
    yield S(r.distinct(3, 4), 0)
    yield S(r.distinct(3, 4), 1, True)
    yield S(r.distinct(2, 3, 4), -2, True, stable=True)
    yield S(r())
    yield S(r(0, 3), 0)
    yield S(r.ints(3, 4), 1).constant("integer input")


def order(x: np.ndarray, dim: int = -1, descending: bool = False, *, stable: bool = False) -> np.ndarray:
    return np.argsort(-x if descending else x, dim, kind="stable") if x.ndim else np.array(0)


@samples("argsort", oracle=order)
def argsort(r: Draw) -> Iterator[S]:
    yield S(r.distinct(7))
    yield S(r.ints(3, 9), 1)                         # equals keep their order
    yield S(r.ints(3, 9), 1, True)
    yield S(r.ints(9, 3), 0, True, stable=True)
    yield S(r())


def best(x: np.ndarray, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> np.ndarray:
    if not x.ndim:
        return x
    found: Any = ordered(x, dim, largest)
    return np.take(found, np.arange(k), dim)


@samples("topk", oracle=best)
def topk(r: Draw) -> Iterator[S]:
    yield S(r.distinct(7), 3)
    yield S(r.distinct(3, 4), 2, 0)
    yield S(r.distinct(3, 4), 2, 1, False)
    yield S(r.distinct(3, 4), 4)
    yield S(r.distinct(2, 3, 4), 1, 1)
    yield S(r.distinct(3, 4), 0)
    yield S(r(), 1)
    yield S(r.ints(5), 5).constant("integer input")
