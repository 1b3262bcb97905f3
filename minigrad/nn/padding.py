"""Layers that put a border around maps."""
from __future__ import annotations

from collections.abc import Sequence

from .._tensor import Tensor
from ..errors import ArgumentError, describe
from . import functional as F
from .factory import repeated
from .module import Module


class _Pad(Module):
    """padding: one width, or (left, right), (left, right, top, bottom), (left, right, top, bottom, front, back)."""
    dimensions: int
    mode = "constant"
    value: float | None = None

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = repeated(padding, 2 * self.dimensions)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of one value: (N, C, L)."""
    dimensions = 1


class ConstantPad2d(_ConstantPad):
    """A border of one value: (N, C, H, W)."""
    dimensions = 2


class ConstantPad3d(_ConstantPad):
    """A border of one value: (N, C, D, H, W)."""
    dimensions = 3


class ZeroPad1d(ConstantPad1d):
    """A border of zeros: (N, C, L)."""

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """A border of zeros: (N, C, H, W)."""

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """A border of zeros: (N, C, D, H, W)."""

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_Pad):
    """A border that mirrors the inside without its edge: (N, C, L)."""
    dimensions, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """A border that mirrors the inside without its edge: (N, C, H, W)."""
    dimensions, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """A border that mirrors the inside without its edge: (N, C, D, H, W)."""
    dimensions, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """A border that repeats the edge: (N, C, L)."""
    dimensions, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """A border that repeats the edge: (N, C, H, W)."""
    dimensions, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """A border that repeats the edge: (N, C, D, H, W)."""
    dimensions, mode = 3, "replicate"


class _CircularPad(_Pad):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (self.dimensions + 1, self.dimensions + 2):
            raise ArgumentError(f"{type(self).__name__}: expected {self.dimensions + 1}D or {self.dimensions + 2}D input "
                                f"(got {input.dim()}D input); got {describe(input)}")
        return super().forward(input)


class CircularPad1d(_CircularPad):
    """A border taken from the other end: (N, C, L)."""
    dimensions = 1


class CircularPad2d(_CircularPad):
    """A border taken from the other end: (N, C, H, W)."""
    dimensions = 2


class CircularPad3d(_CircularPad):
    """A border taken from the other end: (N, C, D, H, W)."""
    dimensions = 3
