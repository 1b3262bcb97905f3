"""Batches in pinned memory, which a GPU reads by itself."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ... import cupy_arrays
from ..._tensor import Tensor
from .collate import rebuild_mapping, rebuild_sequence


def can_pin() -> bool:
    """Whether there is a GPU to pin memory for."""
    return not cupy_arrays.why_not()


def pinned(data: Any) -> Any:
    """A batch with its tensors in pinned memory; what has a method `pin_memory` of its own is asked."""
    if isinstance(data, Tensor):
        return data.pin_memory()
    if isinstance(data, (str, bytes)):
        return data
    if isinstance(data, Mapping):
        return rebuild_mapping(data, lambda key: pinned(data[key]))
    if isinstance(data, tuple):
        parts = map(pinned, data)
        return type(data)(*parts) if hasattr(data, "_fields") else list(parts)
    if isinstance(data, Sequence):
        return rebuild_sequence(data, [pinned(part) for part in data])
    return data.pin_memory() if hasattr(data, "pin_memory") else data
