"""x[...] and x[...] = v.

An index falls into two parts, as in PyTorch: first ints, slices, None and `...`, which select a view; then index
tensors and masks, which gather from that view. So x[0, :, [1, 2]] is x[0][:, [1, 2]].
"""
from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of, is_array
from ..engine import inplace
from ..engine.node import TensorBase
from ..engine.op import direct, op
from ..engine.run import sum_to
from ..errors import ArgumentTypeError, DtypeError, ShapeError, describe
from .cast import cast
from .dims import Number
from .raw import fresh
from .scalars import fitting
from .shape import expanded
from .subscript import (
    Advanced,
    Basic,
    array_part,
    basic_index,
    check_masks,
    index_view,
    is_lone_array,
    is_lone_mask,
    lone_index,
    parse,
    why_not,
    why_not_gather,
)

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what users write
def read(x: Any, index: Any) -> Any:
    """x[index]: a view for ints, slices, None and `...`; a copy where index tensors, lists or masks are among them."""
    simple = basic_index(index)
    if simple is not None:
        return getitem(x, simple)
    lone = lone_index(index, x.array)
    if lone is not None:
        return getitem_copy(x, lone)
    basic, advanced = parse(index, x.array)
    if advanced is None:
        return getitem(x, (...,) if basic is None else basic)
    return getitem_copy(x if basic is None else getitem(x, basic), advanced)


def write_at(x: Any, index: Any, value: Any) -> None:
    """x[index] = value, cast to x's dtype. Index tensors want a value tensor of x's dtype, as in PyTorch."""
    array = x.array
    basic, advanced = basic_index(index), None       # type: tuple[Basic, Advanced]
    if basic is None:
        advanced = lone_index(index, array)
        if advanced is None:
            basic, advanced = parse(index, array)
    if isinstance(value, TensorBase):
        if value.array.dtype is not array.dtype and value.array.dtype != array.dtype:
            if advanced is not None and not (is_lone_mask(advanced) and value.array.size == 1):
                raise DtypeError(f"setitem: index put requires the source and destination dtypes match, got {array.dtype} for the "
                                 f"destination and {value.array.dtype} for the source; convert it with .to(dtype)")
            value = cast(value, array.dtype)         # type: ignore[arg-type]
    elif not isinstance(value, (int, float, complex, np.number, np.bool_)):
        raise ArgumentTypeError(f"setitem: can't assign {describe(value)} to a {describe(x)}; make it a tensor first")
    else:
        value = fitting("setitem", value, array.dtype)
    inplace.write(x, setitem, value, basic, advanced)


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """`x[indices] = values` as a new tensor; with `accumulate`, values are added, as often as an index repeats."""
    advanced = put_indices(input, indices, values)
    return index_accumulate(input, values, advanced) if accumulate else setitem(input, values, None, advanced)


