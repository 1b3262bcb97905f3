"""Samples of ops/bins.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


@samples("bincount", oracle=lambda x, weights=None, minlength=0: np.bincount(x, weights, minlength))
def bincount(r: Draw) -> Iterator[S]:
    yield S(r.ints(9))
    yield S(r.ints(9), None, 8)
    yield S(r.ints(9), r(9)).constant("PyTorch has no gradient for weights, either")
    yield S(r.ints(0))


@samples("histc", oracle=lambda x, bins=100, min=0, max=0: np.histogram(x, bins, None if min == max else (min, max))[0])
def histc(r: Draw) -> Iterator[S]:
    yield S(r(20), 5)
    yield S(r(4, 5), 4, -1, 1)
    yield S(r(9))
