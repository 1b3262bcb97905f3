"""Pooling into a given number of bins; bin i of n covers floor(i * size / n) .. ceil((i + 1) * size / n)."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.op import op
from ..errors import ArgumentTypeError, RefusedArgumentError, ShapeError, operand
from .large import STEPS
from .pool import need_numbers
from .reduce import add_up, large_total
from .unpool import put_planes

if TYPE_CHECKING:
    from .._tensor import Tensor

Pair = tuple[int, int]
Bins = int | Sequence[int | None]


# ---------------------------------------------------------------- means
@op(x=lambda g, x_shape: adaptive_mean_input(g, x_shape))
def adaptive_mean(input: Tensor, out_size: Pair) -> Tensor:
    """(N, C, H, W) -> (N, C, *out_size). Global pooling is a reduction of one axis, the last."""
    x: Any = input
    if out_size != (1, 1):
        return backend_of(x).kernels.adaptive_avg_pool2d(x, out_size)
    pixels = x.shape[2] * x.shape[3]
    if x.size >= STEPS and x.dtype.char == "f" and (done := large_total(x, (2, 3), True)) is not None:
        done /= pixels
        return done
    return add_up(x.reshape((*x.shape[:2], 1, 1, pixels)), (4,), False, None, pixels)


@op(y=lambda g, y_shape: adaptive_mean(g, y_shape[2:]))
def adaptive_mean_input(other: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The adjoint of `adaptive_mean`: each gradient is shared by its bin."""
    g: Any = other
    blocks = equal_bins(shape, g.shape[2:])
    if blocks is None:
        return backend_of(g).kernels.adaptive_avg_pool2d_input(g, shape)
    dx = backend_of(g).xp.empty(blocks, g.dtype)
    dx[...] = (g / (blocks[3] * blocks[5])).reshape((*blocks[:3], 1, blocks[4], 1))
    return dx.reshape(shape)


