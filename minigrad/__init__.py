"""minigrad: a small PyTorch in pure Python.

A `Tensor` records what is done with it; `.backward()` follows the record back. PyTorch's names and semantics:
`import minigrad as torch`.
"""
from __future__ import annotations

import importlib
from importlib.util import find_spec
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import TYPE_CHECKING, Any

from . import autograd as autograd
from . import random as random
from ._device import device as device
from ._device import get_default_device as get_default_device
from ._device import set_default_device as set_default_device
from ._dlpack import from_dlpack as from_dlpack
from ._einops import attend as _attend_to_einops
from ._layout import channels_last as channels_last
from ._layout import channels_last_3d as channels_last_3d
from ._layout import contiguous_format as contiguous_format
from ._layout import contiguous_format as legacy_contiguous_format  # noqa: F401
from ._layout import layout as layout
from ._layout import memory_format as memory_format
from ._layout import preserve_format as preserve_format
from ._layout import sparse_bsc as sparse_bsc
from ._layout import sparse_bsr as sparse_bsr
from ._layout import sparse_coo as sparse_coo
from ._layout import sparse_csc as sparse_csc
from ._layout import sparse_csr as sparse_csr
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
from ._legacy import set_default_tensor_type as set_default_tensor_type
from ._printing import get_printoptions as get_printoptions
from ._printing import set_printoptions as set_printoptions
from ._size import Size as Size
from ._tensor import Tensor as Tensor
from .allocation import keep_freed_memory as _keep_freed_memory
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
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
from .dtypes import bfloat16 as bfloat16
from .dtypes import bool_ as _bool
from .dtypes import can_cast as can_cast
from .dtypes import complex64 as complex64
from .dtypes import complex128 as complex128
from .dtypes import dtype as dtype
from .dtypes import finfo as finfo
from .dtypes import float16 as float16
from .dtypes import float32 as float32
from .dtypes import float64 as float64
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import int8 as int8
from .dtypes import int16 as int16
from .dtypes import int32 as int32
from .dtypes import int64 as int64
from .dtypes import promote_types as promote_types
from .dtypes import set_default_dtype as set_default_dtype
from .dtypes import uint8 as uint8
from .engine.debug import debug as debug
from .engine.debug import switch_on as _switch_debug_on
from .engine.mode import enable_grad as enable_grad
from .engine.mode import inference_mode as inference_mode
from .engine.mode import is_grad_enabled as is_grad_enabled
from .engine.mode import is_inference_mode_enabled as is_inference_mode_enabled
from .engine.mode import no_grad as no_grad
from .engine.mode import set_grad_enabled as set_grad_enabled
from .errors import LackedNameError
from .introspection import is_distributed as is_distributed
from .introspection import is_inference as is_inference
from .introspection import is_tensor as is_tensor
from .introspection import is_warn_always_enabled as is_warn_always_enabled
from .introspection import numel as numel
from .introspection import result_type as result_type
from .introspection import set_warn_always as set_warn_always
from .introspection import typename as typename
from .mistakes import MistakeWarning as MistakeWarning
from .mistakes import guard as guard
from .mistakes import unreached as unreached
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
from .ops.adaptive_pool import adaptive_avg_pool1d as adaptive_avg_pool1d
from .ops.affine import addbmm as addbmm
from .ops.affine import addmm as addmm
from .ops.affine import addmv as addmv
from .ops.affine import addr as addr
from .ops.affine import baddbmm as baddbmm
from .ops.axes import adjoint as adjoint
from .ops.axes import moveaxis as moveaxis
from .ops.axes import movedim as movedim
from .ops.axes import permute as permute
from .ops.axes import swapaxes as swapaxes
from .ops.axes import t as t
from .ops.axes import transpose as transpose
from .ops.bessel import i0 as i0
from .ops.bins import bincount as bincount
from .ops.bins import bucketize as bucketize
from .ops.bins import histc as histc
from .ops.bins import histogram as histogram
from .ops.bins import histogramdd as histogramdd
from .ops.bins import searchsorted as searchsorted
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
from .ops.calculus import cumulative_trapezoid as cumulative_trapezoid
from .ops.calculus import gradient as gradient
from .ops.calculus import trapezoid as trapezoid
from .ops.calculus import trapz as trapz
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
from .ops.conv import conv1d as conv1d
from .ops.conv import conv2d as conv2d
from .ops.conv import conv3d as conv3d
from .ops.conv_transposed import conv_transpose1d as conv_transpose1d
from .ops.conv_transposed import conv_transpose2d as conv_transpose2d
from .ops.conv_transposed import conv_transpose3d as conv_transpose3d
from .ops.copies import alias_copy as alias_copy
from .ops.copies import as_strided_copy as as_strided_copy
from .ops.copies import detach_copy as detach_copy
from .ops.copies import diagonal_copy as diagonal_copy
from .ops.copies import expand_copy as expand_copy
from .ops.copies import permute_copy as permute_copy
from .ops.copies import select_copy as select_copy
from .ops.copies import slice_copy as slice_copy
from .ops.copies import split_copy as split_copy
from .ops.copies import split_with_sizes_copy as split_with_sizes_copy
from .ops.copies import squeeze_copy as squeeze_copy
from .ops.copies import t_copy as t_copy
from .ops.copies import transpose_copy as transpose_copy
from .ops.copies import unbind_copy as unbind_copy
from .ops.copies import unfold_copy as unfold_copy
from .ops.copies import unsafe_chunk as unsafe_chunk
from .ops.copies import unsafe_split as unsafe_split
from .ops.copies import unsafe_split_with_sizes as unsafe_split_with_sizes
from .ops.copies import unsqueeze_copy as unsqueeze_copy
from .ops.copies import view_as_complex_copy as view_as_complex_copy
from .ops.copies import view_as_real_copy as view_as_real_copy
from .ops.copies import view_copy as view_copy
from .ops.cumulative import cummax as cummax
from .ops.cumulative import cummin as cummin
from .ops.cumulative import cumprod as cumprod
from .ops.cumulative import cumsum as cumsum
from .ops.cumulative import diff as diff
from .ops.cumulative import logcumsumexp as logcumsumexp
from .ops.divisors import gcd as gcd
from .ops.divisors import lcm as lcm
from .ops.einsum import einsum as einsum
from .ops.elementwise import abs as abs
from .ops.elementwise import absolute as absolute
from .ops.elementwise import add as add
from .ops.elementwise import copysign as copysign
from .ops.elementwise import mul as mul
from .ops.elementwise import multiply as multiply
from .ops.elementwise import neg as neg
from .ops.elementwise import negative as negative
from .ops.elementwise import positive as positive
from .ops.elementwise import reciprocal as reciprocal
from .ops.elementwise import rsqrt as rsqrt
from .ops.elementwise import rsub as rsub
from .ops.elementwise import sgn as sgn
from .ops.elementwise import sign as sign
from .ops.elementwise import signbit as signbit
from .ops.elementwise import sqrt as sqrt
from .ops.elementwise import square as square
from .ops.elementwise import sub as sub
from .ops.elementwise import subtract as subtract
from .ops.elementwise import true_divide as true_divide
from .ops.exponentials import exp as exp
from .ops.exponentials import exp2 as exp2
from .ops.exponentials import expm1 as expm1
from .ops.exponentials import log as log
from .ops.exponentials import log1p as log1p
from .ops.exponentials import log2 as log2
from .ops.exponentials import log10 as log10
from .ops.exponentials import logaddexp as logaddexp
from .ops.exponentials import logaddexp2 as logaddexp2
from .ops.exponentials import sigmoid as sigmoid
from .ops.extremum import amax as amax
from .ops.extremum import amin as amin
from .ops.extremum import aminmax as aminmax
from .ops.extremum import argmax as argmax
from .ops.extremum import argmin as argmin
from .ops.extremum import max as max
from .ops.extremum import min as min
from .ops.factorizations import cholesky as cholesky
from .ops.factorizations import qr as qr
from .ops.factorizations import svd as svd
from .ops.floats import frexp as frexp
from .ops.floats import ldexp as ldexp
from .ops.floats import nextafter as nextafter
from .ops.fused import addcdiv as addcdiv
from .ops.fused import addcmul as addcmul
from .ops.fused import lerp as lerp
from .ops.grid import cartesian_prod as cartesian_prod
from .ops.grid import combinations as combinations
from .ops.grid import meshgrid as meshgrid
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
from .ops.linalg import matrix_exp as matrix_exp
from .ops.linalg import matrix_power as matrix_power
from .ops.linalg import pinverse as pinverse
from .ops.linalg import vander_of_vector as _vander
from .ops.lookup import argwhere as argwhere
from .ops.lookup import gather as gather
from .ops.lookup import nonzero as nonzero
from .ops.lookup import nonzero_static as nonzero_static
from .ops.lookup import take as take
from .ops.lookup import take_along_dim as take_along_dim
from .ops.lookup import unravel_index as unravel_index
from .ops.lowrank import pca_lowrank as pca_lowrank
from .ops.lowrank import svd_lowrank as svd_lowrank
from .ops.lu import lu_solve as lu_solve
from .ops.lu import lu_unpack as lu_unpack
from .ops.lu import lu_with_pivots as _lu
from .ops.magnitude import cdist as cdist
from .ops.magnitude import dist as dist
from .ops.magnitude import norm as norm
from .ops.magnitude import pdist as pdist
from .ops.magnitude import renorm as renorm
from .ops.mask import masked_fill as masked_fill
from .ops.mask import masked_scatter as masked_scatter
from .ops.mask import masked_select as masked_select
from .ops.matmul import bmm as bmm
from .ops.matmul import dot as dot
from .ops.matmul import matmul as matmul
from .ops.matmul import mm as mm
from .ops.matmul import mv as mv
from .ops.matmul import vdot as vdot
from .ops.norm import rms_norm as rms_norm
from .ops.order_statistics import kthvalue as kthvalue
from .ops.order_statistics import median as median
from .ops.order_statistics import mode as mode
from .ops.order_statistics import nanmedian as nanmedian
from .ops.order_statistics import nanquantile as nanquantile
from .ops.order_statistics import quantile as quantile
from .ops.overwrite import fill as fill
from .ops.padding import constant_pad_nd as constant_pad_nd
from .ops.parts import as_strided as as_strided
from .ops.parts import as_strided_scatter as as_strided_scatter
from .ops.parts import diag as diag
from .ops.parts import diag_embed as diag_embed
from .ops.parts import diagflat as diagflat
from .ops.parts import diagonal as diagonal
from .ops.parts import diagonal_scatter as diagonal_scatter
from .ops.parts import narrow as narrow
from .ops.parts import narrow_copy as narrow_copy
from .ops.parts import select as select
from .ops.parts import select_scatter as select_scatter
from .ops.parts import slice_scatter as slice_scatter
from .ops.pool import avg_pool1d as avg_pool1d
from .ops.pool import max_pool1d as max_pool1d
from .ops.pool import max_pool1d_with_indices as max_pool1d_with_indices
from .ops.pool import max_pool2d as max_pool2d
from .ops.pool import max_pool3d as max_pool3d
from .ops.powers import float_power as float_power
from .ops.powers import pow as pow
from .ops.products import bilinear as bilinear
from .ops.products import chain_matmul as chain_matmul
from .ops.products import cross as cross
from .ops.products import ger as ger
from .ops.products import inner as inner
from .ops.products import kron as kron
from .ops.products import outer as outer
from .ops.products import tensordot as tensordot
from .ops.products import trace as trace
from .ops.reduce import all as all
from .ops.reduce import any as any
from .ops.reduce import count_nonzero as count_nonzero
from .ops.reduce import logsumexp as logsumexp
from .ops.reduce import mean as mean
from .ops.reduce import nanmean as nanmean
from .ops.reduce import nansum as nansum
from .ops.reduce import prod as prod
from .ops.reduce import sum as sum
from .ops.reflectors import geqrf as geqrf
from .ops.reflectors import orgqr as orgqr
from .ops.reflectors import ormqr as ormqr
from .ops.rnn import gru_cell as gru_cell
from .ops.rnn import lstm_cell as lstm_cell
from .ops.rnn import rnn_relu_cell as rnn_relu_cell
from .ops.rnn import rnn_tanh_cell as rnn_tanh_cell
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
from .ops.rows import index_add as index_add
from .ops.rows import index_copy as index_copy
from .ops.rows import index_fill as index_fill
from .ops.rows import index_reduce as index_reduce
from .ops.rows import index_select as index_select
from .ops.scatters import put as put
from .ops.scatters import scatter as scatter
from .ops.scatters import scatter_add as scatter_add
from .ops.scatters import scatter_reduce as scatter_reduce
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
from .ops.sets import isin as isin
from .ops.sets import unique as unique
from .ops.sets import unique_consecutive as unique_consecutive
from .ops.shape import atleast_1d as atleast_1d
from .ops.shape import atleast_2d as atleast_2d
from .ops.shape import atleast_3d as atleast_3d
from .ops.shape import broadcast_shapes as broadcast_shapes
from .ops.shape import broadcast_tensors as broadcast_tensors
from .ops.shape import broadcast_to as broadcast_to
from .ops.shape import clone as clone
from .ops.shape import flatten as flatten
from .ops.shape import is_same_size as is_same_size
from .ops.shape import ravel as ravel
from .ops.shape import reshape as reshape
from .ops.shape import squeeze as squeeze
from .ops.shape import unflatten as unflatten
from .ops.shape import unsqueeze as unsqueeze
from .ops.shuffle import channel_shuffle as channel_shuffle
from .ops.shuffle import pixel_shuffle as pixel_shuffle
from .ops.shuffle import pixel_unshuffle as pixel_unshuffle
from .ops.similarity import cosine_similarity as cosine_similarity
from .ops.similarity import pairwise_distance as pairwise_distance
from .ops.softmax import log_softmax as log_softmax
from .ops.softmax import softmax as softmax
from .ops.sort import argsort as argsort
from .ops.sort import msort as msort
from .ops.sort import sort as sort
from .ops.sort import topk as topk
from .ops.special import digamma as digamma
from .ops.special import erf as erf
from .ops.special import erfc as erfc
from .ops.special import erfinv as erfinv
from .ops.special import igamma as igamma
from .ops.special import igammac as igammac
from .ops.special import lgamma as lgamma
from .ops.special import logit as logit
from .ops.special import mvlgamma as mvlgamma
from .ops.special import polygamma as polygamma
from .ops.special import sinc as sinc
from .ops.special import xlogy as xlogy
from .ops.spectrogram import istft as istft
from .ops.spectrogram import stft as stft
from .ops.statistics import corrcoef as corrcoef
from .ops.statistics import cov as cov
from .ops.statistics import std as std
from .ops.statistics import std_mean as std_mean
from .ops.statistics import var as var
from .ops.statistics import var_mean as var_mean
from .ops.systems import det as det
from .ops.systems import inv as _inv
from .ops.systems import logdet as logdet
from .ops.systems import slogdet as slogdet
from .ops.tile import flip as flip
from .ops.tile import fliplr as fliplr
from .ops.tile import flipud as flipud
from .ops.tile import repeat_interleave as repeat_interleave
from .ops.tile import roll as roll
from .ops.tile import rot90 as rot90
from .ops.tile import tile as tile
from .ops.triangle import tril as tril
from .ops.triangle import triu as triu
from .ops.triangular import cholesky_inverse as cholesky_inverse
from .ops.triangular import cholesky_solve as cholesky_solve
from .ops.triangular import triangular_solve as triangular_solve
from .ops.trigonometry import acos as acos
from .ops.trigonometry import acosh as acosh
from .ops.trigonometry import arccos as arccos
from .ops.trigonometry import arccosh as arccosh
from .ops.trigonometry import arcsin as arcsin
from .ops.trigonometry import arcsinh as arcsinh
from .ops.trigonometry import arctan as arctan
from .ops.trigonometry import arctan2 as arctan2
from .ops.trigonometry import arctanh as arctanh
from .ops.trigonometry import asin as asin
from .ops.trigonometry import asinh as asinh
from .ops.trigonometry import atan as atan
from .ops.trigonometry import atan2 as atan2
from .ops.trigonometry import atanh as atanh
from .ops.trigonometry import cos as cos
from .ops.trigonometry import cosh as cosh
from .ops.trigonometry import deg2rad as deg2rad
from .ops.trigonometry import hypot as hypot
from .ops.trigonometry import rad2deg as rad2deg
from .ops.trigonometry import sin as sin
from .ops.trigonometry import sinh as sinh
from .ops.trigonometry import tan as tan
from .ops.trigonometry import tanh as tanh
from .precision import get_float32_matmul_precision as get_float32_matmul_precision
from .precision import set_float32_matmul_precision as set_float32_matmul_precision
from .precision import set_flush_denormal as set_flush_denormal
from .random import Generator as Generator
from .random import bernoulli as bernoulli
from .random import binomial as binomial
from .random import default_generator as default_generator
from .random import get_rng_state as get_rng_state
from .random import initial_seed as initial_seed
from .random import manual_seed as manual_seed
from .random import multinomial as multinomial
from .random import normal as normal
from .random import poisson as poisson
from .random import rand as rand
from .random import rand_like as rand_like
from .random import randint as randint
from .random import randint_like as randint_like
from .random import randn as randn
from .random import randn_like as randn_like
from .random import randperm as randperm
from .random import seed as seed
from .random import set_rng_state as set_rng_state
from .tapers import bartlett_window as bartlett_window
from .tapers import blackman_window as blackman_window
from .tapers import hamming_window as hamming_window
from .tapers import hann_window as hann_window
from .tapers import kaiser_window as kaiser_window
from .threads import get_num_interop_threads as get_num_interop_threads
from .threads import get_num_threads as get_num_threads
from .threads import set_num_interop_threads as set_num_interop_threads
from .threads import set_num_threads as set_num_threads

