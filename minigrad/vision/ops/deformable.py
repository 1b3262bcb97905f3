"""Deformable convolution (arXiv:1703.06211, arXiv:1811.11168): each tap of the kernel reads where an offset says."""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from ... import creation, nn
from ..._tensor import Tensor
from ...backend import backend_of
from ...engine.node import wrap
from ...errors import ArgumentError, ShapeError, describe
from ...ops.matmul import matmul
from ...ops.warp import linear_taps, read
from .regions import Size, pair


def deform_conv2d(input: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Size = (1, 1),
                  padding: Size = (0, 0), dilation: Size = (1, 1), mask: Tensor | None = None) -> Tensor:
    """(N, C, H, W), weight (out, C / groups, KH, KW) -> (N, out, OH, OW), with gradients for all tensors.

    offset: (N, 2 * G * KH * KW, OH, OW), pixels down and to the right of each tap; the channels are in G groups that share theirs.
    mask: (N, G * KH * KW, OH, OW), a factor for each tap. Outside the image is 0. Raises ShapeError where shapes do not fit.
    """
    n, channels, height, width = input.shape
    out, per_group, kh, kw = weight.shape
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    taps, oh, ow = kh * kw, (height + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (width + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    groups = offset.shape[1] // (2 * taps)
    if not groups or offset.shape != (n, 2 * groups * taps, oh, ow) or channels % groups:
        raise ShapeError(f"deform_conv2d: offset must be of shape (N, 2 * offset_groups * KH * KW, OH, OW) = ({n}, {2 * taps} * "
                         f"offset_groups, {oh}, {ow}); got input {describe(input)}, weight {describe(weight)}, offset {describe(offset)}")
    if mask is not None and mask.shape != (n, groups * taps, oh, ow):
        raise ShapeError(f"deform_conv2d: mask must be of shape {(n, groups * taps, oh, ow)}, one factor per tap; got {describe(mask)}")
    if channels % per_group or out % (channels // per_group):
        raise ShapeError(f"deform_conv2d: channels of input must be a multiple of those of weight, and its outputs of that multiple; got "
                         f"input {describe(input)}, weight {describe(weight)}")
    rows = np.arange(kh)[:, None, None, None] * dh + np.arange(oh)[:, None] * sh - ph    # where a tap reads without offset
    columns = np.arange(kw)[:, None, None] * dw + np.arange(ow) * sw - pw
    moves = offset.reshape(n * groups, taps, 2, oh, ow)
    y, x = (moves[:, :, i].reshape(n * groups, -1) + _regular(places, (kh, kw, oh, ow), input)
            for i, places in enumerate((rows, columns)))
    image = input.reshape(n * groups, channels // groups, height * width)
    sampled: Any = 0.0
    for row, down in linear_taps(y):
        for column, right in linear_taps(x):
            sampled = sampled + read(image, [row, column], (height, width), "zeros", True) * (down * right).unsqueeze(1)
    if mask is not None:
        sampled = sampled * mask.reshape(n * groups, 1, -1)
    parts = channels // per_group
    found = matmul(weight.reshape(parts, out // parts, per_group * taps), sampled.reshape(n, parts, per_group * taps, oh * ow))
    found = found.reshape(n, out, oh, ow)
    return found if bias is None else found + bias.reshape(1, -1, 1, 1)


def _regular(places: Any, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Positions of a plain convolution, (KH, KW, OH, OW) in one row."""
    values = np.broadcast_to(places, shape).reshape(1, -1)
    return wrap(backend_of(like.array).asarray(values, like.array.dtype))


class DeformConv2d(nn.Module):
    """See `deform_conv2d`: called with (input, offset) or (input, offset, mask)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1,
                 groups: int = 1, bias: bool = True) -> None:
        super().__init__()
        if in_channels % groups or out_channels % groups:
            name = "in_channels" if in_channels % groups else "out_channels"
            raise ArgumentError(f"DeformConv2d: {name} must be divisible by groups; got {in_channels}, {out_channels} and {groups} groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.padding, self.dilation = pair(kernel_size), pair(stride), pair(padding), pair(dilation)
        self.weight = nn.Parameter(creation.empty(out_channels, in_channels // groups, *self.kernel_size))
        self.bias = nn.Parameter(creation.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As in `nn.Conv2d`."""
        nn.init.kaiming_uniform_(self.weight, a=sqrt(5))
        if self.bias is not None:
            bound = 1 / sqrt(self.weight[0].numel())
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        return deform_conv2d(input, offset, self.weight, self.bias, self.stride, self.padding, self.dilation, mask)

    def __repr__(self) -> str:
        options = [f"{self.in_channels}", f"{self.out_channels}", f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        options += [f"padding={self.padding}"] * (self.padding != (0, 0)) + [f"dilation={self.dilation}"] * (self.dilation != (1, 1))
        options += [f"groups={self.groups}"] * (self.groups != 1) + ["bias=False"] * (self.bias is None)
        return f"{type(self).__name__}({', '.join(options)})"
