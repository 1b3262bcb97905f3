"""Samples of ops/magnitude.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from tests.ops.samples import Draw, S, samples

INF = float("inf")


def p_norm(x: np.ndarray, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    axis = (tuple(range(x.ndim)) if dim is None else dim) if x.ndim else None
    size = np.abs(x)
    if ord in (INF, -INF):
        return (size.max if ord > 0 else size.min)(axis=axis, keepdims=keepdim)
    if ord == 0:
        return (x != 0).sum(axis=axis, keepdims=keepdim).astype(float)
    return (size ** ord).sum(axis=axis, keepdims=keepdim) ** (1 / ord)


@samples("vector_norm", oracle=p_norm)
def vector_norm(r: Draw) -> Iterator[S]:
    yield S(r(5))
    yield S(r(3, 4), 2, 1)
    yield S(r(2, 3, 4), 2, (0, 2), True)
    for p in (1, 0.5, 1.5, 3, -1):
        yield S(r(3, 4), p, 1)
    yield S(r.distinct(3, 4), INF, 1)
    yield S(r.distinct(3, 4), -INF)
    yield S(r(3, 4), 0, 1).first_only("the gradient is zero everywhere")
    yield S(r())
    yield S(r(0, 3), 2, 0)
    yield S(r.complex(2, 3), 2, 1)
    yield S(r.complex(2, 3), 3)


def distances(x: np.ndarray, y: np.ndarray, by_product: bool = False) -> np.ndarray:
    return np.stack([cdist(a, b) for a, b in zip(x, y, strict=True)]) if x.ndim == 3 else cdist(x, y)


@samples("euclidean", oracle=distances)
def euclidean(r: Draw) -> Iterator[S]:
    yield S(r(3, 2), r(4, 2))
    yield S(r(2, 3, 2), r(2, 4, 2))
    yield S(r(3, 2), r(4, 2), True)


@samples("chebyshev", oracle=lambda x: np.abs(x).max(-1))
def chebyshev(r: Draw) -> Iterator[S]:
    yield S(r.distinct(3, 4))
    yield S(r.distinct(2, 1, 5))
    yield S(r.distinct(5))
