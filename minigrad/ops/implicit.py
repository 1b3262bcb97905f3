"""Gamma and Dirichlet numbers, with gradients for their parameters.

A draw x of a distribution with parameter a and distribution function F moves with a so that F(x; a) stays what it is:
dx/da = -(dF/da) / (dF/dx), and dF/dx is the density. Source: M. Figurnov, S. Mohamed and A. Mnih (2018), Implicit
reparameterization gradients.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.op import op
from ..rng import rejection
from ..rng.generator import Generator
from .draws import chosen, floats_only
from .reduce import sum
from .special import unknown

if TYPE_CHECKING:
    from .._tensor import Tensor

# The weights of a central difference that is exact for polynomials of degree 4, for steps of 1 and 2 to either side.
WEIGHTS = (8 / 12, -1 / 12)
STEP = 0.003                                         # in units of the scale on which a distribution function changes
NEAR_0 = 0.1                                         # in units of a: where the power series of the gamma distribution is short
TERMS = 16
EXACT = 1e-6                                         # from here on 1 - x is as good as x


def slope(function: Callable[[Any], Any], a: Any, h: Any) -> Any:
    """The derivative of a function at a, from four of its values: SciPy knows none for a parameter of a distribution."""
    total: Any = 0
    for k, weight in enumerate(WEIGHTS, 1):
        total = total + (function(a + k * h) - function(a - k * h)) * weight
    return total / h


def quantile_slope(lower: Callable[..., Any], upper: Callable[..., Any], log_density: Any, a: Any, fixed: tuple[Any, ...],
                   use_upper: Any = True) -> Any:
    """-(dF/da) / density, of the distribution function F = lower(a, *fixed) = 1 - upper(a, *fixed), for arrays (n,).

    From the logarithm of the smaller one, so that nothing is lost in a tail. use_upper: where that may be the upper one.
    """
    xp = backend_of(a).xp
    below, above = lower(a, *fixed), upper(a, *fixed)
    in_upper = (above < below) & use_upper
    made = xp.empty_like(a)

    def fill(where: Any, function: Callable[..., Any], share: Any, sign: int) -> None:
        b, rest = a[where], [v[where] for v in fixed]
        change = slope(lambda b: xp.log(function(b, *rest)), b, STEP * xp.minimum(b, xp.sqrt(b)))
        made[where] = sign * share[where] * xp.exp(-log_density[where]) * change
    fill(~in_upper, lower, below, -1)
    fill(in_upper, upper, above, 1)
    return made


# ---------------------------------------------------------------- gamma
@op(x=lambda g, x, out: g * standard_gamma_grad(x, out))
def standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """A gamma number of rate 1 for each shape parameter in the input; its dtype.

    Density x**(a - 1) exp(-x) / gamma(a). Draws are at least the smallest normal number of the dtype.
    """
    a: Any = input
    floats_only("_standard_gamma", a.dtype, "f")
    backend = backend_of(a)
    drawn = rejection.standard_gamma(chosen(generator), backend.to_host(a))
    return backend.from_host(np.maximum(drawn.astype(a.dtype), np.finfo(a.dtype).tiny), backend.device_of(a))


@op(x=unknown("_standard_gamma_grad"), output=unknown("_standard_gamma_grad"), promotes="same")
def standard_gamma_grad(input: Tensor, output: Tensor) -> Tensor:
    """How a gamma number moves with its shape parameter: arrays of one shape."""
    backend = backend_of(input)
    xp, special = backend.xp, backend.special
    a: Any = xp.asarray(input, "f8").reshape(-1)
    x: Any = xp.asarray(output, "f8").reshape(-1)
    log_x = xp.log(x)
    wide = quantile_slope(special.gammainc, special.gammaincc, (a - 1) * log_x - x - special.gammaln(a), a, (x,))
    # Near 0 F = density * sum of x**(n+1) / (a (a+1) ... (a+n)), which may underflow, while its derivative over the density does not.
    near = xp.minimum(x, NEAR_0 * a)
    series, term, psi = 0.0, near / a, special.digamma(a)
    for n in range(TERMS):
        psi = psi + 1 / (a + n)                      # digamma(a + n + 1)
        series = series + term * (psi - log_x)
        term = term * (near / (a + (n + 1)))
    made: Any = xp.where(x <= near, series, wide).astype(output.dtype)
    return made.reshape(output.shape)


# ---------------------------------------------------------------- Dirichlet
def dirichlet_rule(g: Any, x: Any, out: Any) -> Any:
    """Each component is a beta number; the others share what it leaves, in unchanged proportions."""
    total = sum(x, -1, True) + x * 0
    return dirichlet_grad(out, x, total) * (g - sum(out * g, -1, True))


@op(x=dirichlet_rule)
def sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Vectors >= 0 of sum 1, along the last dimension: gamma numbers over their sum. In the dtype of the concentrations."""
    a: Any = input
    floats_only("_sample_dirichlet", a.dtype, "f")
    backend = backend_of(a)
    drawn = np.maximum(rejection.standard_gamma(chosen(generator), backend.to_host(a)), np.finfo("f8").tiny)
    parts = (drawn / drawn.sum(-1, keepdims=True)).astype(a.dtype)
    largest = np.nextafter(a.dtype.type(1), a.dtype.type(0))
    return backend.from_host(parts.clip(np.finfo(a.dtype).tiny, largest), backend.device_of(a))


@op(x=unknown("_dirichlet_grad"), alpha=unknown("_dirichlet_grad"), total=unknown("_dirichlet_grad"), promotes="same")
def dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor) -> Tensor:
    """How a component of a Dirichlet draw moves with its concentration, over 1 - x: arrays of one shape.

    The component has the density x**(a - 1) (1 - x)**(b - 1) / B(a, b) with a = alpha and b = total - alpha.
    """
    backend = backend_of(x)
    xp, special = backend.xp, backend.special
    at: Any = xp.asarray(x, "f8").reshape(-1)
    a: Any = xp.asarray(alpha, "f8").reshape(-1)
    b: Any = xp.asarray(total, "f8").reshape(-1) - a
    left = 1 - at
    log_density = (a - 1) * xp.log(at) + (b - 1) * xp.log1p(-at) - special.betaln(a, b)
    made = quantile_slope(lambda a, b, at, left: special.betainc(a, b, at), lambda a, b, at, left: special.betainc(b, a, left),
                          log_density, a, (b, at, left), at > EXACT)
    return (made / left).astype(x.dtype).reshape(x.shape)


# The names by which PyTorch's users know them.
_standard_gamma, _standard_gamma_grad = standard_gamma, standard_gamma_grad
_sample_dirichlet, _dirichlet_grad = sample_dirichlet, dirichlet_grad
