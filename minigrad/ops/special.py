"""Special functions: error function and normal distribution, gamma function, logarithms that know x log 0, logit."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import get_default_numpy
from ..engine.node import wrap
from ..engine.op import op
from ..errors import RefusedArgumentError, UnsupportedError
from ..naming import called
from .delivery import casts_out
from .dims import Number
from .elementwise import refuse
from .exponentials import exp, log
from .raw import like, raw
from .select import choose, masked

if TYPE_CHECKING:
    from .._tensor import Tensor

SLOPE = 2 / math.sqrt(math.pi)                       # of erf at 0
ROOT_2 = math.sqrt(2)
CURVE = math.pi ** 2 / 3                             # minus the second derivative of sinc at 0


def special(name: str, rule: Callable[..., Any], doc: str, of: str = "") -> Callable[[Tensor], Tensor]:
    """An op that is one function of SciPy's, called `of` there if not `name`. Integers become the default dtype."""
    function = of or name

    def forward(input: Tensor) -> Tensor:
        refuse(name, input, "c")
        x: Any = input
        return getattr(backend_of(x).special, function)(x).astype(x.dtype, copy=False)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(x=rule, promotes="to_float")(forward)


def of_two(name: str, x: Any, y: Any, of: str = "") -> Any:
    """One of SciPy's functions of two arrays, or of an array and a number, in the array's dtype."""
    array = x if hasattr(x, "dtype") else y
    refuse(name, array, "c")
    return getattr(backend_of(array).special, of or name)(x, y).astype(array.dtype, copy=False)


# ---------------------------------------------------------------- sin(pi x) / (pi x)
def over_x(value: Any, x: Any, at_0: float) -> Any:
    """value / x, with its limit at 0."""
    zero = raw(x) == 0
    return choose(zero, at_0, value / (x + like(x, zero.astype(raw(x).dtype))))


@op(x=lambda g, x: g * sinc_slope(x).conjugate(), promotes="to_float")
def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
    return backend_of(input).xp.sinc(input)


def sinc_curve(x: Any, slope: Any) -> Any:
    """The second derivative of sinc."""
    value: Any = sinc(x)
    return over_x(slope, x, -CURVE) * -2 - value * (3 * CURVE)


@op(x=lambda g, x, out: g * sinc_curve(x, out).conjugate())
def sinc_slope(input: Tensor) -> Tensor:
    """The derivative of sinc: (cos(pi x) - sinc(x)) / x, and 0 at 0."""
    x: Any = input
    xp = backend_of(x).xp
    return xp.where(x == 0, 0, (xp.cos(x * math.pi) - xp.sinc(x)) / x)


# ---------------------------------------------------------------- the error function


erf = special("erf", lambda g, x: g * exp(-x * x) * SLOPE, "The error function: the integral of 2/sqrt(pi) exp(-t**2) from 0 to x.")
erfc = special("erfc", lambda g, x: g * exp(-x * x) * -SLOPE, "1 - erf(x), exact where erf is near 1.")
erfinv = special("erfinv", lambda g, out: g * exp(out * out) / SLOPE, "The inverse of erf; nan outside [-1, 1].")
erfcx = special("erfcx", lambda g, x, out: g * ((x + x) * out - SLOPE), "exp(x**2) erfc(x), which does not underflow.")

# ---------------------------------------------------------------- the normal distribution
ndtr = special("ndtr", lambda g, x: g * exp(x * x * -0.5) * (SLOPE / ROOT_2 / 2), "The probability of less than x.")
ndtri = special("ndtri", lambda g, out: g * exp(out * out * 0.5) * (2 * ROOT_2 / SLOPE), "The inverse of ndtr; nan outside [0, 1].")
log_ndtr = special("log_ndtr", lambda g, x: g / erfcx(x * (-1 / ROOT_2)) * (SLOPE / ROOT_2), "log(ndtr(x)), exact where ndtr underflows.")

# ---------------------------------------------------------------- the gamma function
lgamma = special("lgamma", lambda g, x: g * digamma(x), "Logarithm of the absolute value of the gamma function.", "gammaln")
digamma = special("digamma", lambda g, x: g * polygamma(1, x), "Derivative of log(gamma(x)).", "digamma")


