"""Sliding windows along a dimension, and what is made of them: unfold (im2col) and fold (col2im)."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ArgumentTypeError, RefusedArgumentError, ShapeError, UnsupportedDtypeError, describe

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- options per spatial dimension
def numbers(name: str, value: int | Sequence[int], n: int, least: int) -> tuple[int, ...]:
    """An option for each of n spatial dimensions, given as one int or as one each."""
    if type(value) is int and value >= least:
        return (value,) * n
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if set(map(type, values)) != {int} and any(not hasattr(v, "__index__") or isinstance(v, bool) for v in values):
        raise ArgumentTypeError(f"{name} must be an int or {n} ints; got {value!r}")
    if len(values) not in (1, n):
        raise RefusedArgumentError(f"{name} must be a single int or a list of {n}, one per spatial dimension; got {value!r}")
    if min(values, default=least) < least:
        raise RefusedArgumentError(f"{name} must be {('non-negative', 'greater than zero')[least]}; got {value!r}")
    return tuple([int(v) for v in values]) * (n if len(values) == 1 else 1)


def window_count(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along a dimension, padding at both ends included."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


# ---------------------------------------------------------------- the ops: each is the other's gradient
def taps(dim: int, size: int, kernel: int, count: int, stride: int, padding: int, dilation: int) -> Iterator[tuple[Any, Any]]:
    """For each place in the window: which windows have it inside the array, and where they see the array there."""
    lead = (slice(None),) * dim
    for k in range(kernel):
        start = k * dilation - padding               # where the first window has it
        first, last = max(0, -(start // stride)), min(count, (size - 1 - start) // stride + 1)
        if first < last:
            seen = slice(first * stride + start, (last - 1) * stride + start + 1, stride)
            yield (*lead, k, slice(first, last)), (*lead, seen)


@op(x=lambda g, x_shape, dim, stride, padding, dilation: add_windows(g, dim, x_shape[dim], stride, padding, dilation))
def take_windows(input: Tensor, dim: int, kernel: int, count: int, stride: int, padding: int, dilation: int) -> Tensor:
    """(..., size, ...) -> (..., kernel, count, ...): window i holds places i*stride + k*dilation - padding; 0 outside."""
    x: Any = input
    out = backend_of(x).xp.zeros((*x.shape[:dim], kernel, count, *x.shape[dim + 1:]), x.dtype)
    for there, here in taps(dim, x.shape[dim], kernel, count, stride, padding, dilation):
        out[there] = x[here]
    return out


@op(x=lambda g, x_shape, dim, stride, padding, dilation:
    take_windows(g, dim, x_shape[dim], x_shape[dim + 1], stride, padding, dilation))
def add_windows(input: Tensor, dim: int, size: int, stride: int, padding: int, dilation: int) -> Tensor:
    """(..., kernel, count, ...) -> (..., size, ...): the windows added up where they overlap."""
    x: Any = input
    kernel, count = x.shape[dim:dim + 2]
    out = backend_of(x).xp.zeros((*x.shape[:dim], size, *x.shape[dim + 2:]), x.dtype)
    for there, here in taps(dim, size, kernel, count, stride, padding, dilation):
        out[here] += x[there]
    return out


# ---------------------------------------------------------------- what users call
def options(name: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[Any]:
    """kernel, stride, padding, dilation as pairs."""
    return [numbers(f"{name}: kernel_size", kernel_size, 2, 1), numbers(f"{name}: stride", stride, 2, 1),
            numbers(f"{name}: padding", padding, 2, 0), numbers(f"{name}: dilation", dilation, 2, 1)]


def unfold(input: Tensor, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
           stride: int | Sequence[int] = 1) -> Tensor:
    """The patches under a sliding window as columns (im2col): (N, C, H, W) -> (N, C * KH * KW, windows).

    Unbatched (C, H, W) gives (C * KH * KW, windows). Raises ShapeError where no window fits.
    """
    kernel, strides, pads, dilations = options("unfold", kernel_size, stride, padding, dilation)
    if input.ndim not in (3, 4):
        raise ShapeError(f"unfold: expected 3D (C, H, W) or 4D (N, C, H, W) input; got {describe(input)}")
    if input.array.dtype.kind in "iu":
        raise UnsupportedDtypeError(f"unfold: takes floating-point, complex or bool input; got {describe(input)}")
    counts = [window_count(*each) for each in zip(input.shape[-2:], kernel, strides, pads, dilations, strict=True)]
    if min(counts) < 1:
        raise ShapeError(f"unfold: Given input with spatial size {tuple(input.shape[-2:])}, kernel_size={kernel}, dilation={dilations}, "
                         f"padding={pads}, calculated shape of the array of sliding blocks as {tuple(counts)}, but its components must be "
                         f"at least one; got {describe(input)}")
    d = input.ndim - 2
    x = take_windows(input, d, kernel[0], counts[0], strides[0], pads[0], dilations[0])                  # (N, C, KH, OH, W)
    x = take_windows(x, d + 2, kernel[1], counts[1], strides[1], pads[1], dilations[1]).transpose(d + 1, d + 2)   # (N, C, KH, KW, OH, OW)
    return x.reshape((*input.shape[:-3], input.shape[-3] * prod(kernel), prod(counts)))


def fold(input: Tensor, output_size: int | Sequence[int], kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1,
         padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1) -> Tensor:
    """Patches added up where they came from (col2im), the adjoint of `unfold`: (N, C * KH * KW, windows) -> (N, C, *output_size).

    Raises ShapeError where the columns are not those of an image of output_size.
    """
    kernel, strides, pads, dilations = options("fold", kernel_size, stride, padding, dilation)
    size = numbers("fold: output_size", output_size, 2, 1)
    if input.ndim not in (2, 3):
        raise ShapeError(f"fold: Expected 2D or 3D (batch mode) tensor for input; got {describe(input)}")
    rows, columns = input.shape[-2:]
    if rows % prod(kernel):
        raise ShapeError(f"fold: Expected size of input's dimension {input.ndim - 2} to be divisible by the product of kernel_size, but "
                         f"got {rows} and kernel_size={kernel}; got {describe(input)}")
    counts = [window_count(*each) for each in zip(size, kernel, strides, pads, dilations, strict=True)]
    if min(counts) < 1 or prod(counts) != columns:
        raise ShapeError(f"fold: Given output_size={size}, kernel_size={kernel}, dilation={dilations}, padding={pads}, stride={strides}, "
                         f"expected size of input's dimension {input.ndim - 1} to match the calculated number of sliding blocks "
                         f"{max(counts[0], 0)} * {max(counts[1], 0)}, but got {columns}; got {describe(input)}")
    d = input.ndim - 1
    x = input.reshape((*input.shape[:-2], rows // prod(kernel), *kernel, *counts)).transpose(d + 1, d + 2)   # (N, C, KH, OH, KW, OW)
    x = add_windows(x, d + 2, size[1], strides[1], pads[1], dilations[1])                                   # (N, C, KH, OH, W)
    return add_windows(x, d, size[0], strides[0], pads[0], dilations[0])