# Other names of the same.
bool, half, float, double = _bool, float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
inverse, lu, swapdims, vander = _inv, _lu, transpose, _vander
detach, get_device = Tensor.detach, Tensor.get_device

# Functions that write into their first argument: its methods.
abs_, acos_, acosh_, addmv_, arccos_ = Tensor.abs_, Tensor.acos_, Tensor.acosh_, Tensor.addmv_, Tensor.arccos_
arccosh_, arcsin_, arcsinh_, arctan_, arctanh_ = Tensor.arccosh_, Tensor.arcsin_, Tensor.arcsinh_, Tensor.arctan_, Tensor.arctanh_
as_strided_, asin_, asinh_, atan_, atanh_ = Tensor.as_strided_, Tensor.asin_, Tensor.asinh_, Tensor.atan_, Tensor.atanh_
ceil_, clamp_, clamp_max_, clamp_min_, clip_ = Tensor.ceil_, Tensor.clamp_, Tensor.clamp_max_, Tensor.clamp_min_, Tensor.clip_
conj_physical_, cos_, cosh_, deg2rad_, detach_ = Tensor.conj_physical_, Tensor.cos_, Tensor.cosh_, Tensor.deg2rad_, Tensor.detach_
erf_, erfc_, exp2_, exp_, expm1_, fill_ = Tensor.erf_, Tensor.erfc_, Tensor.exp2_, Tensor.exp_, Tensor.expm1_, Tensor.fill_
fix_, floor_, frac_, gcd_, i0_, lcm_ = Tensor.fix_, Tensor.floor_, Tensor.frac_, Tensor.gcd_, Tensor.i0_, Tensor.lcm_
ldexp_, log10_, log1p_, log2_, log_, logit_ = Tensor.ldexp_, Tensor.log10_, Tensor.log1p_, Tensor.log2_, Tensor.log_, Tensor.logit_
nan_to_num_, neg_, negative_, rad2deg_ = Tensor.nan_to_num_, Tensor.neg_, Tensor.negative_, Tensor.rad2deg_
reciprocal_, resize_as_, round_, rsqrt_, sigmoid_ = Tensor.reciprocal_, Tensor.resize_as_, Tensor.round_, Tensor.rsqrt_, Tensor.sigmoid_
sin_, sinc_, sinh_, sqrt_, square_, tan_ = Tensor.sin_, Tensor.sinc_, Tensor.sinh_, Tensor.sqrt_, Tensor.square_, Tensor.tan_
tanh_, trunc_, xlogy_, zero_ = Tensor.tanh_, Tensor.trunc_, Tensor.xlogy_, Tensor.zero_

