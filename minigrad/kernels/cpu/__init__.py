"""CPU kernels compiled by Numba, which is imported (half a second) when the first of them is asked for."""
from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..reference import multiply_rows as multiply_rows

if TYPE_CHECKING:
    from .cells import gru as gru
    from .cells import gru_input as gru_input
    from .cells import lstm as lstm
    from .cells import lstm_input as lstm_input
    from .channel_norm import batch_norm as batch_norm
    from .channel_norm import batch_norm_gradients as batch_norm_gradients
    from .channel_norm import batch_norm_input as batch_norm_input
    from .channel_norm import batch_norm_weight as batch_norm_weight
    from .channel_norm import fixed_norm as fixed_norm
    from .channel_norm import fixed_norm_gradients as fixed_norm_gradients
    from .channel_norm import group_norm as group_norm
    from .channel_norm import group_norm_gradients as group_norm_gradients
    from .conv import conv2d as conv2d
    from .conv import conv2d_bias as conv2d_bias
    from .conv import conv2d_input as conv2d_input
    from .conv import conv2d_weight as conv2d_weight
    from .draws import draw as draw
    from .elementwise import each as each
    from .gates import gelu as gelu
    from .gates import gelu_input as gelu_input
    from .half import convert as convert
    from .norm import layer_norm as layer_norm
    from .norm import layer_norm_gradients as layer_norm_gradients
    from .norm import layer_norm_input as layer_norm_input
    from .norm import layer_norm_weight as layer_norm_weight
    from .norm import rms_norm as rms_norm
    from .norm import rms_norm_gradients as rms_norm_gradients
    from .pool import adaptive_avg_pool2d as adaptive_avg_pool2d
    from .pool import adaptive_avg_pool2d_input as adaptive_avg_pool2d_input
    from .pool import avg_pool2d as avg_pool2d
    from .pool import avg_pool2d_input as avg_pool2d_input
    from .pool import max_pool2d as max_pool2d
    from .pool import max_pool2d_flat as max_pool2d_flat
    from .pool import max_pool2d_gather as max_pool2d_gather
    from .pool import max_pool2d_input as max_pool2d_input
    from .probabilities import class_loss as class_loss
    from .probabilities import log_softmax as log_softmax
    from .probabilities import log_softmax_input as log_softmax_input
    from .probabilities import softmax as softmax
    from .probabilities import softmax_input as softmax_input
    from .products import linear as linear
    from .products import matmul as matmul
    from .recurrent import gru_scan as gru_scan
    from .recurrent import gru_scan_input as gru_scan_input
    from .recurrent import lstm_scan as lstm_scan
    from .recurrent import lstm_scan_input as lstm_scan_input
    from .recurrent import rnn_scan as rnn_scan
    from .recurrent import rnn_scan_input as rnn_scan_input
    from .resample import weighted_rows as weighted_rows
    from .rows import add_rows as add_rows
    from .sums import total as total
    from .tiles import attention as attention
    from .tiles import attention_input as attention_input
    from .tiles import pack_coins as pack_coins
    from .updates import table as table
    from .updates import update as update

_FILES = {
    "cells": ("gru", "gru_input", "lstm", "lstm_input"),
    "channel_norm": ("batch_norm", "batch_norm_gradients", "batch_norm_input", "batch_norm_weight", "fixed_norm", "fixed_norm_gradients",
                     "group_norm", "group_norm_gradients"),
    "conv": ("conv2d", "conv2d_bias", "conv2d_input", "conv2d_weight"),
    "draws": ("draw",),
    "elementwise": ("each",),
    "gates": ("gelu", "gelu_input"),
    "half": ("convert",),
    "norm": ("layer_norm", "layer_norm_gradients", "layer_norm_input", "layer_norm_weight", "rms_norm", "rms_norm_gradients"),
    "pool": ("max_pool2d", "max_pool2d_input", "max_pool2d_gather", "max_pool2d_flat", "avg_pool2d",
             "avg_pool2d_input", "adaptive_avg_pool2d", "adaptive_avg_pool2d_input"),
    "probabilities": ("class_loss", "log_softmax", "log_softmax_input", "softmax", "softmax_input"),
    "products": ("linear", "matmul"),
    "recurrent": ("gru_scan", "gru_scan_input", "lstm_scan", "lstm_scan_input", "rnn_scan", "rnn_scan_input"),
    "resample": ("weighted_rows",),
    "rows": ("add_rows",),
    "sums": ("total",),
    "tiles": ("attention", "attention_input", "pack_coins"),
    "updates": ("table", "update"),
}
FEW = 16384                           # elements whose work is not worth the half second that Numba takes to start

_FILE_OF = {name: file for file, names in _FILES.items() for name in names}


def worthwhile() -> int:
    """The least number of elements to use a compiled kernel for where NumPy would do: any, once there is one."""
    return 0 if f"{__name__}.jit" in sys.modules else FEW


def __getattr__(name: str) -> Any:
    if name not in _FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    kernel = getattr(import_module(f".{_FILE_OF[name]}", __name__), name)
    globals()[name] = kernel
    return kernel
