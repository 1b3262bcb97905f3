"""Student's t distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from ..ops.select import where
from . import constraints
from .chi2 import Chi2
from .distribution import NO_SHAPE, Distribution
from .utils import broadcast_all, standard_normal

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class StudentT(Distribution):
    """loc + scale x / sqrt(z / df) for standard normal x and chi-squared z of df degrees of freedom.

    Density gamma((df + 1) / 2) / (gamma(df / 2) sqrt(pi df) scale) (1 + y**2 / df)**(-(df + 1) / 2) with y = (x - loc) / scale.
    """
    arg_constraints: ClassVar = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parts: ClassVar = {"df": 0, "loc": 0, "scale": 0, "_chi2": 0}

    def __init__(self, df: Parameter, loc: Parameter = 0.0, scale: Parameter = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        finite = where(self.df > 2, self.scale ** 2 * self.df / (self.df - 2), math.inf)
        return where(self.df > 1, finite, math.nan)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        x = standard_normal(self._extended_shape(sample_shape), self.df)
        return self.loc + self.scale * (x * (self._chi2.rsample(sample_shape) / self.df).rsqrt())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        normalizer = (self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi) + (0.5 * self.df).lgamma()
                      - (0.5 * (self.df + 1)).lgamma())
        return -0.5 * (self.df + 1) * (y ** 2 / self.df).log1p() - normalizer

    def entropy(self) -> Tensor:
        half, more = 0.5 * self.df, 0.5 * (self.df + 1)
        log_beta = half.lgamma() + math.lgamma(0.5) - more.lgamma()
        return self.scale.log() + more * (more.digamma() - half.digamma()) + 0.5 * self.df.log() + log_beta
