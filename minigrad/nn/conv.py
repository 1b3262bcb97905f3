"""Convolution layers."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentError
from . import functional as F
from . import init
from .factory import Ints, parameter, repeated
from .module import Module

PADDING_MODES = {"zeros", "reflect", "replicate", "circular"}


class _Conv(Module):
    """Convolution over `dimensions` spatial dimensions.

    weight (out_channels, in_channels / groups, *kernel_size), transposed (in_channels, out_channels / groups, *kernel_size),
    and bias (out_channels,) begin uniform within 1 / sqrt(fan_in).
    """
    dimensions: int
    transposed = False
    function: Callable[..., Tensor]                  # of nn.functional; set below, as a staticmethod

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Ints, stride: Ints, padding: Ints | str, dilation: Ints,
                 output_padding: Ints, groups: int, bias: bool, padding_mode: str, device: Any, dtype: Any) -> None:
        super().__init__()
        n = self.dimensions
        if groups <= 0:
            raise ArgumentError(f"groups must be a positive integer; got {groups}")
        if in_channels % groups:
            raise ArgumentError(f"in_channels must be divisible by groups; got {in_channels}, groups {groups}")
        if out_channels % groups:
            raise ArgumentError(f"out_channels must be divisible by groups; got {out_channels}, groups {groups}")
        if padding_mode not in PADDING_MODES:
            raise ArgumentError(f"padding_mode must be one of {PADDING_MODES}, but got padding_mode='{padding_mode}'")
        self.in_channels, self.out_channels, self.groups, self.padding_mode = in_channels, out_channels, groups, padding_mode
        self.kernel_size, self.stride, self.dilation = repeated(kernel_size, n), repeated(stride, n), repeated(dilation, n)
        self.padding = padding if isinstance(padding, str) else repeated(padding, n)
        self.output_padding = repeated(output_padding, n)
        self._around = self._padding_around()
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = parameter(*channels, *self.kernel_size, device=device, dtype=dtype)
        self.register_parameter("bias", parameter(out_channels, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def _padding_around(self) -> list[int]:
        """What F.pad adds before and after each dimension, last dimension first."""
        if not isinstance(self.padding, str):
            return [p for p in reversed(self.padding) for _ in range(2)]
        if self.padding not in ("same", "valid"):
            raise ArgumentError(f"Invalid padding string {self.padding!r}, should be one of {{'same', 'valid'}}")
        if self.padding == "valid":
            return [0, 0] * self.dimensions
        if any(s != 1 for s in self.stride):
            raise ArgumentError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
        return [p for t in reversed(total) for p in (t // 2, t - t // 2)]

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def forward(self, input: Tensor) -> Tensor:
        if self.padding_mode == "zeros":
            return self.function(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        input = F.pad(input, self._around, mode=self.padding_mode)
        return self.function(input, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def extra_repr(self) -> str:
        n = self.dimensions
        unusual = [("padding", self.padding, (0,) * n), ("dilation", self.dilation, (1,) * n),
                   ("output_padding", self.output_padding, (0,) * n), ("groups", self.groups, 1), ("bias", self.bias is not None, True),
                   ("padding_mode", self.padding_mode, "zeros")]
        return (f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
                + "".join([f", {name}={value}" for name, value, usual in unusual if value != usual]))


class Conv1d(_Conv):
    """Cross-correlation of sequences with filters: (N, C, L) -> (N, F, OL); without N, too."""
    dimensions = 1
    function = staticmethod(F.conv1d)

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints | str = 0,
                 dilation: Ints = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)


class Conv2d(_Conv):
    """Cross-correlation of images with filters: (N, C, H, W) -> (N, F, OH, OW); without N, too.

    padding: numbers, "same" or "valid". padding_mode: "zeros", "reflect", "replicate" or "circular".
    """
    dimensions = 2
    function = staticmethod(F.conv2d)

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints | str = 0,
                 dilation: Ints = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)


class Conv3d(_Conv):
    """Cross-correlation of volumes with filters: (N, C, D, H, W) -> (N, F, OD, OH, OW); without N, too."""
    dimensions = 3
    function = staticmethod(F.conv3d)

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints | str = 0,
                 dilation: Ints = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)


class _ConvTranspose(_Conv):
    """The gradient of a convolution in its input, as a layer: it makes maps larger by its stride."""
    transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0,
                 output_padding: Ints = 0, groups: int = 1, bias: bool = True, dilation: Ints = 1, padding_mode: str = "zeros",
                 device: Any = None, dtype: Any = None) -> None:
        if padding_mode != "zeros":
            raise ArgumentError(f'Only "zeros" padding mode is supported for {type(self).__name__}; got {padding_mode!r}')
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias, padding_mode,
              device, dtype)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """output_size: which of the `stride` possible sizes the output has, in place of output_padding."""
        extra = self.output_padding if output_size is None else self._extra(input, list(output_size))
        return self.function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Tensor, size: list[int]) -> list[int]:
        """The output_padding that gives an output of this size."""
        n, ndim = self.dimensions, input.array.ndim
        if len(size) == ndim:
            size = size[-n:]
        if len(size) != n:
            raise ArgumentError(f"{type(self).__name__}: for {ndim}D input, output_size must have {n} or {ndim} elements (got {len(size)})")
        least = [(i - 1) * s - 2 * int(p) + d * (k - 1) + 1
                 for i, s, p, d, k in zip(input.array.shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size)]
        if any(not low <= out < low + s for low, out, s in zip(least, size, self.stride)):
            raise ArgumentError(f"requested an output size of {size}, but valid sizes range from {least} to "
                                f"{[low + s - 1 for low, s in zip(least, self.stride)]} (for an input of {tuple(input.array.shape[-n:])})")
        return [out - low for out, low in zip(size, least)]


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution: (N, C, L) -> (N, F, OL)."""
    dimensions = 1
    function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution: (N, C, H, W) -> (N, F, OH, OW)."""
    dimensions = 2
    function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution: (N, C, D, H, W) -> (N, F, OD, OH, OW)."""
    dimensions = 3
    function = staticmethod(F.conv_transpose3d)
