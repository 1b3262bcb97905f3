"""Samples of ops/join.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("cat", oracle=lambda xs, dim=0: np.concatenate([x for x in xs if x.shape != (0,)] or xs, dim))
def cat(r: Draw) -> Iterator[S]:
    yield S([r(2, 3), r(1, 3)])
    yield S([r(2, 3), r(2, 1), r(2, 2)], 1)
    yield S([r(2, 3), r(2, 1)], -1)
    yield S([r(2, 3)])
    yield S([r(0, 3), r(2, 3)])
    yield S([r(0), r(2, 3)], 1)                      # PyTorch leaves out what has shape (0,)
    yield S([r(2), r.ints(3)])                       # promotion
    yield S([r.ints(2), r.ints(3)])


@samples("stack", oracle=np.stack)
def stack(r: Draw) -> Iterator[S]:
    yield S([r(2, 3), r(2, 3)])
    yield S([r(2, 3), r(2, 3), r(2, 3)], 1)
    yield S([r(2, 3), r(2, 3)], -1)
    yield S([r(), r()])
    yield S([r(0, 2)], 2)


def split(x: np.ndarray, sizes: tuple[int, ...], dim: int = 0) -> tuple[np.ndarray, ...]:
    return tuple(np.split(x, np.cumsum(sizes)[:-1], dim))


@samples("split_with_sizes", oracle=split)
def split_with_sizes(r: Draw) -> Iterator[S]:
    yield S(r(5, 2), (2, 3))
    yield S(r(2, 6), (1, 2, 3), 1)
    yield S(r(2, 3), (0, 3), -1)


@samples("unbind", oracle=lambda x, dim=0: tuple(np.take(x, i, dim) for i in range(x.shape[dim])))
def unbind(r: Draw) -> Iterator[S]:
    yield S(r(3, 2))
    yield S(r(2, 3), -1)
    yield S(r(2))
    yield S(r(2, 0))
