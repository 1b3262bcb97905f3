"""Convolution: three ops that are each other's gradients.

With y = conv2d(x, w), the gradient for x is `conv2d_input(g, w)` and the one for w is `conv2d_weight(g, x)`. All
three are linear in both arguments, so each one's rules are the other two, to any order. One dimension is two with a
height of 1; of three, the first becomes a part of the channels.
"""
from __future__ import annotations

from collections.abc import Sequence
from operator import gt
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.mode import local
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import RefusedArgumentError, ShapeError, operand
from .reduce import sum
from .windows import numbers, take_windows

if TYPE_CHECKING:
    from .._tensor import Tensor

Pair = tuple[int, int]
RELU = "relu"                                        # what may follow at once
Pads = tuple[Pair, Pair]                             # ((top, bottom), (left, right))


def bias_gradient(g: Any) -> Any:
    """(N, F, OH, OW) -> (F,)"""
    if isinstance(g, TensorBase):
        return sum(g, (0, 2, 3))                     # type: ignore[arg-type]
    return backend_of(g).kernels.conv2d_bias(g)


@op(promotes="same",
    x=lambda g, w, x_shape, stride, padding, dilation, groups: conv2d_input(g, w, x_shape, stride, padding, dilation, groups),
    w=lambda g, x, w_shape, stride, padding, dilation, groups: conv2d_weight(g, x, w_shape, stride, padding, dilation, groups),
    b=lambda g: bias_gradient(g))
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Pair = (1, 1), padding: Pads = ((0, 0), (0, 0)),
                dilation: Pair = (1, 1), groups: int = 1) -> Tensor:
    """(N, C, H, W), (F, C/groups, KH, KW), (F,) -> (N, F, OH, OW); what `conv2d` checked and completed."""
    mode = local.mode
    rectify = mode.epilogue is RELU
    y = backend_of(input).kernels.conv2d(input, weight, bias, stride, padding, dilation, groups, rectify)
    if rectify:
        mode.epilogue = y
    return y


@op(promotes="same",
    y=lambda g, w, stride, padding, dilation, groups: convolution(g, w, None, stride, padding, dilation, groups),
    w=lambda g, y, w_shape, stride, padding, dilation, groups: conv2d_weight(y, g, w_shape, stride, padding, dilation, groups))
