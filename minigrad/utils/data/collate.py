"""From a list of samples to one batch."""
from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ... import creation, dtypes
from ..._tensor import Tensor
from ...errors import ArgumentTypeError, ShapeError
from ...ops.join import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack a list of samples into a batch, going into tuples, lists and dicts.

    Tensors and arrays of shape S become a tensor (B, *S); ints an int64 tensor (B,), floats a float64 one, bools a bool
    one; strings and bytes stay as they are. A tuple of fields becomes a list of batches, a named tuple or dict keeps its
    kind. Raises TypeError for other samples, RuntimeError for samples of different lengths.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch, 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise _refusal(first.dtype)
        return default_collate([creation.as_tensor(array) for array in batch])
    if isinstance(first, (np.bool_, np.number)):
        return creation.as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return creation.tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return creation.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return rebuild_mapping(first, lambda key: default_collate([sample[key] for sample in batch]))
    if isinstance(first, Sequence):
        return _collate_sequences(batch)
    raise _refusal(type(first))


def _collate_sequences(batch: Sequence[Any]) -> Any:
    first = batch[0]
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(default_collate, zip(*batch, strict=False)))
    lengths = {len(sample) for sample in batch}
    if len(lengths) > 1:
        raise ShapeError(
            f"default_collate: each element in list of batch should be of equal size; got lengths {sorted(lengths)}; "
            f"pad the samples, or pass a collate_fn"
        )
    fields = [default_collate(field) for field in zip(*batch, strict=True)]
    return fields if isinstance(first, tuple) else rebuild_sequence(first, fields)


def default_convert(data: Any) -> Any:
    """Turn NumPy arrays into tensors, going into tuples, lists and dicts; leave everything else as it is."""
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in "SUO" else creation.as_tensor(data)
    if isinstance(data, np.generic) and not isinstance(data, (np.str_, np.bytes_)):
        return creation.as_tensor(data)
    if isinstance(data, Mapping):
        return rebuild_mapping(data, lambda key: default_convert(data[key]))
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        parts = [default_convert(part) for part in data]
        return parts if isinstance(data, tuple) else rebuild_sequence(data, parts)
    return data


def rebuild_mapping(like: Mapping[Any, Any], value_of: Callable[[Any], Any]) -> Any:
    """A mapping of the same kind; a mutable one is copied and filled, as it may carry more than its items."""
    values = {key: value_of(key) for key in like}
    try:
        if isinstance(like, MutableMapping):
            clone: Any = copy.copy(like)
            clone.update(values)
            return clone
        return type(like)(values)                    # type: ignore[call-arg]
    except TypeError:                                # no copy, no update(mapping) or no __init__(mapping)
        return values


def rebuild_sequence(like: Sequence[Any], parts: list[Any]) -> Any:
    """A sequence of the same kind as `like` with `parts` in it."""
    try:
        if isinstance(like, MutableSequence):
            clone: Any = copy.copy(like)
            for i, part in enumerate(parts):
                clone[i] = part
            return clone
        return type(like)(parts)                     # type: ignore[call-arg]
    except TypeError:                                # no copy, no item assignment, or no __init__(list): range
        return parts


def _refusal(found: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}; "
        f"pass a collate_fn that knows it"
    )