if TYPE_CHECKING:
    from . import accelerator as accelerator
    from . import amp as amp
    from . import backends as backends
    from . import cuda as cuda
    from . import distributed as distributed
    from . import distributions as distributions
    from . import fft as fft
    from . import futures as futures
    from . import hub as hub
    from . import jit as jit
    from . import linalg as linalg
    from . import multiprocessing as multiprocessing
    from . import nn as nn
    from . import optim as optim
    from . import profiler as profiler
    from . import signal as signal
    from . import testing as testing
    from . import utils as utils
    from . import version as version
    from . import vision as vision
    from . import viz as viz
    from ._storage import TypedStorage as TypedStorage
    from ._storage import UntypedStorage as UntypedStorage
    from ._storage import is_storage as is_storage
    from .amp import GradScaler as GradScaler
    from .amp import autocast as autocast
    from .amp.state import autocast_decrement_nesting as autocast_decrement_nesting
    from .amp.state import autocast_increment_nesting as autocast_increment_nesting
    from .amp.state import clear_autocast_cache as clear_autocast_cache
    from .amp.state import get_autocast_cpu_dtype as get_autocast_cpu_dtype
    from .amp.state import get_autocast_dtype as get_autocast_dtype
    from .amp.state import get_autocast_gpu_dtype as get_autocast_gpu_dtype
    from .amp.state import is_autocast_cache_enabled as is_autocast_cache_enabled
    from .amp.state import is_autocast_cpu_enabled as is_autocast_cpu_enabled
    from .amp.state import is_autocast_enabled as is_autocast_enabled
    from .amp.state import set_autocast_cache_enabled as set_autocast_cache_enabled
    from .amp.state import set_autocast_cpu_dtype as set_autocast_cpu_dtype
    from .amp.state import set_autocast_cpu_enabled as set_autocast_cpu_enabled
    from .amp.state import set_autocast_dtype as set_autocast_dtype
    from .amp.state import set_autocast_enabled as set_autocast_enabled
    from .amp.state import set_autocast_gpu_dtype as set_autocast_gpu_dtype
    from .compat import as_torch as as_torch
    from .func import vmap as vmap
    from .ops.eigenpairs import lobpcg as lobpcg
    from .ops.raw_forms import adaptive_max_pool1d as adaptive_max_pool1d
    from .ops.raw_forms import affine_grid_generator as affine_grid_generator
    from .ops.raw_forms import alpha_dropout as alpha_dropout
    from .ops.raw_forms import alpha_dropout_ as alpha_dropout_
    from .ops.raw_forms import batch_norm as batch_norm
    from .ops.raw_forms import conv_tbc as conv_tbc
    from .ops.raw_forms import convolution as convolution
    from .ops.raw_forms import dropout as dropout
    from .ops.raw_forms import dropout_ as dropout_
    from .ops.raw_forms import embedding as embedding
    from .ops.raw_forms import embedding_renorm_ as embedding_renorm_
    from .ops.raw_forms import feature_alpha_dropout as feature_alpha_dropout
    from .ops.raw_forms import feature_alpha_dropout_ as feature_alpha_dropout_
    from .ops.raw_forms import feature_dropout as feature_dropout
    from .ops.raw_forms import feature_dropout_ as feature_dropout_
    from .ops.raw_forms import frobenius_norm as frobenius_norm
    from .ops.raw_forms import grid_sampler as grid_sampler
    from .ops.raw_forms import grid_sampler_2d as grid_sampler_2d
    from .ops.raw_forms import grid_sampler_3d as grid_sampler_3d
    from .ops.raw_forms import group_norm as group_norm
    from .ops.raw_forms import instance_norm as instance_norm
    from .ops.raw_forms import layer_norm as layer_norm
    from .ops.raw_forms import native_batch_norm as native_batch_norm
    from .ops.raw_forms import native_channel_shuffle as native_channel_shuffle
    from .ops.raw_forms import native_dropout as native_dropout
    from .ops.raw_forms import native_group_norm as native_group_norm
    from .ops.raw_forms import native_layer_norm as native_layer_norm
    from .ops.raw_forms import norm_except_dim as norm_except_dim
    from .ops.raw_forms import nuclear_norm as nuclear_norm
    from .ops.raw_losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
    from .ops.raw_losses import cosine_embedding_loss as cosine_embedding_loss
    from .ops.raw_losses import ctc_loss as ctc_loss
    from .ops.raw_losses import hinge_embedding_loss as hinge_embedding_loss
    from .ops.raw_losses import kl_div as kl_div
    from .ops.raw_losses import margin_ranking_loss as margin_ranking_loss
    from .ops.raw_losses import poisson_nll_loss as poisson_nll_loss
    from .ops.raw_losses import triplet_margin_loss as triplet_margin_loss
    from .ops.raw_recurrent import gru as gru
    from .ops.raw_recurrent import lstm as lstm
    from .ops.raw_recurrent import rnn_relu as rnn_relu
    from .ops.raw_recurrent import rnn_tanh as rnn_tanh
    from .ops.segments import segment_reduce as segment_reduce
    from .serialization import load as load
    from .serialization import save as save

