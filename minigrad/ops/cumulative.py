"""Running sums, products, extrema; differences, which undo the sums."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import dtype as DType
from ..engine.op import op
from ..errors import ShapeError, UnsupportedDtypeError, describe
from . import results
from .along import place_along
from .delivery import casts_out
from .dims import one_dim
from .elementwise import sub
from .exponentials import exp, log_of_two
from .half import half
from .join import cat
from .operands import need_tensors
from .raw import conj, in_dtype, like, raw
from .reduce import converted

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what arrays and tensors share
def part(x: Any, d: int, start: int | None, stop: int | None = None, step: int | None = None) -> Any:
    """x[start:stop:step] along d."""
    return x[(slice(None),) * d + (slice(start, stop, step),)]


def shifted(x: Any, d: int, by: int, fill: int) -> Any:
    """x moved along d by 1 to the back or by -1 to the front, with `fill` where nothing comes."""
    edge = like(x, backend_of(raw(x)).xp.full_like(part(raw(x), d, 0, 1), fill))
    return cat((edge, part(x, d, 0, x.shape[d] - 1)) if by > 0 else (part(x, d, 1), edge), d)


def running(combine: Callable[[Any, Any], Any], x: Any, d: int) -> Any:
    """combine(x[0], ..., x[i]) for every i along d, in log2(n) steps; any array library can do that."""
    out, step = x.copy(), 1
    while step < x.shape[d]:
        part(out, d, step)[...] = combine(part(out, d, step), part(out, d, 0, -step))
        step *= 2
    return out


def add_along(x: Any, d: int, dtype: DType | None) -> Any:
    """The running sum of an array: integers as int64, float16 through float32."""
    x = converted(x, dtype) if dtype is not None else x.astype("i8") if x.dtype.kind in "iub" else x
    return x.cumsum(d, "f4").astype("e") if x.dtype.char == "e" else x.cumsum(d, x.dtype)


# ---------------------------------------------------------------- sums
@op(casts_out=True,
    x=lambda g, dim, dtype, x_dtype: cumsum_from_end(g if dtype is None else in_dtype(g, x_dtype), dim))
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The running sum along `dim`. Integers and bools are summed as int64, or in `dtype`."""
    x: Any = input
    d = one_dim("cumsum", dim, x.ndim)
    return add_along(x, d, dtype).reshape(x.shape)   # NumPy makes 0-d (1,)


@op(x=lambda g, dim: cumsum(g, dim))
def cumsum_from_end(input: Tensor, dim: int) -> Tensor:
    """The sum of each element and all after it along `dim`: the adjoint of `cumsum`."""
    x: Any = input
    d = one_dim("cumsum_from_end", dim, x.ndim)
    return part(add_along(part(x, d, None, None, -1), d, None), d, None, None, -1) if x.ndim else x.copy()


# ---------------------------------------------------------------- products
def recurrence_adjoint(g: Any, factor: Any, dim: int, from_end: bool) -> Any:
    """Gradient of `recurrence` for its input: the same recurrence, run the other way."""
    return recurrence(g, conj(shifted(factor, dim, 1 if from_end else -1, 0)), dim, not from_end)


@op(x=recurrence_adjoint,
    factor=lambda g, factor, out, dim, from_end:
    recurrence_adjoint(g, factor, dim, from_end) * conj(shifted(out, dim, -1 if from_end else 1, 0)))
def recurrence(input: Tensor, factor: Tensor, dim: int, from_end: bool = False) -> Tensor:
    """h[i] = factor[i] h[i - 1] + x[i] along a non-negative `dim`, or from its end; in log2(n) steps."""
    a: Any = factor
    h: Any = input
    if from_end:
        a, h = part(a, dim, None, None, -1), part(h, dim, None, None, -1)
    a, h, step = a.copy(), h.copy(), 1
    while step < h.shape[dim]:                       # a[i], h[i]: the map that the last `step` elements make together
        part(h, dim, step)[...] += part(a, dim, step) * part(h, dim, 0, -step)
        part(a, dim, step)[...] = part(a, dim, step) * part(a, dim, 0, -step)
        step *= 2
    return part(h, dim, None, None, -1) if from_end else h


def cumprod_rule(g: Any, x: Any, out: Any, dim: int, dtype: DType | None) -> Any:
    """The products before x[i], times r[i] = g[i] + x[i + 1] r[i + 1]; no division, so zeros are exact."""
    if not x.ndim:
        return in_dtype(g, raw(x).dtype)
    d, to = dim % x.ndim, raw(x).dtype
    if dtype is not None:
        x = in_dtype(x, raw(out).dtype)
    after = recurrence(g, conj(shifted(x, d, -1, 0)), d, True)
    return in_dtype(conj(shifted(out, d, 1, 1)) * after, to)


