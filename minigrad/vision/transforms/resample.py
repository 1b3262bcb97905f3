"""Resizing of tensors. Along one axis it is a matrix: output = weights @ input, (out, in) @ (in,)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation, dtypes
from ..._tensor import Tensor

Doubles = NDArray[np.floating[Any]]
Kernel = Callable[[Doubles], Doubles]                # distance from the centre -> weight


def resample(image: Tensor, height: int, width: int, mode: str, antialias: bool) -> Tensor:
    """(..., H, W) -> (..., height, width) of the same dtype, with half-pixel centres as PyTorch's `interpolate`.

    `mode` is nearest, nearest-exact, bilinear or bicubic. Integers are computed in float32 and rounded.
    """
    h, w = image.shape[-2:]
    if mode.startswith("nearest"):
        rows, columns = nearest(h, height, mode), nearest(w, width, mode)
        copied: Tensor = image[..., rows[:, None], columns]
        return copied
    if mode == "bicubic":
        kernel, radius = (cubic(-0.5), 2) if antialias else (cubic(-0.75), 2)
    else:
        kernel, radius = triangle, 1
    to = image.dtype if image.dtype.is_floating_point else dtypes.get_default_dtype()
    down, across = (
        creation.tensor(axis_weights(size, out, kernel, radius, antialias), dtype=to, device=image.device)
        for size, out in ((h, height), (w, width))
    )
    out: Tensor = down @ (image.to(to) @ across.T)   # (height, H) @ ((..., H, W) @ (W, width))
    if image.dtype.is_floating_point:
        return out
    limits = np.iinfo(image.dtype.numpy)
    whole: Tensor = out.round().clamp(int(limits.min), int(limits.max)).to(image.dtype)
    return whole


def nearest(size: int, out: int, mode: str) -> NDArray[np.intp]:
    """For each output position the input position that it copies; float32 arithmetic, as PyTorch's."""
    half = np.float32(0.5 if mode == "nearest-exact" else 0)
    scale = np.float32(size) / np.float32(out)
    at: NDArray[np.intp] = np.floor((np.arange(out, dtype=np.float32) + half) * scale).astype(np.intp)
    return np.minimum(at, size - 1, out=at)


def axis_weights(size: int, out: int, kernel: Kernel, radius: int, antialias: bool) -> Doubles:
    """(out, size) weights. With `antialias` the kernel is stretched by size/out, so that shrinking averages."""
    scale = size / out
    centres = (np.arange(out) + 0.5) * scale         # in input coordinates, where pixel i covers [i, i + 1]
    if not antialias:
        return _pointwise(size, out, kernel, radius, centres - 0.5)
    stretch = max(scale, 1.0)
    first = np.maximum((centres - radius * stretch + 0.5).astype(np.intp), 0)
    last = np.minimum((centres + radius * stretch + 0.5).astype(np.intp), size)
    pixels = np.arange(size)
    weights = kernel((pixels + 0.5 - centres[:, None]) / stretch)
    weights *= (pixels >= first[:, None]) & (pixels < last[:, None])
    weights /= weights.sum(1, keepdims=True)
    return weights


def _pointwise(size: int, out: int, kernel: Kernel, radius: int, at: Doubles) -> Doubles:
    """Weights of the 2 * radius pixels around each position; those beyond the edge count for the edge pixel."""
    if radius == 1:
        at = np.maximum(at, 0)
    start = np.floor(at).astype(np.intp)
    weights = np.zeros((out, size))
    for offset in range(1 - radius, 1 + radius):
        pixel = start + offset
        np.add.at(weights, (np.arange(out), np.clip(pixel, 0, size - 1)), kernel(at - pixel))
    return weights


def triangle(x: Doubles) -> Doubles:
    """Linear interpolation."""
    weights: Doubles = np.maximum(1 - np.abs(x), 0)
    return weights


def cubic(a: float) -> Kernel:
    """Keys' cubic convolution kernel with slope `a` at 1 (R. Keys, IEEE Trans. ASSP 29, 1981)."""
    def kernel(x: Doubles) -> Doubles:
        x = np.abs(x)
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = a * (((x - 5) * x + 8) * x - 4)
        weights: Doubles = np.where(x < 1, near, np.where(x < 2, far, 0.0))
        return weights
    return kernel
