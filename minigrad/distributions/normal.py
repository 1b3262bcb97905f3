"""The normal distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from . import constraints
from .distribution import NO_SHAPE
from .exp_family import ExponentialFamily
from .utils import broadcast_all, standard_normal

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape

LOG_ROOT_2_PI = math.log(math.sqrt(2 * math.pi))
ROOT_2 = math.sqrt(2)


class Normal(ExponentialFamily):
    """Density exp(-((x - loc) / scale)**2 / 2) / (scale sqrt(2 pi)).

    >>> import minigrad
    >>> Normal(0.0, 1.0).log_prob(minigrad.tensor(0.0))
    tensor(-0.9189)
    """
    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _mean_carrier_measure = 0
    _parts: ClassVar = {"loc": 0, "scale": 0}

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale ** 2

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return self.loc + standard_normal(self._extended_shape(sample_shape), self.loc) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -((value - self.loc) ** 2) / (2 * self.scale ** 2) - self.scale.log() - LOG_ROOT_2_PI

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / ROOT_2).erf())

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * (2 * value - 1).erfinv() * ROOT_2

    def entropy(self) -> Tensor:
        return 0.5 + LOG_ROOT_2_PI + self.scale.log()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.loc / self.scale ** 2, -0.5 * (self.scale ** 2).reciprocal()

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:           # type: ignore[override]
        return -0.25 * x ** 2 / y + 0.5 * (-math.pi / y).log()
