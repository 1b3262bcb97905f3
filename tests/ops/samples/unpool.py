"""Samples of ops/unpool.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def put(x: np.ndarray, at: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    out = np.zeros((*x.shape[:2], int(np.prod(size))))
    for i in np.ndindex(*x.shape):
        out[(*i[:2], at[i])] += x[i]
    return out.reshape(*x.shape[:2], *size)


def take(x: np.ndarray, at: np.ndarray, n: int) -> np.ndarray:
    flat, out = x.reshape(*x.shape[:2], -1), np.zeros(at.shape)
    for i in np.ndindex(*at.shape):
        out[i] = flat[(*i[:2], at[i])]
    return out


@samples("put_planes", oracle=put)
def put_planes(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 2, 2), r.ints(2, 3, 2, 2, high=12), (3, 4))      # places that repeat add up
    yield S(r(2, 3, 4), r.ints(2, 3, 4, high=5), (5,))
    yield S(r(0, 3, 2, 2), np.zeros((0, 3, 2, 2), int), (3, 4))


@samples("take_planes", oracle=take)
def take_planes(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 3, 4), r.ints(2, 3, 2, 2, high=12), 2)
    yield S(r(2, 3, 5), r.ints(2, 3, 4, high=5), 1)


@samples("unpool", oracle=put)
def unpool(r: Draw) -> Iterator[S]:
    places = np.array([[[[0, 3], [8, 11]]] * 3] * 2)
    yield S(r(2, 3, 2, 2), places, (3, 4))
