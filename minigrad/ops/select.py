"""Choosing between elements: by a mask, by size, by bounds."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..dtypes import FLOATS, SCALAR, result_numpy, scalar_dtype
from ..engine.node import TensorBase, wrap
from ..engine.op import direct, op
from ..engine.promotion import NUMBERS
from ..errors import ArgumentTypeError, DtypeError, RefusedArgumentError, UnsupportedDtypeError, describe
from ..naming import called
from .cast import cast
from .delivery import deliver
from .dims import Number
from .large import STEP_BYTES, STEPS, each
from .raw import in_dtype, raw, shown
from .scalars import fitting

if TYPE_CHECKING:
    from .._tensor import Tensor

# The integers of the size of each float: as these, its bits are multiplied by 0 or 1 below.
BITS: dict[Any, Any] = {np.dtype(f): np.dtype(i) for f, i in (("f2", "i2"), ("f4", "i4"), ("f8", "i8"), ("c8", "i8"))}
LARGE = 2048                                         # elements from which on `blend` beats `where`


# ---------------------------------------------------------------- by a mask
@op(x=lambda g, mask: masked(g, mask))
def masked(input: Tensor, mask: Any) -> Tensor:
    """The input where the mask is true, else 0, also where it is inf or nan.

    Bits times 0 or 1: NumPy's `where` branches at every element, fifteen times slower on a mask without a pattern.
    """
    x: Any = input
    if x.size >= STEPS and (done := each("masked", x, mask)) is not None:
        return done
    bits = BITS.get(x.dtype)
    if bits is None:
        return backend_of(x).xp.where(mask, x, 0)
    return (x.view(bits) * mask).view(x.dtype)


def blend(mask: Any, x: Any, y: Any) -> Any:
    """Arrays: x where the mask is true, else y. Large ones by their bits, y ^ (x ^ y) * mask, for the reason above."""
    xp = backend_of(mask).xp
    if mask.size < LARGE:
        return xp.where(mask, x, y)
    if mask.size >= STEPS and (done := each("where", mask, x, y)) is not None:
        return done
    dtype = (x if hasattr(x, "dtype") else y).dtype
    x, y = xp.asarray(x, dtype), xp.asarray(y, dtype)                # one of them may be a number
    bits = BITS.get(dtype)
    if bits is None:
        return xp.where(mask, x, y)
    x, y = x.view(bits), y.view(bits)
    out = x ^ y
    out = xp.multiply(out, mask, out) if out.shape == mask.shape else out * mask
    out ^= y
    return out.view(dtype)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, condition: masked(g, condition),
    y=lambda g, condition: masked(g, ~condition))
def choose(condition: Tensor, input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`where` with its three arguments: input where the condition is true, else other; all three broadcast."""
    return blend(condition, input, other)


def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None, *,
          out: Tensor | None = None) -> Any:
    """input where the condition is true, else other; all three broadcast. Of a condition alone, the indices where it is true.

    condition: bool (uint8 passes). Raises DtypeError for a condition of another dtype.

    >>> import minigrad
    >>> where(minigrad.tensor([True, False]), minigrad.tensor([1.0, 2.0]), 0)
    tensor([1., 0.])
    """
    if not isinstance(condition, TensorBase):
        raise ArgumentTypeError(f"where: condition must be a Tensor; got {describe(condition)}")
    if input is None and other is None:
        mask = condition.array
        return tuple([wrap(i) for i in (mask if mask.ndim else mask.reshape(1)).nonzero()])
    if condition.array.dtype.kind != "b":
        if condition.array.dtype != np.uint8:
            raise DtypeError(f"where: expected condition to be a boolean tensor, but got {describe(condition)}; compare it, or use .bool()")
        condition = cast(condition, np.dtype(bool))
    if isinstance(input, NUMBERS) and isinstance(other, NUMBERS):
        to = result_numpy([(scalar_dtype(input), SCALAR), (scalar_dtype(other), SCALAR)])
        input = wrap(backend_of(condition.array).asarray(input, to))
    return deliver("where", out, choose(condition, input, other))    # type: ignore[arg-type]


