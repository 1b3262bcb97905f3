"""Signals, images and volumes in another size: nearest, linear, cubic, area.

Every mode but area works along one dimension at a time: output i is a weighted sum of a few inputs, the same at all other
places. Which ones, and with which weights, stands in a table; the adjoint reads it backwards.
"""
from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..backend import backend_of
from ..engine.op import op
from ..errors import ArgumentError, ArgumentTypeError, ShapeError, UnsupportedDtypeError, UnsupportedError, operand
from .adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .half import rounded, single
from .operands import need_tensors

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = int | Sequence[int]
MANY = 2048                                          # elements from which on a kernel is faster
CUBIC = -0.75                                        # the slope of the cubic kernel at 1
CUBIC_ANTIALIAS = -0.5                               # Pillow's, which antialiasing follows
AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}
MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "lanczos", "area", "nearest-exact")
DIMENSIONS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}


# ---------------------------------------------------------------- tables: which inputs, with which weights
class Filter(NamedTuple):
    """How to resample along a dimension. scale: the factor that was asked for, None for output size / input size."""
    mode: str                                        # nearest, nearest-exact, linear, cubic
    align_corners: bool = False
    antialias: bool = False
    scale: float | None = None


class Table(NamedTuple):
    """(taps, outputs): output i is the sum over taps of weights * input[places]; weights None: 1."""
    places: Any
    weights: Any


@lru_cache(maxsize=256)
def table(size: int, count: int, how: Filter, single: bool) -> Table:
    """The table from `size` inputs to `count` outputs, computed in float32 (`single`) or float64, as PyTorch does."""
    precise: Any = np.float32 if single or how.mode.startswith("nearest") else np.float64
    if how.align_corners:
        step = precise(size - 1) / precise(count - 1) if count > 1 else precise(0)
    else:
        step = precise(1 / how.scale) if how.scale else precise(size) / precise(count)
    i = np.arange(count).astype(precise)
    if how.mode == "nearest":
        return Table(np.minimum(np.floor(i * step).astype(np.int64), size - 1)[None], None)
    if how.mode == "nearest-exact":
        return Table(np.minimum(np.floor((i + precise(0.5)) * step).astype(np.int64), size - 1)[None], None)
    if how.antialias:
        return antialiased(size, step, i, how.mode)
    at = i * step if how.align_corners else (i + precise(0.5)) * step - precise(0.5)
    if how.mode == "linear":
        at = np.maximum(at, precise(0))
    first = np.minimum(np.floor(at).astype(np.int64), size - 1)
    t = np.clip(at - first.astype(precise), 0, 1).astype(precise)        # how far beyond the first
    if how.mode == "linear":
        return Table(np.stack([first, np.minimum(first + 1, size - 1)]), np.stack([1 - t, t]))
    weights = [cubic(t + 1, CUBIC), cubic(t, CUBIC), cubic(1 - t, CUBIC), cubic(2 - t, CUBIC)]
    return Table(np.clip(first + np.arange(-1, 3)[:, None], 0, size - 1), np.stack(weights).astype(precise))


@lru_cache(maxsize=256)
def sums(size: int, count: int, how: Filter, single: bool, turned: bool) -> tuple[Any, Any, Any]:
    """The table as kernels read it, (starts, index, weights): the terms of each output; turned: of each input, for the adjoint."""
    places, weights = table(size, count, how, single)
    kind: Any = np.float32 if single else np.float64
    weights = np.ones(places.shape, kind) if weights is None else weights.astype(kind)
    if not turned:
        return np.arange(count + 1) * len(places), places.T.flatten(), weights.T.flatten()
    order = np.argsort(places.T, None, "stable")                         # terms of an input by output
    terms = np.searchsorted(places.T.flatten()[order], np.arange(size + 1))
    return terms, order // len(places), weights.T.flatten()[order]


