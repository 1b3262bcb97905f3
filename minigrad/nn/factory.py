"""New parameters and buffers for layers."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..creation import empty
from .parameter import Parameter

Ints = int | Sequence[int]


def parameter(*shape: int, device: Any, dtype: Any) -> Parameter:
    """A parameter whose memory is yet to be filled."""
    return Parameter(empty(shape, device=device, dtype=dtype))


def repeated(value: Any, n: int) -> tuple[Any, ...]:
    """One value for each of n dimensions, from one for all or one each."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
