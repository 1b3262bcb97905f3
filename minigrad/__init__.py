"""minigrad: a small PyTorch in pure Python.

A `Tensor` records what is done with it; `.backward()` follows the record back. PyTorch's names and semantics:
`import minigrad as torch`.
"""
from __future__ import annotations

import importlib
from importlib.util import find_spec
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
from .compat.standin import as_torch as as_torch
from .compiler import compile as compile
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
from .determinism import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from .determinism import get_deterministic_debug_mode as get_deterministic_debug_mode
from .determinism import is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled
from .determinism import set_deterministic_debug_mode as set_deterministic_debug_mode
from .determinism import use_deterministic_algorithms as use_deterministic_algorithms
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
from .errors import LackedNameError
from .ops.activation import celu as celu
from .ops.activation import celu_ as celu_
from .ops.activation import hardshrink as hardshrink
from .ops.activation import prelu as prelu
from .ops.activation import relu as relu
from .ops.activation import relu_ as relu_
from .ops.activation import rrelu as rrelu
from .ops.activation import rrelu_ as rrelu_
from .ops.activation import selu as selu
from .ops.activation import selu_ as selu_
from .ops.activation import threshold as threshold
from .ops.activation import threshold_ as threshold_
from .ops.axes import adjoint as adjoint
from .ops.axes import moveaxis as moveaxis
from .ops.axes import movedim as movedim
from .ops.axes import permute as permute
from .ops.axes import swapaxes as swapaxes
from .ops.axes import t as t
from .ops.axes import transpose as swapdims
from .ops.axes import transpose as transpose
from .ops.bitwise import bitwise_and as bitwise_and
from .ops.bitwise import bitwise_left_shift as bitwise_left_shift
from .ops.bitwise import bitwise_not as bitwise_not
from .ops.bitwise import bitwise_or as bitwise_or
from .ops.bitwise import bitwise_right_shift as bitwise_right_shift
from .ops.bitwise import bitwise_xor as bitwise_xor
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
from .ops.compare import allclose as allclose
from .ops.compare import eq as eq
from .ops.compare import equal as equal
from .ops.compare import ge as ge
from .ops.compare import greater as greater
from .ops.compare import greater_equal as greater_equal
from .ops.compare import gt as gt
from .ops.compare import heaviside as heaviside
from .ops.compare import is_nonzero as is_nonzero
from .ops.compare import isclose as isclose
from .ops.compare import isfinite as isfinite
from .ops.compare import isinf as isinf
from .ops.compare import isnan as isnan
from .ops.compare import isneginf as isneginf
from .ops.compare import isposinf as isposinf
from .ops.compare import isreal as isreal
from .ops.compare import le as le
from .ops.compare import less as less
from .ops.compare import less_equal as less_equal
from .ops.compare import logical_and as logical_and
from .ops.compare import logical_not as logical_not
from .ops.compare import logical_or as logical_or
from .ops.compare import logical_xor as logical_xor
from .ops.compare import lt as lt
from .ops.compare import ne as ne
from .ops.compare import not_equal as not_equal
from .ops.complex import angle as angle
from .ops.complex import complex as complex
from .ops.complex import conj as conj
from .ops.complex import conj_physical as conj_physical
from .ops.complex import imag as imag
from .ops.complex import is_complex as is_complex
from .ops.complex import is_conj as is_conj
from .ops.complex import is_floating_point as is_floating_point
from .ops.complex import is_neg as is_neg
from .ops.complex import is_signed as is_signed
from .ops.complex import polar as polar
from .ops.complex import real as real
from .ops.complex import resolve_conj as resolve_conj
from .ops.complex import resolve_neg as resolve_neg
from .ops.complex import view_as_complex as view_as_complex
from .ops.complex import view_as_real as view_as_real
from .ops.conv import conv2d as conv2d
from .ops.elementwise import abs as abs
from .ops.elementwise import absolute as absolute
from .ops.elementwise import acos as acos
from .ops.elementwise import acosh as acosh
from .ops.elementwise import add as add
from .ops.elementwise import arccos as arccos
from .ops.elementwise import arccosh as arccosh
from .ops.elementwise import arcsin as arcsin
from .ops.elementwise import arcsinh as arcsinh
from .ops.elementwise import arctan as arctan
from .ops.elementwise import arctan2 as arctan2
from .ops.elementwise import arctanh as arctanh
from .ops.elementwise import asin as asin
from .ops.elementwise import asinh as asinh
from .ops.elementwise import atan as atan
from .ops.elementwise import atan2 as atan2
from .ops.elementwise import atanh as atanh
from .ops.elementwise import copysign as copysign
from .ops.elementwise import cos as cos
from .ops.elementwise import cosh as cosh
from .ops.elementwise import exp as exp
from .ops.elementwise import exp2 as exp2
from .ops.elementwise import expm1 as expm1
from .ops.elementwise import hypot as hypot
from .ops.elementwise import log as log
from .ops.elementwise import log10 as log10
from .ops.elementwise import log1p as log1p
from .ops.elementwise import log2 as log2
from .ops.elementwise import logaddexp as logaddexp
from .ops.elementwise import logaddexp2 as logaddexp2
from .ops.elementwise import mul as mul
from .ops.elementwise import multiply as multiply
from .ops.elementwise import neg as neg
from .ops.elementwise import negative as negative
from .ops.elementwise import positive as positive
from .ops.elementwise import reciprocal as reciprocal
from .ops.elementwise import rsqrt as rsqrt
from .ops.elementwise import rsub as rsub
from .ops.elementwise import sgn as sgn
from .ops.elementwise import sigmoid as sigmoid
from .ops.elementwise import sign as sign
from .ops.elementwise import signbit as signbit
from .ops.elementwise import sin as sin
from .ops.elementwise import sinh as sinh
from .ops.elementwise import sqrt as sqrt
from .ops.elementwise import square as square
from .ops.elementwise import sub as sub
from .ops.elementwise import subtract as subtract
from .ops.elementwise import tan as tan
from .ops.elementwise import tanh as tanh
from .ops.elementwise import true_divide as true_divide
from .ops.fused import addcdiv as addcdiv
from .ops.fused import addcmul as addcmul
from .ops.fused import lerp as lerp
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
from .ops.powers import float_power as float_power
from .ops.powers import pow as pow
from .ops.rounding import ceil as ceil
from .ops.rounding import div as div
from .ops.rounding import divide as divide
from .ops.rounding import fix as fix
from .ops.rounding import floor as floor
from .ops.rounding import floor_divide as floor_divide
from .ops.rounding import fmod as fmod
from .ops.rounding import frac as frac
from .ops.rounding import remainder as remainder
from .ops.rounding import round as round
from .ops.rounding import trunc as trunc
from .ops.select import clamp as clamp
from .ops.select import clamp_max as clamp_max
from .ops.select import clamp_min as clamp_min
from .ops.select import clip as clip
from .ops.select import fmax as fmax
from .ops.select import fmin as fmin
from .ops.select import maximum as maximum
from .ops.select import minimum as minimum
from .ops.select import nan_to_num as nan_to_num
from .ops.select import where as where
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
from .ops.special import digamma as digamma
from .ops.special import erf as erf
from .ops.special import erfc as erfc
from .ops.special import erfinv as erfinv
from .ops.special import lgamma as lgamma
from .ops.special import logit as logit
from .ops.special import polygamma as polygamma
from .precision import get_float32_matmul_precision as get_float32_matmul_precision
from .precision import set_float32_matmul_precision as set_float32_matmul_precision
from .precision import set_flush_denormal as set_flush_denormal
from .rng import Generator as Generator
from .rng import default_generator as default_generator
from .rng import initial_seed as initial_seed
from .rng import manual_seed as manual_seed
from .rng import seed as seed
from .threads import get_num_interop_threads as get_num_interop_threads
from .threads import get_num_threads as get_num_threads
from .threads import set_num_interop_threads as set_num_interop_threads
from .threads import set_num_threads as set_num_threads