def antialiased(size: int, step: Any, i: Any, mode: str) -> Table:
    """Where the input is finer than the output, a filter as wide as an output's share of it."""
    reach = (1 if mode == "linear" else 2) * max(float(step), 1.0)
    centre = (i + 0.5) * step
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    end = np.minimum((centre + reach + 0.5).astype(np.int64), size)
    index = first + np.arange(math.ceil(reach) * 2 + 1)[:, None]
    away = np.abs((index - centre + 0.5) / max(float(step), 1.0))
    weight = np.maximum(1 - away, 0) if mode == "linear" else cubic(away, CUBIC_ANTIALIAS)
    weight = np.where(index < end, weight, 0)
    return Table(np.minimum(index, size - 1), (weight / weight.sum(0)).astype(i.dtype))


def cubic(d: Any, a: float) -> Any:
    """Keys' cubic convolution kernel at distances d. Source: Keys 1981."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0)).astype(d.dtype)


# ---------------------------------------------------------------- the ops: each is the other's gradient
@op(x=lambda g, x_shape, dim, how: resample_input(g, dim, x_shape[dim], how))
def resample_along(input: Tensor, dim: int, count: int, how: Filter) -> Tensor:
    """(..., size, ...) -> (..., count, ...)"""
    array: Any = input
    x, backend = single(array), backend_of(array)
    if not how.mode.startswith("nearest") and (done := summed(x, dim, x.shape[dim], count, how, False)) is not None:
        return rounded(done, array.dtype)
    places, weights = table(x.shape[dim], count, how, x.dtype.itemsize < 8)
    if weights is None:
        return array.take(backend.asarray(places[0]), axis=dim)
    out: Any = None
    for at, w in zip(places, weights, strict=True):
        part = x.take(backend.asarray(at), axis=dim)
        part *= backend.asarray(w, x.dtype).reshape(along(x, dim))
        out = part if out is None else out + part
    return rounded(out, array.dtype)


@op(y=lambda g, y_shape, dim, how: resample_along(g, dim, y_shape[dim], how))
def resample_input(other: Tensor, dim: int, size: int, how: Filter) -> Tensor:
    """The adjoint of `resample_along`: (..., count, ...) -> (..., size, ...)"""
    array: Any = other
    g, backend, lead = single(array), backend_of(array), (slice(None),) * dim
    if (done := summed(g, dim, size, g.shape[dim], how, True)) is not None:
        return rounded(done, array.dtype)
    places, weights = table(size, g.shape[dim], how, g.dtype.itemsize < 8)
    out = backend.xp.zeros((*g.shape[:dim], size, *g.shape[dim + 1:]), g.dtype)
    for k, at in enumerate(places):
        part = g if weights is None else g * backend.asarray(weights[k], g.dtype).reshape(along(g, dim))
        once, first, count = np.unique(at, return_index=True, return_counts=True)     # `at` rises: equal places are neighbours
        for r in range(count.max(initial=0)):        # the r-th output of each place: no place comes twice
            some = count > r
            out[(*lead, backend.asarray(once[some]))] += part.take(backend.asarray(first[some] + r), axis=dim)
    return rounded(out, array.dtype)


def summed(x: Any, dim: int, size: int, count: int, how: Filter, turned: bool) -> Any:
    """What the table makes of an array, or its adjoint, by a kernel; None where there is none for it."""
    kernels = backend_of(x).kernels
    if x.size < max(MANY, kernels.worthwhile()):
        return None
    return kernels.weighted_rows(x, dim, *sums(size, count, how, x.dtype.itemsize < 8, turned))


def along(x: Any, dim: int) -> tuple[int, ...]:
    """The shape of one number per place along a dimension."""
    return tuple([-1 if d == dim else 1 for d in range(x.ndim)])


# ---------------------------------------------------------------- what users call
def each(name: str, value: Any, n: int) -> list[Any]:
    """A size or factor per spatial dimension, given as one or as one each."""
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise ArgumentError(f"interpolate: Input and {name} must have the same number of spatial dimensions, {n}; got {name} "
                            f"{tuple(value)}")
    return list(value)


def check_mode(x: Any, mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Refuse what a mode does not take."""
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ArgumentError("interpolate: align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                            f"trilinear; got mode {mode!r}")
    if mode not in MODES or x.ndim not in (3, 4, 5):
        raise UnsupportedError(f"interpolate: Input Error: Only 3D, 4D and 5D input Tensors supported (got {x.ndim}D) for the modes: "
                               f"{' | '.join(MODES)} (got {mode})")
    if x.ndim != DIMENSIONS.get(mode, x.ndim):
        raise UnsupportedError(f"interpolate: Got {x.ndim}D input, but {mode} mode needs {DIMENSIONS[mode]}D input")
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        raise ArgumentError("interpolate: Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D "
                            f"tensor as input; got mode {mode!r}, x {operand(x)}")
    if mode == "lanczos":
        raise UnsupportedError("interpolate: lanczos mode is not supported; use mode='bicubic', antialias=True")
    if x.dtype.kind != "f" and not (mode.startswith("nearest") and x.dtype == "u1"):
        raise UnsupportedDtypeError(f"interpolate: not implemented for {x.dtype}; got {operand(x)}; convert it with .float()")


def interpolate(input: Tensor, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
                align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False) -> Tensor:
    """Resample the spatial dimensions of (N, C, L), (N, C, H, W) or (N, C, D, H, W) to `size`, or by `scale_factor`.

    mode: "nearest", "nearest-exact", "area"; "linear", "bilinear", "trilinear" and "bicubic" for 3, 4, 5 and 4
    dimensions. align_corners: the corner pixels' centres stay in the corners. recompute_scale_factor: use the ratio of the
    sizes instead of scale_factor. antialias: when shrinking, filter as Pillow does (bilinear, bicubic).
    Raises ArgumentError for options that do not go together, ShapeError for empty sizes.
    """
    need_tensors("interpolate", input=input)
    x, n = input.array, input.ndim - 2
    check_mode(x, mode, align_corners, antialias)
    if (size is None) == (scale_factor is None):
        raise ArgumentError("interpolate: " + ("either size or scale_factor should be defined" if size is None
                                               else "only one of size or scale_factor should be defined"))
    if recompute_scale_factor and size is not None:
        raise ArgumentError("interpolate: recompute_scale_factor is not meaningful with an explicit size.")
    factors: list[Any] = [None] * n if scale_factor is None else each("scale_factor", scale_factor, n)
    sizes = each("size", size, n) if size is not None else [math.floor(m * f) for m, f in zip(x.shape[2:], factors, strict=True)]
    if not all(hasattr(s, "__index__") for s in sizes):
        raise ArgumentTypeError("interpolate: expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int]; "
                                f"got {size!r}")
    if min(sizes) < 1 or not x.shape[1] or min(x.shape[2:]) < 1:
        raise ShapeError(f"interpolate: Input and output sizes should be greater than 0, but got input {operand(x)} and output "
                         f"{tuple(sizes)}")
    if mode == "area":
        return AREA[x.ndim](input, tuple(sizes))
    kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    out = input
    # What shrinks most first, as the others have less to do then; else the last dimension, whose rows lie together.
    for d in sorted(range(2, n + 2), key=lambda d: (sizes[d - 2] / x.shape[d], -d)):
        factor = None if recompute_scale_factor else factors[d - 2]
        if sizes[d - 2] != x.shape[d] or factor is not None:
            out = resample_along(out, d, int(sizes[d - 2]), Filter(kind, bool(align_corners), antialias, factor and float(factor)))
    return out if out is not input else input.clone()


def upsample(input: Tensor, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
             align_corners: bool | None = None) -> Tensor:
    """`interpolate` under its old name, with PyTorch's warning."""
    deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> Tensor:
    """`interpolate` to the nearest, with PyTorch's warning."""
    deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> Tensor:
    """`interpolate` bilinearly with aligned corners, with PyTorch's warning."""
    deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)


def deprecated(name: str) -> None:
    """PyTorch's warning about an old name."""
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3)
