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
from ._legacy import BoolTensor as BoolTensor
from ._legacy import ByteTensor as ByteTensor
from ._legacy import CharTensor as CharTensor
from ._legacy import DoubleTensor as DoubleTensor
from ._legacy import FloatTensor as FloatTensor
from ._legacy import HalfTensor as HalfTensor
from ._legacy import IntTensor as IntTensor
from ._legacy import LongTensor as LongTensor
from ._legacy import ShortTensor as ShortTensor
from ._printing import get_printoptions as get_printoptions
from ._printing import set_printoptions as set_printoptions
from ._size import Size as Size
from ._tensor import Tensor as Tensor
from .creation import arange as arange
from .creation import as_tensor as as_tensor
from .creation import asarray as asarray
from .creation import empty as empty
from .creation import empty_like as empty_like
from .creation import empty_permuted as empty_permuted
from .creation import empty_strided as empty_strided
from .creation import eye as eye
from .creation import from_numpy as from_numpy
from .creation import frombuffer as frombuffer
from .creation import full as full
from .creation import full_like as full_like
from .creation import linspace as linspace
from .creation import logspace as logspace
from .creation import ones as ones
from .creation import ones_like as ones_like
from .creation import range as range
from .creation import scalar_tensor as scalar_tensor
from .creation import tensor as tensor
from .creation import tril_indices as tril_indices
from .creation import triu_indices as triu_indices
from .creation import zeros as zeros
from .creation import zeros_like as zeros_like
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
from .ops.axes import adjoint as adjoint
from .ops.axes import moveaxis as moveaxis
from .ops.axes import movedim as movedim
from .ops.axes import permute as permute
from .ops.axes import swapaxes as swapaxes
from .ops.axes import t as t
from .ops.axes import transpose as swapdims
from .ops.axes import transpose as transpose
from .ops.blocks import block_diag as block_diag
from .ops.blocks import column_stack as column_stack
from .ops.blocks import dsplit as dsplit
from .ops.blocks import dstack as dstack
from .ops.blocks import hsplit as hsplit
from .ops.blocks import hstack as hstack
from .ops.blocks import row_stack as row_stack
from .ops.blocks import tensor_split as tensor_split
from .ops.blocks import vsplit as vsplit
from .ops.blocks import vstack as vstack
from .ops.conv import conv2d as conv2d
from .ops.index import index_put as index_put
from .ops.index import index_put_ as index_put_
from .ops.join import cat as cat
from .ops.join import chunk as chunk
from .ops.join import concat as concat
from .ops.join import concatenate as concatenate
from .ops.join import split as split
from .ops.join import split_with_sizes as split_with_sizes
from .ops.join import stack as stack
from .ops.join import unbind as unbind
from .ops.mask import masked_fill as masked_fill
from .ops.mask import masked_scatter as masked_scatter
from .ops.mask import masked_select as masked_select
from .ops.overwrite import fill as fill
from .ops.shape import atleast_1d as atleast_1d
from .ops.shape import atleast_2d as atleast_2d
from .ops.shape import atleast_3d as atleast_3d
from .ops.shape import broadcast_shapes as broadcast_shapes
from .ops.shape import broadcast_tensors as broadcast_tensors
from .ops.shape import broadcast_to as broadcast_to
from .ops.shape import clone as clone
from .ops.shape import flatten as flatten
from .ops.shape import ravel as ravel
from .ops.shape import reshape as reshape
from .ops.shape import squeeze as squeeze
from .ops.shape import unflatten as unflatten
from .ops.shape import unsqueeze as unsqueeze
from .rng import Generator as Generator
from .rng import default_generator as default_generator
from .rng import initial_seed as initial_seed
from .rng import manual_seed as manual_seed
from .rng import seed as seed

if TYPE_CHECKING:
    from .serialization import load as load
    from .serialization import save as save
    from . import nn as nn
    from . import optim as optim
    from . import utils as utils
    from . import vision as vision
    from . import viz as viz

__version__ = "0.1.0"

# Loaded on first use, so that `import minigrad` stays as quick as `import numpy`.
LAZY = frozenset(("nn", "optim", "utils", "vision", "viz", "train", "linalg", "special", "fft", "func", "distributions", "amp", "cuda", "onnx"))


LAZY_NAMES = {"save": "serialization", "load": "serialization"}


def __getattr__(name: str) -> Any:
    if name in LAZY_NAMES:
        return getattr(importlib.import_module(f"{__name__}.{LAZY_NAMES[name]}"), name)
    if name in LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "bfloat16":
        from .dtypes import by_name
        return by_name(name)
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