def index_put_(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """`x[indices] = values`, or `x[indices] += values` that counts repeated indices."""
    advanced = put_indices(input, indices, values)
    if accumulate:
        return inplace.write(input, index_accumulate, values, advanced)
    return inplace.write(input, setitem, values, None, advanced)


def put_indices(x: Any, indices: Any, values: Any) -> tuple[Any, ...]:
    """The index tensors of `index_put`, checked; None among them stands for a whole dimension."""
    if not isinstance(indices, (tuple, list)):
        raise ArgumentTypeError(f"index_put: indices must be a tuple of Tensors; got {describe(indices)}")
    if not isinstance(values, TensorBase):
        raise ArgumentTypeError(f"index_put: values must be a Tensor; got {describe(values)}")
    if values.array.dtype != x.array.dtype:
        raise DtypeError(f"index_put: requires the source and destination dtypes match, got {x.array.dtype} for the destination and "
                         f"{values.array.dtype} for the source; convert it with .to(dtype)")
    found = tuple([slice(None) if i is None else array_part(i, x.array).reshape(i.shape or -1) for i in indices])
    check_masks(found, x.array.shape)
    return found


# ---------------------------------------------------------------- reading
@op(view=True, x=lambda g, index, x_shape: index_place(g, index, None, x_shape))
def getitem(input: Tensor, index: tuple[Any, ...]) -> Tensor:
    """x[index] for ints, slices, None and `...`: a view."""
    try:
        return input[index]
    except IndexError:
        raise why_not(index, input) from None


@op(x=lambda g, index, x_shape: index_place(g, None, index, x_shape))
def getitem_copy(input: Tensor, index: tuple[Any, ...]) -> Tensor:
    """x[index] for index arrays, masks and full slices: a copy."""
    return gathered(input, index)


def gathered(x: Any, index: tuple[Any, ...]) -> Any:
    """x[index] in row-major order."""
    try:
        if is_lone_array(index):
            return x.take(index[-1], len(index) - 1)   # three times as fast
        return backend_of(x).xp.ascontiguousarray(x[index])
    except IndexError as error:
        raise why_not_gather(error, index, x) from None


def picked(x: Any, basic: Basic, advanced: Advanced) -> Any:
    """x at an index of two parts; tensor or array."""
    x = x if basic is None else getitem(x, basic)
    return x if advanced is None else getitem_copy(x, advanced)


# ---------------------------------------------------------------- writing
@op(x=lambda g, basic, advanced: picked(g, basic, advanced))
def index_place(input: Tensor, basic: Basic, advanced: Advanced, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input added at an index; places that repeat add up."""
    x: Any = input
    if basic is None and advanced is not None:
        return added_up(x, advanced, shape)
    out = backend_of(x).xp.zeros(shape, x.dtype)
    if advanced is None:
        out[basic] = x
    else:
        view = out[basic]
        view[...] = added_up(x, advanced, view.shape)
    return out


def added_up(values: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with values added at an advanced index: the adjoint of `gathered`."""
    backend = backend_of(values)
    xp = backend.xp
    if len(index) == 1 and is_lone_array(index):
        return rows_added_up(values, index[0], shape)
    if is_lone_mask(index):
        out = xp.zeros(shape, values.dtype)
        out[index] = values
        return out
    at: dict[int, Any] = {}                          # dimension -> its index array
    d = 0
    for a in index:
        for part in a.nonzero() if is_array(a) and a.dtype.kind == "b" else (a,):
            if is_array(part):
                at[d] = part
            d += 1
    dims = list(at)
    rest = [d for d in range(len(shape)) if d not in at]
    rows: Any = 0
    width = prod([shape[d] for d in rest])
    for d, a in at.items():
        rows = rows * shape[d] + xp.where(a < 0, a + shape[d], a)
    n = rows.ndim
    first = dims[0] if dims[-1] - dims[0] == len(dims) - 1 else 0      # where NumPy puts the indexed dimensions
    values = xp.moveaxis(values, range(first, first + n), range(n)).reshape((rows.size, width))
    out = xp.zeros((prod([shape[d] for d in dims]), width), values.dtype)
    backend.kernels.add_rows(out, rows.reshape(-1), values)
    order = [*dims, *rest]
    return out.reshape([shape[d] for d in order]).transpose([order.index(d) for d in range(len(shape))])


def rows_added_up(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """`added_up` for one index array along the first dimension."""
    backend = backend_of(values)
    rows = index.reshape(-1)
    out = backend.xp.zeros(shape, values.dtype)
    if rows.size and out.size:
        if rows.min() < 0:
            rows = backend.xp.where(rows < 0, rows + shape[0], rows)
        backend.kernels.add_rows(out.reshape((shape[0], -1)), rows, values.reshape((rows.size, -1)))
    return out


def put_at(out: Any, value: Any, basic: Basic, advanced: Advanced) -> Any:
    """out[index] = value."""
    target = out if basic is None else index_view(out, basic)
    try:
        target[(...,) if advanced is None else advanced] = value
    except IndexError as error:
        raise why_not_gather(error, advanced or (), target) from None
    except ValueError:
        if advanced is not None:
            raise ShapeError(f"setitem: shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing result "
                             f"of shape {list(gathered(target, advanced).shape)}") from None
        expanded("setitem", value.shape, target.shape)
        raise
    return out


@op(x=lambda g, basic, advanced: setitem(g, 0.0, basic, advanced),
    value=lambda g, basic, advanced, value_shape: to_value(picked(g, basic, advanced), value_shape))
def setitem(input: Tensor, value: Tensor | Number, basic: Basic, advanced: Advanced) -> Tensor:
    """A copy of x with `value` at an index: what `x[index] = value` records."""
    return put_at(fresh(input), value, basic, advanced)


@direct(setitem)
def setitem_in_place(input: Tensor, value: Tensor | Number, basic: Basic, advanced: Advanced) -> Tensor:
    return put_at(input, value, basic, advanced)


def to_value(g: Any, shape: tuple[int, ...]) -> Any:
    """A gradient summed to the shape of an assigned value, which may have more leading ones than what it was assigned to."""
    extra = max(len(shape) - g.ndim, 0)
    g = sum_to(g, shape[extra:])
    return g.reshape(shape) if extra else g


@op(x=lambda g: g,
    values=lambda g, index, values_shape: sum_to(getitem_copy(g, index), values_shape))
def index_accumulate(input: Tensor, values: Tensor, index: tuple[Any, ...]) -> Tensor:
    """x with values added at an advanced index; places that repeat add up."""
    return accumulated(fresh(input), values, index)


@direct(index_accumulate)
def index_accumulate_in_place(input: Tensor, values: Tensor, index: tuple[Any, ...]) -> Tensor:
    return accumulated(input, values, index)


def accumulated(out: Any, values: Any, index: tuple[Any, ...]) -> Any:
    """out[index] += values, counting repeated places."""
    shape = gathered(out, index).shape
    xp = backend_of(out).xp
    try:
        values = xp.broadcast_to(values, shape)
    except ValueError:
        raise ShapeError(f"index_put: shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of "
                         f"shape {list(shape)}") from None
    out += added_up(values, index, out.shape)
    return out


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
    return out


@op(x=lambda g, at: put_flat(g, 0.0, at),
    value=lambda g, at: take_flat(g, at))
def put_flat(input: Tensor, value: Tensor | Number, at: Any) -> Tensor:
    """A copy of x with `value` at flat positions `at`."""
    x: Any = input
    out = x.copy(order="C")
    out.reshape(-1)[at] = value
    return out


@direct(put_flat)
def put_flat_written(input: Tensor, value: Tensor | Number, at: Any) -> Tensor:
    """The memory as it is: the write through the view has put the value there already."""
    return input


inplace.take_flat, inplace.put_flat = take_flat, put_flat
