"""Exponentials and logarithms, element by element, and the logistic function."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import direct, op
from .elementwise import refuse
from .functions import compiled, unary
from .half import half, single
from .large import FUNCTIONS, PRODUCT, each, slope

if TYPE_CHECKING:
    from .._tensor import Tensor

LOG_2, LOG_10 = math.log(2), math.log(10)

exp = compiled("exp", lambda g, out: g * out.conjugate(), "e to the power of each element.", PRODUCT)
expm1 = compiled("expm1", lambda g, out: g * (out + 1).conjugate(), "exp(x) - 1, exact near 0.")
log = compiled("log", lambda g, x: g / x.conjugate(), "Natural logarithm; -inf at 0, nan below.")
log2 = unary("log2", lambda g, x: g / (x.conjugate() * LOG_2), "Logarithm to base 2.")
log10 = unary("log10", lambda g, x: g / (x.conjugate() * LOG_10), "Logarithm to base 10.")
log1p = unary("log1p", lambda g, x: g / (x + 1).conjugate(), "log(1 + x), exact near 0.")


@op(x=lambda g, out: g * out.conjugate() * LOG_2, promotes="to_float")
def exp2(input: Tensor) -> Tensor:
    """2 to the power of each element."""
    x: Any = input
    return backend_of(x).xp.exp2(x) if x.dtype.kind == "f" else backend_of(x).xp.exp(x * LOG_2)


@op(x=lambda g, out: g * (out * (1 - out)).conjugate(), promotes="to_float", large={"x": slope("sigmoid")})
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    x: Any = input
    if x.dtype.char == "e":                          # in float16, exp overflows at 11
        return half(sigmoid_into(single(x)))
    return sigmoid_into(x)


@direct(sigmoid)
def sigmoid_in_place(input: Tensor) -> Tensor:
    return sigmoid_into(input, input)


def sigmoid_into(x: Any, out: Any = None) -> Any:
    """Step by step in one buffer, which may be x. An exp that overflows makes the 0 that it should."""
    if x.size >= FUNCTIONS and (done := each("sigmoid", x, out=out)) is not None:
        return done
    xp = backend_of(x).xp
    if out is None:
        out = xp.empty(x.shape, x.dtype)
    xp.negative(x, out)
    xp.exp(out, out)
    xp.add(out, 1, out)
    return xp.reciprocal(out, out)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: g * sigmoid(x - y).conjugate(),
    y=lambda g, x, y: g * sigmoid(y - x).conjugate())
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow."""
    x: Any = input
    refuse("logaddexp", x, "biu")
    return backend_of(x).xp.logaddexp(x, other) if x.dtype.kind == "f" else log_of_two(x, other)


def log_of_two(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)) of complex arrays."""
    xp = backend_of(x).xp
    high = xp.where(x.real >= y.real, x, y)
    low = xp.where(x.real >= y.real, y, x)
    return xp.where(high.real == -math.inf, high, high + xp.log1p(xp.exp(low - high)))       # of two zeros, 0


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: g * sigmoid((x - y) * LOG_2),
    y=lambda g, x, y: g * sigmoid((y - x) * LOG_2))
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other), without overflow."""
    refuse("logaddexp2", input, "biuc")
    return backend_of(input).xp.logaddexp2(input, other)
