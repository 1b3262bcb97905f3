"""The absolute value of normal numbers."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .half import Half
from .normal import Normal

if TYPE_CHECKING:
    from .._tensor import Tensor


class HalfNormal(Half):
    """|x| for normal x of mean 0: density 2 exp(-(x / scale)**2 / 2) / (scale sqrt(2 pi)), for x >= 0."""
    kind = Normal

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale ** 2 * (1 - 2 / math.pi)
