"""Python numbers that go into arrays."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import DtypeError


def fitting(op: str, value: Any, dtype: Any) -> Any:
    """A number as an array of this (NumPy) dtype takes it: integers cut off, unsigned ones wrapped, anything to bool.

    Raises DtypeError where PyTorch does: for a number out of the dtype's range, and a complex one for a real dtype.
    """
    kind = dtype.kind
    if kind == "f" and type(value) is float:
        largest = LARGEST[dtype.itemsize]
        if -largest <= value <= largest:
            return value
    if kind == "c":
        return value
    if kind == "b":
        return bool(value)
    if isinstance(value, (complex, np.complexfloating)):
        if value.imag:
            raise overflow(op, value, dtype)
        value = value.real
    if kind == "f":
        largest = LARGEST[dtype.itemsize]
        if -largest <= value <= largest or not math.isfinite(value):
            return value
        raise overflow(op, value, dtype)
    if not math.isfinite(value):
        raise overflow(op, value, dtype)
    whole = int(value)
    info = np.iinfo(dtype)
    if not (-info.max if kind == "u" else info.min) <= whole <= info.max:
        raise overflow(op, value, dtype)
    return whole % (info.max + 1) if kind == "u" else whole


LARGEST = {2: 65504.0, 4: float(np.finfo("f4").max), 8: math.inf}


def overflow(op: str, value: Any, dtype: Any) -> DtypeError:
    """The error for a number that a dtype cannot hold."""
    return DtypeError(f"{op}: value cannot be converted to type {dtype} without overflow; got {value!r}")
