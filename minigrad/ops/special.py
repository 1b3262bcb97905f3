"""The special functions that layers and losses use: error function, gamma function, logit."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import RefusedArgumentError
from .elementwise import exp, refuse
from .raw import raw
from .select import choose, masked

if TYPE_CHECKING:
    from .._tensor import Tensor

SLOPE = 2 / math.sqrt(math.pi)                       # of erf at 0


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


erf = special("erf", lambda g, x: g * exp(-x * x) * SLOPE, "The error function: the integral of 2/sqrt(pi) exp(-t**2) from 0 to x.")
erfc = special("erfc", lambda g, x: g * exp(-x * x) * -SLOPE, "1 - erf(x), exact where erf is near 1.")
erfinv = special("erfinv", lambda g, out: g * exp(out * out) / SLOPE, "The inverse of erf; nan outside [-1, 1].")
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


def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return polygamma(n, self)