if TYPE_CHECKING:
    from . import accelerator as accelerator
    from . import amp as amp
    from . import backends as backends
    from . import cuda as cuda
    from . import jit as jit
    from . import nn as nn
    from . import optim as optim
    from . import utils as utils
    from . import version as version
    from . import vision as vision
    from . import viz as viz
    from .amp import autocast as autocast
    from .serialization import load as load
    from .serialization import save as save

__version__ = "0.1.0"

# Loaded on first use, so that `import minigrad` stays as quick as `import numpy`.
LAZY = frozenset(("nn", "optim", "utils", "vision", "viz", "train", "linalg", "special", "fft", "func", "distributions", "amp", "cuda", "onnx",
                  "accelerator", "backends", "jit", "serialization", "version", "__config__"))
LAZY_NAMES = {"save": "serialization", "load": "serialization", "autocast": "amp"}


def __getattr__(name: str) -> Any:
    if name in LAZY_NAMES:
        return getattr(importlib.import_module(f"{__name__}.{LAZY_NAMES[name]}"), name)
    if name in LAZY and find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    if name == "bfloat16":
        from .dtypes import by_name
        return by_name(name)
    from .compat.suggestion import lacked_attribute
    raise LackedNameError(lacked_attribute(__name__, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY_NAMES, *(name for name in LAZY if find_spec(f"{__name__}.{name}"))})