_switch_debug_on()
_attend_to_einops()
_keep_freed_memory()

__version__ = "0.1.0"
newaxis = None

# Loaded on first use, so that `import minigrad` stays as quick as `import numpy`.
LAZY = frozenset(("nn", "optim", "profiler", "utils", "vision", "viz", "train", "linalg", "special", "fft", "signal", "func",
                  "distributions", "testing", "amp", "cuda", "onnx", "accelerator", "backends", "distributed", "futures", "fx", "jit",
                  "return_types", "serialization", "version", "__config__", "hub", "types", "overrides", "library", "xpu", "mps", "mtia",
                  "cpu"))
AUTOCAST_NAMES = ("autocast_decrement_nesting", "autocast_increment_nesting", "clear_autocast_cache", "get_autocast_cpu_dtype",
                  "get_autocast_dtype", "get_autocast_gpu_dtype", "is_autocast_cache_enabled", "is_autocast_cpu_enabled",
                  "is_autocast_enabled", "set_autocast_cache_enabled", "set_autocast_cpu_dtype", "set_autocast_cpu_enabled",
                  "set_autocast_dtype", "set_autocast_enabled", "set_autocast_gpu_dtype")
RAW_FORMS = ("adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout", "alpha_dropout_", "batch_norm", "conv_tbc",
             "convolution", "dropout", "dropout_", "embedding", "embedding_renorm_", "feature_alpha_dropout",
             "feature_alpha_dropout_", "feature_dropout", "feature_dropout_", "frobenius_norm", "grid_sampler",
             "grid_sampler_2d", "grid_sampler_3d", "group_norm", "instance_norm", "layer_norm", "native_batch_norm",
             "native_channel_shuffle", "native_dropout", "native_group_norm", "native_layer_norm",
             "norm_except_dim", "nuclear_norm")
