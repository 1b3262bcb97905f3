"""Samples of ops/padding.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples


def padded(x: np.ndarray, pads: tuple[tuple[int, int], ...], value: float) -> np.ndarray:
    wide = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in pads], constant_values=value)
    return wide[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(wide.shape, pads, strict=True))]


@samples("pad_constant", oracle=padded)
def pad_constant(r: Draw) -> Iterator[S]:
    yield S(r(2, 3), ((0, 0), (1, 2)), 0)
    yield S(r(2, 3), ((1, 0), (2, 1)), 2.5)
    yield S(r(3, 4), ((-1, 1), (1, -2)), 0.5)        # negative pads cut off
    yield S(r(0, 2), ((1, 1), (0, 0)), 1)
    yield S(r(2, 2), ((-1, -1), (0, 0)), 0)
