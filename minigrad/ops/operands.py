"""What a function of several ops looks at before it begins: is it a tensor?"""
from __future__ import annotations

from typing import Any

from ..engine.node import TensorBase
from ..errors import ArgumentTypeError, describe


def need_tensors(name: str, **values: Any) -> None:
    """Refuse what is no tensor, by name."""
    for which, value in values.items():
        if not isinstance(value, TensorBase):
            remedy = "minigrad.tensor(...)" if isinstance(value, (int, float, list, tuple)) else "minigrad.from_numpy(...)"
            raise ArgumentTypeError(f"{name}: {which} must be a Tensor; got {describe(value)}; make one with {remedy}")
