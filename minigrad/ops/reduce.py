"""Reductions over dimensions: sums, means, products, truth."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import dtype as DType
from ..dtypes import to_numpy_dtype
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, describe, operand
from .delivery import casts_out
from .dims import Dims, kept_shape, many_dims, one_dim
from .exponentials import exp
from .half import half, single
from .join import cat
from .large import STEPS
from .operands import need_tensors
from .raw import conj, in_dtype, like, raw
from .shape import expand

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what rules and forwards here share
def axes_of(op: str, dim: Dims, ndim: int) -> int | tuple[int, ...] | None:
    """`dim` as arrays want it; None for all dimensions."""
    return dim if dim is None or type(dim) is int and -ndim <= dim < ndim else many_dims(op, dim, ndim)


def with_ones(shape: tuple[int, ...], dim: Dims) -> tuple[int, ...]:
    """The shape with 1 at the reduced dimensions."""
    if type(dim) is int and shape:
        d = dim % len(shape)
        return (*shape[:d], 1, *shape[d + 1:])
    return kept_shape(shape, many_dims("sum", dim, len(shape)))


def spread(g: Any, shape: tuple[int, ...], dim: Dims, keepdim: bool) -> Any:
    """A reduced gradient with its reduced dimensions back and repeated: the adjoint of a sum."""
    if not keepdim and dim is not None:
        g = g.reshape(with_ones(shape, dim))
    if isinstance(g, TensorBase):
        return expand(g, shape)                      # type: ignore[arg-type]
    out = backend_of(g).xp.empty(shape, g.dtype)     # a copy costs a small array less than a broadcast view does
    out[...] = g
    return out


def count(shape: tuple[int, ...], dim: Dims) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape) if dim is None else math.prod([shape[d] for d in many_dims("mean", dim, len(shape))])


def converted(x: Any, dtype: DType) -> Any:
    """An array in the dtype that `dtype=` asks for; of a complex one, for a real dtype, the real part."""
    to = to_numpy_dtype(dtype)
    if x.dtype.kind == "c" and to.kind in "fiu":
        x = x.real
    return x if x.dtype == to else x.astype(to)


def add_up(x: Any, axes: Any, keepdim: bool, dtype: DType | None = None, over: float = 1) -> Any:
    """The sum: integers and bools as int64 or in the dtype asked for, float16 in float32. over: a divisor, before rounding."""
    if dtype is not None:
        x = converted(x, dtype)
    to = x.dtype
    if to.char == "e":
        done = large_total(x, axes, keepdim) if over == 1 and x.size >= STEPS else None
        return half(add_up(single(x), axes, keepdim, None, over)) if done is None else done
    total = backend_of(x).xp.add.reduce(x, axes, "i8" if dtype is None and to.kind in "iub" else to, None, keepdim)
    return total if over == 1 else total / over


def large_total(x: Any, axes: Any, keepdim: bool) -> Any:
    """The sum over all dimensions, or some of the last ones, by a compiled loop; None where there is none for this array."""
    kernels, ndim = backend_of(x).kernels, x.ndim
    if x.size < kernels.worthwhile():
        return None
    if axes is None:
        n = ndim
    elif type(axes) is int:
        n = 1 if axes in (-1, ndim - 1) else 0
    else:
        n = len(axes) if sorted([a % ndim for a in axes]) == list(range(ndim - len(axes), ndim)) else 0
    found = kernels.total(x, n) if n else None
    return found.reshape((*x.shape[:ndim - n], *(1,) * n)) if found is not None and keepdim else found


# ---------------------------------------------------------------- sums and means
@op(casts_out=True,
    x=lambda g, x_shape, dim, keepdim, dtype, x_dtype: spread(g if dtype is None else in_dtype(g, x_dtype), x_shape, dim, keepdim))
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `dim`, all dimensions by default. Integers and bools are summed as int64, or in `dtype`."""
    x: Any = input
    axes = dim if dim is None or type(dim) is int and -x.ndim <= dim < x.ndim else many_dims("sum", dim, x.ndim)
    if dtype is None and x.dtype.char in "fdFD":
        if x.size >= STEPS and (done := large_total(x, axes, keepdim)) is not None:
            return done
        return backend_of(x).xp.add.reduce(x, axes, None, None, keepdim)
    return add_up(x, axes, keepdim, dtype)


@op(casts_out=True,
    x=lambda g, x_shape, dim, keepdim, dtype, x_dtype:
    spread((g if dtype is None else in_dtype(g, x_dtype)) / count(x_shape, dim), x_shape, dim, keepdim))
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `dim`, all dimensions by default; nan of nothing. Floating-point or complex, or made so by `dtype`."""
    x: Any = input
    axes = dim if dim is None or type(dim) is int and -x.ndim <= dim < x.ndim else many_dims("mean", dim, x.ndim)
    n = x.size if axes is None else x.shape[axes] if type(axes) is int else count(x.shape, axes)
    if dtype is None and x.dtype.char in "fdFD":
        if x.size >= STEPS and (done := large_total(x, axes, keepdim)) is not None:
            return done / n
        return backend_of(x).xp.add.reduce(x, axes, None, None, keepdim) / n
    if (x.dtype if dtype is None else to_numpy_dtype(dtype)).kind not in "fc":
        which, got = ("Input", operand(x)) if dtype is None else ("Optional", dtype)
        raise DtypeError(f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
                         f"Got: {got}; pass dtype=minigrad.float32")
    return add_up(x, axes, keepdim, dtype, n)


@op(casts_out=True,
    x=lambda g, present, x_shape, dim, keepdim, dtype, x_dtype:
    spread(g if dtype is None else in_dtype(g, x_dtype), x_shape, dim, keepdim) * like(g, present),
    kept=("present",))
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `dim` with nan counted as zero."""
    x: Any = input
    present = x == x                                 # nan is the one value that differs from itself
    if x.dtype.kind in "fc":
        x = backend_of(x).xp.where(present, x, 0)
    return add_up(x, axes_of("nansum", dim, x.ndim), keepdim, dtype), present   # type: ignore[return-value]