RAW_LOSSES = ("binary_cross_entropy_with_logits", "cosine_embedding_loss", "ctc_loss", "hinge_embedding_loss", "kl_div",
              "margin_ranking_loss", "poisson_nll_loss", "triplet_margin_loss")
LAZY_NAMES = {"as_torch": "compat", "save": "serialization", "load": "serialization", "autocast": "amp",
              "vmap": "func", **dict.fromkeys(AUTOCAST_NAMES, "amp.state"),
              **dict.fromkeys(RAW_FORMS, "ops.raw_forms"), **dict.fromkeys(RAW_LOSSES, "ops.raw_losses"),
              **dict.fromkeys(("gru", "lstm", "rnn_relu", "rnn_tanh"), "ops.raw_recurrent"), "lobpcg": "ops.eigenpairs",
              "segment_reduce": "ops.segments",
              **dict.fromkeys(("_dirichlet_grad", "_sample_dirichlet", "_standard_gamma", "_standard_gamma_grad"), "ops.implicit"),
              **dict.fromkeys(("TypedStorage", "UntypedStorage", "is_storage"), "_storage"), "GradScaler": "amp"}


def __getattr__(name: str) -> Any:
    if name in LAZY_NAMES:
        return getattr(importlib.import_module(f"{__name__}.{LAZY_NAMES[name]}"), name)
    if name in LAZY and find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    from .dtypes import NAMED
    if name in NAMED:
        return NAMED[name]
    from .compat.suggestion import lacked_attribute
    raise LackedNameError(lacked_attribute(__name__, name))


def __dir__() -> list[str]:
    from .dtypes import NAMED
    return sorted({*globals(), *LAZY_NAMES, *NAMED, *(name for name in LAZY if find_spec(f"{__name__}.{name}"))})
