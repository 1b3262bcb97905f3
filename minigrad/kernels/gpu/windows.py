"""How device code is told of windows that move over planes."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..reference import Padding, Pair, Shape
from .machine import by_value

FIELDS = ("height", "width", "kernel_y", "kernel_x", "out_y", "out_x", "stride_y", "stride_x", "top", "left", "bottom", "right",
          "dilation_y", "dilation_x")
WINDOW = np.dtype([(name, np.int32) for name in FIELDS])
ONE = (1, 1)


def window(size: Shape, kernel: Shape, out_size: Shape, stride: Pair = ONE, padding: Padding = ((0, 0), (0, 0)),
           dilation: Pair = ONE) -> Any:
    """The struct `Window` of `source/window.cuh`."""
    (top, bottom), (left, right) = padding
    return by_value(WINDOW, *size, *kernel, *out_size, *stride, top, left, bottom, right, *dilation)
