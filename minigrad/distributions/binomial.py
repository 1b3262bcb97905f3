"""The binomial distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..creation import arange
from ..engine.mode import no_grad
from ..errors import UnsupportedError
from ..ops.draws import binomial
from ..ops.exponentials import logaddexp
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .odds import Odds

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Binomial(Odds, Distribution):
    """The number of successes in n = total_count trials: P(k) = n! / (k! (n - k)!) probs**k (1 - probs)**(n - k)."""
    arg_constraints: ClassVar = {"total_count": constraints.nonnegative_integer, "probs": constraints.unit_interval,
                                 "logits": constraints.real}
    has_enumerate_support = True
    _parts: ClassVar = {"total_count": 0, "probs": 0, "logits": 0, "_param": 0}

    def __init__(self, total_count: Parameter = 1, probs: Parameter = None, logits: Parameter = None,
                 validate_args: bool | None = None) -> None:
        count, = self._given(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        ways = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        return ways + value * self.logits - n * logaddexp(self.logits, self.logits * 0)

    def _one_count(self, name: str) -> int:
        """The number of trials, if it is the same for all."""
        count = int(self.total_count.max())
        if not self.total_count.min() == count:
            raise UnsupportedError(f"Binomial: Inhomogeneous total count not supported by `{name}`; got\n{self.total_count}")
        return count

    def entropy(self) -> Tensor:
        self._one_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._one_count("enumerate_support")
        return self._enumerated(arange(1 + count, dtype=self._param.dtype, device=self._param.device), expand)
