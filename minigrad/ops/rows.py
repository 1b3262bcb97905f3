"""Slices along a dimension, chosen by a vector of indices: read, added, copied, filled, reduced."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase
from ..engine.op import direct, op
from ..errors import DtypeError, OutOfRangeError, ShapeError, describe
from .delivery import takes_out
from .dims import Number, one_dim
from .index import added_up, index_place
from .lookup import check_index, check_range
from .overwrite import one_value
from .raw import fresh, in_dtype
from .scatters import scatter_reduce

if TYPE_CHECKING:
    from .._tensor import Tensor


def at_dim(dim: int, index: Any) -> tuple[Any, ...]:
    """The advanced index that reads slices `index` along dim."""
    return (slice(None),) * dim + (index,)


def check_vector(op: str, x: Any, dim: int, index: Any, kinds: str = "il") -> int:
    """The checks of an index vector; a 0-d index is one slice, a 0-d input one of size 1. Returns dim from the front."""
    check_index(op, index, kinds)
    if index.ndim > 1:
        raise OutOfRangeError(f"{op}: index is supposed to be a vector; got index {index.shape}")
    return one_dim(op, dim, x.ndim)


def check_source(op: str, x: Any, d: int, index: Any, source: Any) -> None:
    """A source has x's dtype and shape, but for as many slices as there are indices."""
    if source.dtype != x.dtype:
        raise DtypeError(f"{op}: self ({x.dtype}) and source ({source.dtype}) must have the same dtype; convert one with .to(dtype)")
    n = source.shape[d] if d < source.ndim else 1
    if n != index.size:
        raise ShapeError(f"{op}: number of indices ({index.size}) should be equal to source.size(dim): ({n}), for dim: {d}")
    if (*x.shape[:d], *x.shape[d + 1:]) != (*source.shape[:d], *source.shape[d + 1:]) or (x.ndim != source.ndim):
        raise ShapeError(f"{op}: source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
                         f"{list(x.shape)} source.shape = {list(source.shape)}")


# ---------------------------------------------------------------- reading
@op(x=lambda g, dim, index, x_shape: select_gradient(g, dim, index, x_shape))
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that a vector of indices names; a copy."""
    x: Any = input
    d = check_vector("index_select", x, dim, index)
    at: Any = index.reshape(-1)
    check_range("index_select", at, x.shape[d] if x.ndim else 1, d)
    if not x.ndim:
        if at.size != 1:
            raise ShapeError(f"index_select: index to scalar can have only 1 value, got {at.size} value(s)")
        return x.copy()
    return x.take(at, d)


def select_gradient(g: Any, dim: int, index: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of `index_select`."""
    return index_place(g, None, at_dim(dim % len(shape), index.reshape(-1)), shape) if shape else g


# ---------------------------------------------------------------- adding
@op(x=lambda g: g,
    source=lambda g, dim, index, alpha, source_shape: times(index_select(g, dim, index), alpha).reshape(source_shape))
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """x with alpha times the slices of `source` added at the indices; indices that repeat add up."""
    return added(fresh(input), dim, index, source, alpha)


