"""Samples of ops/axes.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("transpose", oracle=lambda x, a, b: x.swapaxes(a, b) if x.ndim else x)
def transpose(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), 0, 1)
    yield S(r(2, 3, 4), -1, 0)
    yield S(r(2, 3), 1, 1)
    yield S(r(), 0, -1)
    yield S(r(0, 3), 0, 1)


@samples("permute", oracle=np.transpose)
def permute(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 4), (2, 0, 1))
    yield S(r(2, 3, 4), (-1, 1, 0))
    yield S(r(), ())
