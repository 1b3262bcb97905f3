"""Bessel and Airy functions. PyTorch has derivatives of i0, i0e, i1 and i1e only."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from .elementwise import refuse, sgn
from .special import over_x, sinc_slope, special

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- of the first and second kind
bessel_j0 = special("bessel_j0", lambda g, x: g * -bessel_j1(x), "The Bessel function of the first kind of order 0.", "j0")
bessel_j1 = special("bessel_j1", lambda g, x, out: g * (bessel_j0(x) - over_x(out, x, 0.5)),
                    "The Bessel function of the first kind of order 1.", "j1")
bessel_y0 = special("bessel_y0", lambda g, x: g * -bessel_y1(x), "The Bessel function of the second kind of order 0; nan below 0.", "y0")
bessel_y1 = special("bessel_y1", lambda g, x, out: g * (bessel_y0(x) - out / x),
                    "The Bessel function of the second kind of order 1; nan below 0.", "y1")

# ---------------------------------------------------------------- modified; "e" and "scaled": without their exponential growth or decay
i0 = special("i0", lambda g, x: g * i1(x), "The modified Bessel function of the first kind of order 0.")
i1 = special("i1", lambda g, x, out: g * (i0(x) - over_x(out, x, 0.5)), "The modified Bessel function of the first kind of order 1.")
i0e = special("i0e", lambda g, x, out: g * (i1e(x) - sgn(x) * out), "exp(-|x|) i0(x).")
i1e = special("i1e", lambda g, x, out: g * (i0e(x) - sgn(x) * out - over_x(out, x, 0.5)), "exp(-|x|) i1(x).")
modified_bessel_i0, modified_bessel_i1 = i0, i1

modified_bessel_k0 = special("modified_bessel_k0", lambda g, x: g * -modified_bessel_k1(x),
                             "The modified Bessel function of the second kind of order 0; nan below 0.", "k0")
modified_bessel_k1 = special("modified_bessel_k1", lambda g, x, out: g * -(modified_bessel_k0(x) + out / x),
                             "The modified Bessel function of the second kind of order 1; nan below 0.", "k1")
scaled_modified_bessel_k0 = special("scaled_modified_bessel_k0", lambda g, x, out: g * (out - scaled_modified_bessel_k1(x)),
                                    "exp(x) modified_bessel_k0(x).", "k0e")
scaled_modified_bessel_k1 = special("scaled_modified_bessel_k1", lambda g, x, out: g * (out - out / x - scaled_modified_bessel_k0(x)),
                                    "exp(x) modified_bessel_k1(x).", "k1e")


@op(promotes="to_float", x=lambda g, x: g * sinc_slope(x / math.pi) / math.pi)
def spherical_bessel_j0(input: Tensor) -> Tensor:
    """sin(x) / x, and 1 at 0: the spherical Bessel function of the first kind of order 0."""
    x: Any = input
    refuse("spherical_bessel_j0", x, "c")
    xp = backend_of(x).xp
    quotient = xp.where(abs(x) == float("inf"), 0, xp.sin(x) / x)
    return xp.where(x == 0, 1, quotient).astype(x.dtype, copy=False)


# ---------------------------------------------------------------- Airy
@op(promotes="to_float", x=lambda g, x: g * airy_slope(x))
def airy_ai(input: Tensor) -> Tensor:
    """The Airy function Ai, the solution of y'' = x y that dies out."""
    x: Any = input
    refuse("airy_ai", x, "c")
    return backend_of(x).special.airy(x)[0].astype(x.dtype, copy=False)


@op(x=lambda g, x: g * (x * airy_ai(x)))
def airy_slope(input: Tensor) -> Tensor:
    """The derivative of the Airy function Ai."""
    x: Any = input
    return backend_of(x).special.airy(x)[1].astype(x.dtype, copy=False)
