"""Batches: from what users give, to devices, and how many samples they hold."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..creation import as_tensor
from ..engine.node import TensorBase
from ..errors import ArgumentError
from ..ops.join import cat
from ..utils.data import DataLoader, TensorDataset


def loader_of(data: Any, batch_size: int, shuffle: bool) -> Any:
    """Batches of a loader, which is left as it is, of a data set, or of arrays `(inputs, targets)`."""
    if isinstance(data, tuple) and data and all(hasattr(part, "shape") for part in data):
        return DataLoader(TensorDataset(*map(as_tensor, data)), batch_size=batch_size, shuffle=shuffle)
    if isinstance(data, DataLoader) or not hasattr(data, "__getitem__"):
        if not hasattr(data, "__iter__"):
            raise ArgumentError(f"Trainer: data must be a DataLoader, a data set or (inputs, targets); got {type(data).__name__}")
        return data
    if not hasattr(data, "__len__"):
        raise ArgumentError(f"Trainer: a data set needs a length; got {type(data).__name__}")
    return DataLoader(data, batch_size=batch_size, shuffle=shuffle)


def on_device(batch: Any, device: Any) -> Any:
    """A batch with its tensors on a device, whatever containers hold them."""
    if isinstance(batch, TensorBase):
        return batch.to(device, non_blocking=True)   # type: ignore[attr-defined]
    if isinstance(batch, Mapping):
        return {key: on_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [on_device(value, device) for value in batch]
    return batch


def samples_in(batch: Any) -> int:
    """How many samples a batch holds: the length of the first tensor in it."""
    if isinstance(batch, TensorBase):
        return len(batch) if batch.ndim else 1       # type: ignore[arg-type, attr-defined]
    parts = batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, (list, tuple)) else ()
    return next((samples_in(part) for part in parts), 1)


def joined(outputs: list[Any]) -> Any:
    """Outputs of all batches, one behind the other."""
    if not outputs:
        raise ArgumentError("predict: there is nothing to predict: the data is empty")
    return cat(outputs, 0)