@called("where")
def where_method(self: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
    """self where the condition is true, else other."""
    return where(condition, self, other)


# ---------------------------------------------------------------- by size
def refuse_complex(name: str, x: Any) -> None:
    """Complex numbers have no order."""
    if x.dtype.kind == "c":
        raise DtypeError(f"{name}: not implemented for complex tensors, which have no order; got {shown(x)}; take abs() or .real")


def winner(g: Any, x: Any, y: Any, loses: Any) -> Any:
    """The gradient of the greater (or smaller) of x and y for x: none of g where x loses, half at ties, else all."""
    ties = raw(x) == raw(y)
    return masked(g, ~(ties | loses)) + masked(g, ties) / 2


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: winner(g, x, y, raw(x) < raw(y)),
    y=lambda g, x, y: winner(g, x, y, raw(y) < raw(x)))
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The greater of each two elements; nan if one is nan. Ties share the gradient."""
    refuse_complex("maximum", input)
    return backend_of(input).xp.maximum(input, other)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: winner(g, x, y, raw(x) > raw(y)),
    y=lambda g, x, y: winner(g, x, y, raw(y) > raw(x)))
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each two elements; nan if one is nan. Ties share the gradient."""
    refuse_complex("minimum", input)
    return backend_of(input).xp.minimum(input, other)


def first_wins(x: Any, y: Any, at_least: bool) -> Any:
    """Where `fmax` (or `fmin`) takes x: at ties, and where y is nan."""
    x, y = raw(x), raw(y)
    return (x >= y if at_least else x <= y) | (y != y)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: masked(g, first_wins(x, y, True)),
    y=lambda g, x, y: masked(g, ~first_wins(x, y, True)))
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The greater of each two elements; of nan and a number the number. At ties the first gets the gradient."""
    refuse_complex("fmax", input)
    return backend_of(input).xp.fmax(input, other)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: masked(g, first_wins(x, y, False)),
    y=lambda g, x, y: masked(g, ~first_wins(x, y, False)))
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each two elements; of nan and a number the number. At ties the first gets the gradient."""
    refuse_complex("fmin", input)
    return backend_of(input).xp.fmin(input, other)


# ---------------------------------------------------------------- by bounds
def inside(x: Any, min: Any, max: Any) -> Any:
    """Where x is within its bounds, the bounds included."""
    x, min, max = raw(x), raw(min), raw(max)
    if min is None or max is None:
        return x <= max if min is None else x >= min
    return (x >= min) & (x <= max)


def clipped(x: Any, low: Any, high: Any, out: Any = None) -> Any:
    """An array between two numbers or None. `clip` is the faster on large floats, `maximum` and `minimum` on small ones."""
    if x.size >= LARGE and x.dtype.kind == "f":
        least, most = -math.inf if low is None else low, math.inf if high is None else high
        if x.size >= STEPS and (done := each("clamp", x, numbers=(least, most), out=out)) is not None:
            return done
        return x.clip(least, most, out=out)
    xp = backend_of(x).xp
    if low is not None:
        x = xp.maximum(x, low, out=out)
    return x if high is None else xp.minimum(x, high, out=out)


def clamp_rule(g: Any, x: Any, min: Any, max: Any) -> Any:
    """Gradient of a clamp to numbers: g within the bounds and at them."""
    if g.nbytes >= STEP_BYTES:
        done = each("clamp_input", g, x, numbers=(-math.inf if min is None else min, math.inf if max is None else max))
        if done is not None:
            return done
    return masked(g, inside(x, min, max))


@op(x=lambda g, x, min, max: clamp_rule(g, x, min, max))
def clamp_to_numbers(input: Tensor, min: Number | None = None, max: Number | None = None) -> Tensor:
    """`clamp` of floats with numbers as bounds, and of integers with integers."""
    return clipped(input, min, max)


