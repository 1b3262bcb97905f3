"""Samples of ops/floats.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("frexp", oracle=lambda x: np.frexp(x)[0])
def frexp(r: Draw) -> Iterator[S]:
    yield S(r(3, 4) * 10)
    yield S(r())
    yield S(r(0, 2))


@samples("nextafter", oracle=np.nextafter)
def nextafter(r: Draw) -> Iterator[S]:
    yield S(r(3, 1), r(4))
    yield S(r(), r(2))
