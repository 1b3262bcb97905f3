"""Random geometry of whole samples on a canvas of the same size: image, boxes, points and masks together."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import creation
from ....errors import ArgumentError, ArgumentTypeError, describe
from ....rng import continuous, default_generator
from ..affine import Fill, homography
from ..filters import gaussian_blur
from ..images import InterpolationMode, interpolation_mode
from ..sizes import Mode
from . import functional as F
from .sizing import checked_fill
from .structure import Params, Randomly, Transform, integer, query_size, uniform

Range = float | Sequence[float]
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def symmetric(value: Range, name: str, who: str, lengths: tuple[int, ...] = (2,)) -> list[float]:
    """[-value, value] of a number, or the two (or more) numbers that were given. Raises ValueError and TypeError for others."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ArgumentError(f"{who}: if {name} is a single number, it must be positive; got {value}")
        return [-float(value), float(value)]
    if not isinstance(value, Sequence):
        raise ArgumentTypeError(f"{who}: {name} should be a number or a sequence of numbers; got {describe(value)}")
    if len(value) not in lengths:
        raise ArgumentError(f"{who}: if {name} is a sequence, it should have {' or '.join(map(str, lengths))} numbers; got {value}")
    return [float(number) for number in value]


def number_or_two(value: Range, name: str, who: str) -> list[float]:
    """[value, value] of a number, or the two that were given. Raises ValueError and TypeError for others."""
    if not isinstance(value, (int, float, Sequence)):
        raise ArgumentTypeError(f"{who}: {name} should be a number or a sequence of numbers; got {describe(value)}")
    values = [value] if isinstance(value, (int, float)) else list(value)
    if len(values) not in (1, 2):
        raise ArgumentError(f"{who}: if {name} is a sequence, it should have 1 or 2 numbers; got {value}")
    return [float(values[0]), float(values[-1])]


class RandomHorizontalFlip(Randomly):
    """Left and right exchanged with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(Randomly):
    """Top and bottom exchanged with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.vertical_flip, inpt)


class RandomRotation(Transform):
    """Turned by a random angle of `degrees`: (low, high), or from minus to plus one number."""

    def __init__(self, degrees: Range, interpolation: Mode = NEAREST, expand: bool = False, center: Sequence[float] | None = None,
                 fill: Fill | dict[Any, Fill] = 0) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees", "RandomRotation")
        self.interpolation, self.expand, self.center = interpolation_mode(interpolation), expand, center
        self.fill = checked_fill(fill, "RandomRotation")

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """A random angle."""
        return uniform(*degrees)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"angle": self.get_params(self.degrees)}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.rotate, inpt, **params, interpolation=self.interpolation, expand=self.expand, center=self.center,
                                 fill=F.fill_for(inpt, self.fill))


class RandomAffine(Transform):
    """Turned, shifted, scaled and sheared at random about the middle.

    degrees: as `RandomRotation`. translate: the largest shifts as parts of width and height. scale: (low, high). shear: degrees along x,
    (low, high) or one number; four numbers are the ranges along x and y. Raises ValueError for ranges that make no sense.
    """

    def __init__(self, degrees: Range, translate: Sequence[float] | None = None, scale: Sequence[float] | None = None,
                 shear: Range | None = None, interpolation: Mode = NEAREST, fill: Fill | dict[Any, Fill] = 0,
                 center: Sequence[float] | None = None) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees", "RandomAffine")
        if translate is not None and not (len(translate) == 2 and all(0.0 <= t <= 1.0 for t in translate)):
            raise ArgumentError(f"RandomAffine: translation values should be two numbers between 0 and 1; got {translate}")
        if scale is not None and not (len(scale) == 2 and min(scale) > 0):
            raise ArgumentError(f"RandomAffine: scale values should be positive, and two; got {scale}")
        self.translate, self.scale = translate, scale
        self.shear = None if shear is None else symmetric(shear, "shear", "RandomAffine", (2, 4))
        self.interpolation, self.fill, self.center = interpolation_mode(interpolation), checked_fill(fill, "RandomAffine"), center

    @staticmethod
    def get_params(degrees: Sequence[float], translate: Sequence[float] | None, scale_ranges: Sequence[float] | None,
                   shears: Sequence[float] | None, img_size: Sequence[int]) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """(angle, translate, scale, shear) for an image of `img_size` (width, height)."""
        angle = uniform(*degrees)
        reach = [] if translate is None else [t * n for t, n in zip(translate, img_size, strict=True)]
        shift = tuple(round(uniform(-r, r)) for r in reach) or (0, 0)
        scale = 1.0 if scale_ranges is None else uniform(*scale_ranges)
        shear = [uniform(*shears[i:i + 2]) for i in range(0, len(shears), 2)] if shears else [0.0]
        return angle, (shift[0], shift[1]), scale, (shear[0], shear[1] if len(shear) > 1 else 0.0)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        drawn = self.get_params(self.degrees, self.translate, self.scale, self.shear, query_size(flat_inputs)[::-1])
        return dict(zip(("angle", "translate", "scale", "shear"), drawn, strict=True))

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.affine, inpt, **params, interpolation=self.interpolation, fill=F.fill_for(inpt, self.fill),
                                 center=self.center)


