"""Samples of ops/scatters.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


def scattered(x: np.ndarray, dim: int, index: np.ndarray, src: Any, combine: Callable[[Any, Any], Any]) -> np.ndarray:
    out = x.copy()
    for at in np.ndindex(*index.shape):
        where = list(at)
        if where:
            where[dim] = index[at]
        out[tuple(where)] = combine(out[tuple(where)], src[at] if np.ndim(src) else src)
    return out


@samples("scatter_values", oracle=lambda x, dim, index, src: scattered(x, dim, index, src, lambda a, b: b))
def scatter_values(r: Draw) -> Iterator[S]:
    distinct = np.array([[2, 0], [1, 3], [0, 1]])
    yield S(r(3, 4), 1, distinct, r(3, 2))
    yield S(r(3, 4), 1, distinct[:2], r(3, 4))       # the source is larger than the index
    yield S(r(3, 4), -1, distinct, 2.5)
    yield S(r(3, 4), 0, np.array([[2, 0, 1, 1]]), r(1, 4))
    yield S(r(3, 4), 0, np.zeros((0, 4), int), r(1, 4))


@samples("scatter_add", oracle=lambda x, dim, index, src: scattered(x, dim, index, src, lambda a, b: a + b))
def scatter_add(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 1, r.ints(3, 6, high=4), r(3, 6))
    yield S(r(3, 4), 0, r.ints(2, 3, high=3), r(4, 4))
    yield S(r(), 0, np.array(0), r())
    yield S(r.ints(3), 0, np.array([1, 1]), r.ints(2))


def reduced(x: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray, reduce: str, include_self: bool = True) -> np.ndarray:
    found: dict[tuple[int, ...], list[Any]] = {}
    for at in np.ndindex(*index.shape):
        where = list(at)
        where[dim] = index[at]
        found.setdefault(tuple(where), []).append(src[at])
    out = x.copy()
    function = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[reduce]
    for place, values in found.items():
        out[place] = function([*values, x[place]] if include_self else values)
    return out


@samples("scatter_reduce", oracle=reduced)
def scatter_reduce(r: Draw) -> Iterator[S]:
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for include_self in (True, False):
            both = r.distinct(7, 4)
            yield S(both[:3], 1, r.ints(3, 4, high=4), both[3:6], reduce, include_self=include_self)
    yield S(r(3, 4), 0, r.ints(2, 3, high=3), r(4, 4), "mean")


def put_at(x: np.ndarray, index: np.ndarray, source: np.ndarray, accumulate: bool = False) -> np.ndarray:
    out = x.copy()
    if accumulate:
        np.add.at(out.reshape(-1), index.reshape(-1), source.reshape(-1))
    else:
        np.put(out, index, source)
    return out


@samples("put", oracle=put_at)
def put(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), np.array([[0, -1], [2, 3]]), r(2, 2))
    yield S(r(2, 3), np.array([0, 0, 5]), r(3), True)
