"""Samples of ops/conv.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.adjoint import transposed

Options = tuple[Any, Any, Any, int]
PLAIN: Options = (1, 1), ((0, 0), (0, 0)), (1, 1), 1
ODD: Options = (2, 1), ((1, 0), (2, 1)), (1, 2), 2               # strides, pads, dilations that all differ; groups


def correlate(x: np.ndarray, w: np.ndarray, b: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> np.ndarray:
    """One output pixel after another."""
    wide = np.pad(x, ((0, 0), (0, 0), *padding))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    size = [(n - k) // s + 1 for n, k, s in zip(wide.shape[2:], reach, stride, strict=True)]
    out = np.zeros((len(x), len(w), *size))
    for f in range(len(w)):
        first = f // (len(w) // groups) * w.shape[1]
        for i, j in np.ndindex(*size):
            top, left = i * stride[0], j * stride[1]
            seen = wide[:, first:first + w.shape[1], top:top + reach[0]:dilation[0], left:left + reach[1]:dilation[1]]
            out[:, f, i, j] = (seen * w[f]).sum((1, 2, 3)) + (0 if b is None else b[f])
    return out


@samples("convolution", oracle=correlate)
def convolution(r: Draw) -> Iterator[S]:
    yield S(r(2, 2, 4, 3), r(3, 2, 2, 2), r(3), *PLAIN)
    yield S(r(1, 4, 4, 5), r(2, 2, 2, 3), None, *ODD)
    yield S(r(0, 2, 3, 3), r(2, 2, 2, 2), r(2), *PLAIN)          # empty batch


@samples("conv2d_input", oracle=lambda g, w, shape, *options: transposed(lambda x: correlate(x, w, None, *options), shape, g))
def conv2d_input(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 3, 2), r(3, 2, 2, 2), (2, 2, 4, 3), *PLAIN)
    yield S(r(1, 2, 2, 4), r(2, 2, 2, 3), (1, 4, 4, 5), *ODD)


@samples("conv2d_weight", oracle=lambda g, x, shape, *options: transposed(lambda w: correlate(x, w, None, *options), shape, g))
def conv2d_weight(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 3, 2), r(2, 2, 4, 3), (3, 2, 2, 2), *PLAIN)
    yield S(r(1, 2, 2, 4), r(1, 4, 4, 5), (2, 2, 2, 3), *ODD)
