"""Convolution: three ops that are each other's gradients.

With y = conv2d(x, w), the gradient for x is `conv2d_input(g, w)` and the one for w is `conv2d_weight(g, x)`. All
three are linear in both arguments, so each one's rules are the other two, to any order.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ArgumentError, ArgumentTypeError, ShapeError, describe
from .reduce import sum

if TYPE_CHECKING:
    from .._tensor import Tensor

Pair = tuple[int, int]
Pads = tuple[Pair, Pair]                             # ((top, bottom), (left, right))


@op(promotes="same",
    x=lambda g, w, x_shape, stride, padding, dilation, groups: conv2d_input(g, w, x_shape, stride, padding, dilation, groups),
    w=lambda g, x, w_shape, stride, padding, dilation, groups: conv2d_weight(g, x, w_shape, stride, padding, dilation, groups),
    b=lambda g: sum(g, (0, 2, 3)))
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Tensor:
    """(N, C, H, W), (F, C/groups, KH, KW), (F,) -> (N, F, OH, OW); what `conv2d` checked and completed."""
    return backend_of(input).kernels.conv2d(input, weight, bias, stride, padding, dilation, groups)   # type: ignore[no-any-return]


@op(promotes="same",
    y=lambda g, w, stride, padding, dilation, groups: convolution(g, w, None, stride, padding, dilation, groups),
    w=lambda g, y, w_shape, stride, padding, dilation, groups: conv2d_weight(y, g, w_shape, stride, padding, dilation, groups))
def conv2d_input(other: Tensor, weight: Tensor, shape: tuple[int, ...], stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Tensor:
    """The adjoint in x: (N, F, OH, OW), (F, C/groups, KH, KW) -> `shape`, (N, C, H, W). A transposed convolution."""
    return backend_of(other).kernels.conv2d_input(other, weight, shape, stride, padding, dilation, groups)   # type: ignore[no-any-return]


@op(promotes="same",
    y=lambda g, x, stride, padding, dilation, groups: convolution(x, g, None, stride, padding, dilation, groups),
    x=lambda g, y, x_shape, stride, padding, dilation, groups: conv2d_input(y, g, x_shape, stride, padding, dilation, groups))
def conv2d_weight(other: Tensor, input: Tensor, shape: tuple[int, ...], stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Tensor:
    """The adjoint in w: (N, F, OH, OW), (N, C, H, W) -> `shape`, (F, C/groups, KH, KW)."""
    return backend_of(input).kernels.conv2d_weight(other, input, shape, stride, padding, dilation, groups)   # type: ignore[no-any-return]


def pair(name: str, value: int | Sequence[int], least: int, n: int = 2) -> Pair:
    """An option per spatial dimension, given as one int or one each."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    values = values * n if len(values) == 1 else values
    if len(values) != n or not all(isinstance(v, int) for v in values):
        raise ArgumentTypeError(f"{name} must be an int or {n} ints; got {value!r}")
    if any(v < least for v in values):
        raise ArgumentError(f"{name} must be at least {least}; got {value!r}")
    return values                                    # type: ignore[return-value]


def pads(name: str, padding: int | Sequence[int] | str, kernel: Pair, stride: Pair, dilation: Pair) -> Pads:
    """Padding before and after each spatial dimension; 'same' puts the odd one after, as PyTorch does."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ArgumentError(f"{name}: padding='same' is not supported for strided convolutions; got stride {stride}; give numbers")
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        (top, left) = [t // 2 for t in total]
        return (top, total[0] - top), (left, total[1] - left)
    if isinstance(padding, str):
        raise ArgumentError(f"{name}: padding must be 'same', 'valid' or numbers; got {padding!r}")
    p, q = pair(f"{name}: padding", padding, 0)
    return (p, p), (q, q)


def check_conv(name: str, x: Any, w: Any, b: Any, groups: int) -> None:
    """The shapes of a convolution, in PyTorch's order of checks."""
    if w.ndim != 4:
        raise ShapeError(f"{name}: weight must be 4D (out_channels, in_channels/groups, KH, KW); got w {describe(w)}")
    if x.ndim not in (3, 4):
        raise ShapeError(f"{name}: expected 3D (unbatched) or 4D (batched) input; got x {describe(x)}")
    if groups < 1 or w.shape[0] % groups:
        raise ShapeError(f"{name}: out_channels must be divisible by groups; got groups {groups}, w {describe(w)}")
    if x.shape[-3] != w.shape[1] * groups:
        raise ShapeError(f"{name}: given groups={groups}, weight of size {tuple(w.shape)}, expected input {describe(x)} to have "
                         f"{w.shape[1] * groups} channels, but got {x.shape[-3]} channels instead")
    if b is not None and tuple(b.shape) != (w.shape[0],):
        raise ShapeError(f"{name}: bias must have one value per output channel, shape ({w.shape[0]},); got b {describe(b)}")


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1,
           padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1) -> Tensor:
    """Cross-correlation of images with filters.

    input (N, C, H, W) or (C, H, W), weight (F, C/groups, KH, KW), bias (F,) -> (N, F, OH, OW) with
    OH = (H + pads - dilation * (KH - 1) - 1) // stride + 1. padding: per side, or 'same' (stride 1), or 'valid'.
    Raises ShapeError where channels, groups or sizes do not fit, DtypeError on mixed dtypes.
    """
    check_conv("conv2d", input, weight, bias, groups)
    strides, dilations = pair("conv2d: stride", stride, 1), pair("conv2d: dilation", dilation, 1)
    kernel = (weight.shape[2], weight.shape[3])
    around = pads("conv2d", padding, kernel, strides, dilations)
    for size, k, d, (before, after) in zip(input.shape[-2:], kernel, dilations, around):
        if size + before + after < d * (k - 1) + 1:
            raise ShapeError(f"conv2d: calculated padded input size per channel: {size + before + after} is smaller than the kernel "
                             f"{d * (k - 1) + 1}: kernel size can't be greater than actual input size; "
                             f"got x {describe(input)}, w {describe(weight)}")
    if input.ndim == 3:
        return convolution(input.unsqueeze(0), weight, bias, strides, around, dilations, groups).squeeze(0)
    return convolution(input, weight, bias, strides, around, dilations, groups)