@op(x=lambda g, n, x: g * polygamma(n + 1, x), promotes="to_float")
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma."""
    if n < 0:
        raise RefusedArgumentError(f"polygamma: (n, x) does not support negative n; got {n}")
    refuse("polygamma", input, "c")
    x: Any = input
    return backend_of(x).special.polygamma(n, x).astype(x.dtype, copy=False)


def unknown(name: str) -> Any:
    """The rule for an input that PyTorch knows no derivative for either: an error, where nothing would look like zero."""
    def rule(g: Any) -> Any:
        raise UnsupportedError(f"{name}: the derivative for '{name}: input' is not implemented; detach() it")
    return rule


def gamma_density(g: Any, x: Any, y: Any) -> Any:
    """g y**(x - 1) exp(-y) / gamma(x)."""
    return g * exp((x - 1) * log(y) - y - lgamma(x))


@op(broadcast=True, promotes="arithmetic", x=unknown("igamma"), y=lambda g, x, y: gamma_density(g, x, y))
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The regularized lower incomplete gamma function: what the gamma distribution of shape `input` has below `other`."""
    refuse("igamma", input, "biuc")
    return of_two("igamma", input, other, "gammainc")


@op(broadcast=True, promotes="arithmetic", x=unknown("igammac"), y=lambda g, x, y: -gamma_density(g, x, y))
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """1 - igamma(input, other), exact where that is near 1."""
    refuse("igammac", input, "biuc")
    return of_two("igammac", input, other, "gammaincc")


@casts_out
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """Logarithm of the p-variate gamma function: p (p - 1) / 4 log(pi) + the sum of lgamma(x - j / 2) for j = 0 ... p - 1."""
    if p < 1:
        raise RefusedArgumentError(f"mvlgamma: p has to be greater than or equal to 1; got {p}")
    refuse("mvlgamma", input.array, "c")
    x: Any = input.reshape((*input.shape, 1))
    halves = backend_of(x.array).xp.arange(p) * 0.5
    to = x.array.dtype
    return lgamma(x - wrap(halves.astype(to if to.kind == "f" else get_default_numpy()))).sum(-1) + p * (p - 1) / 4 * math.log(math.pi)


@op(broadcast=True, promotes="to_float", x=unknown("zeta"), y=lambda g, x, y: g * -x * zeta(x + 1, y))
def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The Hurwitz zeta function: the sum of (k + other)**-input for k = 0, 1, ..."""
    return of_two("zeta", input, other)


# ---------------------------------------------------------------- logarithms with x log 0 = 0 at x = 0
def where_defined(g: Any, x: Any, y: Any, least: float) -> Any:
    """g, and 0 where x is 0 and the logarithm infinite."""
    return masked(g, (raw(x) != 0) | (raw(y) > least) | (raw(y) != raw(y)))


@op(broadcast=True, promotes="to_float",
    x=lambda g, x, y: where_defined(xlogy(g, y), x, y, 0),
    y=lambda g, x, y: g * x / y)
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(other), and 0 where input is 0."""
    return of_two("xlogy", input, other)


@op(broadcast=True, promotes="to_float",
    x=lambda g, x, y: where_defined(xlog1py(g, y), x, y, -1),
    y=lambda g, x, y: g * x / (y + 1))
def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(1 + other), and 0 where input is 0."""
    return of_two("xlog1py", input, other)


entr = special("entr", lambda g, x: -g * log(x) - g, "-x log(x); 0 at 0 and -inf below.")


# ---------------------------------------------------------------- logit
def logit_rule(g: Any, x: Any, eps: float | None) -> Any:
    """g / (x (1 - x)); outside the bounds 0 with eps, else nan."""
    low = 0.0 if eps is None else eps
    outside = (raw(x) < low) | (raw(x) > 1 - low)
    slope = g / (x * (1 - x))
    return choose(outside, math.nan, slope) if eps is None else masked(slope, ~outside)


@op(x=lambda g, x, eps: logit_rule(g, x, eps), promotes="to_float")
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), the inverse of sigmoid. With eps, x is first clamped to [eps, 1 - eps]."""
    refuse("logit", input, "c")
    x: Any = input
    if eps is not None:
        x = x.clip(eps, 1 - eps)
    return backend_of(x).xp.log(x / (1 - x))


@called("polygamma")
def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return polygamma(n, self)
