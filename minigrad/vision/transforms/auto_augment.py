"""The policies of `v2.auto_augment` with the order of draws that `torchvision.transforms` has without `v2`."""
from __future__ import annotations

from typing import Any

from ..._tensor import Tensor
from ...random import rand, randint
from .images import get_dimensions
from .v2 import auto_augment as v2
from .v2.structure import integer


class _Order(v2._AutoAugment):
    """A sign is an integer, and a threshold a number up to 255."""

    def negative(self) -> bool:
        return integer(0, 2) == 1

    def thresholds(self, bins: int) -> list[float]:
        return v2.evenly(255.0, 0.0, bins)

    def threshold(self, image: Any, strength: float) -> float:
        return strength


class AutoAugment(_Order, v2.AutoAugment):
    __doc__ = v2.AutoAugment.__doc__

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Tensor, Tensor]:
        """(which pair, two numbers to compare with the probabilities, two signs)."""
        return integer(0, transform_num), rand(2), randint(2, (2,))

    def augmented(self, image: Any) -> Any:
        pair, chances, signs = self.get_params(len(self.policies))
        for i, (name, p, level) in enumerate(self.policies[pair]):
            if chances[i].item() <= p:
                strengths = self.strengths(name, 10, get_dimensions(image)[1:])
                strength = 0.0 if strengths is None or level is None else strengths[level]
                image = self.changed(image, name, -strength if name in v2.SIGNED and signs[i].item() == 0 else strength)
        return image


class RandAugment(_Order, v2.RandAugment):
    __doc__ = v2.RandAugment.__doc__


class TrivialAugmentWide(_Order, v2.TrivialAugmentWide):
    __doc__ = v2.TrivialAugmentWide.__doc__


class AugMix(_Order, v2.AugMix):
    __doc__ = v2.AugMix.__doc__
