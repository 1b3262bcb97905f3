"""Divergences between distributions of different families.

KL(p || q) = -H(p) - E[log q(x)] for x drawn from p. The mean of log q takes a few means over p, which stand here first.
"""
from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

from ..errors import UnsupportedError
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .kl import register_kl
from .laplace import Laplace
from .normal import LOG_ROOT_2_PI, Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform
from .utils import EULER, infinite_where, x_log_x


def unknown(p: Any, what: str) -> UnsupportedError:
    return UnsupportedError(f"kl_divergence: {what} is not known for {type(p).__name__}")


# ---------------------------------------------------------------- means over p
@singledispatch
def mean_log(p: Any) -> Any:
    """E[log x]."""
    raise unknown(p, "the mean of log x")


@mean_log.register
def _(p: Beta) -> Any:
    return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()


@mean_log.register
def _(p: Exponential) -> Any:
    return -EULER - p.rate.log()


@mean_log.register
def _(p: Gamma) -> Any:
    return p.concentration.digamma() - p.rate.log()


@mean_log.register
def _(p: Pareto) -> Any:
    return p.scale.log() + p.alpha.reciprocal()


@mean_log.register
def _(p: Uniform) -> Any:
    return (x_log_x(p.high) - x_log_x(p.low)) / (p.high - p.low) - 1


def mean_log_rest(p: Uniform) -> Any:
    """E[log(1 - x)]."""
    return (x_log_x(1 - p.low) - x_log_x(1 - p.high)) / (p.high - p.low) - 1


@singledispatch
def mean_decay(p: Any, scale: Any) -> Any:
    """E[exp(-x / scale)]."""
    raise unknown(p, "the mean of exp(-x)")


@mean_decay.register
def _(p: Exponential, scale: Any) -> Any:
    return p.rate * scale / (p.rate * scale + 1)


@mean_decay.register
def _(p: Gamma, scale: Any) -> Any:
    return (1 + (p.rate * scale).reciprocal()) ** -p.concentration


@mean_decay.register
def _(p: Normal, scale: Any) -> Any:
    return (0.5 * (p.scale / scale) ** 2 - p.loc / scale).exp()


@mean_decay.register
def _(p: Uniform, scale: Any) -> Any:
    return ((-p.low / scale).exp() - (-p.high / scale).exp()) * scale / (p.high - p.low)


def mean_distance(p: Normal, point: Any) -> Any:
    """E[|x - point|]."""
    z = (p.loc - point) / p.scale
    return p.scale * (math.sqrt(2 / math.pi) * (-0.5 * z ** 2).exp() + z * (z * math.sqrt(0.5)).erf())


# ---------------------------------------------------------------- E[log q(x)]
@singledispatch
def mean_log_prob(q: Any, p: Any) -> Any:
    """The mean of q's log density over p."""
    raise unknown(q, "the mean of the log density")


@mean_log_prob.register
def _(q: Beta, p: Any) -> Any:
    a, b = q.concentration1, q.concentration0
    return (a - 1) * mean_log(p) + (b - 1) * mean_log_rest(p) - a.lgamma() - b.lgamma() + (a + b).lgamma()


@mean_log_prob.register
def _(q: ContinuousBernoulli, p: Any) -> Any:
    return p.mean * q.logits + (-q.probs).log1p() + q._cont_bern_log_norm()


@mean_log_prob.register
def _(q: Exponential, p: Any) -> Any:
    return q.rate.log() - q.rate * p.mean


@mean_log_prob.register
def _(q: Gamma, p: Any) -> Any:
    a = q.concentration
    return a * q.rate.log() - a.lgamma() + (a - 1) * mean_log(p) - q.rate * p.mean


@mean_log_prob.register
def _(q: Gumbel, p: Any) -> Any:
    return (q.loc - p.mean) / q.scale - (q.loc / q.scale).exp() * mean_decay(p, q.scale) - q.scale.log()


@mean_log_prob.register
def _(q: Laplace, p: Any) -> Any:
    return -mean_distance(p, q.loc) / q.scale - (2 * q.scale).log()


@mean_log_prob.register
def _(q: Normal, p: Any) -> Any:
    return -0.5 * (p.variance + (p.mean - q.loc) ** 2) / q.scale ** 2 - q.scale.log() - LOG_ROOT_2_PI


@mean_log_prob.register
def _(q: Pareto, p: Any) -> Any:
    return q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * mean_log(p)


@mean_log_prob.register
def _(q: Poisson, p: Bernoulli) -> Any:
    return p.mean * q.rate.log() - q.rate            # 0! and 1! are 1


@mean_log_prob.register
def _(q: Uniform, p: Any) -> Any:
    return -(q.high - q.low).log()


# ---------------------------------------------------------------- pairs
def from_means(p: Any, q: Any) -> Any:
    """-H(p) - E[log q(x)], where q has all values of p."""
    return -p.entropy() - mean_log_prob(q, p)


def from_means_inside(p: Any, q: Any) -> Any:
    """The same, but infinite where q's support does not hold p's; both are intervals, perhaps without an upper end."""
    ours, theirs = p.support, q.support
    outside = (ours.lower_bound < theirs.lower_bound) | (getattr(ours, "upper_bound", math.inf) > getattr(theirs, "upper_bound", math.inf))
    return infinite_where(outside, from_means(p, q))


def infinite(p: Any, q: Any) -> Any:
    """Infinite: p always has values that q has not."""
    return p.mean.new_full(p.batch_shape, math.inf)


def register(function: Any, p: type[Distribution], *qs: type[Distribution]) -> None:
    for q in qs:
        register_kl(p, q)(function)


register(from_means, Bernoulli, Poisson)
register(from_means, Beta, ContinuousBernoulli, Exponential, Gamma, Normal)
register(from_means, ContinuousBernoulli, Exponential, Normal)
register(from_means, Exponential, Gamma, Gumbel, Normal)
register(from_means, Gamma, Exponential, Gumbel, Normal)
register(from_means, Gumbel, Normal)
register(from_means, Laplace, Normal)
register(from_means, Normal, Gumbel, Laplace)
register(from_means, Pareto, Exponential, Gamma, Normal)
register(from_means, Uniform, Gumbel, Normal)

register(from_means_inside, Beta, Uniform)
register(from_means_inside, ContinuousBernoulli, Uniform)
register(from_means_inside, Uniform, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto)

register(infinite, Beta, Pareto)
register(infinite, ContinuousBernoulli, Pareto)
register(infinite, Exponential, Beta, ContinuousBernoulli, Pareto, Uniform)
register(infinite, Gamma, Beta, ContinuousBernoulli, Pareto, Uniform)
register(infinite, Gumbel, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
register(infinite, Laplace, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
register(infinite, Normal, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
register(infinite, Pareto, Beta, ContinuousBernoulli, Uniform)
register(infinite, Poisson, Bernoulli, Binomial)
