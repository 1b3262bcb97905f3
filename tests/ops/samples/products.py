"""Samples of ops/products.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("cross_along", oracle=lambda x, y, dim=-1: np.cross(x, y, axis=dim))
def cross_along(r: Draw) -> Iterator[S]:
    yield S(r(3), r(3))
    yield S(r(4, 3), r(4, 3))
    yield S(r(4, 3), r(1, 3))
    yield S(r(3, 2), r(3, 2), -2)
    yield S(r.complex(2, 3), r.complex(2, 3))


@samples("trace", oracle=np.trace)
def trace(r: Draw) -> Iterator[S]:
    yield S(r(3, 3))
    yield S(r(2, 4))
    yield S(r(0, 0))
    yield S(r.complex(2, 2))
    yield S(r.ints(2, 3)).constant("integer input")
