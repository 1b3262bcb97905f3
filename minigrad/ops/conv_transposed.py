"""Transposed convolution: the input gradient of a convolution, as a layer of its own."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import RefusedArgumentError, ShapeError, operand
from .conv import check_conv, conv2d_input, flat_depth
from .windows import add_windows, numbers

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = int | Sequence[int]


def transposed_options(name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
                       output_padding: Any, groups: int, dilation: Any) -> tuple[Any, Any, Any, Any]:
    """Stride, padding before and after, dilation and output size, one each per dimension; and everything checked.

    Padding after is less by `output_padding`: that many places at the end, which no window reaches, belong to the output.
    """
    x, w = getattr(input, "array", input), getattr(weight, "array", weight)
    check_conv(name, n, x, w, bias, groups, transposed=True)
    strides, dilations = numbers(f"{name}: stride", stride, n, 1), numbers(f"{name}: dilation", dilation, n, 1)
    pads, extra = numbers(f"{name}: padding", padding, n, 0), numbers(f"{name}: output_padding", output_padding, n, 0)
    if any(e >= s and e >= d for e, s, d in zip(extra, strides, dilations, strict=True)):
        raise RefusedArgumentError(f"{name}: output padding must be smaller than either stride or dilation; got output_padding {extra}, "
                                   f"stride {strides}, dilation {dilations}")
    size = tuple([(m - 1) * s - 2 * p + d * (k - 1) + e + 1
                  for m, s, p, d, k, e in zip(x.shape[-n:], strides, pads, dilations, w.shape[2:], extra, strict=True)])
    if min(size) < 1:
        raise ShapeError(f"{name}: the output would have size {size}: padding {pads} cuts off more than there is; "
                         f"got x {operand(x)}, w {operand(w)}")
    return strides, tuple([(p, p - e) for p, e in zip(pads, extra, strict=True)]), dilations, size


def with_bias(y: Tensor, bias: Tensor | None, n: int) -> Tensor:
    """y (N, C, *spatial) plus one number per channel."""
    return y if bias is None else y + bias.reshape((bias.shape[0], *[1] * n))


def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Ints = 1,
                     padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                     dilation: Ints = 1) -> Tensor:
    """Transposed convolution of signals: input (N, C, L) or (C, L), weight (C, F/groups, K), bias (F,) -> (N, F, OL).

    Options and errors as in `conv_transpose2d`.
    """
    (s,), (p,), (d,), (size,) = transposed_options("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups,
                                                   dilation)
    x = input.unsqueeze(-2) if input.ndim == 3 else input.unsqueeze(0).unsqueeze(-2)
    shape = (x.shape[0], weight.shape[1] * groups, 1, size)
    y = conv2d_input(x, weight.unsqueeze(-2), shape, (1, s), ((0, 0), p), (1, d), groups).squeeze(-2)
    y = with_bias(y, bias, 1)
    return y if input.ndim == 3 else y.squeeze(0)


def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Ints = 1,
                     padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                     dilation: Ints = 1) -> Tensor:
    """Transposed convolution of images, sometimes called deconvolution: the gradient of `conv2d` for its input.

    input (N, C, H, W) or (C, H, W), weight (C, F/groups, KH, KW), bias (F,) -> (N, F, OH, OW) with
    OH = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1.
    Raises ShapeError where channels, groups or sizes do not fit, ArgumentError for an output_padding that is not
    smaller than stride or dilation, DtypeError on mixed dtypes.
    """
    strides, around, dilations, size = transposed_options("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding,
                                                          groups, dilation)
    x = input if input.ndim == 4 else input.unsqueeze(0)
    y = conv2d_input(x, weight, (x.shape[0], weight.shape[1] * groups, *size), strides, around, dilations, groups)
    y = with_bias(y, bias, 2)
    return y if input.ndim == 4 else y.squeeze(0)


def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Ints = 1,
                     padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                     dilation: Ints = 1) -> Tensor:
    """Transposed convolution of volumes: input (N, C, D, H, W) or (C, D, H, W), weight (C, F/groups, KD, KH, KW), bias (F,).

    Each input slice gives KD output slices by a 2-D one, which are added up. Options and errors as in `conv_transpose2d`.
    """
    strides, around, dilations, size = transposed_options("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding,
                                                          groups, dilation)
    x = input if input.ndim == 5 else input.unsqueeze(0)
    n, _, count = x.shape[:3]
    channels, depth = weight.shape[1] * groups, weight.shape[2]
    flat = x.transpose(1, 2).reshape((n * count, x.shape[1], *x.shape[3:]))                  # (N * D, C, H, W)
    y = conv2d_input(flat, flat_depth(weight), (n * count, channels * depth, *size[1:]), strides[1:], around[1:], dilations[1:], groups)
    y = y.reshape((n, count, channels, depth, *size[1:])).permute(0, 2, 3, 1, 4, 5)          # (N, F, KD, D, OH, OW)
    y = with_bias(add_windows(y, 2, size[0], strides[0], around[0][0], dilations[0]), bias, 3)
    return y if input.ndim == 5 else y.squeeze(0)
