"""Single 2-d convolutions, forward and backward: the layers of DeepConvNet, of residual networks, strided, 1x1 and depthwise ones."""
from __future__ import annotations

from typing import Any, NamedTuple

from .family import Family, Workloads, both_ways

ABOUT = ("Forward under `no_grad`; backward is the gradients of input, weight and bias together, without the input's where it has 1 or 3 "
         "channels, as in a first layer. Names: batch x channels x side -> filters, k = kernel, p = padding, s = stride, g = groups.")
FAMILY = Family("Convolutions", ABOUT)


class Shape(NamedTuple):
    """A convolution of squares."""

    batch: int
    channels: int
    side: int
    filters: int
    kernel: int
    padding: int
    stride: int = 1
    groups: int = 1

    def __str__(self) -> str:
        more = "".join(f" {letter}{n}" for letter, n in (("s", self.stride), ("g", self.groups)) if n > 1)
        return f"{self.batch}x{self.channels}x{self.side} -> {self.filters}, k{self.kernel} p{self.padding}{more}"


SHAPES = (
    Shape(100, 1, 28, 16, 3, 1), Shape(100, 16, 28, 16, 3, 1), Shape(100, 16, 14, 32, 3, 1), Shape(100, 32, 14, 32, 3, 2),
    Shape(100, 32, 8, 64, 3, 1), Shape(100, 64, 8, 64, 3, 1), Shape(8, 128, 28, 128, 3, 1), Shape(8, 256, 14, 256, 3, 1),
    Shape(8, 256, 14, 64, 1, 0), Shape(16, 64, 56, 64, 3, 1), Shape(16, 3, 224, 64, 7, 3, 2), Shape(8, 64, 56, 128, 3, 1, 2),
    Shape(8, 256, 28, 512, 1, 0, 2), Shape(8, 64, 56, 64, 3, 1, 1, 64),
)


def workloads(lib: Any) -> Workloads:
    works: Workloads = {}
    for shape in SHAPES:
        def make(s: Shape = shape) -> tuple[Any, Any, Any]:
            x = lib.randn(s.batch, s.channels, s.side, s.side, requires_grad=s.channels > 3)
            w = lib.randn(s.filters, s.channels // s.groups, s.kernel, s.kernel, requires_grad=True)
            return x, w, lib.randn(s.filters, requires_grad=True)

        def conv(x: Any, w: Any, b: Any, s: Shape = shape) -> Any:
            return lib.nn.functional.conv2d(x, w, b, stride=s.stride, padding=s.padding, groups=s.groups)
        works |= both_ways(lib, str(shape), conv, make)
    return works
