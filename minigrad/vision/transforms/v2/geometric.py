"""Random geometry of whole samples: image, boxes and masks together."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import creation
from ....errors import ArgumentError
from ....nn import functional as nn_functional
from ....rng import continuous, default_generator
from ..affine import Fill
from ..functional import InterpolationMode, padding_sides, pair
from . import functional as F
from .structure import Params, Transform, integer, size_of, uniform

Range = float | Sequence[float]
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def symmetric(value: Range, name: str, who: str) -> tuple[float, ...]:
    """(-value, value) of a number, or the two (or more) numbers that were given."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ArgumentError(f"{who}: if {name} is a single number, it must be positive; got {value}")
        return -float(value), float(value)
    return tuple(float(number) for number in value)


class RandomHorizontalFlip(Transform):
    """Left and right exchanged with probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = _probability(p, type(self).__name__)

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.horizontal_flip(inpt)


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom exchanged with probability `p`."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.vertical_flip(inpt)


def _probability(p: float, who: str) -> float:
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"{who}: `p` should be a floating point value in the interval [0.0, 1.0]; got {p}")
    return p


class Resize(Transform):
    """To (height, width), or the shorter edge to one number with the aspect ratio kept; masks without interpolation."""

    def __init__(self, size: int | Sequence[int] | None, interpolation: InterpolationMode | int = BILINEAR,
                 max_size: int | None = None, antialias: bool | None = True) -> None:
        super().__init__()
        self.size, self.interpolation, self.max_size, self.antialias = size, interpolation, max_size, antialias

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.resize(inpt, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(Transform):
    """The middle, padded with zeros first where it is too small."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size, "CenterCrop")

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.center_crop(inpt, self.size)


class Pad(Transform):
    """Pixels added on all sides."""

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.pad(inpt, self.padding, self.fill, self.padding_mode)


class RandomCrop(Transform):
    """A part of the given size from anywhere in the image, which may be padded first.

    Raises ValueError for an image that is too small, unless `pad_if_needed`.
    """

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] | None = None, pad_if_needed: bool = False,
                 fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.size, self.padding, self.pad_if_needed = pair(size, "RandomCrop"), padding, pad_if_needed
        self.fill, self.padding_mode = fill, padding_mode

    def make_params(self, parts: list[Any]) -> Params:
        (h, w), (height, width) = size_of(parts, "RandomCrop"), self.size
        left, top, right, bottom = (0, 0, 0, 0) if self.padding is None else padding_sides(self.padding)
        h, w = h + top + bottom, w + left + right
        if self.pad_if_needed:
            more_h, more_w = max(height - h, 0), max(width - w, 0)
            left, top, right, bottom = left + more_w, top + more_h, right + more_w, bottom + more_h
            h, w = h + 2 * more_h, w + 2 * more_w
        if h < height or w < width:
            raise ArgumentError(f"RandomCrop: required crop size {(height, width)} is larger than padded input image size {(h, w)}; "
                                f"pass pad_if_needed=True")
        at = [integer(room + 1) if room else 0 for room in (h - height, w - width)]
        return {"sides": [left, top, right, bottom], "at": at}

    def transform(self, inpt: Any, params: Params) -> Any:
        if any(params["sides"]):
            inpt = F.pad(inpt, params["sides"], self.fill, self.padding_mode)
        top, left = params["at"]
        return F.crop(inpt, top, left, *self.size)


