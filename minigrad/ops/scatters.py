"""Writing at positions that a tensor of integers names: scatter and its reductions, put."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.inplace import write
from ..engine.op import direct, op
from ..errors import ArgumentTypeError, DtypeError, OutOfRangeError, ShapeError, describe
from .delivery import takes_out
from .dims import Number
from .index import index_place
from .lookup import check_along, check_index, flat_positions, gather, take
from .mask import masked_fill
from .overwrite import one_value
from .raw import fresh, like, raw

if TYPE_CHECKING:
    from .._tensor import Tensor


def corner(index: Any) -> tuple[slice, ...]:
    """The part of a source that an index tensor of its shape or smaller uses."""
    return tuple([slice(n) for n in index.shape])


def to_source(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """A gradient of index's shape as one of the source's: zeros outside the corner that was used."""
    if g.shape == shape:
        return g
    return index_place(g, corner(index), None, shape) if index.size else index_place(g.reshape((0,)), (slice(0),), None, (1,)).sum() * like(
        g, backend_of(index).xp.zeros(shape, raw(g).dtype))


def check_source(op: str, x: Any, dim: int, index: Any, source: Any) -> int:
    """The checks of scatter with a source tensor. Returns dim from the front."""
    d = check_along(op, x, dim, index)
    if source.dtype != x.dtype:
        raise DtypeError(f"{op}: expected self.dtype to be equal to src.dtype; got x {x.dtype}, src {source.dtype}; "
                         "convert one with .to(dtype)")
    if index.size:
        if max(source.ndim, 1) != max(index.ndim, 1):
            raise ShapeError(f"{op}: index tensor must have the same number of dimensions as src tensor; "
                             f"got index {index.shape}, src {source.shape}")
        if any(n > m for n, m in zip(index.shape, source.shape)):
            raise ShapeError(f"{op}: expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart from dimension {d} "
                             f"and to be no larger size than src {list(source.shape)}")
    return d


def at_flat(out: Any, d: int, index: Any, combine: Any) -> Any:
    """`combine(flat view of out, flat positions)` and out with what it wrote, also where out is no flat memory."""
    if index.size:
        flat = out.reshape(-1)
        combine(flat, flat_positions(index, d, out.shape).reshape(-1))
        if not out.flags.c_contiguous:               # then `flat` was a copy
            out[...] = flat.reshape(out.shape)
        elif isinstance(out, np.generic):            # what NumPy makes of 0-d results: no memory to write to
            return flat.reshape(())
    return out


# ---------------------------------------------------------------- overwriting
@op(x=lambda g, dim, index: scatter_values(g, dim, index, 0),
    src=lambda g, dim, index, src_shape: to_source(gather(g, dim, index), index, src_shape))
def scatter_values(input: Tensor, dim: int, index: Tensor, src: Tensor | Number) -> Tensor:
    """x with out[index[i][j]][j] = src[i][j] (dim 0), or one number there. Where an index repeats, one of the values stays."""
    return overwritten(fresh(input), dim, index, src)


@direct(scatter_values)
def scatter_values_in_place(input: Tensor, dim: int, index: Tensor, src: Tensor | Number) -> Tensor:
    return overwritten(input, dim, index, src)


def overwritten(out: Any, dim: int, index: Any, src: Any) -> Any:
    """out at the index := src."""
    if hasattr(src, "shape"):
        d = check_source("scatter", out, dim, index, src)
        values = src[corner(index)].reshape(-1) if index.size else src
    else:
        d = check_along("scatter", out, dim, index)
        values = one_value("scatter", src, out.dtype)

    def put(flat: Any, at: Any) -> None:
        flat[at] = values
    return at_flat(out, d, index, put)


REDUCTIONS = {"add": "sum", "multiply": "prod"}


def _scatter(op: str, input: Any, dim: int, index: Any, src: Any, value: Any, reduce: str | None) -> tuple[Any, ...]:
    """The op that a call of scatter comes down to, and its arguments."""
    if (src is None) == (value is None):
        raise ArgumentTypeError(f"{op}: takes either src or value; got {'neither' if src is None else 'both'}")
    new = value if src is None else src
    if reduce is None:
        return scatter_values, (dim, index, new), {}
    if reduce not in REDUCTIONS:
        raise ShapeError(f"{op}: reduce argument must be either add or multiply; got {reduce}")
    if not hasattr(new, "array"):
        new = input.new_full(tuple(index.shape), new)
    return scatter_reduce, (dim, index, new, REDUCTIONS[reduce]), {}


@takes_out
def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None,
            reduce: str | None = None) -> Tensor:
    """x with `src`, or one number, written at the positions that `index` names along `dim`.

    out[index[i][j]][j] = src[i][j] for dim 0. reduce: 'add' or 'multiply' into what is there instead of overwriting.
    """
    op, args, named = _scatter("scatter", input, dim, index, src, value, reduce)
    return op(input, *args, **named)


def scatter_(input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None,
             reduce: str | None = None) -> Tensor:
    """In-place version of `scatter`."""
    op, args, named = _scatter("scatter_", input, dim, index, src, value, reduce)
    return write(input, op, *args, **named)


# ---------------------------------------------------------------- adding
@op(x=lambda g: g, src=lambda g, dim, index, src_shape: to_source(gather(g, dim, index), index, src_shape))
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """x with `src` added at the positions that `index` names along `dim`; positions that repeat add up."""
    return added(fresh(input), dim, index, src)


@direct(scatter_add)
def scatter_add_in_place(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    return added(input, dim, index, src)


def added(out: Any, dim: int, index: Any, src: Any) -> Any:
    """out at the index += src."""
    d = check_source("scatter_add", out, dim, index, src)
    return at_flat(out, d, index, lambda flat, at: backend_of(out).xp.add.at(flat, at, src[corner(index)].reshape(-1)))


# ---------------------------------------------------------------- other reductions
@op(x=lambda g, x, dim, index, src, reduce, include_self, out: reduce_to_x(g, x, dim, index, src, reduce, include_self, out),
    src=lambda g, x, dim, index, src, reduce, include_self, out: reduce_to_source(g, x, dim, index, src, reduce, include_self, out))
def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """x with `src` reduced into the positions that `index` names along `dim`: sum, prod, mean, amax or amin.

    include_self: whether x's own value at such a position takes part. Ties of amax and amin share the gradient.
    """
    return reduced(fresh(input), dim, index, src, reduce, include_self)


@direct(scatter_reduce)
def scatter_reduce_in_place(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    return reduced(input, dim, index, src, reduce, include_self)


UFUNCS = {"sum": "add", "mean": "add", "amax": "maximum", "amin": "minimum"}


def start_of(reduce: str, dtype: Any) -> Any:
    """What a reduction starts from where x does not take part."""
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    if dtype.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    if dtype.kind == "b":
        return reduce == "amin"
    return np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max


def reduced(out: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    """out at the index := reduction of what is there and src."""
    if reduce != "prod" and reduce not in UFUNCS:
        raise ShapeError(f"scatter_reduce: reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    d = check_source("scatter_reduce", out, dim, index, src)
    xp = backend_of(out).xp
    values = src[corner(index)].reshape(-1) if index.size else src

    def combine(flat: Any, at: Any) -> None:
        if not include_self:
            flat[at] = start_of(reduce, flat.dtype)
        if reduce == "prod":                         # CuPy has no multiply.at
            backend_of(flat).kernels.multiply_rows(flat.reshape((-1, 1)), at, values.reshape((-1, 1)))
        else:
            getattr(xp, UFUNCS[reduce]).at(flat, at, values)
        if reduce == "mean":
            count = xp.full(flat.shape, int(include_self), flat.dtype)
            xp.add.at(count, at, 1)
            count = xp.maximum(count, 1)
            if flat.dtype.kind in "fc":
                flat /= count
            else:
                flat //= count
    return at_flat(out, d, index, combine)


def counts(g: Any, shape: tuple[int, ...], dim: int, index: Any, include_self: bool) -> Any:
    """How many values went into each place of a mean; 1 where none did."""
    array = raw(g)
    xp = backend_of(array).xp
    n = xp.full(shape, int(include_self), array.dtype)
    n = at_flat(n, dim % max(len(shape), 1), index, lambda flat, at: xp.add.at(flat, at, 1))
    return xp.maximum(n, 1)


def reduce_to_x(g: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool, out: Any) -> Any:
    """The gradient of scatter_reduce for x."""
    if reduce == "mean":
        g = g / like(g, counts(g, x.shape, dim, index, include_self))
    elif reduce == "prod":                           # the product of all others: x is 1 in it where it is 0
        mask = raw(x) == 0
        safe = masked_fill(x, mask, 1)
        g = g * scatter_reduce(safe, dim, index, src, "prod", include_self=include_self) / safe
    elif reduce in ("amax", "amin"):
        wins, _, share = winners(g, x, dim, index, src, out)
        g = g * like(g, wins / share)
    return g if include_self else scatter_values(g, dim, index, 0)


def reduce_to_source(g: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool, out: Any) -> Any:
    """The gradient of scatter_reduce for the source."""
    shape = src.shape
    if shape != index.shape and index.size:
        src = src[corner(index)]
    if reduce == "sum":
        gs = gather(g, dim, index)
    elif reduce == "mean":
        gs = gather(g / like(g, counts(g, x.shape, dim, index, include_self)), dim, index)
    elif reduce == "prod":
        gs = product_of_others(g, x, dim, index, src, include_self, out)
    else:
        _, wins, share = winners(g, x, dim, index, src, out)
        gs = gather(g / like(g, share), dim, index) * like(g, wins)
    return to_source(gs, index, shape)


def product_of_others(g: Any, x: Any, dim: int, index: Any, src: Any, include_self: bool, out: Any) -> Any:
    """For each source value: g times the product of all other values of its place. Out / value, or, where the value is
    the only 0 of its place, the product anew without it."""
    values = raw(src)
    xp = backend_of(values).xp
    d = dim % max(raw(x).ndim, 1)
    zeros = at_flat(xp.zeros(raw(x).shape, "i8"), d, index, lambda flat, at: xp.add.at(flat, at, (values == 0).reshape(-1)))
    lone = (values == 0) & (zeros.reshape(-1).take(flat_positions(index, d, zeros.shape)) == 1)
    without = scatter_reduce(x, dim, index, masked_fill(src, lone, 1), "prod", include_self=include_self)
    usual = gather(g * out, dim, index) / masked_fill(src, values == 0, 1)
    return masked_fill(usual, lone, 0) + masked_fill(gather(g * without, dim, index), ~lone, 0)


def winners(g: Any, x: Any, dim: int, index: Any, src: Any, out: Any) -> tuple[Any, Any, Any]:
    """Where x and where the source are the extremum of their place, and how many share it; constants in g's dtype."""
    xa, sa, oa, kind = raw(x), raw(src), raw(out), raw(g).dtype
    xp = backend_of(xa).xp
    d = dim % max(xa.ndim, 1)
    from_x = (xa == oa).astype(kind)                 # x counts as one that shares even where it does not take part, as in PyTorch
    from_src = (sa == oa.reshape(-1).take(flat_positions(index, d, oa.shape))).astype(kind)
    share = at_flat(from_x.copy(), d, index, lambda flat, at: xp.add.at(flat, at, from_src.reshape(-1)))
    return from_x, from_src, xp.maximum(share, 1)