def equal_bins(shape: tuple[int, ...], bins: tuple[int, ...]) -> tuple[int, ...] | None:
    """(N, C, rows, height of a bin, columns, width of a bin), where all bins are of one size; else None."""
    n, c, height, width = shape
    rows, columns = bins
    return None if height % rows or width % columns else (n, c, rows, height // rows, columns, width // columns)


# ---------------------------------------------------------------- maxima
class AdaptiveMax(NamedTuple):
    """Largest values, and where they stand in the flattened plane."""
    output: Tensor
    indices: Tensor


@op(x=lambda g, indices, x_shape, out_size: put_planes(g, indices, x_shape[-len(out_size):]),
    kept=("indices",), returns=AdaptiveMax)
def adaptive_max(input: Tensor, out_size: tuple[int, ...]) -> Tensor:
    """(N, C, *size) -> (N, C, *out_size): the last dimension is reduced first, so that the first of equal values wins."""
    x: Any = input
    xp = backend_of(x).xp
    n = len(out_size)
    at = xp.arange(prod(x.shape[-n:])).reshape((1, 1, *x.shape[-n:]))
    at = xp.broadcast_to(at, x.shape)
    for axis in range(x.ndim - 1, x.ndim - n - 1, -1):
        x, at = bin_maxima(x, at, axis, out_size[axis - x.ndim])
    return x, at                                     # type: ignore[return-value]


def bin_maxima(x: Any, at: Any, axis: int, bins: int) -> tuple[Any, Any]:
    """The largest value of each bin along one axis, and what `at` says there."""
    xp = backend_of(x).xp
    size, lead = x.shape[axis], (slice(None),) * axis
    values = xp.empty((*x.shape[:axis], bins, *x.shape[axis + 1:]), x.dtype)
    places = xp.empty(values.shape, "i8")
    for i in range(bins):
        part = (*lead, slice(i * size // bins, -(-(i + 1) * size // bins)))
        first = xp.expand_dims(x[part].argmax(axis), axis)
        values[(*lead, slice(i, i + 1))] = xp.take_along_axis(x[part], first, axis)
        places[(*lead, slice(i, i + 1))] = xp.take_along_axis(at[part], first, axis)
    return values, places


# ---------------------------------------------------------------- arguments
def bins_of(name: str, n: int, x: Any, output_size: Bins) -> tuple[int, ...]:
    """How many bins along each of n dimensions; None keeps a dimension."""
    sizes: tuple[Any, ...] = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if output_size is None or any(s is not None and not hasattr(s, "__index__") for s in sizes):
        raise ArgumentTypeError(f"{name}: output_size must be an int or {n} of int or None; got {output_size!r}")
    if len(sizes) != n:
        raise RefusedArgumentError(f"{name}: output_size must be {n} numbers; got {output_size!r}")
    if x.ndim not in (n + 1, n + 2):
        raise RefusedArgumentError(f"{name}: Expected {n + 1}D or {n + 2}D tensor, but got {list(x.shape)} ({operand(x)})")
    if not prod(x.shape[-n - 1:]):
        raise ShapeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has sizes {list(x.shape)}")
    bins = tuple([int(size if s is None else s) for s, size in zip(sizes, x.shape[-n:], strict=True)])
    if min(bins) < 0:
        raise RefusedArgumentError(f"{name}: elements of output_size must be greater than or equal to 0; got {output_size!r}")
    return bins


def means(name: str, n: int, input: Tensor, output_size: Bins) -> Tensor:
    """Means over n dimensions, two at a time."""
    x = input.array
    need_numbers(name, x, "f")
    bins = bins_of(name, n, x, output_size)
    lead, size = x.shape[:-n], x.shape[-n:]
    if not prod(bins):
        return input.reshape((*lead, -1))[..., :0].reshape((*lead, *bins))
    y = input.reshape((1, -1, *size[-2:])) if n > 1 else input.reshape((1, -1, 1, size[0]))
    y = adaptive_mean(y, bins[-2:] if n > 1 else (1, bins[0]))           # type: ignore[arg-type]
    if n > 2:
        y = adaptive_mean(y.reshape((1, -1, size[0], bins[1] * bins[2])), (bins[0], bins[1] * bins[2]))
    return y.reshape((*lead, *bins))


def maxima(name: str, n: int, input: Tensor, output_size: Bins, return_indices: bool) -> Any:
    """Maxima over n dimensions, with or without their places."""
    x = input.array
    need_numbers(name, x, "f")
    bins = bins_of(name, n, x, output_size)
    batched = x.ndim == n + 2
    y, at = adaptive_max(input if batched else input.unsqueeze(0), bins)
    if not batched:
        y, at = y.squeeze(0), at.squeeze(0)
    return (y, at) if return_indices else y


# ---------------------------------------------------------------- what users call
def adaptive_avg_pool1d(input: Tensor, output_size: Bins) -> Tensor:
    """The means of `output_size` bins: (N, C, L) or (C, L) -> (N, C, output_size)."""
    return means("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Bins) -> Tensor:
    """The means of rows x columns bins: (N, C, H, W) or (C, H, W) -> (N, C, *output_size); None keeps a dimension.

    Raises ShapeError for other numbers of dimensions, or an input that has no elements to take the mean of.
    """
    return means("adaptive_avg_pool2d", 2, input, output_size)


@autocasts
def adaptive_avg_pool3d(input: Tensor, output_size: Bins) -> Tensor:
    """The means of bins: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size); None keeps a dimension."""
    return means("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Bins, return_indices: bool = False) -> Any:
    """The largest values of `output_size` bins: (N, C, L) or (C, L) -> (N, C, output_size)."""
    return maxima("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Bins, return_indices: bool = False) -> Any:
    """The largest values of rows x columns bins: (N, C, H, W) or (C, H, W) -> (N, C, *output_size).

    With `return_indices`, also where each stands in its flattened plane. Errors as in `adaptive_avg_pool2d`.
    """
    return maxima("adaptive_max_pool2d", 2, input, output_size, return_indices)


@autocasts
def adaptive_max_pool3d(input: Tensor, output_size: Bins, return_indices: bool = False) -> Any:
    """The largest values of bins: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size)."""
    return maxima("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Bins, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool1d` with `return_indices`."""
    return maxima("adaptive_max_pool1d", 1, input, output_size, True)


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Bins, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d` with `return_indices`."""
    return maxima("adaptive_max_pool2d", 2, input, output_size, True)


@autocasts
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Bins, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool3d` with `return_indices`."""
    return maxima("adaptive_max_pool3d", 3, input, output_size, True)