@op(x=cumprod_rule, casts_out=True)
def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """The running product along `dim`. Integers and bools are multiplied as int64, or in `dtype`."""
    x: Any = input
    d = one_dim("cumprod", dim, x.ndim)
    x = converted(x, dtype) if dtype is not None else x.astype("i8") if x.dtype.kind in "iub" else x
    return half(x.cumprod(d, "f4").reshape(x.shape)) if x.dtype.char == "e" else x.cumprod(d, x.dtype).reshape(x.shape)


# ---------------------------------------------------------------- exponentials
def logcumsumexp_rule(g: Any, x: Any, out: Any, dim: int) -> Any:
    """sum over k >= i of g[k] exp(x[i] - out[k]), as exp(x[i] - out[i]) t[i] with t[i] = g[i] + exp(out[i] - out[i + 1]) t[i + 1]:
    real out never falls, so no exponential overflows."""
    if not x.ndim:
        return g
    d = dim % x.ndim
    after = cat((part(out, d, 1), part(out, d, max(x.shape[d] - 1, 0))), d)      # the last has none: itself, so that exp is 1
    decay = conj(exp(out - after))
    return conj(exp(x - out)) * recurrence(g, decay, d, True)


@op(x=logcumsumexp_rule)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithm of the running sum of exponentials along `dim`, without overflow. Floating-point and complex input only."""
    x: Any = input
    d = one_dim("logcumsumexp", dim, x.ndim)
    if x.dtype.kind not in "fc":
        raise UnsupportedDtypeError(f"logcumsumexp: not implemented for {x.dtype}; got {describe(x)}; convert it with .float()")
    if not x.ndim:
        return x.copy()
    if x.dtype.kind == "f":
        return running(backend_of(x).xp.logaddexp, x, d)
    out = x.copy()                                   # one by one, as the branch of the logarithm depends on the order
    for i in range(1, x.shape[d]):
        part(out, d, i, i + 1)[...] = log_of_two(part(out, d, i - 1, i), part(x, d, i, i + 1))
    return out


# ---------------------------------------------------------------- extrema
def extremum_along(op: str, x: Any, dim: int) -> tuple[Any, Any]:
    """Running maxima or minima, and where each was reached last; once nan, nan."""
    d = one_dim(op, dim, x.ndim)
    if x.dtype.kind == "c":
        raise UnsupportedDtypeError(f"{op}: not implemented for complex numbers, which have no order; got {describe(x)}")
    xp = backend_of(x).xp
    if not x.ndim:
        return x.copy(), xp.zeros((), "i8")
    values = running(xp.maximum if op == "cummax" else xp.minimum, x, d)
    places = xp.arange(x.shape[d]).reshape([-1 if i == d else 1 for i in range(x.ndim)])
    reached = places * ((x == values) | (x != x))    # where the extremum is here: i, else 0
    return values, running(xp.maximum, reached, d)


@op(kept=("indices",), returns=results.cummax, x=lambda g, indices, x_shape, dim: add_back(g, indices, x_shape, dim))
def cummax(input: Tensor, dim: int) -> Tensor:
    """The running maximum along `dim`, and where it was reached last; its gradient goes there."""
    return extremum_along("cummax", input, dim)      # type: ignore[return-value]


@op(kept=("indices",), returns=results.cummin, x=lambda g, indices, x_shape, dim: add_back(g, indices, x_shape, dim))
def cummin(input: Tensor, dim: int) -> Tensor:
    """The running minimum along `dim`, and where it was reached last; its gradient goes there."""
    return extremum_along("cummin", input, dim)      # type: ignore[return-value]


def add_back(g: Any, indices: Any, shape: tuple[int, ...], dim: int) -> Any:
    """g added up at the places that it was read from."""
    return place_along(g, indices, dim % len(shape), shape, False) if shape else g


# ---------------------------------------------------------------- differences
@casts_out
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """x[i + 1] - x[i] along `dim`, n times; of bools, whether they differ. `prepend`, `append`: joined to the input first."""
    need_tensors("diff", input=input)
    if not input.ndim:
        raise ShapeError("diff: expects input to be at least one-dimensional; got a 0-d tensor")
    if n < 0:
        raise ShapeError(f"diff: order must be non-negative but got {n}")
    d = one_dim("diff", dim, input.ndim)
    joined = [t for t in (prepend, input, append) if t is not None] if n else [input]
    x: Any = cat(joined, d) if len(joined) > 1 else input
    for _ in range(min(n, x.shape[d])):
        after, before = part(x, d, 1), part(x, d, 0, x.shape[d] - 1)
        x = after != before if raw(x).dtype.kind == "b" else sub(after, before)
    return x.clone() if x is input else x
