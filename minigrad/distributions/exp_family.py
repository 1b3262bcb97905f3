"""Distributions of the exponential family."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autograd import grad
from .distribution import Distribution

if TYPE_CHECKING:
    from .._tensor import Tensor


class ExponentialFamily(Distribution):
    """Distributions with density exp(<t(x), theta> - F(theta) + k(x)).

    theta are the natural parameters, t the sufficient statistics, F the log normalizer, k the carrier measure. From F follow
    the entropy, F - <theta, grad F> - E[k], and the divergence between two of one family.
    Source: F. Nielsen and R. Nock, Entropies and cross-entropies of exponential families (2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """theta."""
        raise self._lacks("_natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        """F, of the natural parameters."""
        raise self._lacks("_log_normalizer")

    @property
    def _mean_carrier_measure(self) -> Any:
        """E[k]; a number, 0 for most."""
        raise self._lacks("_mean_carrier_measure")

    def entropy(self) -> Tensor:
        natural = [theta if theta.requires_grad else theta.detach().requires_grad_() for theta in self._natural_params]
        normalizer = self._log_normalizer(*natural)
        slopes = grad(normalizer.sum(), natural, create_graph=True)
        result = -self._mean_carrier_measure + normalizer
        for theta, slope in zip(natural, slopes):
            result = result - (theta * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return result
