"""The Gumbel distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from .. import dtypes
from . import constraints
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform
from .uniform import Uniform
from .utils import EULER, broadcast_all, extremes, is_number

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Gumbel(TransformedDistribution):
    """The largest of many: density exp(-z - exp(-z)) / scale with z = (x - loc) / scale.

    Drawn as loc - scale log(-log u) from a uniform u.
    """
    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Parameter, scale: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        if is_number(loc, scale):
            tiny, eps = extremes(dtypes.get_default_dtype())
            base = Uniform(tiny, 1 - eps, validate_args=validate_args)
        else:
            tiny, eps = extremes(self.loc.dtype)
            base = Uniform(self.loc.new_full(self.loc.shape, tiny), self.loc.new_full(self.loc.shape, 1 - eps),
                           validate_args=validate_args)
        one = self.scale.new_ones(self.scale.shape)
        super().__init__(base, [ExpTransform().inv, AffineTransform(loc=0, scale=-one), ExpTransform().inv,
                                AffineTransform(loc=loc, scale=-self.scale)], validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = self._get_checked_instance(Gumbel, _instance)
        new.loc, new.scale = self.loc.expand(batch_shape), self.scale.expand(batch_shape)
        return super().expand(batch_shape, _instance=new)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev ** 2

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)
