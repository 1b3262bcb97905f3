"""Arithmetic, exponentials and trigonometry, element by element.

Rules hold for complex numbers too, where the gradient of f is g times the conjugate of f'. Numbers, arrays and tensors
all have `.conjugate()`, and real ones return themselves.
"""
from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase
from ..engine.op import direct, op
from ..errors import ArgumentTypeError, DtypeError, UnsupportedDtypeError, describe
from .dims import Number
from .functions import unary
from .large import PRODUCT, SINGLE, STEPS, each, slope
from .raw import raw, shown
from .scalars import fitting
from .select import masked

if TYPE_CHECKING:
    from .._tensor import Tensor

LOG_2, LOG_10 = math.log(2), math.log(10)


def refuse(name: str, x: Any, kinds: str, remedy: str = "") -> None:
    """Raise UnsupportedDtypeError for an array whose dtype is of one of these kinds (NumPy's letters)."""
    if x.dtype.kind in kinds:
        raise UnsupportedDtypeError(f"{name}: not implemented for {x.dtype}; got {shown(x)}{remedy}")


# ---------------------------------------------------------------- constants in pieces
@op(x=lambda g: zeros_as(g))
def zeros_as(input: Tensor) -> Tensor:
    """Zeros of the input's shape and dtype: the gradient of what is constant in pieces."""
    return backend_of(input).xp.zeros_like(input)


# ---------------------------------------------------------------- sums, products, quotients
def one_simple_step(x: Any, y: Any) -> bool:
    """Whether NumPy is as fast as it gets: no float16 or broadcasting, which it is slow at, and too few elements for two cores."""
    return x.size < SINGLE and getattr(y, "shape", x.shape) == x.shape and x.dtype.char != "e"


def large_sum(x: Any, y: Any, alpha: Any, out: Any = None) -> Any:
    """x + alpha * y, into `out` if given, where that is worth a compiled loop; else None."""
    if isinstance(alpha, complex) or x.dtype.kind != "f" or alpha == 1 and one_simple_step(x, y):
        return None
    if not hasattr(y, "dtype"):
        return None if isinstance(y, complex) else each("add_number", x, numbers=(y * alpha,), out=out)
    return each("add", x, y, out=out) if alpha == 1 else each("add_multiple", x, y, numbers=(alpha,), out=out)


def large_difference(x: Any, y: Any, alpha: Any, out: Any = None) -> Any:
    """x - alpha * y, likewise."""
    if alpha == 1 and one_simple_step(x, y):
        return None
    return each("sub", x, y, out=out) if hasattr(y, "dtype") and alpha == 1 else large_sum(x, y, -alpha, out)


def large_product(name: str, x: Any, y: Any, out: Any = None) -> Any:
    """x * y (`name` "mul") or x / y ("div"), into `out` if given, where that is worth a compiled loop; else None."""
    if one_simple_step(x, y):
        return None
    if isinstance(y, (int, float)):
        return each(f"{name}_number", x, numbers=(y,), out=out)
    return each(name, x, y, out=out)


def multiple(name: str, y: Any, alpha: Any) -> Any:
    """alpha * y in y's dtype, for `add` and `sub`."""
    kind = y.dtype.kind
    if kind in "biu" and isinstance(alpha, float):
        raise DtypeError(f"{name}: for integral input tensors, argument alpha must not be a floating point number; got {alpha}")
    if kind != "c" and isinstance(alpha, complex):
        raise DtypeError(f"{name}: for non-complex input tensors, argument alpha must not be a complex number; got {alpha}")
    return y * fitting(name, alpha, y.dtype)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    y=lambda g, alpha: g if alpha == 1 else g * alpha.conjugate())
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other. Of bools, whether one is true."""
    if getattr(input, "size", 0) >= STEPS and (done := large_sum(input, other, alpha)) is not None:
        return done
    return input + other if alpha == 1 else input + multiple("add", other, alpha)    # type: ignore[return-value]


@direct(add)
def add_in_place(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    if getattr(input, "size", 0) >= STEPS and (done := large_sum(input, other, alpha, input)) is not None:
        return done
    input += other if alpha == 1 else multiple("add", other, alpha)
    return input


def no_bools(input: Any, other: Any, alpha: Any = 1) -> None:
    """`-` of bools is refused, as what was meant is mostly a mask's complement."""
    bools = [raw(v).dtype.kind == "b" if hasattr(v, "dtype") else isinstance(v, bool) for v in (input, other)]
    if all(bools):
        raise DtypeError("sub: Subtraction, the `-` operator, with two bool tensors is not supported; use the `^` or `logical_xor()` "
                         f"operator instead; got {describe(input)}, {describe(other)}")
    if any(bools):
        raise DtypeError("sub: Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
                         f"use the `~` or `logical_not()` operator instead; got {describe(input)}, {describe(other)}")


