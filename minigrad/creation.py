"""Tensors from nothing, and from Python and NumPy data."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from ._device import as_device, device
from ._tensor import Tensor
from .backend import backend_for, is_array
from .engine.node import TensorBase, wrap
from .errors import ArgumentTypeError, describe
from .ops.dims import shape_args

Where = str | device | int | None


def tensor(data: Any, *, dtype: Any = None, device: Where = None, requires_grad: bool = False) -> Tensor:
    """A new leaf with a copy of `data`: numbers, nested sequences, arrays or tensors."""
    array = to_array(data)
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else inferred(data, array)
    dtypes.from_numpy_dtype(to)
    t = Tensor.__new__(Tensor)
    backend = backend_for(as_device(device))
    made: Tensor = wrap(backend.asarray(np.array(array, to, order="C")))
    del t
    return made.requires_grad_() if requires_grad else made


def to_array(data: Any) -> Any:
    if isinstance(data, TensorBase):
        return data.array
    if isinstance(data, (list, tuple)):
        return np.asarray([to_array(v) if isinstance(v, (TensorBase, list, tuple)) else v for v in data])
    return np.asarray(data)


def inferred(data: Any, array: Any) -> Any:
    if isinstance(data, TensorBase) or is_array(data) or isinstance(data, np.generic):
        return array.dtype
    return dtypes.get_default_numpy() if array.dtype.kind == "f" else dtypes.complex_of(dtypes.get_default_numpy()) if array.dtype.kind == "c" else array.dtype


def _filled(make: str, size: tuple[Any, ...], dtype: Any, where: Where, requires_grad: bool) -> Tensor:
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else dtypes.get_default_numpy()
    t: Tensor = wrap(getattr(backend_for(as_device(where)).xp, make)(shape_args(size), to))
    return t.requires_grad_() if requires_grad else t


def zeros(*size: Any, dtype: Any = None, device: Where = None, requires_grad: bool = False) -> Tensor:
    return _filled("zeros", size, dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Where = None, requires_grad: bool = False) -> Tensor:
    return _filled("ones", size, dtype, device, requires_grad)
