"""Random colours: images change, boxes, points and masks stay."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .... import creation
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError
from ....rng import default_generator, discrete
from . import functional as F
from .structure import Params, Randomly, Transform, query_chw, uniform

Strength = float | Sequence[float] | None
Range = tuple[float, float]


class Grayscale(Transform):
    """Luma in one channel, or in three equal ones."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, self.num_output_channels)


class RandomGrayscale(Randomly):
    """Grey with probability `p`, in as many channels as before."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"num_output_channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, **params)


class RGB(Transform):
    """Three channels out of one."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.grayscale_to_rgb, inpt)


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    A number v means (max(0, 1 - v), 1 + v), for hue (-v, v); two numbers are the range itself. Raises ValueError and TypeError for others.
    """

    def __init__(self, brightness: Strength = None, contrast: Strength = None, saturation: Strength = None, hue: Strength = None) -> None:
        super().__init__()
        self.brightness, self.contrast = self._range(brightness, "brightness"), self._range(contrast, "contrast")
        self.saturation, self.hue = self._range(saturation, "saturation"), self._range(hue, "hue", 0.0, -0.5, 0.5)

    @staticmethod
    def _range(value: Strength, name: str, middle: float = 1.0, low: float = 0.0, high: float = math.inf) -> Range | None:
        if value is None:
            return None
        if isinstance(value, (int, float)):
            if value < 0:
                raise ArgumentError(f"ColorJitter: if {name} is a single number, it must be non negative; got {value}")
            value = (max(middle - value, low) if middle else -value, middle + value)
        if not isinstance(value, Sequence) or len(value) != 2:
            raise ArgumentTypeError(f"ColorJitter: {name} should be a single number or two; got {value}")
        if not low <= value[0] <= value[1] <= high:
            raise ArgumentError(f"ColorJitter: {name} values should be between {low} and {high}, the smaller first; got {value}")
        return None if value[0] == value[1] == middle else (float(value[0]), float(value[1]))

    @staticmethod
    def get_params(brightness: Range | None, contrast: Range | None, saturation: Range | None,
                   hue: Range | None) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """The order of the four, and their factors."""
        order = creation.from_numpy(discrete.permutation(default_generator, 4))
        b, c, s, h = (None if r is None else uniform(*r) for r in (brightness, contrast, saturation, hue))
        return order, b, c, s, h

    def make_params(self, flat_inputs: list[Any]) -> Params:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        return {"order": order.tolist(), "factors": factors}

    def transform(self, inpt: Any, params: Params) -> Any:
        adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            if (factor := params["factors"][i]) is not None:
                inpt = self._call_kernel(adjust[i], inpt, factor)
        return inpt


class RandomPhotometricDistort(Transform):
    """Brightness, contrast, saturation, hue and the order of the channels, each changed with probability `p` (Liu et al. 2016, SSD)."""

    def __init__(self, brightness: Range = (0.875, 1.125), contrast: Range = (0.5, 1.5), saturation: Range = (0.5, 1.5),
                 hue: Range = (-0.05, 0.05), p: float = 0.5) -> None:
        super().__init__()
        self.brightness, self.contrast, self.hue, self.saturation, self.p = brightness, contrast, hue, saturation, p

    def make_params(self, flat_inputs: list[Any]) -> Params:
        channels, _, _ = query_chw(flat_inputs)
        b, c, s, h = (uniform(*r) if uniform() < self.p else None for r in (self.brightness, self.contrast, self.saturation, self.hue))
        steps = [(F.adjust_brightness, b), (F.adjust_saturation, s), (F.adjust_hue, h)]
        steps.insert(1 if uniform() < 0.5 else 3, (F.adjust_contrast, c))
        order = discrete.permutation(default_generator, channels) if uniform() < self.p else None
        return {"steps": [*steps, (F.permute_channels, order)]}

    def transform(self, inpt: Any, params: Params) -> Any:
        for functional, value in params["steps"]:
            inpt = inpt if value is None else self._call_kernel(functional, inpt, value)
        return inpt


class RandomChannelPermutation(Transform):
    """The channels in random order."""

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"permutation": discrete.permutation(default_generator, query_chw(flat_inputs)[0])}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.permute_channels, inpt, **params)


class RandomEqualize(Randomly):
    """Brightnesses spread evenly with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.equalize, inpt)


class RandomInvert(Randomly):
    """Inverted with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.invert, inpt)


class RandomPosterize(Randomly):
    """Reduced to `bits` for each channel with probability `p`."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.posterize, inpt, self.bits)


class RandomSolarize(Randomly):
    """What is as bright as `threshold` inverted with probability `p`."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.solarize, inpt, self.threshold)


class RandomAutocontrast(Randomly):
    """Stretched to the full range with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.autocontrast, inpt)


class RandomAdjustSharpness(Randomly):
    """Sharper (or, below 1, softer) by `sharpness_factor` with probability `p`."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.adjust_sharpness, inpt, self.sharpness_factor)
