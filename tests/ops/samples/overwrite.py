"""Samples of ops/overwrite.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("zero", oracle=np.zeros_like)
def zero(r: Draw) -> Iterator[S]:
    yield S(r(2, 3))
    yield S(r())


@samples("fill", oracle=lambda x, value: np.full_like(x, value))
def fill(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), 2.5)
    yield S(r(2, 3), r())
    yield S(r(), 1)
    yield S(r.ints(3), 4)


@samples("copy", oracle=lambda x, src: np.broadcast_to(src, x.shape))
def copy(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), r(2, 3))
    yield S(r(2, 3), r(3))
    yield S(r(2, 3), r())


@samples("fill_where", oracle=lambda x, mask, value: np.where(mask, value, x))
def fill_where(r: Draw) -> Iterator[S]:
    yield S(r(3, 3), np.eye(3, dtype=bool), 2.0)
