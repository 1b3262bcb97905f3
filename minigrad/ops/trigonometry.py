"""Trigonometric and hyperbolic functions, their inverses, and angles, element by element."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError
from .elementwise import refuse, rsqrt
from .functions import compiled, unary
from .large import slope
from .raw import raw, shown
from .select import masked

if TYPE_CHECKING:
    from .._tensor import Tensor

sin = unary("sin", lambda g, x: g * cos(x).conjugate(), "Sine; radians.")
cos = unary("cos", lambda g, x: g * -sin(x).conjugate(), "Cosine; radians.")
tan = unary("tan", lambda g, out: g * (out * out + 1).conjugate(), "Tangent; radians.")
asin = unary("asin", lambda g, x: g * rsqrt(1 - x * x).conjugate(), "Inverse sine, in radians; nan outside [-1, 1].", "arcsin")
acos = unary("acos", lambda g, x: g * -rsqrt(1 - x * x).conjugate(), "Inverse cosine, in radians; nan outside [-1, 1].", "arccos")
atan = unary("atan", lambda g, x: g / (x * x + 1).conjugate(), "Inverse tangent, in radians.", "arctan")
sinh = unary("sinh", lambda g, x: g * cosh(x).conjugate(), "Hyperbolic sine.")
cosh = unary("cosh", lambda g, x: g * sinh(x).conjugate(), "Hyperbolic cosine.")
tanh = compiled("tanh", lambda g, out: g * (1 - out * out).conjugate(), "Hyperbolic tangent.", slope("tanh"))
asinh = unary("asinh", lambda g, x: g * rsqrt(x * x + 1).conjugate(), "Inverse hyperbolic sine.", "arcsinh")
acosh = unary("acosh", lambda g, x: g * acosh_slope(x).conjugate(), "Inverse hyperbolic cosine; nan below 1.", "arccosh")
atanh = unary("atanh", lambda g, x: g / (1 - x * x).conjugate(), "Inverse hyperbolic tangent; nan outside [-1, 1].", "arctanh")


def acosh_slope(x: Any) -> Any:
    """Of complex numbers in two factors: the root of x**2 - 1 has its cut elsewhere."""
    return rsqrt(x - 1) * rsqrt(x + 1) if raw(x).dtype.kind == "c" else rsqrt(x * x - 1)


@op(promotes="to_float", x=lambda g: g * (math.pi / 180))
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""
    refuse_complex("deg2rad", input)
    return input * (math.pi / 180)


@op(promotes="to_float", x=lambda g: g * (180 / math.pi))
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""
    refuse_complex("rad2deg", input)
    return input * (180 / math.pi)


def refuse_complex(name: str, x: Any) -> None:
    """Raise DtypeError for complex angles."""
    if x.dtype.kind == "c":
        raise DtypeError(f"{name}: is not supported for complex tensors; got {shown(x)}")


arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh


def over_square(x: Any, y: Any) -> Any:
    """x / (x**2 + y**2), and 0 at the origin."""
    square = x * x + y * y
    return masked(x / square, raw(square) != 0)


@op(broadcast=True, promotes="to_float",
    x=lambda g, x, y: g * over_square(y, x),
    y=lambda g, x, y: g * -over_square(x, y))
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), in radians from -pi to pi."""
    return backend_of(input).xp.arctan2(input, other)


arctan2 = atan2


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, out: g * (x / out),
    y=lambda g, y, out: g * (y / out))
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input**2 + other**2), without overflow."""
    refuse("hypot", input, "biuc")
    return backend_of(input).xp.hypot(input, other)
