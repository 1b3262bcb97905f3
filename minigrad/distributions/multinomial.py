"""The multinomial distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..creation import ones, zeros
from ..engine.mode import no_grad
from ..errors import UnsupportedError, describe
from ..ops.exponentials import exp
from ..ops.scatters import scatter_add
from ..ops.shape import broadcast_tensors
from . import constraints
from .binomial import Binomial
from .categorical import Categorical
from .distribution import NO_SHAPE, Distribution

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class Multinomial(Distribution):
    """How often each index comes among n = total_count draws: P(x) = n! prod of probs_i**x_i / x_i!; events are vectors of counts.

    `log_prob` takes any number of draws, as the counts tell it.
    """
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _parts: ClassVar = {"total_count": 0, "_categorical": 0, "_binomial": 1}
    total_count: int

    def __init__(self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:
        if not isinstance(total_count, int):
            raise UnsupportedError(f"Multinomial: inhomogeneous total_count is not supported; needs an int, got {describe(total_count)}")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def _param(self) -> Tensor:
        return self._categorical._param

    @property
    def probs(self) -> Tensor:
        """The probabilities of the indices."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape)).movedim(0, -1)
            like = self._param
            counts = zeros(self._extended_shape(sample_shape), dtype=drawn.dtype, device=like.device)
            counts = scatter_add(counts, -1, drawn, ones(drawn.shape, dtype=drawn.dtype, device=like.device))
            return counts.type_as(self.probs)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_tensors(self.logits, value)
        impossible = (value == 0) & (logits == -float("inf"))            # 0 times -inf
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + (logits.masked_fill(impossible, 0) * value).sum(-1)

    def entropy(self) -> Tensor:
        """n H(probs) - log n! + the means of log x_i!, whose counts x_i are binomial."""
        counts = self._binomial.enumerate_support(expand=False)[1:]
        mean_log_ways = (exp(self._binomial.log_prob(counts)) * (counts + 1).lgamma()).sum([0, -1])
        n = self._param.new_full((), self.total_count)
        return n * self._categorical.entropy() - (n + 1).lgamma() + mean_log_ways
