"""What an index means: x[...] taken apart into a view and what is gathered from it, and the errors that say what is wrong."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..backend import backend_of, has_values, is_array
from ..engine.node import TensorBase
from ..errors import ArgumentError, OutOfRangeError, describe, operand

LONG, BOOL = np.dtype(np.int64), np.dtype(np.bool_)
Basic = tuple[Any, ...] | None                       # ints, slices, None, `...`; None: the whole tensor
Advanced = tuple[Any, ...] | None                    # index arrays, masks and full slices; None: nothing to gather


# ---------------------------------------------------------------- the simple ones
def basic_index(index: Any) -> Basic:
    """A plain index of ints, slices, None and `...`, made to end in `...`; None for what needs `parse`."""
    kind = type(index)
    if kind is int or index is None or (kind is slice and index.step is None):
        return (index, ...)
    if kind is not tuple:
        return None
    for part in index:
        k = type(part)
        if k is not int and (k is not slice or part.step is not None) and part is not None and part is not ...:
            return None
    return index if ... in index else (*index, ...)


def lone_index(index: Any, x: Any) -> Advanced:
    """One int64 tensor, or one mask of fitting shape, as an advanced index; None for what needs `parse`."""
    if isinstance(index, TensorBase):
        a = index.array
        if type(a) is type(x) and a.ndim and x.ndim and (a.dtype is LONG or a.dtype is BOOL and a.shape == x.shape[:a.ndim]):
            return (a,)
    return None


def is_lone_array(advanced: tuple[Any, ...]) -> bool:
    """True for an index by one array of integers behind full slices."""
    return advanced[-1].dtype.kind != "b" and (len(advanced) == 1 or not any(is_array(a) for a in advanced[:-1]))


def is_lone_mask(advanced: tuple[Any, ...]) -> bool:
    """True for an index by one mask: it never says a place twice."""
    arrays = [a for a in advanced if is_array(a)]
    return len(arrays) == 1 and arrays[0].dtype.kind == "b"


# ---------------------------------------------------------------- parsing
def parse(index: Any, x: Any) -> tuple[Basic, Advanced]:
    """The two parts of an index into array x."""
    if isinstance(index, list) and is_tuple_in_disguise(index):
        warnings.warn("index: a list of indices for several dimensions is deprecated; write x[tuple(index)]", stacklevel=4)
        index = tuple(index)
    parts = [part_of(p, x) for p in (index if isinstance(index, tuple) else (index,))]
    consumed = sum((p.ndim if p.dtype.kind == "b" else 1) if is_array(p) else isinstance(p, (int, slice)) and not isinstance(p, bool)
                   for p in parts)
    if consumed > x.ndim:
        raise too_many(parts, x)
    basic: list[Any] = []
    advanced: list[Any] = []
    for p in parts:
        if p is ...:
            basic += [slice(None)] * (x.ndim - consumed)
            advanced += [slice(None)] * (x.ndim - consumed)
        elif isinstance(p, bool):                    # a dimension of size 1, of which True takes all and False nothing
            basic.append(None)
            advanced.append(backend_of(x).asarray([0] if p else [], np.int64))
        elif is_array(p):
            basic += [slice(None)] * (p.ndim if p.dtype.kind == "b" else 1)
            advanced.append(p)
        else:
            basic.append(p)
            if not isinstance(p, int):
                advanced.append(slice(None))
    plain = all(isinstance(p, slice) and p == slice(None) for p in basic)
    if not any(is_array(a) for a in advanced):
        return (None if plain else (*basic, ...)), None
    while isinstance(advanced[-1], slice):
        advanced.pop()
    first = None if plain else (*basic, ...)
    check_masks(tuple(advanced), x.shape if first is None else index_view(x, first).shape)
    return first, tuple(advanced)


def is_tuple_in_disguise(index: list[Any]) -> bool:
    """True for a list that PyTorch takes for a tuple of indices: one with sequences, tensors, slices, None or `...`."""
    return any(p is None or p is ... or isinstance(p, (list, tuple, slice, np.ndarray, TensorBase)) for p in index)


def part_of(p: Any, x: Any) -> Any:
    """One index: an int, a slice, None, `...`, a bool, or an array of x's device."""
    if p is None or p is ... or isinstance(p, (bool, int)):
        return p
    if isinstance(p, slice):
        if p.step is not None and p.step.__index__() <= 0:
            raise ArgumentError(f"index: slice step {'cannot be zero' if p.step == 0 else 'must be greater than zero'}; got {p}; "
                                "use flip for the reverse order")
        return p
    if isinstance(p, np.bool_):
        return bool(p)
    if isinstance(p, (TensorBase, np.ndarray, list, tuple, range)):
        array = array_part(p, x)
        if array.ndim or not has_values(array):
            return array                             # under vmap a 0-d index is a vector of all samples
        return bool(array) if array.dtype.kind == "b" else int(array)
    if hasattr(p, "__index__"):
        return p.__index__()
    raise OutOfRangeError("index: only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
                          f"(got {type(p).__name__})")


