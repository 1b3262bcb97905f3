"""Samples of ops/tile.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("repeat", oracle=np.tile)
def repeat(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), (2, 1))
    yield S(r(3), (2, 3))
    yield S(r(), (2,))
    yield S(r(), ())
    yield S(r(2, 3), (1, 0))


@samples("repeat_each", oracle=np.repeat)
def repeat_each(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), 2, 0)
    yield S(r(2, 3), 3, 1)
    yield S(r(2, 3), 0, 1)


@samples("flip", oracle=lambda x, dims: np.flip(x, dims) if dims else x)
def flip(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), (0,))
    yield S(r(2, 3, 2), (0, -1))
    yield S(r(2, 3), ())
    yield S(r(1), (-1,))


@samples("roll", oracle=np.roll)
def roll(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), 1)
    yield S(r(2, 3), -2, 1)
    yield S(r(2, 3), (1, 4), (0, -1))
    yield S(r(2, 3), (1, 1), (1, 1))
    yield S(r(0, 3), 1, 0)
