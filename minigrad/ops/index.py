"""Reading and writing at positions."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine import inplace
from ..engine.op import op
from ..engine.node import TensorBase, wrap
from ..engine.run import sum_to
from ..errors import OutOfRangeError, describe
from .cast import cast
from .dims import Number

if TYPE_CHECKING:
    from .._tensor import Tensor


def plain(index: Any) -> Any:
    """An index with its tensors as arrays, and its lists and ranges as index arrays."""
    if isinstance(index, tuple):
        return tuple([plain(i) for i in index])
    if isinstance(index, TensorBase):
        array = index.array
        if array.dtype.kind not in "biu":
            raise OutOfRangeError(f"index: tensors used as indices must be long, int, byte or bool tensors; got {describe(index)}")
        return array.view(bool) if array.dtype == np.uint8 else int(array) if not array.ndim and array.dtype.kind in "iu" else array
    if isinstance(index, (list, range)):
        return np.asarray([plain(i) for i in index] if not isinstance(index, range) else index, np.int64 if not len(index) else None)
    return index


def read(x: Any, index: Any) -> Any:
    """x[index]: a view for ints, slices, None and `...`; a copy where arrays, lists or masks are among them."""
    index = plain(index)
    return getitem(x, index) if is_basic(index) else getitem_copy(x, index)


def write_at(x: Any, index: Any, value: Any) -> None:
    """x[index] = value."""
    index = plain(index)
    if not isinstance(value, TensorBase):
        value = wrap(backend_of(x.array).asarray(value, x.array.dtype))
    elif value.array.dtype != x.array.dtype:
        value = cast(value, x.array.dtype)
    inplace.write(x, setitem, index, value)


def is_basic(index: Any) -> bool:
    """True for an index of ints, slices, None and `...`, which selects a view; others copy."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(hasattr(p, "dtype") and getattr(p, "ndim", 0) >= 0 and not isinstance(p, int) or isinstance(p, (list, bool)) for p in parts)


@op(view=True, x=lambda g, index, x_shape: index_place(g, index, x_shape))
def getitem(input: Tensor, index: Any) -> Tensor:
    """x[index] for ints, slices, None and `...`: a view."""
    return input[(*index, ...)] if isinstance(index, tuple) and ... not in index else input[index, ...] if isinstance(index, int) else input[index]


@op(x=lambda g, index, x_shape: index_place(g, index, x_shape))
def getitem_copy(input: Tensor, index: Any) -> Tensor:
    """x[index] with index arrays or masks among the indices: a copy."""
    return input[index]


@op(x=lambda g, index: g[index])
def index_place(input: Tensor, index: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input added at `index`; places that repeat add up."""
    x: Any = input
    xp = backend_of(x).xp
    out = xp.zeros(shape, x.dtype)
    if is_basic(index):
        out[index] = x
    else:
        xp.add.at(out, index, x)
    return out                                       # type: ignore[no-any-return]


@op(x=lambda g, index: setitem(g, index, 0.0),
    value=lambda g, index, value_shape: sum_to(g[index], value_shape))
def setitem(input: Tensor, index: Any, value: Tensor | Number) -> Tensor:
    """A copy of x with `value` at `index`; what `x[index] = value` records."""
    out = input.copy()                               # type: ignore[attr-defined]
    out[index] = value
    return out                                       # type: ignore[no-any-return]


# ---------------------------------------------------------------- flat positions: how views of written memory find themselves
@op(x=lambda g, at, x_shape: flat_place(g, at, x_shape))
def take_flat(input: Tensor, at: Any) -> Tensor:
    """The elements at flat row-major positions `at`, in its shape."""
    return input.reshape(-1)[at]


@op(x=lambda g, at: take_flat(g, at))
def flat_place(input: Tensor, at: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input at flat positions `at`, no two the same."""
    x: Any = input
    out = backend_of(x).xp.zeros(shape, x.dtype)
    out.reshape(-1)[at] = x
    return out                                       # type: ignore[no-any-return]


@op(x=lambda g, at: put_flat(g, 0.0, at),
    value=lambda g, at: take_flat(g, at))
def put_flat(input: Tensor, value: Tensor | Number, at: Any) -> Tensor:
    """A copy of x with `value` at flat positions `at`."""
    x: Any = input
    out = x.copy(order="C")
    out.reshape(-1)[at] = value
    return out                                       # type: ignore[no-any-return]


inplace.take_flat, inplace.put_flat = take_flat, put_flat
