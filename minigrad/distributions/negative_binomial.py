"""The negative binomial distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..engine.mode import no_grad
from ..ops.activation import logsigmoid
from ..ops.draws import poisson
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .gamma import Gamma
from .odds import Odds
from .utils import lazy_property

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class NegativeBinomial(Odds, Distribution):
    """The number of successes before the n-th failure: P(k) = gamma(n + k) / (k! gamma(n)) probs**k (1 - probs)**n, n = total_count.

    Drawn as a Poisson number whose rate is a gamma number.
    """
    arg_constraints: ClassVar = {"total_count": constraints.greater_than_eq(0), "probs": constraints.half_open_interval(0.0, 1.0),
                                 "logits": constraints.real}
    support = constraints.nonnegative_integer
    _parts: ClassVar = {"total_count": 0, "probs": 0, "logits": 0, "_param": 0}

    def __init__(self, total_count: Parameter, probs: Parameter = None, logits: Parameter = None,
                 validate_args: bool | None = None) -> None:
        count, = self._given(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(self.total_count, (-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            return poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        log_odds = n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        ways = (n + value).lgamma() - (1.0 + value).lgamma() - n.lgamma()
        return log_odds + ways.masked_fill(n + value == 0.0, 0.0)