# ---------------------------------------------------------------- flat positions
@op(x=lambda g, index, accumulate: g if accumulate else put(g, index, like(g, backend_of(index).xp.zeros(index.shape, raw(g).dtype))),
    source=lambda g, index, source_shape: take(g, index).reshape(source_shape))
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """x with `source` at positions of the flattened x, written or, with `accumulate`, added."""
    return put_into(fresh(input), index, source, accumulate)


@direct(put)
def put_in_place(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    return put_into(input, index, source, accumulate)


def put_into(out: Any, index: Any, source: Any, accumulate: bool) -> Any:
    """out.flat[index] = source, or += source."""
    check_index("put_", index, "l")
    if source.dtype != out.dtype:
        raise DtypeError(f"put_: self and source expected to have the same dtype, but got self.dtype = {out.dtype} and source.dtype = "
                         f"{source.dtype}")
    if source.size != index.size:
        raise OutOfRangeError("put_: expected source and index to have the same number of elements, but got source.numel() = "
                              f"{source.size}, index.numel() = {index.size}")
    at = index.reshape(-1)
    if at.size and not (at.min() >= -out.size and at.max() < out.size):
        raise OutOfRangeError(f"put_: out of range: tried to access an index beyond a tensor of {out.size} elements; got {describe(index)}")
    flat = out.reshape(-1)
    if accumulate:
        backend_of(out).xp.add.at(flat, at, source.reshape(-1))
    else:
        flat[at] = source.reshape(-1)
    if not out.flags.c_contiguous:
        out[...] = flat.reshape(out.shape)
    return out
