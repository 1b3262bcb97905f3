"""Reading and writing where a mask is True."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import direct, op
from ..engine.spec import clash
from ..errors import DtypeError, ShapeError, operand
from .dims import Number
from .index import flat_place
from .overwrite import one_value
from .raw import in_dtype
from .select import BITS, LARGE, blend, masked
from .shape import broadcast_shapes

if TYPE_CHECKING:
    from .._tensor import Tensor


def check_mask(op: str, mask: Any) -> None:
    """Masks are bool tensors."""
    if mask.dtype.kind != "b":
        raise DtypeError(f"{op}: only supports boolean masks, but got mask {operand(mask)}; write mask.bool()")


def common_shape(op: str, x: Any, y: Any) -> tuple[int, ...]:
    """The shape of two arrays together."""
    try:
        return tuple(broadcast_shapes(x.shape, y.shape))
    except ShapeError:
        raise ShapeError(f"{op}: {clash([x, y])}; got shapes {list(x.shape)} and {list(y.shape)}") from None


def check_target(op: str, x: Any, mask: Any) -> None:
    """What is written in place keeps its shape."""
    shape = common_shape(op, x, mask)
    if shape != x.shape:
        raise ShapeError(f"{op}: output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}")


@op(broadcast=True,
    x=lambda g, mask: masked(g, ~mask),
    value=lambda g, mask, value_dtype: in_dtype(masked(g, mask), value_dtype))
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """`value`, a number or a 0-d tensor, where the mask is True, else the input; the two shapes broadcast."""
    x: Any = input
    check_mask("masked_fill", mask)
    if mask.shape != x.shape:
        common_shape("masked_fill", x, mask)
    return blend(mask, backend_of(x).asarray(one_value("masked_fill", value, x.dtype), x.dtype), x)


@direct(masked_fill)
def masked_fill_in_place(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    x: Any = input
    check_mask("masked_fill_", mask)
    check_target("masked_fill_", x, mask)
    v = backend_of(x).asarray(one_value("masked_fill_", value, x.dtype), x.dtype)
    if x.size < LARGE or x.dtype not in BITS:
        backend_of(x).xp.copyto(x, v, where=mask)
    else:                                            # as `blend`: y ^= (x ^ y) * mask
        bits = x.view(BITS[x.dtype])
        bits ^= (bits ^ v.view(BITS[x.dtype])) * mask
    return x


@op(broadcast=True, x=lambda g, mask, x_shape: mask_place(g, mask, tuple(broadcast_shapes(x_shape, mask.shape))))
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is True, in one dimension; the two shapes broadcast."""
    x: Any = input
    m: Any = mask
    check_mask("masked_select", m)
    if x.shape != m.shape:
        common_shape("masked_select", x, m)
        x, m = backend_of(x).xp.broadcast_arrays(x, m)
    return x[m]


@op(x=lambda g, mask: masked_select(g, mask))
def mask_place(input: Tensor, mask: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input's elements, one after the other, where the mask is True: the adjoint of `masked_select`."""
    x: Any = input
    xp = backend_of(x).xp
    out = xp.zeros(shape, x.dtype)
    out[mask if mask.shape == shape else xp.broadcast_to(mask, shape)] = x
    return out


@op(broadcast=True,
    x=lambda g, mask: masked(g, ~mask),
    source=lambda g, mask, source_shape: first_ones(masked_select(g, mask), source_shape))
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The elements of `source`, one after the other, where the mask is True, else the input."""
    x: Any = input
    m: Any = mask
    check_mask("masked_scatter", m)
    shape = common_shape("masked_scatter", x, m)
    out = backend_of(x).xp.empty(shape, x.dtype)
    out[...] = x
    return scattered(out, m, source)


@direct(masked_scatter)
def masked_scatter_in_place(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    check_mask("masked_scatter_", mask)
    check_target("masked_scatter_", input, mask)
    return scattered(input, mask, source)


def scattered(out: Any, mask: Any, source: Any) -> Any:
    """out[mask] = the first elements of source."""
    if source.dtype != out.dtype:
        raise DtypeError(f"masked_scatter: expected self and source to have same dtypes but got {out.dtype} and {source.dtype}")
    mask = backend_of(out).xp.broadcast_to(mask, out.shape)
    n = int(mask.sum())
    if source.size < n:
        raise ShapeError(f"masked_scatter: number of elements of source < number of ones in mask; got {source.size} and {n}")
    out[mask] = source.reshape(-1)[:n]
    return out


def first_ones(g: Any, shape: tuple[int, ...]) -> Any:
    """(n,) -> `shape`: the gradient of a source of which the first n elements were used."""
    at = backend_of(getattr(g, "array", g)).xp.arange(g.shape[0])
    return flat_place(g, at, shape)
