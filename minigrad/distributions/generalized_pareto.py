"""The generalized Pareto distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..ops.compare import isclose
from ..ops.select import where
from ..random import rand
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .utils import broadcast_all

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class GeneralizedPareto(Distribution):
    """What lies above a high threshold: P(X > x) = (1 + c z)**(-1 / c) with z = (x - loc) / scale >= 0; exp(-z) for c = 0.

    c is the concentration. A negative one ends the support at loc - scale / c.
    """
    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _parts: ClassVar = {"loc": 0, "scale": 0, "concentration": 0}

    def __init__(self, loc: Parameter, scale: Parameter, concentration: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        upper = where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return constraints.interval(self.loc, upper)

    def _concentration_or_1(self) -> tuple[Tensor, Tensor]:
        """Where the concentration is 0, and the concentration with 1 in its place there."""
        zero = isclose(self.concentration, self.concentration.new_zeros(self.concentration.shape))
        return zero, where(zero, 1.0, self.concentration)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        z = (value - self.loc) / self.scale
        zero, c = self._concentration_or_1()
        power = 1 / c + 1
        return -self.scale.log() - where(zero, z, where(power == 0, power, power * (c * z).log1p()))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """log P(X > value)."""
        if self._validate_args:
            self._validate_sample(value)
        z = (value - self.loc) / self.scale
        zero, c = self._concentration_or_1()
        return where(zero, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """log P(X <= value)."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        log_above = (-value).log1p()
        zero, c = self._concentration_or_1()
        return where(zero, self.loc - self.scale * log_above, self.loc + self.scale / c * (-c * log_above).expm1())

    @property
    def mean(self) -> Tensor:
        exists = self.concentration < 1
        return where(exists, self.loc + self.scale / (1 - where(exists, self.concentration, 0.5)), math.nan)

    @property
    def variance(self) -> Tensor:
        exists = self.concentration < 0.5
        c = where(exists, self.concentration, 0.25)
        return where(exists, self.scale ** 2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def entropy(self) -> Tensor:
        return (self.scale.log() + self.concentration + 1).broadcast_to(self._batch_shape)
