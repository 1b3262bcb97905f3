"""Samples of ops/resample.py."""
from __future__ import annotations

from collections.abc import Iterator
from math import floor

import numpy as np

from minigrad.ops.resample import Filter
from tests.ops.samples import Draw, S, samples
from tests.ops.samples.adjoint import transposed

NEAREST, LINEAR, ALIGNED, CUBIC = Filter("nearest"), Filter("linear"), Filter("linear", True), Filter("cubic")


def kernel(d: float, mode: str) -> float:
    """The weight of a place at distance d."""
    d, a = abs(d), -0.75
    if mode == "linear":
        return max(0.0, 1 - d)
    return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 if d <= 1 else a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0.0


def along(x: np.ndarray, dim: int, count: int, how: Filter) -> np.ndarray:
    """One output after another: places outside are those at the edge."""
    lines = np.moveaxis(x, dim, 0)
    n = len(lines)
    out = np.zeros((count, *lines.shape[1:]))
    for i in range(count):
        if how.mode == "nearest":
            out[i] = lines[min(floor(i * n / count), n - 1)]
            continue
        at = i * (n - 1) / (count - 1) if how.align_corners else (i + 0.5) * n / count - 0.5
        at = max(at, 0) if how.mode == "linear" else at
        for k in range(floor(at) - 1, floor(at) + 3):
            out[i] += kernel(at - k, how.mode) * lines[min(max(k, 0), n - 1)]
    return np.moveaxis(out, 0, dim)


@samples("resample_along", oracle=along, rtol=1e-6)
def resample_along(r: Draw) -> Iterator[S]:
    for how in (NEAREST, LINEAR, ALIGNED, CUBIC):
        yield S(r(2, 5, 3), 1, 7, how)
        yield S(r(2, 5), 1, 3, how)
    yield S(r(0, 5), 1, 3, LINEAR)


@samples("resample_input", oracle=lambda g, dim, size, how: transposed(
    lambda x: along(x, dim, g.shape[dim], how), (*g.shape[:dim], size, *g.shape[dim + 1:]), g), rtol=1e-6)
def resample_input(r: Draw) -> Iterator[S]:
    for how in (NEAREST, LINEAR, ALIGNED, CUBIC):
        yield S(r(2, 7, 3), 1, 5, how)
        yield S(r(2, 3), 1, 5, how)
