"""All elements at once: filling a tensor with a number, or with another tensor."""
from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .._layout import memory_format as MemoryFormat
from ..backend import backend_of
from ..engine.inplace import node_of, write
from ..engine.node import TensorBase, wrap
from ..engine.op import direct, op
from ..errors import ArgumentTypeError, InplaceError, ShapeError, describe
from .cast import cast
from .dims import Number, shape_args
from .raw import in_dtype
from .scalars import fitting, overflow
from .transfer import transfer

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(x=lambda g: zero(g))
def zero(input: Tensor) -> Tensor:
    """Zeros like the input. As a rule: what is overwritten has no gradient."""
    return backend_of(input).xp.zeros_like(input)


@direct(zero)
def zero_in_place(input: Tensor) -> Tensor:
    input.fill(0)                                    # type: ignore[attr-defined]
    return input


@op(x=lambda g: zero(g), value=lambda g, value_dtype: in_dtype(g, value_dtype).sum())
def fill(input: Tensor, value: Tensor | Number) -> Tensor:
    """A tensor like the input with one value everywhere: a number or a 0-d tensor."""
    x: Any = input
    out = backend_of(x).xp.empty_like(x)
    out[...] = one_value("fill", value, x.dtype)
    return out


@direct(fill)
def fill_in_place(input: Tensor, value: Tensor | Number) -> Tensor:
    x: Any = input
    x[...] = one_value("fill_", value, x.dtype)
    return x


def one_value(op: str, value: Any, dtype: Any) -> Any:
    """A number, or a 0-d array in the dtype."""
    if not hasattr(value, "shape"):
        return fitting(op, value, dtype)
    if value.ndim:
        raise ShapeError(f"{op}: only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)")
    if value.dtype.kind == "c" and dtype.kind not in "cb":
        if bool(value.imag):
            raise overflow(op, value, dtype)
        value = value.real
    return value.astype(dtype)


@op(broadcast=True, x=lambda g: zero(g), src=lambda g: g)
def copy(input: Tensor, src: Tensor) -> Tensor:
    """The values of `src`, broadcast to the input's shape."""
    return copied(backend_of(input).xp.empty_like(input), src)


@direct(copy)
def copy_in_place(input: Tensor, src: Tensor) -> Tensor:
    return copied(input, src)


def copied(out: Any, values: Any) -> Any:
    """out := values, broadcast."""
    if values.ndim > out.ndim:
        raise ShapeError(f"copy_: output with shape {list(out.shape)} doesn't match the broadcast shape {list(values.shape)}")
    try:
        out[...] = values
    except ValueError:
        raise ShapeError(f"copy_: the shape of the source, {list(values.shape)}, does not broadcast to {list(out.shape)}") from None
    return out


def copy_(input: Tensor, src: Tensor | Number, non_blocking: bool = False) -> Tensor:
    """Write the values of another tensor, of any dtype and on any device, into this one's memory."""
    x: Any = input
    if not isinstance(src, TensorBase):
        if not isinstance(src, (int, float, complex)):
            raise ArgumentTypeError(f"copy_: src must be a Tensor; got {describe(src)}")
        return write(x, fill, src)
    values: Any = src
    here, there = backend_of(x.array), backend_of(values.array)
    if here is not there:
        values = transfer(values, here.device_of(x.array))
    if values.array.dtype != x.array.dtype:
        values = cast(values, x.array.dtype)
    return write(x, copy, values)


def fill_diagonal_(input: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """Write a number on the main diagonal; with `wrap`, of a tall matrix, start again below after each width."""
    x: Any = input
    shape = x.array.shape
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal_: dimensions must be larger than 1; got {describe(x)}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"fill_diagonal_: all dimensions of input must be of equal length; got {describe(x)}")
    xp = backend_of(x.array).xp
    mask = xp.zeros(shape, bool)
    step = sum(mask.strides)                         # bools: strides are in elements
    end = mask.size if wrap or len(shape) > 2 or shape[0] <= shape[1] else shape[1] * shape[1]
    mask.reshape(-1)[:end:step] = True
    return write(x, fill_where, mask, fill_value)


@op(x=lambda g, mask: fill_where(g, mask, 0))
def fill_where(input: Tensor, mask: Any, value: Number) -> Tensor:
    """A number where the mask, an array of the same shape, is True."""
    x: Any = input
    return backend_of(x).xp.where(mask, backend_of(x).asarray(one_value("fill_diagonal", value, x.dtype), x.dtype), x)


@direct(fill_where)
def fill_where_in_place(input: Tensor, mask: Any, value: Number) -> Tensor:
    x: Any = input
    x[mask] = one_value("fill_diagonal_", value, x.dtype)
    return x


# ---------------------------------------------------------------- another size
def resize_(input: Tensor, *size: Any, memory_format: MemoryFormat | None = None) -> Tensor:
    """Give this tensor another size. Elements stay in row-major order; memory that is added holds whatever was there.

    A smaller tensor keeps its memory; a larger one gets a new one, which views of the old do not see.
    """
    x: Any = input
    shape = shape_args(size)
    if node_of(x) is not None:
        raise ShapeError(f"resize_: cannot resize variables that require grad; got {describe(x)}; use reshape")
    if min(shape, default=0) < 0:
        raise ShapeError(f"resize_: sizes must not be negative; got {list(shape)}")
    if x.array.shape == shape:
        return input
    n, flat = prod(shape), x.array.reshape(-1)
    if n > flat.size or not x.array.flags.c_contiguous:
        memory = backend_of(flat).xp.empty(n, flat.dtype)
        memory[:flat.size] = flat[:n]
        flat, x.cell, x.base = memory, [0, 0, None], None
    x.array = flat[:n].reshape(shape)
    return input


def resize_as_(input: Tensor, other: Tensor, memory_format: MemoryFormat | None = None) -> Tensor:
    """Give this tensor the size of another; see `resize_`."""
    return resize_(input, tuple(other.shape))


# ---------------------------------------------------------------- element by element, in Python
def apply_(input: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element x becomes callable(x). Slow: a call per element. Raises InplaceError for a tensor that requires grad."""
    return called("apply_", input, (), callable)


def map_(input: Tensor, tensor: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element x becomes callable(x, y), with y from another tensor."""
    return called("map_", input, (tensor,), callable)


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Each element becomes callable of it and of the elements of two other tensors."""
    return called("map2_", input, (x, y), callable)


def called(name: str, input: Tensor, others: tuple[Any, ...], function: Callable[..., Any]) -> Tensor:
    """The elements, and those of others broadcast to them, through a Python function."""
    if node_of(input) is not None:
        raise InplaceError(f"{name}: can't be called on a Tensor that requires grad; use detach().{name}")
    arrays = [backend_of(t.array).to_host(t.array) for t in (input, *[o.expand(tuple(input.shape)) for o in others])]
    made = [function(*values) for values in zip(*[a.reshape(-1).tolist() for a in arrays])]
    array: Any = np.array(made, arrays[0].dtype).reshape(arrays[0].shape)
    return copy_(input, wrap(backend_of(input.array).asarray(array)))
