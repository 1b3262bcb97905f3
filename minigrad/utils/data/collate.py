"""From a list of samples to one batch."""
from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ... import creation, dtypes
from ..._tensor import Tensor
from ...engine.mode import local
from ...errors import ArgumentTypeError, ShapeError
from ...ops.join import stack
from .uncollated import explained

Rules = dict[Any, Callable[..., Any]]
LINE, LARGE = 64, 4096                               # bytes of a cache line, and of a sample worth a thought


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack a list of samples into a batch, going into tuples, lists and dicts.

    Tensors and arrays of shape S become a tensor (B, *S); ints an int64 tensor (B,), floats a float64 one, bools a bool
    one; strings and bytes stay as they are. A tuple of fields becomes a list of batches, a named tuple or dict keeps its
    kind. Other classes can be added to `default_collate_fn_map`. Raises TypeError for unknown ones, RuntimeError for samples
    that differ in shape or length; the text says which, and where in the sample.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    try:
        return collate(batch, collate_fn_map=default_collate_fn_map)
    except Exception as error:
        own = tuple(kind for kind, rule in default_collate_fn_map.items() if rule.__module__ != __name__)
        if (better := explained(error, batch, own)) is None:
            raise
        raise better from None


def collate(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    """Samples into a batch by the function that `collate_fn_map` has for their class, or for a class above it.

    Such a function is called as `function(samples, collate_fn_map=collate_fn_map)`. Mappings and sequences that the map does not know are
    collated field by field.
    """
    first = batch[0]
    if collate_fn_map is not None and (rule := _rule(type(first), collate_fn_map)) is not None:
        return rule(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return rebuild_mapping(first, lambda key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map))
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*[collate(field, collate_fn_map=collate_fn_map) for field in zip(*batch, strict=False)])
    if isinstance(first, Sequence):
        if len(lengths := set(map(len, batch))) > 1:
            raise ShapeError(f"default_collate: each element in list of batch should be of equal size; got lengths {sorted(lengths)}")
        fields = [collate(field, collate_fn_map=collate_fn_map) for field in zip(*batch, strict=True)]
        return fields if isinstance(first, tuple) else rebuild_sequence(first, fields)
    raise _refusal(type(first))


def _rule(kind: type, rules: Rules) -> Callable[..., Any] | None:
    rule = rules.get(kind)
    return rule if rule is not None else next((rules[known] for known in rules if issubclass(kind, known)), None)


# ---------------------------------------------------------------- what is known
def _tensors(batch: Sequence[Tensor], *, collate_fn_map: Rules | None = None) -> Tensor:
    quick = _plain_stack(batch) if local.mode.watch is None else None
    return stack(batch, 0) if quick is None else creation.from_numpy(quick)


def _plain_stack(batch: Sequence[Tensor]) -> np.ndarray[Any, Any] | None:
    """The arrays of CPU tensors without gradients in one; None where `stack` has more to do or to say."""
    try:
        recorded = [x for x in batch if x.node is not None or x.base is not None and x.base.node is not None]
        arrays = [x.array for x in batch]
        if recorded or set(map(type, arrays)) != {np.ndarray}:
            return None
        out = _rows(arrays) if arrays[0].nbytes >= LARGE else np.array(arrays)       # both refuse arrays of different shapes
    except (AttributeError, ValueError):
        return None
    return out if out.dtype is arrays[0].dtype else None


def _rows(arrays: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """`np.array(arrays)` of one shape, for large ones: each row starts as far into a cache line as its source.

    Where a target lies 1 to 31 bytes further into a page than its source, a Zen 3 copies two to five times as slowly. NumPy's memory
    starts at any multiple of 16, so samples cut from one array meet that now and then.
    """
    first = arrays[0]
    if any(x.shape != first.shape or x.dtype is not first.dtype for x in arrays):
        return np.array(arrays)
    room = np.empty(len(arrays) * first.nbytes + LINE, np.uint8)
    start = (first.ctypes.data - room.ctypes.data) % LINE // 16 * 16
    out = room[start:start + len(arrays) * first.nbytes].view(first.dtype).reshape(len(arrays), *first.shape)
    for row, x in zip(out, arrays, strict=True):
        row[...] = x
    return out


def _arrays(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Any:
    if batch[0].dtype.kind in "SUO":
        raise _refusal(batch[0].dtype)
    return collate([creation.as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _scalars(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Tensor:
    return creation.as_tensor(np.asarray(batch))


def _floats(batch: Sequence[float], *, collate_fn_map: Rules | None = None) -> Tensor:
    return creation.tensor(batch, dtype=dtypes.float64)


def _ints(batch: Sequence[int], *, collate_fn_map: Rules | None = None) -> Tensor:
    if set(map(type, batch)) == {int}:
        array = np.array(batch)
        if array.dtype == np.int64:
            return creation.from_numpy(array)
    return creation.tensor(batch)


def _as_they_are(batch: Sequence[Any], *, collate_fn_map: Rules | None = None) -> Sequence[Any]:
    return batch


# A class, or a tuple of classes, and what makes a batch of them; programs may add their own.
default_collate_fn_map: Rules = {
    Tensor: _tensors, np.ndarray: _arrays, (np.bool_, np.number): _scalars, float: _floats, int: _ints,
    str: _as_they_are, bytes: _as_they_are,
}


def _refusal(found: Any) -> ArgumentTypeError:
    return ArgumentTypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}")


# ---------------------------------------------------------------- samples without a batch
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
