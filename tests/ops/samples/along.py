"""Samples of ops/along.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("take_along", oracle=lambda x, indices, dim: np.take_along_axis(x, indices, dim) if x.ndim else x)
def take_along(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.ints(3, 2, high=4), 1)
    yield S(r(3, 4), r.ints(5, 4, high=3), 0)        # repeats
    yield S(r(2, 3, 4), r.ints(2, 1, 4, high=3), 1)
    yield S(r(5), r.ints(2), 0)
    yield S(r(), np.array(0), 0)
    yield S(r(3, 4), r.ints(3, 0), 1)


def placed(x: np.ndarray, indices: np.ndarray, dim: int, shape: tuple[int, ...], distinct: bool = True) -> np.ndarray:
    out = np.zeros(shape)
    if not shape:
        return x
    for at in np.ndindex(*x.shape):
        out[(*at[:dim], indices[at], *at[dim + 1:])] += x[at]
    return out


@samples("place_along", oracle=placed)
def place_along(r: Draw) -> Iterator[S]:
    yield S(r(3, 2), np.array([[0, 3], [1, 2], [2, 0]]), 1, (3, 4))
    yield S(r(2, 4), np.array([[0, 1, 2, 0], [2, 0, 1, 2]]), 0, (3, 4))
    yield S(r(3, 2), np.array([[0, 0], [1, 2], [2, 2]]), 1, (3, 4), False)
    yield S(r(2, 2, 3), r.ints(2, 2, 3, high=2), 1, (2, 2, 3), False)
    yield S(r(), np.array(0), 0, ())
    yield S(r(3, 0), r.ints(3, 0), 1, (3, 4))