@casts_out
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `dim` of the elements that are not nan; nan where there is none."""
    need_tensors("nanmean", input=input)
    x: Any = input.array
    if x.dtype.kind not in "fc":
        raise DtypeError(f"nanmean(): expected input to have floating point or complex dtype; got {describe(input)}")
    present: Any = wrap(add_up(x == x, axes_of("nanmean", dim, x.ndim), keepdim))
    return nansum(input, dim, keepdim, dtype=dtype) / present


# ---------------------------------------------------------------- products
@op(casts_out=True, x=lambda g, x, dim, keepdim, dtype: product_rule(g, x, dim, keepdim, dtype))
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The product along `dim`, of all elements by default. Integers and bools are multiplied as int64, or in `dtype`."""
    x: Any = input
    if dtype is not None:
        x = converted(x, dtype)
    elif x.dtype.kind in "iub":
        x = x.astype("i8")
    axes = None if dim is None or not x.ndim else one_dim("prod", dim, x.ndim)
    if x.dtype.char == "e":
        return half(single(x).prod(axes, "f4", None, keepdim))
    return x.prod(axes, x.dtype, None, keepdim)


def product_rule(g: Any, x: Any, dim: int | None, keepdim: bool, dtype: DType | None) -> Any:
    """g times the product of all other elements: never a division by x, so zeros are exact, and so are second gradients."""
    shape, source = tuple(x.shape), raw(x).dtype
    if dtype is not None:
        x = in_dtype(x, to_numpy_dtype(dtype))
    if dim is None or not shape:
        rest = others(x.reshape((-1,)) if raw(x).size else x.reshape((0,))).reshape(shape)
    else:
        d = dim % len(shape)
        rest = others(x.swapaxes(d, -1)).swapaxes(d, -1)
        if not keepdim:
            g = g.reshape(with_ones(shape, d))
    return in_dtype(g * conj(rest), source)


def others(x: Any) -> Any:
    """(..., n) -> for each element the product of all others along the last dimension, in about 3 n products.

    Neighbours a, b make n / 2 pairs; the others of a are b and the others of its pair.
    """
    n, lead = x.shape[-1], tuple(x.shape[:-1])
    if n <= 1:
        return ones(x, (*lead, n))
    if n % 2:
        x = cat((x, ones(x, (*lead, 1))), -1)
    pairs = x.reshape((*lead, (n + 1) // 2, 2))
    a, b = pairs[..., 0], pairs[..., 1]
    rest = others(a * b)
    both = cat(((rest * b).reshape((*rest.shape, 1)), (rest * a).reshape((*rest.shape, 1))), -1)
    return both.reshape((*lead, n + n % 2))[..., :n]


def ones(x: Any, shape: tuple[int, ...]) -> Any:
    """Ones of x's dtype and kind."""
    return like(x, backend_of(raw(x)).xp.ones(shape, raw(x).dtype))


# ---------------------------------------------------------------- exponentials
@op(promotes="to_float", x=lambda g, x, out, dim, keepdim: logsumexp_rule(g, x, out, dim, keepdim))
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over `dim`, without overflow; -inf of nothing."""
    x: Any = input
    if dim is None:
        raise ArgumentTypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    axes = many_dims("logsumexp", dim, x.ndim)
    xp = backend_of(x).xp
    if not x.size:
        return xp.log(add_up(x, axes, keepdim))
    top = x.real.max(axis=axes, keepdims=True)       # subtracted first: exp overflows above 88 in float32
    top = xp.where(abs(top) == math.inf, 0, top)
    out = xp.log(add_up(xp.exp(x - top), axes, True)) + top
    return out if keepdim else out.reshape([n for d, n in enumerate(x.shape) if d not in axes])


def logsumexp_rule(g: Any, x: Any, out: Any, dim: Any, keepdim: bool) -> Any:
    """g times the softmax."""
    if not keepdim:
        shape = with_ones(tuple(x.shape), dim)
        g, out = g.reshape(shape), out.reshape(shape)
    return g * conj(exp(x - out))


# ---------------------------------------------------------------- truth
@op(casts_out=True)
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where every element over `dim` is nonzero (nan is). uint8 stays uint8. An empty tuple of dims reduces nothing."""
    x: Any = input
    return truth(x, backend_of(x).xp.all, "all", dim, keepdim)


@op(casts_out=True)
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where some element over `dim` is nonzero (nan is). uint8 stays uint8. An empty tuple of dims reduces nothing."""
    x: Any = input
    return truth(x, backend_of(x).xp.any, "any", dim, keepdim)


def truth(x: Any, reduction: Any, op: str, dim: Dims, keepdim: bool) -> Any:
    """`all` or `any` over dims, in the dtype that PyTorch gives it."""
    if isinstance(dim, (tuple, list)) and not dim:
        out = x != 0
    else:
        out = reduction(x, axes_of(op, dim, x.ndim), keepdims=keepdim)
    return out.astype(x.dtype) if x.dtype.char == "B" else out


@op()
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements over `dim` are not zero; int64."""
    x: Any = input
    return add_up(x != 0, axes_of("count_nonzero", dim, x.ndim), False)
