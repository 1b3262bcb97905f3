"""Samples of ops/parts.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("diagonal", oracle=np.diagonal)
def diagonal(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(3, 4), 1)
    yield S(r(3, 4), -1)
    yield S(r(2, 3, 4), 0, 1, 2)
    yield S(r(2, 3, 4), -1, -1, 0)
    yield S(r(2, 2), 5)


def on_diagonal(x: np.ndarray, offset: int, dim1: int, dim2: int, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for at in np.ndindex(*x.shape):
        where = list(at[:-1])
        for d, i in sorted([(dim1, at[-1] + max(-offset, 0)), (dim2, at[-1] + max(offset, 0))]):
            where.insert(d, i)
        out[tuple(where)] = x[at]
    return out


@samples("diagonal_place", oracle=on_diagonal)
def diagonal_place(r: Draw) -> Iterator[S]:
    yield S(r(3), 0, 0, 1, (3, 3))
    yield S(r(2, 3), -1, 1, 2, (2, 4, 3))
    yield S(r(2, 3), 1, 0, 2, (3, 2, 4))


def windows(x: np.ndarray, dim: int, size: int, step: int) -> np.ndarray:
    if not x.ndim:
        return x.reshape(1)[:size]
    found = np.lib.stride_tricks.sliding_window_view(x, size, dim)
    return found[(slice(None),) * (dim % x.ndim) + (slice(None, None, step),)]


@samples("unfold_dim", oracle=windows)
def unfold_dim(r: Draw) -> Iterator[S]:
    yield S(r(7), 0, 3, 2)
    yield S(r(2, 5, 3), 1, 2, 1)
    yield S(r(2, 5), -1, 4, 1)                       # more places in a window than windows
    yield S(r(5, 2), 0, 4, 1)
    yield S(r(3, 4, 2), 0, 3, 1)
    yield S(r(2, 5), 1, 2, 4)                        # gaps
    yield S(r(), 0, 1, 1)


def summed(x: np.ndarray, dim: int, size: int, step: int, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    view = windows(out, dim, size, step)
    at = windows(np.arange(out.size).reshape(shape), dim, size, step)
    assert view.shape == x.shape
    np.add.at(out.reshape(-1), at.reshape(-1), x.reshape(-1))
    return out


@samples("window_sum", oracle=summed)
def window_sum(r: Draw) -> Iterator[S]:
    yield S(r(3, 3), 0, 3, 2, (7,))
    yield S(r(2, 4, 3, 2), 1, 2, 1, (2, 5, 3))
    yield S(r(2, 2, 4), 0, 4, 1, (5, 2))
    yield S(r(1, 3, 4, 2), 0, 2, 1, (2, 3, 4))


def strided(x: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> np.ndarray:
    return np.lib.stride_tricks.as_strided(x.reshape(-1)[offset:], size, [s * 8 for s in stride])


@samples("memory_view", oracle=strided)
def memory_view(r: Draw) -> Iterator[S]:
    reason = "of strided memory it is another view"
    yield S(r(12), (2, 3), (6, 2), 1).as_laid_out(reason)
    yield S(r(3, 4), (3, 3), (1, 1), 2).as_laid_out(reason)     # places repeat
