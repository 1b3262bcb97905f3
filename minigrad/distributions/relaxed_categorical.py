"""A one-hot categorical distribution made continuous."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..ops.reduce import logsumexp
from ..random import rand
from . import constraints
from .categorical import Categorical
from .distribution import AS_IT_IS, NO_SHAPE, Distribution
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform
from .utils import broadcast_all, clamp_probs

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class ExpRelaxedCategorical(Distribution):
    """The logarithms of `RelaxedOneHotCategorical` values: a log-softmax of (logits + Gumbel numbers) / temperature.

    Source: C. Maddison, A. Mnih and Y. W. Teh (2017), The concrete distribution; E. Jang, S. Gu and B. Poole (2017), Categorical
    reparameterization with Gumbel-softmax.
    """
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector                # in fact a surface in it
    has_rsample = True
    _parts: ClassVar = {"temperature": AS_IT_IS, "_categorical": 0}

    def __init__(self, temperature: Parameter, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities, before the relaxation."""
        return self._categorical.probs

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        u = clamp_probs(rand(self._extended_shape(sample_shape), dtype=self.logits.dtype, device=self.logits.device))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - logsumexp(scores, dim=-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        k = self._categorical._num_events
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        scale = self.temperature.new_full(self.temperature.shape, float(k)).lgamma() + (k - 1) * self.temperature.log()
        score = logits - value * self.temperature
        return (score - logsumexp(score, dim=-1, keepdim=True)).sum(-1) + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors of probabilities that approach one-hot ones as the temperature falls, with gradients."""
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample: Any = True

    def __init__(self, temperature: Parameter, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        return super().expand(batch_shape, _instance=self._get_checked_instance(RelaxedOneHotCategorical, _instance))

    @property
    def temperature(self) -> Parameter:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities, before the relaxation."""
        return self.base_dist.probs