def array_part(p: Any, x: Any) -> Any:
    """An index tensor, NumPy array or list as an index array or mask; uint8 is a mask, as in PyTorch."""
    if isinstance(p, TensorBase):
        array = p.array
        if backend_of(array) is not backend_of(x):   # an index on the CPU may choose from a tensor on a device
            array = backend_of(x).asarray(backend_of(array).to_host(array))
        if array.dtype.char in "il" or array.dtype == np.int64 or array.dtype == np.int32:
            return array
    elif isinstance(p, np.ndarray):
        array = backend_of(x).asarray(p)
    else:
        found = np.asarray([host_part(i) for i in p] if not isinstance(p, range) else p)
        array = backend_of(x).asarray(found.astype(np.int64) if not found.size else found)
    if array.dtype.kind == "b":
        return array
    if array.dtype == np.uint8:
        return array != 0
    if array.dtype.kind not in "iu" or isinstance(p, TensorBase):
        raise OutOfRangeError(f"index: tensors used as indices must be long, int, byte or bool tensors; got {describe(p)}")
    return array.astype(np.int64)


def host_part(i: Any) -> Any:
    """An element of an index list as NumPy takes it."""
    if isinstance(i, (list, tuple)):
        return [host_part(j) for j in i]
    return i.array.tolist() if isinstance(i, TensorBase) else i


# ---------------------------------------------------------------- what can be wrong with an index
def too_many(parts: Any, x: Any) -> OutOfRangeError:
    if not x.ndim and len(parts) == 1 and isinstance(parts[0], int):
        return OutOfRangeError("index: invalid index of a 0-dim tensor; use tensor.item() to convert a 0-dim tensor to a number")
    return OutOfRangeError(f"index: too many indices for tensor of dimension {x.ndim}; got {operand(x)}")


def check_masks(advanced: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    """Masks must have the sizes of the dimensions that they stand for."""
    d = 0
    for a in advanced:
        mask = is_array(a) and a.dtype.kind == "b"
        n = a.ndim if mask else 1
        if d + n > len(shape):
            raise OutOfRangeError(f"index: too many indices for tensor of dimension {len(shape)}; got shape {list(shape)}")
        if mask and a.shape != shape[d:d + n]:
            e = next(e for e in range(n) if a.shape[e] != shape[d + e])
            raise OutOfRangeError(f"index: the shape of the mask {list(a.shape)} at index {e} does not match the shape of the indexed "
                                  f"tensor {list(shape)} at index {d + e}")
        d += n


def index_view(x: Any, index: Any) -> Any:
    """x[index] of a basic index, with errors in PyTorch's words."""
    try:
        return x[index]
    except IndexError:
        raise why_not(index, x) from None


def why_not(index: tuple[Any, ...], x: Any) -> Exception:
    """What is wrong with a basic index."""
    consumed = sum(isinstance(p, (int, slice)) for p in index)
    if consumed > x.ndim:
        return too_many([p for p in index if p is not ...], x)
    d = 0
    for p in index:
        if p is ...:
            d += x.ndim - consumed
        elif isinstance(p, int):
            if not -x.shape[d] <= p < x.shape[d]:
                return OutOfRangeError(f"index: index {p} is out of bounds for dimension {d} with size {x.shape[d]}; got x "
                                       f"{operand(x)}")
            d += 1
        elif isinstance(p, slice):
            d += 1
    return OutOfRangeError(f"index: an index can only have a single ellipsis ('...'); got {index}")


def why_not_gather(error: Exception, advanced: tuple[Any, ...], x: Any) -> Exception:
    """What is wrong with an advanced index, from NumPy's words to PyTorch's."""
    text = str(error)
    if "broadcast" in text:
        shapes = ", ".join(str(list(a.shape)) for a in advanced if is_array(a))
        return OutOfRangeError(f"index: shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}")
    return OutOfRangeError(f"index: {text.replace('axis', 'dimension')}; got x {operand(x)}")
