"""Divergences between two distributions of one family."""
from __future__ import annotations

from typing import Any

from ..autograd import grad
from ..errors import ArgumentError, UnsupportedError
from ..ops.activation import softplus
from ..ops.select import where
from ..ops.triangular import solve_triangular
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .exp_family import ExponentialFamily
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .kl import kl_divergence, register_kl
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal, squared_distance
from .multivariate_normal import MultivariateNormal, log_diagonal, squared_length
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import EULER, infinite_where, sum_rightmost


# ---------------------------------------------------------------- in general
@register_kl(ExponentialFamily, ExponentialFamily)
def between_exponential_families(p: Any, q: Any) -> Any:
    """The Bregman divergence of the log normalizer: F(q) - F(p) - <q - p, grad F(p)>, of the natural parameters."""
    if type(p) is not type(q):
        raise UnsupportedError("kl_divergence: The cross KL-divergence between different exponential families cannot be computed using "
                               f"Bregman divergences; got {type(p).__name__} and {type(q).__name__}")
    at_p = [theta if theta.requires_grad else theta.detach().requires_grad_() for theta in p._natural_params]
    normalizer = p._log_normalizer(*at_p)
    slopes = grad(normalizer.sum(), at_p, create_graph=True)
    result = q._log_normalizer(*q._natural_params) - normalizer
    for ours, theirs, slope in zip(at_p, q._natural_params, slopes):
        result = result - sum_rightmost((theirs - ours) * slope, len(q.event_shape))
    return result


@register_kl(TransformedDistribution, TransformedDistribution)
def between_transformed(p: Any, q: Any) -> Any:
    """A bijection changes no divergence."""
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise UnsupportedError("kl_divergence: not implemented for distributions with different transforms or event shapes; got "
                               f"{type(p).__name__} with {p.transforms} and {type(q).__name__} with {q.transforms}")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def between_independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise UnsupportedError("kl_divergence: not implemented for Independent of different reinterpreted_batch_ndims; got "
                               f"{p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---------------------------------------------------------------- discrete
def weighted(weight: Any, difference: Any, impossible: Any) -> Any:
    """weight * difference of logarithms: 0 where the weight is 0, else infinite where q has no such value."""
    return where(weight == 0, 0.0, infinite_where(impossible, weight * difference))


@register_kl(Bernoulli, Bernoulli)
def between_bernoulli(p: Any, q: Any) -> Any:
    one = weighted(p.probs, softplus(-q.logits) - softplus(-p.logits), q.probs == 0)
    zero = weighted(1 - p.probs, softplus(q.logits) - softplus(p.logits), q.probs == 1)
    return one + zero


@register_kl(Binomial, Binomial)
def between_binomial(p: Any, q: Any) -> Any:
    if (p.total_count < q.total_count).any():
        raise UnsupportedError("kl_divergence: KL between Binomials where q.total_count > p.total_count is not implemented; got "
                               f"{p.total_count} and {q.total_count}")
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return infinite_where(p.total_count > q.total_count, p.total_count * each)


@register_kl(Categorical, Categorical)
def between_categorical(p: Any, q: Any) -> Any:
    return weighted(p.probs, p.logits - q.logits, q.probs == 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def between_one_hot_categorical(p: Any, q: Any) -> Any:
    return between_categorical(p._categorical, q._categorical)


@register_kl(Geometric, Geometric)
def between_geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Poisson, Poisson)
def between_poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


# ---------------------------------------------------------------- on an interval
@register_kl(Beta, Beta)
def between_beta(p: Any, q: Any) -> Any:
    return between_dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def between_dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    normalizers = total.lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return normalizers + ((a - b) * (a.digamma() - total.digamma().unsqueeze(-1))).sum(-1)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def between_continuous_bernoulli(p: Any, q: Any) -> Any:
    normalizers = p._cont_bern_log_norm() + (-p.probs).log1p() - q._cont_bern_log_norm() - (-q.probs).log1p()
    return p.mean * (p.logits - q.logits) + normalizers


@register_kl(Uniform, Uniform)
def between_uniform(p: Any, q: Any) -> Any:
    return infinite_where((q.low > p.low) | (q.high < p.high), ((q.high - q.low) / (p.high - p.low)).log())


# ---------------------------------------------------------------- on a half line
@register_kl(Exponential, Exponential)
def between_exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Gamma, Gamma)
def between_gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    return b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma() + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)


@register_kl(HalfNormal, HalfNormal)
def between_half_normal(p: Any, q: Any) -> Any:
    return between_normal(p.base_dist, q.base_dist)


@register_kl(Pareto, Pareto)
def between_pareto(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    return infinite_where(p.scale < q.scale, q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1)


# ---------------------------------------------------------------- on all real numbers
@register_kl(Cauchy, Cauchy)
def between_cauchy(p: Any, q: Any) -> Any:
    """Source: F. Chyzak and F. Nielsen (2019), A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions."""
    return ((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2).log() - (4 * p.scale * q.scale).log()


@register_kl(Gumbel, Gumbel)
def between_gumbel(p: Any, q: Any) -> Any:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return shift - ratio.log() + ratio * EULER + ((1 + ratio).lgamma() - shift).exp() - (1 + EULER)


@register_kl(Laplace, Laplace)
def between_laplace(p: Any, q: Any) -> Any:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return distance / q.scale + ratio * (-distance / p.scale).exp() - ratio.log() - 1


@register_kl(Normal, Normal)
def between_normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


# ---------------------------------------------------------------- normal vectors
def roots(p: Any) -> list[Any]:
    """Matrices A whose A A^T add up to the covariance."""
    if isinstance(p, LowRankMultivariateNormal):
        return [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return [p._unbroadcasted_scale_tril]


def log_determinant(p: Any) -> Any:
    """Of the covariance."""
    return p._log_determinant() if isinstance(p, LowRankMultivariateNormal) else 2 * log_diagonal(p._unbroadcasted_scale_tril)


def squares(a: Any) -> Any:
    """The sum of the squares of the elements of each matrix."""
    return (a * a).sum([-2, -1])


def trace(q: Any, a: Any) -> Any:
    """tr(C^-1 A A^T), for the covariance C of q."""
    if not isinstance(q, LowRankMultivariateNormal):
        return squares(solve_triangular(q._unbroadcasted_scale_tril, a, upper=False))
    diag = q._unbroadcasted_cov_diag.unsqueeze(-1)
    inside = q._unbroadcasted_cov_factor.mT @ (a / diag)
    return squares(a / diag.sqrt()) - squares(solve_triangular(q._capacitance_tril, inside, upper=False))


def distance(q: Any, x: Any) -> Any:
    """x^T C^-1 x."""
    if isinstance(q, LowRankMultivariateNormal):
        return squared_distance(q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag, x, q._capacitance_tril)
    return squared_length(q._unbroadcasted_scale_tril, x)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(MultivariateNormal, MultivariateNormal)
def between_multivariate_normal(p: Any, q: Any) -> Any:
    """(log det Cq - log det Cp + tr(Cq^-1 Cp) + (mq - mp)^T Cq^-1 (mq - mp) - n) / 2."""
    if p.event_shape != q.event_shape:
        raise ArgumentError("KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed; "
                            f"got {tuple(p.event_shape)} and {tuple(q.event_shape)}")
    apart = trace(q, roots(p)[0]) + distance(q, q.loc - p.loc)
    for a in roots(p)[1:]:
        apart = apart + trace(q, a)
    return 0.5 * (log_determinant(q) - log_determinant(p) + apart - p.event_shape[0])