class RandomResizedCrop(Transform):
    """A part with a random share of the area (`scale`) and a random aspect ratio (`ratio`), resized to `size`."""

    def __init__(self, size: int | Sequence[int], scale: Sequence[float] = (0.08, 1.0), ratio: Sequence[float] = (3 / 4, 4 / 3),
                 interpolation: InterpolationMode | int = BILINEAR, antialias: bool | None = True) -> None:
        super().__init__()
        self.size, self.scale, self.ratio = pair(size, "RandomResizedCrop"), tuple(scale), tuple(ratio)
        self.interpolation, self.antialias = interpolation, antialias

    def make_params(self, parts: list[Any]) -> Params:
        h, w = size_of(parts, "RandomResizedCrop")
        low, high = (math.log(r) for r in self.ratio)
        for _ in range(10):
            area = h * w * uniform(*self.scale)
            ratio = float(np.exp(np.float32(uniform(low, high))))
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < width <= w and 0 < height <= h:
                return {"box": (integer(h - height + 1), integer(w - width + 1), height, width)}
        width, height = w, h                         # nothing fits: the largest part in the middle with a ratio within bounds
        if w / h < min(self.ratio):
            height = round(w / min(self.ratio))
        elif w / h > max(self.ratio):
            width = round(h * max(self.ratio))
        return {"box": ((h - height) // 2, (w - width) // 2, height, width)}

    def transform(self, inpt: Any, params: Params) -> Any:
        top, left, height, width = params["box"]
        return F.resized_crop(inpt, top, left, height, width, self.size, self.interpolation, self.antialias)


class RandomRotation(Transform):
    """Turned by a random angle of `degrees`: (low, high), or from minus to plus one number."""

    def __init__(self, degrees: Range, interpolation: InterpolationMode | int = NEAREST, expand: bool = False,
                 center: Sequence[float] | None = None, fill: Fill = 0) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees", "RandomRotation")
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def make_params(self, parts: list[Any]) -> Params:
        return {"angle": uniform(*self.degrees)}

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.rotate(inpt, params["angle"], self.interpolation, self.expand, self.center, self.fill)


class RandomAffine(Transform):
    """Turned, shifted, scaled and sheared at random about the middle.

    degrees: as `RandomRotation`. translate: the largest shifts as parts of width and height. scale: (low, high). shear: degrees along x,
    (low, high) or one number; four numbers are the ranges along x and y. Raises ValueError for ranges that make no sense.
    """

    def __init__(self, degrees: Range, translate: Sequence[float] | None = None, scale: Sequence[float] | None = None,
                 shear: Range | None = None, interpolation: InterpolationMode | int = NEAREST, fill: Fill = 0,
                 center: Sequence[float] | None = None) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees", "RandomAffine")
        if translate is not None and not all(0.0 <= t <= 1.0 for t in translate):
            raise ArgumentError(f"RandomAffine: translation values should be between 0 and 1; got {translate}")
        if scale is not None and min(scale) <= 0:
            raise ArgumentError(f"RandomAffine: scale values should be positive; got {scale}")
        self.translate, self.scale = translate, scale
        self.shear = None if shear is None else symmetric(shear, "shear", "RandomAffine")
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def make_params(self, parts: list[Any]) -> Params:
        h, w = size_of(parts, "RandomAffine")
        angle = uniform(*self.degrees)
        reach = [0.0, 0.0] if self.translate is None else [t * n for t, n in zip(self.translate, (w, h), strict=True)]
        translate = [round(uniform(-r, r)) for r in reach] if self.translate is not None else [0, 0]
        scale = 1.0 if self.scale is None else uniform(*self.scale)
        shear = [0.0, 0.0]
        if self.shear is not None:
            shear[0] = uniform(*self.shear[:2])
            shear[1] = uniform(*self.shear[2:]) if len(self.shear) == 4 else 0.0
        return {"angle": angle, "translate": translate, "scale": scale, "shear": shear}

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.affine(inpt, **params, interpolation=self.interpolation, fill=self.fill, center=self.center)


class RandomStretch(Transform):
    """Stretched about the middle by random factors along x and y, each (low, high), on a canvas of the same size."""

    def __init__(self, x: Sequence[float] = (0.8, 1.25), y: Sequence[float] = (0.8, 1.25),
                 interpolation: InterpolationMode | int = BILINEAR, fill: Fill = 0) -> None:
        super().__init__()
        if min(*x, *y) <= 0:
            raise ArgumentError(f"RandomStretch: factors should be positive; got x={x}, y={y}")
        self.x, self.y, self.interpolation, self.fill = tuple(x), tuple(y), interpolation, fill

    def make_params(self, parts: list[Any]) -> Params:
        return {"scale": (uniform(*self.x), uniform(*self.y))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.affine(inpt, 0.0, (0, 0), params["scale"], 0.0, self.interpolation, self.fill)


class ElasticTransform(Transform):
    """Each pixel shifted by a random field, smoothed by `sigma` and `alpha` strong (Simard, Steinkraus, Platt 2003)."""

    def __init__(self, alpha: Range = 50.0, sigma: Range = 5.0, interpolation: InterpolationMode | int = BILINEAR,
                 fill: Fill = 0) -> None:
        super().__init__()
        self.alpha, self.sigma = ([float(v)] * 2 if isinstance(v, (int, float)) else [float(n) for n in v] for v in (alpha, sigma))
        self.interpolation, self.fill = interpolation, fill

    def make_params(self, parts: list[Any]) -> Params:
        size = size_of(parts, "ElasticTransform")
        fields = []
        for i in (0, 1):
            field = continuous.uniform(default_generator, (1, 1, *size), np.float32) * 2 - 1
            smooth = _blurred(field, int(8 * self.sigma[i] + 1) | 1, self.sigma) if self.sigma[i] > 0 else field
            fields.append(smooth[:, 0] * np.float32(self.alpha[i] / size[1 - i]))      # along x, then y
        return {"displacement": creation.from_numpy(np.ascontiguousarray(np.stack(fields, -1)))}

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.elastic(inpt, params["displacement"], self.interpolation, self.fill)


def _blurred(field: Any, n: int, sigma: Sequence[float]) -> Any:
    """(1, 1, H, W) smoothed by a Gaussian of n x n pixels, its edge mirrored."""
    places = np.linspace(-(n - 1) / 2, (n - 1) / 2, n, dtype=np.float32)
    row, column = (np.exp(-0.5 * (places / np.float32(s)) ** 2) for s in sigma)
    x = creation.from_numpy(np.pad(field, ((0, 0), (0, 0), (n // 2, n // 2), (n // 2, n // 2)), "reflect"))
    across = nn_functional.conv2d(x, creation.from_numpy(row / row.sum()).reshape(1, 1, 1, n))
    return nn_functional.conv2d(across, creation.from_numpy(column / column.sum()).reshape(1, 1, n, 1)).numpy()
