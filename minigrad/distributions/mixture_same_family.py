"""Mixtures."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..engine.mode import no_grad
from ..errors import ArgumentError, describe
from ..ops.lookup import gather
from ..ops.reduce import logsumexp
from ..ops.softmax import log_softmax
from . import constraints
from .categorical import Categorical
from .constraints import MixtureSameFamilyConstraint
from .distribution import NO_SHAPE, Distribution

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class MixtureSameFamily(Distribution):
    """A mixture: which component is drawn by a `Categorical`; the components are the last batch dimension of one distribution.

    p(x) = sum over k of P(k) p_k(x).

    >>> import minigrad
    >>> from minigrad.distributions import Normal
    >>> mixture = MixtureSameFamily(Categorical(minigrad.ones(2)), Normal(minigrad.tensor([-1.0, 1.0]), 1.0))
    >>> mixture.mean, mixture.variance
    (tensor(0.), tensor(2.))
    """
    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = False

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError("MixtureSameFamily: The Mixture distribution needs to be an instance of Categorical; got "
                                f"{describe(mixture_distribution)}")
        if not isinstance(component_distribution, Distribution):
            raise ArgumentError("MixtureSameFamily: The Component distribution needs to be an instance of Distribution; got "
                                f"{describe(component_distribution)}")
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        ours, theirs = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        for m, n in zip(reversed(ours), reversed(theirs)):
            if m != 1 and n != 1 and m != n:
                raise ArgumentError(f"MixtureSameFamily: `mixture_distribution.batch_shape` ({tuple(ours)}) is not compatible with "
                                    f"`component_distribution.batch_shape` ({tuple(theirs)})")
        k, components = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if k != components:
            raise ArgumentError(f"MixtureSameFamily: `mixture_distribution component` ({k}) does not equal "
                                f"`component_distribution.batch_shape[-1]` ({components})")
        self._num_component, self._event_ndims = k, len(component_distribution.event_shape)
        super().__init__(theirs, component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component, new._event_ndims = self._num_component, self._event_ndims
        return self._finished(new, batch_shape)

    @constraints.dependent_property
    def support(self) -> Any:
        return MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """How likely each component is."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components, along the last batch dimension."""
        return self._component_distribution

    def _weights(self) -> Tensor:
        """The probabilities of the components, as factors of their means."""
        probs = self._mixture_distribution.probs
        return probs.reshape((*probs.shape, *[1] * self._event_ndims))

    def _over_components(self, value: Tensor) -> Tensor:
        return value.sum(-1 - self._event_ndims)

    def _pad(self, value: Tensor) -> Tensor:
        return value.unsqueeze(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return self._over_components(self._weights() * self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances and the variance of the means."""
        inside = self._component_distribution.variance + (self._component_distribution.mean - self._pad(self.mean)) ** 2
        return self._over_components(self._weights() * inside)

    def cdf(self, x: Tensor) -> Tensor:
        return (self._component_distribution.cdf(self._pad(x)) * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(x)
        each = self._component_distribution.log_prob(self._pad(x))       # (*sample, *batch, k)
        return logsumexp(each + log_softmax(self._mixture_distribution.logits, dim=-1), dim=-1)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            at = len(sample_shape) + len(self._batch_shape)
            which = self._mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)    # (*sample, *batch, k, *event)
            which = which.reshape((*which.shape, *[1] * (1 + self._event_ndims)))
            return gather(drawn, at, which.expand((*which.shape[:at + 1], *self._event_shape))).squeeze(at)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
