"""Bringing the operands of an op to one dtype, by PyTorch's rules."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of, is_array
from ..dtypes import DIMENSIONED, SCALAR, ZERO_DIM, get_default_numpy, result_numpy, scalar_dtype
from ..errors import DtypeError, operand
from .node import TensorBase
from .spec import Op

NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def cast(value: Any, to: Any) -> Any:
    """The op that changes a dtype; ops/cast.py puts the real one here."""
    raise NotImplementedError


def promote(op: Op, values: list[Any], arrays: list[Any]) -> None:
    """Bring the operands to one dtype, in place: tensors through a recorded cast, numbers as 0-d arrays."""
    operands = [a for i in op.promoted for a in (arrays[i] if i in op.sequences else (arrays[i],)) if a is not None]
    if op.promotes == "same":
        if len({a.dtype for a in operands if hasattr(a, "dtype")}) > 1:
            names = ", ".join(f"{op.short[i]} {operand(arrays[i])}" for i in op.promoted if hasattr(arrays[i], "dtype"))
            raise DtypeError(f"{op.name}: expected all operands to have the same dtype; got {names}; convert one with .to(dtype)")
        return
    to = common_dtype(op, arrays)
    like = next(a for a in operands if is_array(a))
    for i in op.promoted:
        if i in op.sequences:
            values[i] = [converted(v, to) for v in values[i]]
            arrays[i] = [v.array if isinstance(v, TensorBase) else v for v in values[i]]
        elif isinstance(values[i], NUMBERS):
            arrays[i] = backend_of(like).asarray(values[i]).astype(to)
        else:
            values[i] = converted(values[i], to)
            arrays[i] = values[i].array if isinstance(values[i], TensorBase) else values[i]


def converted(value: Any, to: Any) -> Any:
    """An operand in a dtype: a tensor through a recorded cast, an array as an array, a number as it is."""
    if isinstance(value, TensorBase):
        return value if value.array.dtype == to else cast(value, to)
    return value.astype(to) if hasattr(value, "dtype") and value.dtype != to else value


def common_dtype(op: Op, arrays: list[Any]) -> Any:
    """PyTorch's result dtype of the operands."""
    operands = []
    for i in op.promoted:
        for a in arrays[i] if i in op.sequences else (arrays[i],):
            if hasattr(a, "dtype"):                  # in a rule also a NumPy scalar: what 0-d arrays turn into
                operands.append((a.dtype, DIMENSIONED if a.ndim else ZERO_DIM))
            elif a is not None:
                operands.append((scalar_dtype(a), SCALAR))
    to = result_numpy(operands)
    return get_default_numpy() if op.promotes == "to_float" and to.kind not in "fc" else to
