"""Samples of ops/shape.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("view", oracle=lambda x, size: x.reshape(size))
def view(r: Draw) -> Iterator[S]:
    yield S(r(2, 6), (3, 4)).as_laid_out("only a copy of strided memory has this shape")
    yield S(r(2, 6), (4, -1)).as_laid_out("as above")
    yield S(r(2, 3), (1, 2, 3))
    yield S(r(), (1, 1))
    yield S(r(1), ())
    yield S(r(0, 3), (3, 0, 5))
    yield S(r(12), (2, -1, 3))
    yield S(r.ints(4), (2, 2))


@samples("unsqueeze", oracle=np.expand_dims)
def unsqueeze(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), 0)
    yield S(r(2, 3), 1)
    yield S(r(2, 3), -1)
    yield S(r(), 0)
    yield S(r(0, 2), -2)


@samples("squeeze", oracle=lambda x, dim=None: x.squeeze() if dim is None else x.squeeze(
    tuple(d for d in (dim if isinstance(dim, tuple) else (dim,)) if x.shape[d] == 1)))
def squeeze(r: Draw) -> Iterator[S]:
    yield S(r(1, 2, 1, 3))
    yield S(r(1, 2, 1, 3), 0)
    yield S(r(1, 2, 1, 3), -2)
    yield S(r(1, 2, 1, 3), 1)                        # no size 1: stays
    yield S(r(1, 2, 1, 3), (0, 1, 2))
    yield S(r())


def expanded(x: Any, size: Any) -> Any:
    return np.broadcast_to(x, [m if n == -1 else n for n, m in zip(size, (1,) * (len(size) - x.ndim) + x.shape, strict=True)])


@samples("expand", oracle=expanded)
def expand(r: Draw) -> Iterator[S]:
    yield S(r(3, 1), (3, 4))
    yield S(r(3, 1), (2, -1, 4))
    yield S(r(3), (2, 3))
    yield S(r(), (2, 2))
    yield S(r(1, 3), (0, 3))
    yield S(r(2, 3), (2, 3))


@samples("sum_to_size", oracle=lambda x, size: np.add.reduce(
    x, tuple(d for d in range(x.ndim) if d < x.ndim - len(size) or size[d - x.ndim + len(size)] != x.shape[d])).reshape(size))
def sum_to_size(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 4), (3, 1))
    yield S(r(2, 3), (2, 3))
    yield S(r(2, 3), ())
    yield S(r(0, 3), (1, 3))


@samples("clone", oracle=lambda x: x)
def clone(r: Draw) -> Iterator[S]:
    yield S(r(2, 3))
    yield S(r())
    yield S(r(0, 2))
    yield S(r.complex(2))


@samples("row_major", oracle=lambda x: x)
def row_major(r: Draw) -> Iterator[S]:
    yield S(r(2, 3))
    yield S(r())