@direct(clamp_to_numbers)
def clamp_to_numbers_in_place(input: Tensor, min: Number | None = None, max: Number | None = None) -> Tensor:
    return clipped(input, min, max, input)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, min, max: masked(g, inside(x, min, max)),
    min=lambda g, x, min, max: masked(g, below(x, min, max)),
    max=lambda g, x, min, max: masked(g, above(x, min, max)))
def clamp_to_tensors(input: Tensor, min: Tensor | None = None, max: Tensor | None = None) -> Tensor:
    """`clamp` with tensors as bounds, which broadcast with the input."""
    xp = backend_of(input).xp
    refuse_complex("clamp", input)
    out = input if min is None else xp.maximum(input, min)
    return out if max is None else xp.minimum(out, max)


def below(x: Any, min: Any, max: Any) -> Any:
    """Where `clamp` takes its lower bound."""
    mask = raw(x) < raw(min)
    return mask if max is None else mask & (raw(min) < raw(max))


def above(x: Any, min: Any, max: Any) -> Any:
    """Where `clamp` takes its upper bound, which wins over a greater lower one."""
    mask = raw(x) > raw(max)
    return mask if min is None else mask | (raw(max) < raw(min))


def refuse_clamp(x: Any) -> None:
    """Dtypes that have no bounds."""
    if x.dtype.kind in "bc":
        raise UnsupportedDtypeError(f"clamp: not implemented for {x.dtype}; got {shown(x)}")


def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """Elements below min become min, those above max become max; max wins over a greater min, nan stays.

    Bounds are numbers or tensors, one may be left out. The gradient passes inside the bounds and at them.
    Raises RefusedArgumentError without any bound, UnsupportedDtypeError for bool and complex input.

    >>> import minigrad
    >>> clamp(minigrad.tensor([-2.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    named = {} if out is None else {"out": out}
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        return clamp_to_tensors(input, min, max, **named)            # type: ignore[arg-type]
    if not isinstance(input, TensorBase) or not all(b is None or isinstance(b, NUMBERS) for b in (min, max)):
        raise ArgumentTypeError(f"clamp: takes a Tensor and bounds that are numbers, Tensors or None; got {describe(input)}, "
                                f"min {describe(min)}, max {describe(max)}")
    if min is None and max is None:
        raise RefusedArgumentError("clamp: at least one of 'min' or 'max' must not be None")
    if input.array.dtype not in FLOATS:
        input, min, max = fitted(input, min, max)
    elif isinstance(min, np.generic) or isinstance(max, np.generic):
        min, max = [b.item() if isinstance(b, np.generic) else b for b in (min, max)]
    return clamp_to_numbers(input, min, max, **named)            # type: ignore[arg-type]


clip = clamp


def fitted(input: Any, *bounds: Any) -> tuple[Any, ...]:
    """Input that is not floating-point and its bounds in the dtype of the result."""
    kinds = [(scalar_dtype(b), SCALAR) for b in bounds if b is not None]
    to = result_numpy([(input.array.dtype, 2), *kinds])
    refuse_clamp(np.empty(0, to))
    return in_dtype(input, to), *[None if b is None else fitting("clamp", b, to) for b in bounds]


def clamp_min(input: Tensor, min: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Elements below min, a number or a tensor, become min."""
    if not isinstance(input, TensorBase):
        raise ArgumentTypeError(f"clamp_min: input must be a Tensor; got {describe(input)}")
    return clamp(input, min, out=out)


def clamp_max(input: Tensor, max: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Elements above max, a number or a tensor, become max."""
    if not isinstance(input, TensorBase):
        raise ArgumentTypeError(f"clamp_max: input must be a Tensor; got {describe(input)}")
    return clamp(input, None, max, out=out)


# ---------------------------------------------------------------- what is no number
@op(x=lambda g, x: masked(g, finite(x)))
def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """nan, inf and -inf replaced: by `nan`, `posinf` and `neginf`; the last two default to the dtype's largest and least number."""
    x: Any = input
    if x.dtype.kind not in "fc":
        return x.copy()
    return backend_of(x).xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def finite(x: Any) -> Any:
    """Where x is neither nan nor infinite."""
    return backend_of(raw(x)).xp.isfinite(raw(x))
