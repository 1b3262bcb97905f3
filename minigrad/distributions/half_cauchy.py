"""The absolute value of Cauchy numbers."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .cauchy import Cauchy
from .half import Half

if TYPE_CHECKING:
    from .._tensor import Tensor


class HalfCauchy(Half):
    """|x| for Cauchy x around 0: density 2 / (pi scale (1 + (x / scale)**2)), for x >= 0. It has no finite mean."""
    kind = Cauchy

    @property
    def mean(self) -> Tensor:
        return self.scale.new_full(self._extended_shape(), math.inf)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance
