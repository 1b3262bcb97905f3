"""Mantissa, exponent and neighbours of floating-point numbers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, describe
from . import results
from .delivery import casts_out
from .elementwise import mul, refuse, zeros_as
from .powers import pow
from .raw import like, raw, shown
from .select import masked

if TYPE_CHECKING:
    from .._tensor import Tensor


def scaled(g: Any, exponent: Any) -> Any:
    """g over 2**exponent."""
    xp = backend_of(exponent).xp
    return g * like(g, xp.ldexp(xp.ones((), raw(g).dtype), -exponent))


@op(x=lambda g, exponent: scaled(g, exponent), kept=("exponent",), returns=results.frexp)
def frexp(input: Tensor) -> Tensor:
    """Each number as mantissa * 2**exponent, with 0.5 <= |mantissa| < 1."""
    x: Any = input
    if x.dtype.kind != "f":
        raise DtypeError(f"frexp: only supports floating-point dtypes; got {shown(x)}")
    xp = backend_of(x).xp
    mantissa, exponent = xp.frexp(x)
    return mantissa, xp.where(xp.isfinite(x), exponent, 0).astype("i4")      # type: ignore[return-value]


@casts_out
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2**other; the power is taken in other's dtype, or the default one for integers."""
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, TensorBase):
            raise ArgumentTypeError(f"ldexp: {name} must be a Tensor; got {describe(value)}")
    return mul(input, pow(2.0, other))


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, y: masked(g, raw(x) != raw(y)),
    y=lambda g: zeros_as(g))
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The number next to input in the direction of other."""
    refuse("nextafter", input, "biuc")
    return backend_of(input).xp.nextafter(input, other)
