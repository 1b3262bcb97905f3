"""minigrad: a small PyTorch in pure Python.

A `Tensor` records what is done with it; `.backward()` follows the record back. PyTorch's names and semantics:
`import minigrad as torch`.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import autograd as autograd
from ._device import device as device
from ._device import get_default_device as get_default_device
from ._device import set_default_device as set_default_device
from ._layout import channels_last as channels_last
from ._layout import channels_last_3d as channels_last_3d
from ._layout import contiguous_format as contiguous_format
from ._layout import layout as layout
from ._layout import memory_format as memory_format
from ._layout import preserve_format as preserve_format
from ._layout import strided as strided
from ._size import Size as Size
from ._tensor import Tensor as Tensor
from .creation import ones as ones
from .creation import tensor as tensor
from .creation import zeros as zeros
from .dtypes import bool_ as bool
from .dtypes import can_cast as can_cast
from .dtypes import complex64 as cfloat
from .dtypes import complex64 as complex64
from .dtypes import complex128 as cdouble
from .dtypes import complex128 as complex128
from .dtypes import dtype as dtype
from .dtypes import finfo as finfo
from .dtypes import float16 as float16
from .dtypes import float16 as half
from .dtypes import float32 as float
from .dtypes import float32 as float32
from .dtypes import float64 as double
from .dtypes import float64 as float64
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import int8 as int8
from .dtypes import int16 as int16
from .dtypes import int16 as short
from .dtypes import int32 as int
from .dtypes import int32 as int32
from .dtypes import int64 as int64
from .dtypes import int64 as long
from .dtypes import promote_types as promote_types
from .dtypes import set_default_dtype as set_default_dtype
from .dtypes import uint8 as uint8
from .engine.mode import enable_grad as enable_grad
from .engine.mode import inference_mode as inference_mode
from .engine.mode import is_grad_enabled as is_grad_enabled
from .engine.mode import is_inference_mode_enabled as is_inference_mode_enabled
from .engine.mode import no_grad as no_grad
from .engine.mode import set_grad_enabled as set_grad_enabled
from .ops.conv import conv2d as conv2d
from .ops.shape import cat as cat

if TYPE_CHECKING:
    from . import nn as nn
    from . import optim as optim
    from . import utils as utils
    from . import vision as vision
    from . import viz as viz

__version__ = "0.1.0"

# Loaded on first use, so that `import minigrad` stays as quick as `import numpy`.
LAZY = frozenset(("nn", "optim", "utils", "vision", "viz", "train", "linalg", "special", "fft", "func", "distributions", "amp", "cuda", "onnx"))


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "bfloat16":
        from .dtypes import by_name
        return by_name(name)
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
