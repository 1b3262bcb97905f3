"""A Bernoulli distribution made continuous."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..ops.activation import softplus
from ..random import rand
from . import constraints
from .distribution import AS_IT_IS, NO_SHAPE, Distribution
from .odds import Odds
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import broadcast_all, clamp_probs

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class LogitRelaxedBernoulli(Odds, Distribution):
    """The log odds of `RelaxedBernoulli` values: (log(u / (1 - u)) + logits) / temperature, from a uniform u.

    Source: C. Maddison, A. Mnih and Y. W. Teh (2017), The concrete distribution; E. Jang, S. Gu and B. Poole (2017), Categorical
    reparameterization with Gumbel-softmax.
    """
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True
    _parts: ClassVar = {"temperature": AS_IT_IS, "probs": 0, "logits": 0, "_param": 0}

    def __init__(self, temperature: Parameter, probs: Parameter = None, logits: Parameter = None,
                 validate_args: bool | None = None) -> None:
        self.temperature = temperature
        self._given(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(rand(shape, dtype=probs.dtype, device=probs.device))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        odds = logits - value * self.temperature
        return self.temperature.log() + odds - 2 * softplus(odds)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers of (0, 1) that approach Bernoulli's 0 and 1 as the temperature falls, with gradients."""
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample: Any = True

    def __init__(self, temperature: Parameter, probs: Parameter = None, logits: Parameter = None,
                 validate_args: bool | None = None) -> None:
        super().__init__(LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        return super().expand(batch_shape, _instance=self._get_checked_instance(RelaxedBernoulli, _instance))

    @property
    def temperature(self) -> Parameter:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The log odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probability of a 1, before the relaxation."""
        return self.base_dist.probs
