"""Samples of ops/triangle.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("tril", oracle=np.tril)
def tril(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(2, 3, 3), 1)
    yield S(r(3, 3), -2)
    yield S(r(0, 3))


@samples("triu", oracle=np.triu)
def triu(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(2, 3, 3), 1)
    yield S(r(3, 3), -2)
    yield S(r.ints(3, 3), 0)
