"""Products of matrices by cuBLAS."""
from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ... import precision
from .machine import Array

REAL = {"e": 2, "f": 0, "d": 1}       # cudaDataType
IN_SINGLE, IN_DOUBLE, IN_TF32 = 68, 70, 77            # cublasComputeType
PLAIN, TURNED = 0, 1                  # cublasOperation
DEFAULT = -1                          # cublasGemmAlgo


def products(out: Array, x: Array, y: Array, accumulate: bool) -> None:
    """out = x @ y, or out += x @ y, of (B, M, K) and (B, K, N); x may have B = 1.

    Sums of float16 are made in float32. cuBLAS works on columns: it is told to multiply the transposed matrices in turn.
    """
    device, cublas = import_module("cupy.cuda.device"), import_module("cupy_backends.cuda.libs.cublas")
    batch, m, n = out.shape
    char, k = out.dtype.char, x.shape[2]
    work = np.float64 if char == "d" else np.float32
    one, other = np.array(1, work), np.array(1 if accumulate else 0, work)
    turn_x, row_x = orientation(x)
    turn_y, row_y = orientation(y)
    kind = IN_DOUBLE if char == "d" else IN_TF32 if char == "f" and precision.tf32() else IN_SINGLE
    cublas.gemmStridedBatchedEx(device.get_cublas_handle(), turn_y, turn_x, n, m, k, one.ctypes.data,
                                y.data.ptr, REAL[char], row_y, step(y), x.data.ptr, REAL[char], row_x, step(x), other.ctypes.data,
                                out.data.ptr, REAL[char], orientation(out)[1], step(out), batch, kind, DEFAULT)


def orientation(x: Array) -> tuple[int, int]:
    """Whether x's columns lie in memory as rows should, and how many elements lie between one row and the next."""
    rows, columns = (s // x.itemsize for s in x.strides[1:])
    if columns == 1 or x.shape[2] == 1:
        return PLAIN, max(rows, x.shape[2])
    return TURNED, max(columns, x.shape[1])


def step(x: Array) -> int:
    """Elements between one matrix and the next; 0 where one serves all."""
    found: Any = x.strides[0] // x.itemsize
    return 0 if x.shape[0] == 1 else found
