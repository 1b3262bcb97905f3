"""Samples of ops/windows.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.adjoint import transposed


def take(x: np.ndarray, dim: int, kernel: int, count: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    lines = np.moveaxis(x, dim, 0)
    out = np.zeros((kernel, count, *lines.shape[1:]))
    for k, i in np.ndindex(kernel, count):
        at = i * stride + k * dilation - padding
        if 0 <= at < len(lines):
            out[k, i] = lines[at]
    return np.moveaxis(out, (0, 1), (dim, dim + 1))


@samples("take_windows", oracle=take)
def take_windows(r: Draw) -> Iterator[S]:
    yield S(r(2, 5), 1, 2, 4, 1, 0, 1)
    yield S(r(2, 7, 3), 1, 3, 4, 2, 2, 2)
    yield S(r(3, 2), 0, 2, 2, 3, 1, 4)               # a window wider than the array
    yield S(r(0, 4), 1, 2, 3, 1, 0, 1)


@samples("add_windows", oracle=lambda x, dim, size, stride, padding, dilation: transposed(
    lambda v: take(v, dim, *x.shape[dim:dim + 2], stride, padding, dilation), (*x.shape[:dim], size, *x.shape[dim + 2:]), x))
def add_windows(r: Draw) -> Iterator[S]:
    yield S(r(2, 2, 4), 1, 5, 1, 0, 1)
    yield S(r(2, 3, 4, 3), 1, 7, 2, 2, 2)
    yield S(r(2, 2, 2), 0, 3, 3, 1, 4)
