"""The Bernoulli distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from ..creation import arange
from ..engine.mode import no_grad
from ..ops.draws import bernoulli
from ..ops.likelihood_loss import binary_cross_entropy_with_logits
from ..ops.select import where
from . import constraints
from .distribution import NO_SHAPE
from .exp_family import ExponentialFamily
from .odds import Odds
from .utils import broadcast_all

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Bernoulli(Odds, ExponentialFamily):
    """1 with probability probs, else 0; logits are the log odds log(probs / (1 - probs)).

    >>> Bernoulli(0.25).entropy()
    tensor(0.5623)
    """
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0
    _parts: ClassVar = {"probs": 0, "logits": 0, "_param": 0}

    def __init__(self, probs: Parameter = None, logits: Parameter = None, validate_args: bool | None = None) -> None:
        self._given(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return where(self.probs == 0.5, math.nan, (self.probs >= 0.5).to(self.probs.dtype))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return self._enumerated(arange(2, dtype=self._param.dtype, device=self._param.device), expand)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.probs.logit(),)

    def _log_normalizer(self, x: Tensor) -> Tensor:                      # type: ignore[override]
        return x.exp().log1p()
