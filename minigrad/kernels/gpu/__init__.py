"""GPU kernels: CUDA C in `source/`, compiled when first used, and the functions that launch them."""
from __future__ import annotations

from importlib import import_module
from typing import Any

_FILES = {
    "cells": ("gru", "gru_input", "lstm", "lstm_input"),
    "conv": ("conv2d", "conv2d_bias", "conv2d_input", "conv2d_weight"),
    "draws": ("coins", "groups", "words"),
    "elementwise": ("each", "total"),
    "gates": ("gelu", "gelu_input"),
    "gemm": ("linear", "matmul"),
    "norm": ("batch_norm", "batch_norm_input", "batch_norm_weight", "layer_norm", "layer_norm_input", "layer_norm_weight"),
    "pool": ("max_pool2d", "max_pool2d_input", "max_pool2d_gather", "max_pool2d_flat", "avg_pool2d", "avg_pool2d_input",
             "adaptive_avg_pool2d", "adaptive_avg_pool2d_input"),
    "probabilities": ("class_loss", "log_softmax", "log_softmax_input", "softmax", "softmax_input"),
    "rows": ("add_rows", "multiply_rows"),
    "updates": ("table", "update"),
}
LEFT = ("attention", "attention_input", "batch_norm_gradients", "fixed_norm", "fixed_norm_gradients", "group_norm", "group_norm_gradients",
        "gru_scan", "gru_scan_input", "layer_norm_gradients", "lstm_scan", "lstm_scan_input", "rms_norm", "rms_norm_gradients", "rnn_scan",
        "rnn_scan_input", "weighted_rows")
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}


def worthwhile() -> int:
    """The least number of elements to use a kernel of ours for: any, since each saves launches."""
    return 0


def left_to_arrays(*arguments: Any) -> None:
    """What has no kernel of its own here: the op's array form does it, by launches of others."""
    return None


def __getattr__(name: str) -> Any:
    if name in LEFT:
        return left_to_arrays
    if name not in _FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    kernel = getattr(import_module(f".{_FILE_OF[name]}", __name__), name)
    globals()[name] = kernel
    return kernel
