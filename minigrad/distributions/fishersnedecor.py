"""The F distribution, of R. Fisher and G. Snedecor."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from ..ops.select import where
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .gamma import Gamma
from .utils import broadcast_all, extremes

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class FisherSnedecor(Distribution):
    """(x1 / df1) / (x2 / df2) for chi-squared x1 and x2 of df1 and df2 degrees of freedom.

    Density r**a x**(a - 1) (1 + r x)**(-a - b) / B(a, b), for x > 0, with a = df1 / 2, b = df2 / 2, r = df1 / df2.
    """
    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _parts: ClassVar = {"df1": 0, "df2": 0, "_gamma1": 0, "_gamma2": 0}

    def __init__(self, df1: Parameter, df2: Parameter, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        self._gamma1, self._gamma2 = Gamma(self.df1 * 0.5, self.df1), Gamma(self.df2 * 0.5, self.df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        b = where(self.df2 > 2, self.df2, math.nan)
        return b / (b - 2)

    @property
    def mode(self) -> Tensor:
        return where(self.df1 > 2, (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2), math.nan)

    @property
    def variance(self) -> Tensor:
        a, b = self.df1, where(self.df2 > 4, self.df2, math.nan)
        return 2 * b ** 2 * (a + b - 2) / (a * (b - 2) ** 2 * (b - 4))

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        tiny, _ = extremes(self.df2.dtype)
        above = self._gamma1.rsample(sample_shape)
        return (above / self._gamma2.rsample(sample_shape).clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        normalizer = (a + b).lgamma() - a.lgamma() - b.lgamma()
        return normalizer + a * ratio.log() + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()
