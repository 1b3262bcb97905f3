"""FloatTensor, LongTensor, ...: PyTorch's constructors from before dtypes."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .creation import empty, tensor
from .dtypes import dtype as DType
from .engine.node import TensorBase, wrap
from .errors import ArgumentTypeError, describe


class LegacyType(type):
    """`FloatTensor(2, 3)`, `FloatTensor([1, 2])`, `isinstance(x, FloatTensor)`: a class per dtype that makes plain tensors."""
    dtype: DType

    def __call__(cls, *data: Any) -> Any:
        to = cls.dtype.numpy
        if not data:
            return empty(0, dtype=cls.dtype)
        first = data[0]
        if len(data) == 1 and isinstance(first, TensorBase):
            if first.array.dtype != to:
                raise ArgumentTypeError(f"{cls.__name__}: expected a tensor of {to}, got {describe(first)}; convert it with .to(dtype)")
            return wrap(first.array, None, first.cell)
        if len(data) == 1 and isinstance(first, (list, np.ndarray)) or type(first) is tuple:
            if any(isinstance(v, float) for v in first) and to.kind in "iu":
                return tensor([int(v) for v in first], dtype=cls.dtype)
            return tensor(first, dtype=cls.dtype)
        if isinstance(first, float):
            raise ArgumentTypeError(f"{cls.__name__}: data must be a sequence (got float)")
        return empty(*data, dtype=cls.dtype)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, TensorBase) and value.array.dtype == cls.dtype.numpy


def set_default_tensor_type(t: Any) -> None:
    """Make `FloatTensor`, or `"torch.DoubleTensor"`, say what dtype new tensors have. Newer: `set_default_dtype`.

    Raises TypeError for what is not a type of floating-point tensors.
    """
    kind = next((kind for kind in LEGACY_TYPES if t in (kind, f"torch.{kind.__name__}", f"minigrad.{kind.__name__}")), None)
    if kind is None or not kind.dtype.is_floating_point:
        raise ArgumentTypeError("set_default_tensor_type: only floating-point types are supported as the default type; "
                                f"got {t if isinstance(t, (str, type)) else describe(t)}")
    dtypes.set_default_dtype(kind.dtype)


class FloatTensor(metaclass=LegacyType):
    """float32 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.float32


class DoubleTensor(metaclass=LegacyType):
    """float64 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.float64


class HalfTensor(metaclass=LegacyType):
    """float16 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.float16


class LongTensor(metaclass=LegacyType):
    """int64 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.int64


class IntTensor(metaclass=LegacyType):
    """int32 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.int32


class ShortTensor(metaclass=LegacyType):
    """int16 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.int16


class CharTensor(metaclass=LegacyType):
    """int8 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.int8


class ByteTensor(metaclass=LegacyType):
    """uint8 tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.uint8


class BoolTensor(metaclass=LegacyType):
    """bool tensors, in PyTorch's oldest spelling."""
    dtype = dtypes.bool_


LEGACY_TYPES = (FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor)