@direct(index_add)
def index_add_in_place(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    return added(input, dim, index, source, alpha)


def times(g: Any, alpha: Any) -> Any:
    """g * alpha, without a copy for 1."""
    return g if alpha == 1 else g * alpha


def added(out: Any, dim: int, index: Any, source: Any, alpha: Any) -> Any:
    """out[index] += alpha * source along a dimension."""
    d = check_vector("index_add", out, dim, index)
    check_source("index_add", out, d, index, source)
    index = index.reshape(-1)
    check_range("index_add: index out of range in self", index, out.shape[d] if out.ndim else 1, d, OutOfRangeError)
    values = source if alpha == 1 else source * backend_of(out).asarray(one_value("index_add", alpha, out.dtype), out.dtype)
    if not out.ndim:
        out += values
    elif d == 0 and out.flags.c_contiguous and out.size and values.size:
        backend_of(out).kernels.add_rows(out.reshape((len(out), -1)), index, values.reshape((len(index), -1)))
    else:
        out += added_up(values, at_dim(d, index), out.shape)
    return out


# ---------------------------------------------------------------- copying and filling
@op(x=lambda g, dim, index: index_fill(g, dim, index, 0),
    source=lambda g, dim, index, source_shape: index_select(g, dim, index).reshape(source_shape))
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """x with the slices of `source` in place of those at the indices."""
    return replaced(fresh(input), dim, index, source)


@direct(index_copy)
def index_copy_in_place(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    return replaced(input, dim, index, source)


def replaced(out: Any, dim: int, index: Any, source: Any) -> Any:
    """out[index] = source along a dimension."""
    d = check_vector("index_copy", out, dim, index, "l")
    if source.ndim and out.ndim and source.ndim != out.ndim:
        raise OutOfRangeError(f"index_copy: when source and destination are not scalars, their dimensionality must match. Source "
                              f"dimensionality ({source.ndim}), destination dimensionality ({out.ndim})")
    if (source.shape[d] if d < source.ndim else 1) != index.size:
        raise OutOfRangeError(f"index_copy: number of indices ({index.size}) should be equal to source.size(dim) "
                              f"({source.shape[d] if d < source.ndim else 1})")
    if out.ndim == source.ndim:
        check_source("index_copy", out, d, index, source)
    index = index.reshape(-1)
    check_range("index_copy", index, out.shape[d] if out.ndim else 1, d, OutOfRangeError)
    if out.ndim:
        out[at_dim(d, index)] = source
    else:
        out[...] = source.reshape(())
    return out


@op(x=lambda g, dim, index: index_fill(g, dim, index, 0),
    value=lambda g, dim, index, value_dtype: in_dtype(index_select(g, dim, distinct(index, g.shape, dim)).sum(), value_dtype))
def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """x with one value, a number or a 0-d tensor, in the slices at the indices; negative ones count from the end."""
    return filled(fresh(input), dim, index, value)


@direct(index_fill)
def index_fill_in_place(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    return filled(input, dim, index, value)


def distinct(index: Any, shape: tuple[int, ...], dim: int) -> Any:
    """The indices counted from the front, each once: a slice that is filled twice has one gradient."""
    size = shape[dim] if shape else 1
    return backend_of(index).xp.unique(index.reshape(-1) % size)


def filled(out: Any, dim: int, index: Any, value: Any) -> Any:
    """out[index] = value along a dimension."""
    d = check_vector("index_fill", out, dim, index, "l")
    size = out.shape[d] if out.ndim else 1
    index = index.reshape(-1)
    check_range("index_fill", index + size * (index < 0), size, d, OutOfRangeError)
    value = one_value("index_fill", value, out.dtype)
    if out.ndim:
        out[at_dim(d, index)] = value
    elif index.size:
        out[...] = value
    return out


# ---------------------------------------------------------------- reducing
@takes_out
def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """x with the slices of `source` multiplied, averaged, or compared into those at the indices: prod, mean, amax or amin."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ShapeError(f"index_reduce: expected reduce to be one of prod, mean, amax or amin but got {reduce}")
    for name, value in (("input", input), ("index", index), ("source", source)):
        if not isinstance(value, TensorBase):
            raise DtypeError(f"index_reduce: {name} must be a Tensor; got {describe(value)}")
    x: Any = input
    at: Any = index
    d = check_vector("index_reduce", x.array, dim, at.array)
    check_source("index_reduce", x.array, d, at.array, source.array)
    check_range("index_reduce: index out of range in self", at.array, x.shape[d] if x.ndim else 1, d, OutOfRangeError)
    at = at.reshape([-1 if e == d else 1 for e in range(x.ndim)]).expand(tuple(source.shape))
    return scatter_reduce(x, dim, at, source, reduce, include_self=include_self)