@op(broadcast=True, promotes="arithmetic", check=no_bools,
    x=lambda g: g,
    y=lambda g, alpha: -g if alpha == 1 else g * -alpha.conjugate())
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other. Raises DtypeError for bools."""
    if getattr(input, "size", 0) >= STEPS and (done := large_difference(input, other, alpha)) is not None:
        return done
    return input - other if alpha == 1 else input - multiple("sub", other, alpha)    # type: ignore[return-value]


@direct(sub)
def sub_in_place(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    if getattr(input, "size", 0) >= STEPS and (done := large_difference(input, other, alpha, input)) is not None:
        return done
    input -= other if alpha == 1 else multiple("sub", other, alpha)
    return input


def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """other - alpha * input."""
    if not isinstance(input, TensorBase):
        raise ArgumentTypeError(f"rsub: input must be a Tensor; got {describe(input)}")
    return sub(other, input) if alpha == 1 else sub(other, input, alpha=alpha)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, y: g * y.conjugate(),
    y=lambda g, x: g * x.conjugate(),
    large={"x": PRODUCT, "y": PRODUCT})
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * other. Of bools, whether both are true."""
    if getattr(input, "size", 0) >= STEPS and (done := large_product("mul", input, other)) is not None:
        return done
    return input * other                             # type: ignore[return-value]


@direct(mul)
def mul_in_place(input: Tensor, other: Tensor | Number) -> Tensor:
    if getattr(input, "size", 0) >= STEPS and (done := large_product("mul", input, other, input)) is not None:
        return done
    input *= other
    return input


@op(broadcast=True, promotes="to_float",
    x=lambda g, y: g / y.conjugate(),
    y=lambda g, x, y: g * -(x / y / y).conjugate())   # x, not out, is kept: out may be written into
def true_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input / other; integers become the default dtype. 1 / 0 is inf, 0 / 0 nan."""
    if getattr(input, "size", 0) >= STEPS and (done := large_product("div", input, other)) is not None:
        return done
    return input / other                             # type: ignore[return-value]


@direct(true_divide)
def true_divide_in_place(input: Tensor, other: Tensor | Number) -> Tensor:
    if getattr(input, "size", 0) >= STEPS and (done := large_product("div", input, other, input)) is not None:
        return done
    input /= other
    return input


subtract, multiply = sub, mul


# ---------------------------------------------------------------- signs
@op(x=lambda g: -g)
def neg(input: Tensor) -> Tensor:
    """-input. Raises DtypeError for bools."""
    if input.dtype.kind == "b":                      # type: ignore[attr-defined]
        raise DtypeError("neg: Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
                         "the `~` or `logical_not()` operator instead")
    return -input


@direct(neg)
def neg_in_place(input: Tensor) -> Tensor:
    return backend_of(input).xp.negative(input, input)


def positive(input: Tensor) -> Tensor:
    """The input itself. Raises DtypeError for bools."""
    if input.array.dtype.kind == "b":
        raise DtypeError(f"positive: The `+` operator, on a bool tensor is not supported; got {describe(input)}")
    return input


@op(x=lambda g, x: g * sgn(x), large={"x": slope("abs")})
def abs(input: Tensor) -> Tensor:
    """The absolute value; of complex numbers, real. Its gradient at 0 is 0."""
    refuse("abs", input, "b")
    return builtins.abs(input)


@op(x=lambda g: zeros_as(g))
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 of nan. Of real numbers; `sgn` takes complex ones, too."""
    refuse("sign", input, "c", "; use sgn")
    return real_sign(input)


def real_sign(x: Any) -> Any:
    """The sign of an array that is not complex; 0 of nan, as in PyTorch."""
    if x.dtype.kind == "b":
        return x.copy()
    out = backend_of(x).xp.sign(x)
    return masked.__wrapped__(out, x == x) if x.dtype.kind == "f" else out   # type: ignore[attr-defined]


def sgn_rule(g: Any, x: Any, out: Any) -> Any:
    """Of complex numbers: what of g is at a right angle to x, over |x|; 0 at 0."""
    if raw(g).dtype.kind != "c":
        return zeros_as(g)
    along = (g * out.conjugate()).real * out
    return masked((g - along) / abs(x), raw(x) != 0)


@op(x=lambda g, x, out: sgn_rule(g, x, out))
def sgn(input: Tensor) -> Tensor:
    """x / |x|, and 0 at 0: of real numbers their sign."""
    x: Any = input
    if x.dtype.kind != "c":
        return real_sign(x)
    return backend_of(x).xp.where(x == 0, x, x / builtins.abs(x))


@op()
def signbit(input: Tensor) -> Tensor:
    """True for negative numbers and -0.0."""
    refuse("signbit", input, "c")
    x: Any = input
    return backend_of(x).xp.signbit(x) if x.dtype.kind == "f" else x < 0


@op(broadcast=True, promotes="to_float",
    x=lambda g, x, out: masked(g * (out / x), raw(x) != 0),
    y=lambda g: zeros_as(g))
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of input with the sign of other, which may be -0.0. Its gradient at 0 is 0."""
    refuse("copysign", input, "c")
    return backend_of(input).xp.copysign(input, other)


# ---------------------------------------------------------------- roots and the like
@op(x=lambda g, out: g * -(out * out).conjugate(), promotes="to_float")
def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return 1 / input


@op(x=lambda g, x: g * (x + x).conjugate(), casts_out=True)
def square(input: Tensor) -> Tensor:
    """input * input; of bools as int64."""
    x: Any = input
    return x * x if x.dtype.kind != "b" else x.astype("i8")


@op(x=lambda g, out: g * (out * out * out).conjugate() * -0.5, promotes="to_float")
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input); inf at 0."""
    return 1 / backend_of(input).xp.sqrt(input)


sqrt = unary("sqrt", lambda g, out: g / (out + out).conjugate(), "Square root; nan below 0. Its gradient at 0 is inf.")
absolute, negative = abs, neg
