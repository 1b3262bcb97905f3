"""Powers, with a number or a tensor on either side."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.inplace import write
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, describe
from .cast import cast
from .dims import Number
from .elementwise import refuse, zeros_as
from .exponentials import log
from .raw import raw
from .select import masked

if TYPE_CHECKING:
    from .._tensor import Tensor


def power(x: Any, y: Any) -> Any:
    """x ** y of arrays, or of an array and a number; small whole exponents by multiplication, which is fifty times faster."""
    if type(y) is int or type(y) is float:
        if y == 2:
            return x * x
        if y == 3:
            return x * x * x
        if y == 4:
            square = x * x
            return square * square
        if y == -0.5:
            return 1 / backend_of(x).xp.sqrt(x)
        return x ** y
    if getattr(x, "dtype", y.dtype).kind in "iu" and y.dtype.kind == "i":
        return whole_power(x, y)
    return x ** y


def whole_power(x: Any, y: Any) -> Any:
    """Integer powers, rounded towards zero: 1 / x**n is 0 except for x of 1 and -1 (and, where PyTorch stops, for 0)."""
    xp = backend_of(y).xp
    sign = xp.where(x == 1, 1, xp.where(x == -1, 1 - 2 * (y & 1), 0))
    return xp.where(y < 0, sign, x ** xp.maximum(y, 0)).astype(y.dtype)


def whole_exponent(input: Any, exponent: Any) -> None:
    """A negative whole number as exponent of integers would make zeros of them."""
    if isinstance(exponent, (int, np.integer)) and exponent < 0 and isinstance(input, TensorBase) and input.array.dtype.kind in "biu":
        raise DtypeError(f"pow: Integers to negative integer powers are not allowed; got {describe(input)} ** {exponent}; write "
                         f"{float(exponent)}, or x.float()")


def slope(g: Any, x: Any, y: Any) -> Any:
    """Gradient of x ** y for x: g * y * x**(y-1), and 0 where y is 0."""
    if type(y) is int or type(y) is float:
        if y == 2:
            return g * (x + x).conjugate()
        return zeros_as(g) if y == 0 else g * (y * pow(x, y - 1)).conjugate()
    return masked(g * (y * pow(x, y - 1)).conjugate(), raw(y) != 0)


def growth(g: Any, x: Any, y: Any, out: Any) -> Any:
    """Gradient of x ** y for y: g * out * log(x), and 0 where x is 0 and y is not negative."""
    if isinstance(x, (int, float)):
        log_x = math.log(x) if x > 0 else -math.inf if x == 0 else math.nan
        return g * (out * log_x) if x else masked(g * (out * log_x), raw(y) < 0)
    y_ = raw(y)
    known = (y_.imag == 0) & (y_.real >= 0) if y_.dtype.kind == "c" else y_ >= 0
    return masked(g * (out * log(x)).conjugate(), ~(known & (raw(x) == 0)))


@op(broadcast=True, promotes="arithmetic", check=whole_exponent,
    x=lambda g, x, exponent: slope(g, x, exponent),
    exponent=lambda g, x, exponent, out: growth(g, x, exponent, out))
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input ** exponent. Integers stay integers.

    Its gradient for a base of 0 and an exponent of 0 is 0. Raises DtypeError for a negative whole number as exponent of
    integers, UnsupportedDtypeError for two bools.
    """
    if hasattr(input, "dtype"):
        refuse("pow", input, "b")
    return power(input, exponent)


def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input ** exponent in float64, or complex128 for complex numbers.

    >>> import minigrad
    >>> float_power(minigrad.tensor([1, 2]), 3).dtype
    minigrad.float64
    """
    values = (input, exponent)
    if not any(isinstance(v, TensorBase) for v in values):
        raise ArgumentTypeError(f"float_power: input or exponent must be a Tensor; got {describe(input)}, {describe(exponent)}")
    to = wide_dtype(*values)
    wide = [cast(v, to) if isinstance(v, TensorBase) and v.array.dtype != to else v for v in values]
    return pow(*wide)


def wide_dtype(*values: Any) -> Any:
    """complex128 if one of these is complex, else float64."""
    kinds = [v.array.dtype.kind if isinstance(v, TensorBase) else np.asarray(v).dtype.kind for v in values]
    return np.dtype("c16" if "c" in kinds else "f8")


def float_power_(self: Tensor, exponent: Tensor | Number) -> Tensor:
    """In-place version of `float_power`. Raises DtypeError for a tensor of another dtype than the result's."""
    to = wide_dtype(self, exponent)
    if self.array.dtype != to:
        raise DtypeError(f"float_power_: the base given to float_power_ has dtype {self.array.dtype} but the operation's result requires "
                         f"dtype {to}; use float_power")
    return write(self, float_power, exponent)