class RandomPerspective(Randomly):
    """With probability `p`, the four corners moved inwards by up to `distortion_scale` of half the image."""

    def __init__(self, distortion_scale: float = 0.5, p: float = 0.5, interpolation: Mode = BILINEAR,
                 fill: Fill | dict[Any, Fill] = 0) -> None:
        super().__init__(p)
        if not 0 <= distortion_scale <= 1:
            raise ArgumentError(f"RandomPerspective: argument distortion_scale value should be between 0 and 1; got {distortion_scale}")
        self.distortion_scale, self.interpolation = distortion_scale, interpolation_mode(interpolation)
        self.fill = checked_fill(fill, "RandomPerspective")

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[list[list[int]], list[list[int]]]:
        """The corners, from the upper left one clockwise, and where they go."""
        w, h = (int(distortion_scale * (n // 2)) + 1 for n in (width, height))
        ends = [[integer(*((0, w) if x == 0 else (width - w, width))), integer(*((0, h) if y == 0 else (height - h, height)))]
                for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        return [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], ends

    def make_params(self, flat_inputs: list[Any]) -> Params:
        h, w = query_size(flat_inputs)
        return {"coefficients": homography(*self.get_params(w, h, self.distortion_scale))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.perspective, inpt, None, None, **params, interpolation=self.interpolation,
                                 fill=F.fill_for(inpt, self.fill))


class RandomStretch(Transform):
    """Stretched about the middle by random factors along x and y, each (low, high), on a canvas of the same size."""

    def __init__(self, x: Sequence[float] = (0.8, 1.25), y: Sequence[float] = (0.8, 1.25), interpolation: Mode = BILINEAR,
                 fill: Fill | dict[Any, Fill] = 0) -> None:
        super().__init__()
        if min(*x, *y) <= 0:
            raise ArgumentError(f"RandomStretch: factors should be positive; got x={x}, y={y}")
        self.x, self.y = tuple(x), tuple(y)
        self.interpolation, self.fill = interpolation_mode(interpolation), checked_fill(fill, "RandomStretch")

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"scale": (uniform(*self.x), uniform(*self.y))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.affine, inpt, 0.0, (0, 0), params["scale"], 0.0, self.interpolation, F.fill_for(inpt, self.fill))


class ElasticTransform(Transform):
    """Each pixel shifted by a random field, smoothed by `sigma` and `alpha` strong (Simard, Steinkraus, Platt 2003)."""

    def __init__(self, alpha: Range = 50.0, sigma: Range = 5.0, interpolation: Mode = BILINEAR,
                 fill: Fill | dict[Any, Fill] = 0) -> None:
        super().__init__()
        self.alpha, self.sigma = number_or_two(alpha, "alpha", "ElasticTransform"), number_or_two(sigma, "sigma", "ElasticTransform")
        self.interpolation, self.fill = interpolation_mode(interpolation), checked_fill(fill, "ElasticTransform")

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Any:
        """A displacement (1, H, W, 2) for images of `size` (height, width)."""
        fields = []
        for i in (0, 1):                             # along x, then y
            field = creation.from_numpy(continuous.uniform(default_generator, (1, 1, *size), np.float32) * 2 - 1)
            smooth = gaussian_blur(field, int(8 * sigma[i] + 1) | 1, sigma) if sigma[i] > 0 else field
            fields.append(smooth.numpy()[:, 0] * np.float32(alpha[i]) / np.float32(size[1 - i]))
        return creation.from_numpy(np.ascontiguousarray(np.stack(fields, -1)))

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"displacement": self.get_params(self.alpha, self.sigma, query_size(flat_inputs))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.elastic, inpt, **params, interpolation=self.interpolation, fill=F.fill_for(inpt, self.fill))
