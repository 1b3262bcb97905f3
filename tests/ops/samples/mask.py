"""Samples of ops/mask.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("masked_fill", oracle=lambda x, mask, value: np.where(mask, value, x))
def masked_fill(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.bools(3, 4), 2.5)
    yield S(r(3, 4), r.bools(3, 4), r())
    yield S(r(3, 4), r.bools(4), -1)
    yield S(r(4), r.bools(3, 1), r())                # the mask is larger
    yield S(r(), r.bools(), 0.5)
    yield S(r(0, 2), r.bools(0, 2), 1.0)
    yield S(r.ints(3), r.bools(3), 7)


@samples("masked_select", oracle=lambda x, mask: np.broadcast_arrays(x, mask)[0][np.broadcast_arrays(x, mask)[1]])
def masked_select(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.bools(3, 4))
    yield S(r(3, 4), r.bools(3, 1))
    yield S(r(4), r.bools(3, 1))
    yield S(r(2), np.array([False, False]))


def place(x: np.ndarray, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    np.place(out, np.broadcast_to(mask, shape), x)
    return out


@samples("mask_place", oracle=place)
def mask_place(r: Draw) -> Iterator[S]:
    yield S(r(2), np.array([True, False, True]), (3,))
    yield S(r(4), np.array([True, False, True]), (2, 3))


def scattered(x: np.ndarray, mask: np.ndarray, source: np.ndarray) -> np.ndarray:
    out = np.broadcast_arrays(x, mask)[0].copy()
    full = np.broadcast_to(mask, out.shape)
    out[full] = source.reshape(-1)[:full.sum()]
    return out


@samples("masked_scatter", oracle=scattered)
def masked_scatter(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r.bools(3, 4), r(3, 4))
    yield S(r(3, 4), r.bools(4), r(2, 8))
    yield S(r(4), r.bools(3, 1), r(12))
