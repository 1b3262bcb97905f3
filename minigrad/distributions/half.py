"""What the absolute values of numbers that lie evenly around 0 have in common."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..engine.node import TensorBase
from ..ops.select import where
from . import constraints
from .transformed_distribution import TransformedDistribution
from .transforms import AbsTransform

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class Half(TransformedDistribution):
    """|x| for x of `kind(0, scale)`, whose density is the same at x and -x: twice that density, for |x| >= 0."""
    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    kind: ClassVar[Any]

    def __init__(self, scale: Parameter, validate_args: bool | None = None) -> None:
        super().__init__(self.kind(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        return super().expand(batch_shape, _instance=self._get_checked_instance(Half, _instance))

    @property
    def scale(self) -> Tensor:
        """The scale of x."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return self.scale.new_zeros(self.scale.shape)

    def log_prob(self, value: Tensor | float) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)             # type: ignore[arg-type]
        x: Any = value if isinstance(value, TensorBase) else self.scale.new_tensor(value)
        return where(x >= 0, self.base_dist.log_prob(x) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
