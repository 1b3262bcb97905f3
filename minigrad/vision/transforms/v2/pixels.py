"""Random colours, erasing and dtypes: images change, boxes and masks stay."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .... import creation, dtypes
from ...._tensor import Tensor
from ....errors import ArgumentError
from ....rng import continuous, default_generator, discrete
from ... import tv_tensors
from .. import functional as flat
from . import functional as F
from .structure import Params, Transform, integer, is_image, size_of, uniform

Strength = float | Sequence[float] | None


class Pixels(Transform):
    """Base of what changes images only."""

    def transform(self, inpt: Any, params: Params) -> Any:
        if not is_image(inpt) or isinstance(inpt, tv_tensors.Mask):
            return inpt
        out = self.change(inpt, params)
        return tv_tensors.wrap(out, like=inpt) if isinstance(out, Tensor) else out

    def change(self, image: Any, params: Params) -> Any:
        """The image, changed."""
        raise NotImplementedError


class ColorJitter(Pixels):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    A number v means (max(0, 1 - v), 1 + v), for hue (-v, v); two numbers are the range itself. Raises ValueError for others.
    """

    def __init__(self, brightness: Strength = None, contrast: Strength = None, saturation: Strength = None, hue: Strength = None) -> None:
        super().__init__()
        self.brightness, self.contrast = self._range(brightness, "brightness"), self._range(contrast, "contrast")
        self.saturation, self.hue = self._range(saturation, "saturation"), self._range(hue, "hue", 0.0, -0.5, 0.5)

    @staticmethod
    def _range(value: Strength, name: str, middle: float = 1.0, low: float = 0.0, high: float = math.inf) -> tuple[float, float] | None:
        if value is None:
            return None
        if isinstance(value, (int, float)):
            if value < 0:
                raise ArgumentError(f"ColorJitter: if {name} is a single number, it must be non negative; got {value}")
            value = (max(middle - value, low) if middle else -value, middle + value)
        if len(value) != 2 or not low <= value[0] <= value[1] <= high:
            raise ArgumentError(f"ColorJitter: {name} values should be between {low} and {high}, the smaller first; got {value}")
        return None if value[0] == value[1] == middle else (float(value[0]), float(value[1]))

    def make_params(self, parts: list[Any]) -> Params:
        order = discrete.permutation(default_generator, 4).tolist()
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        return {"order": order, "factors": [None if r is None else uniform(*r) for r in ranges]}

    def change(self, image: Any, params: Params) -> Any:
        adjust: tuple[Callable[[Any, float], Any], ...] = (
            F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            if (factor := params["factors"][i]) is not None:
                image = adjust[i](image, factor)
        return image


class RandomErasing(Pixels):
    """With probability `p`, a box of a random share (`scale`) and aspect (`ratio`) overwritten (Zhong et al. 2017).

    value: a number, one per channel, or "random" for normal noise.
    """

    def __init__(self, p: float = 0.5, scale: Sequence[float] = (0.02, 0.33), ratio: Sequence[float] = (0.3, 3.3),
                 value: float | Sequence[float] | str = 0.0, inplace: bool = False) -> None:
        super().__init__()
        if isinstance(value, str) and value != "random":
            raise ArgumentError(f"RandomErasing: if value is str, it should be 'random'; got {value!r}")
        if not (0 <= scale[0] <= scale[1] <= 1):
            raise ArgumentError(f"RandomErasing: scale should be between 0 and 1, the smaller first; got {scale}")
        if not 0 <= p <= 1:
            raise ArgumentError(f"RandomErasing: random erasing probability should be between 0 and 1; got {p}")
        self.p, self.scale, self.ratio, self.value, self.inplace = p, tuple(scale), tuple(ratio), value, inplace

    def make_params(self, parts: list[Any]) -> Params:
        h, w = size_of(parts, "RandomErasing")
        channels = next((flat.get_dimensions(part)[0] for part in parts if is_image(part)), 1)
        low, high = (math.log(r) for r in self.ratio)
        for _ in range(10):
            area = h * w * uniform(*self.scale)
            ratio = float(np.exp(np.float32(uniform(low, high))))
            height, width = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if height < h and width < w:
                noise = self.value == "random"
                v = (continuous.normal(default_generator, (channels, height, width), np.float32) if noise
                     else np.asarray(self.value, np.float32).reshape(-1, 1, 1))
                return {"box": (integer(h - height + 1), integer(w - width + 1), height, width), "v": creation.from_numpy(v)}
        return {"box": None}

    def change(self, image: Any, params: Params) -> Any:
        if params["box"] is None:
            return image
        i, j, h, w = params["box"]
        return F.erase(image, i, j, h, w, params["v"], self.inplace)


class Normalize(Pixels):
    """(image - mean) / std with one number per channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean, self.std, self.inplace = list(mean), list(std), inplace

    def change(self, image: Any, params: Params) -> Any:
        return flat.normalize(image, self.mean, self.std, self.inplace)


class Grayscale(Pixels):
    """Luma in one channel, or in three equal ones."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def change(self, image: Any, params: Params) -> Any:
        return flat.rgb_to_grayscale(image, self.num_output_channels)


class RandomGrayscale(Pixels):
    """Grey with probability `p`, in as many channels as before."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def change(self, image: Any, params: Params) -> Any:
        return flat.rgb_to_grayscale(image, flat.get_dimensions(image)[0])


class ToImage(Pixels):
    """PIL images as `Image` tensors (C, H, W), values unchanged."""

    def change(self, image: Any, params: Params) -> Any:
        return tv_tensors.Image(flat.pil_to_tensor(image) if flat.is_pil(image) else image)


class ToDtype(Pixels):
    """Another dtype; with `scale`, floats run from 0 to 1 and integers to their largest value."""

    def __init__(self, dtype: dtypes.dtype, scale: bool = False) -> None:
        super().__init__()
        self.dtype, self.scale = dtype, scale

    def change(self, image: Any, params: Params) -> Any:
        return flat.convert_image_dtype(image, self.dtype) if self.scale else image.to(self.dtype)
