"""The geometric distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..engine.mode import no_grad
from ..errors import ArgumentError
from ..ops.likelihood_loss import binary_cross_entropy_with_logits
from ..ops.select import where
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .odds import Odds
from .utils import broadcast_all, extremes

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Geometric(Odds, Distribution):
    """The number of failures before the first success: P(k) = (1 - probs)**k probs, for k = 0, 1, ...

    The tensor method `geometric_` counts the successful trial, too.
    """
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _parts: ClassVar = {"probs": 0, "logits": 0, "_param": 0}

    def __init__(self, probs: Parameter = None, logits: Parameter = None, validate_args: bool | None = None) -> None:
        self._given(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            raise ArgumentError(f"Geometric: Expected parameter probs to be positive; got\n{self.probs}")

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return self.probs.new_zeros(self.probs.shape)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape)).uniform_(extremes(self.probs.dtype)[0], 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        certain = (probs == 1) & (value == 0)
        return value * where(certain, 0.0, -probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