def conv2d_input(other: Tensor, weight: Tensor, shape: tuple[int, ...], stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Tensor:
    """The adjoint in x: (N, F, OH, OW), (F, C/groups, KH, KW) -> `shape`, (N, C, H, W). A transposed convolution."""
    return backend_of(other).kernels.conv2d_input(other, weight, shape, stride, padding, dilation, groups)


@op(promotes="same",
    y=lambda g, x, stride, padding, dilation, groups: convolution(x, g, None, stride, padding, dilation, groups),
    x=lambda g, y, x_shape, stride, padding, dilation, groups: conv2d_input(y, g, x_shape, stride, padding, dilation, groups))
def conv2d_weight(other: Tensor, input: Tensor, shape: tuple[int, ...], stride: Pair, padding: Pads, dilation: Pair, groups: int) -> Tensor:
    """The adjoint in w: (N, F, OH, OW), (N, C, H, W) -> `shape`, (F, C/groups, KH, KW)."""
    return backend_of(input).kernels.conv2d_weight(other, input, shape, stride, padding, dilation, groups)


# ---------------------------------------------------------------- arguments
KINDS = {1: "2D (unbatched) or 3D (batched)", 2: "3D (unbatched) or 4D (batched)", 3: "4D (unbatched) or 5D (batched)"}
Span = tuple[tuple[int, int], ...]                   # padding before and after each dimension


def padding_of(name: str, padding: int | Sequence[int] | str, kernel: Sequence[int], stride: Sequence[int],
               dilation: Sequence[int]) -> Span:
    """Padding before and after each spatial dimension; 'same' puts the odd one after, as PyTorch does."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RefusedArgumentError(f"{name}: padding='same' is not supported for strided convolutions; got stride {tuple(stride)}; "
                                       "give numbers")
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple([(t // 2, t - t // 2) for t in totals])
    if isinstance(padding, str):
        raise RefusedArgumentError(f"{name}: Invalid padding string: {padding!r}; padding is 'same', 'valid' or numbers")
    return tuple([(p, p) for p in numbers(f"{name}: padding", padding, len(kernel), 0)])


def check_conv(name: str, n: int, x: Any, w: Any, b: Any, groups: int, transposed: bool = False) -> None:
    """The shapes of a convolution over n dimensions: what must fit x, w, bias and groups."""
    first, second = w.shape[0] if w.ndim else 0, w.shape[1] * groups if w.ndim > 1 else 0
    out_channels, channels = (second, first) if transposed else (first, second)
    if w.ndim != n + 2:
        layout = "(in_channels, out_channels/groups" if transposed else "(out_channels, in_channels/groups"
        rule = f"weight must be {n + 2}D {layout}, *kernel)"
    elif x.ndim not in (n + 1, n + 2):
        rule = f"Expected {KINDS[n]} input to {name}, but got input of size: {list(x.shape)}"
    elif groups < 1:
        rule = "non-positive groups is not supported"
    elif w.shape[0] % groups:
        rule = f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0"
    elif x.shape[-n - 1] != channels:
        rule = (f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {list(w.shape)}, expected input"
                f"{list(x.shape)} to have {channels} channels, but got {x.shape[-n - 1]} channels instead")
    elif b is not None and b.shape != (out_channels,):
        rule = (f"expected bias to be 1-dimensional with {out_channels} elements, one per output channel, but got bias of size "
                f"{list(b.shape)}")
    else:
        return
    raise ShapeError(f"{name}: {rule}; got x {operand(x)}, w {operand(w)}, groups {groups}")


def check_size(name: str, x: Any, w: Any, n: int, around: Span, dilation: Sequence[int]) -> None:
    """The kernel must fit into the padded input."""
    padded = [size + before + after for size, (before, after) in zip(x.shape[-n:], around, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
    if any(map(gt, reach, padded)):
        raise ShapeError(f"{name}: Calculated padded input size per channel: {tuple(padded)}. Kernel size: {tuple(reach)}. Kernel size "
                         f"can't be greater than actual input size; got x {operand(x)}, w {operand(w)}")


def conv_options(name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
                 groups: int) -> tuple[Any, Any, Any]:
    """Stride, padding before and after, and dilation, one each per dimension; and everything checked."""
    x, w = getattr(input, "array", input), getattr(weight, "array", weight)
    check_conv(name, n, x, w, bias, groups)
    strides, dilations = numbers(f"{name}: stride", stride, n, 1), numbers(f"{name}: dilation", dilation, n, 1)
    around = padding_of(name, padding, w.shape[2:], strides, dilations)
    check_size(name, x, w, n, around, dilations)
    return strides, around, dilations


# ---------------------------------------------------------------- what users call
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1,
           padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1) -> Tensor:
    """Cross-correlation of signals with filters.

    input (N, C, L) or (C, L), weight (F, C/groups, K), bias (F,) -> (N, F, OL). Options and errors as in `conv2d`.
    """
    (s,), (p,), (d,) = conv_options("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)
    x = input.unsqueeze(-2) if input.ndim == 3 else input.unsqueeze(0).unsqueeze(-2)
    y = convolution(x, weight.unsqueeze(-2), bias, (1, s), ((0, 0), p), (1, d), groups).squeeze(-2)
    return y if input.ndim == 3 else y.squeeze(0)


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1,
           padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1) -> Tensor:
    """Cross-correlation of images with filters.

    input (N, C, H, W) or (C, H, W), weight (F, C/groups, KH, KW), bias (F,) -> (N, F, OH, OW) with
    OH = (H + pads - dilation * (KH - 1) - 1) // stride + 1. padding: per side, or 'same' (stride 1), or 'valid'.
    Raises ShapeError where channels, groups or sizes do not fit, DtypeError on mixed dtypes.
    """
    strides, around, dilations = conv_options("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)
    if input.ndim == 3:
        return convolution(input.unsqueeze(0), weight, bias, strides, around, dilations, groups).squeeze(0)
    return convolution(input, weight, bias, strides, around, dilations, groups)


def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1,
           padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1, groups: int = 1) -> Tensor:
    """Cross-correlation of volumes with filters.

    input (N, C, D, H, W) or (C, D, H, W), weight (F, C/groups, KD, KH, KW), bias (F,) -> (N, F, OD, OH, OW). Each output
    slice is a 2-D convolution of KD input slices, taken as channels. Options and errors as in `conv2d`.
    """
    strides, around, dilations = conv_options("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)
    x = input if input.ndim == 5 else input.unsqueeze(0)
    depth, (before, after) = weight.shape[2], around[0]
    count = (x.shape[2] + before + after - dilations[0] * (depth - 1) - 1) // strides[0] + 1
    slices = take_windows(x, 2, depth, count, strides[0], before, dilations[0])             # (N, C, KD, OD, H, W)
    slices = slices.permute(0, 3, 1, 2, 4, 5).reshape((x.shape[0] * count, x.shape[1] * depth, *x.shape[3:]))
    y = convolution(slices, flat_depth(weight), bias, strides[1:], around[1:], dilations[1:], groups)
    y = y.reshape((x.shape[0], count, *y.shape[1:])).transpose(1, 2)
    return y if input.ndim == 5 else y.squeeze(0)


def flat_depth(weight: Tensor) -> Tensor:
    """(F, C, KD, KH, KW) -> (F, C * KD, KH, KW)"""
    return weight.reshape((weight.shape[0], weight.shape[1] * weight.shape[2], *weight.shape[3:]))
