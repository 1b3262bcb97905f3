"""Samples of ops/adaptive_pool.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, floor
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.adjoint import transposed


def binned(x: np.ndarray, bins: tuple[int, ...], reduce: Callable[[Any], Any]) -> np.ndarray:
    """`reduce` of each bin of the last dimensions, flattened."""
    lead, size = x.shape[:x.ndim - len(bins)], x.shape[x.ndim - len(bins):]
    out = np.zeros((*lead, *bins))
    for at in np.ndindex(*bins):
        part = tuple(slice(floor(i * n / b), ceil((i + 1) * n / b)) for i, n, b in zip(at, size, bins, strict=True))
        seen = x[(..., *part)]
        out[(..., *at)] = reduce(seen.reshape(*lead, int(np.prod(seen.shape[len(lead):]))))
    return out


def mean_of(x: np.ndarray, bins: tuple[int, ...]) -> np.ndarray:
    return binned(x, bins, lambda part: part.mean(-1))


@samples("adaptive_mean", oracle=mean_of)
def adaptive_mean(r: Draw) -> Iterator[S]:
    yield S(r(2, 2, 5, 7), (2, 3))
    yield S(r(1, 2, 3, 4), (5, 1))                   # more bins than places
    yield S(r(0, 2, 3, 4), (2, 2))


@samples("adaptive_mean_input", oracle=lambda g, shape: transposed(lambda x: mean_of(x, g.shape[2:]), shape, g))
def adaptive_mean_input(r: Draw) -> Iterator[S]:
    yield S(r(2, 2, 2, 3), (2, 2, 5, 7))
    yield S(r(1, 2, 5, 1), (1, 2, 3, 4))


def max_of(x: np.ndarray, bins: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    places = np.broadcast_to(np.arange(np.prod(x.shape[2:])).reshape(x.shape[2:]), x.shape)
    values = binned(x, bins, lambda part: part.max(-1))
    # the place of each value: values are distinct, so the first that equals it is it
    flat = x.reshape(*x.shape[:2], -1)
    at = (flat[:, :, None, :] == values.reshape(*x.shape[:2], -1, 1)).argmax(-1).reshape(values.shape)
    return values, places.reshape(*x.shape[:2], -1)[0, 0][at]


@samples("adaptive_max", oracle=max_of)
def adaptive_max(r: Draw) -> Iterator[S]:
    yield S(r.distinct(2, 2, 5, 7), (2, 3))
    yield S(r.distinct(1, 2, 3, 4), (5, 1))          # bins that overlap
    yield S(r.distinct(2, 2, 7), (3,))
    yield S(r.distinct(1, 1, 3, 4, 2), (2, 2, 1))
