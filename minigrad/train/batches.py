"""Batches: from what users give, to devices, and how many samples they hold."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..creation import as_tensor
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, describe
from ..ops.join import cat
from ..utils.data import DataLoader, IterableDataset, Subset, TensorDataset


def are_arrays(data: Any) -> bool:
    """Whether data is `(inputs, targets)`: a tuple of tensors or arrays."""
    return isinstance(data, tuple) and bool(data) and all(hasattr(part, "shape") for part in data)


def are_numbers(data: tuple[Any, ...]) -> bool:
    """Whether data is `(inputs, targets)` where a part is still a list: of numbers, or beside an array."""
    def flat(part: Any) -> bool:
        return isinstance(part, (int, float)) or isinstance(part, (list, tuple)) and bool(part) and flat(part[0])
    return len(data) > 1 and all(hasattr(part, "shape") or isinstance(part, list) and flat(part) for part in data)


def loader_of(data: Any, batch_size: int, shuffle: bool) -> Any:
    """Batches of a loader, which is left as it is, of a data set, or of arrays `(inputs, targets)`."""
    if are_arrays(data):
        lengths = [len(part) for part in data]
        if len(set(lengths)) > 1:
            raise ArgumentError(f"Trainer: inputs and targets must have one length; got {', '.join(map(describe, data))}")
        return DataLoader(TensorDataset(*map(as_tensor, data)), batch_size=batch_size, shuffle=shuffle and lengths[0] > 0)
    if isinstance(data, tuple) and are_numbers(data):
        raise ArgumentTypeError(f"Trainer: inputs and targets must be tensors or arrays; got {', '.join(map(describe, data))}; make them "
                                "with minigrad.tensor(...)")
    if isinstance(data, IterableDataset):
        return DataLoader(data, batch_size=batch_size)
    if isinstance(data, DataLoader) or not hasattr(data, "__getitem__"):
        if not hasattr(data, "__iter__"):
            raise ArgumentError(f"Trainer: data must be a DataLoader, a data set or (inputs, targets); got {type(data).__name__}")
        return data
    if not hasattr(data, "__len__"):
        raise ArgumentError(f"Trainer: a data set needs a length; got {type(data).__name__}")
    return DataLoader(data, batch_size=batch_size, shuffle=shuffle and len(data) > 0)


def split_off(data: Any, part: float) -> tuple[Any, Any]:
    """Data without its last part, and that part: of 100 samples and 0.2 the first 80 and the last 20."""
    if not 0 < part < 1:
        raise ArgumentError(f"fit: as a number, validation is the part of the data to hold out, between 0 and 1; got {part}")
    if not (are_arrays(data) or hasattr(data, "__getitem__") and hasattr(data, "__len__")):
        raise ArgumentError(f"fit: validation={part} needs a data set or (inputs, targets) to hold a part out; got {type(data).__name__}; "
                            "give validation data of their own")
    n = len(data[0]) if are_arrays(data) else len(data)
    cut = int(n * (1 - part))
    if not 0 < cut < n:
        raise ArgumentError(f"fit: validation={part} of {n} samples leaves nothing to train with, or nothing to look at")
    if are_arrays(data):
        return tuple(array[:cut] for array in data), tuple(array[cut:] for array in data)
    return Subset(data, range(cut)), Subset(data, range(cut, n))


def inputs_in(data: Any, batch_size: int) -> Iterable[Any]:
    """Batches to predict from: of one array, or of what `loader_of` takes."""
    if not hasattr(data, "shape"):
        return loader_of(data, batch_size, shuffle=False)
    return as_tensor(data).split(batch_size) if len(data) else ()


def length_of(loader: Any) -> int | None:
    """How many batches there are, where that is known."""
    try:
        return len(loader)
    except TypeError:                                # a stream: its loader has a __len__ all the same
        return None


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """The same containers with the function's values in place of tensors."""
    if isinstance(value, TensorBase):
        return function(value)
    if isinstance(value, Mapping):
        return {key: mapped(function, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [mapped(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items) if isinstance(value, tuple) else items
    return value


def on_device(batch: Any, device: Any) -> Any:
    """A batch with its tensors on a device, whatever containers hold them."""
    return mapped(lambda t: t.to(device, non_blocking=True), batch)


def detached(output: Any) -> Any:
    """What a model gave, without its graph."""
    return mapped(lambda t: t.detach(), output)


def samples_in(batch: Any) -> int:
    """How many samples a batch holds: the length of the first tensor among its parts, or of the first list, one item for each sample."""
    parts: list[Any] = [batch]
    if isinstance(batch, (Mapping, list, tuple)):
        parts = list(batch.values() if isinstance(batch, Mapping) else batch)
    rows: list[Any] = [part for part in parts if isinstance(part, TensorBase) and part.array.ndim]
    lists = [part for part in parts if isinstance(part, (list, tuple))]
    return next((len(part) for part in [*rows, *lists]), 1)


def joined(outputs: list[Any]) -> Any:
    """Outputs of all batches, one behind the other: also of tuples and dicts of tensors, and of lists with a mapping for each sample."""
    if not outputs:
        raise ArgumentError("predict: there is nothing to predict: the data is empty")
    first = outputs[0]
    if isinstance(first, TensorBase):
        return cat(outputs, 0)
    if isinstance(first, Mapping):
        return {key: joined([output[key] for output in outputs]) for key in first}
    if isinstance(first, list) and all(isinstance(item, Mapping) for item in first):
        return [item for output in outputs for item in output]
    if isinstance(first, (list, tuple)):
        parts = [joined(list(items)) for items in zip(*outputs, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    return outputs
