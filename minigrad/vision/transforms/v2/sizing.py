"""Random and fixed sizes of whole samples: resizing, padding, cropping."""
from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....errors import ArgumentError, ArgumentTypeError, describe
from ....rng import continuous, default_generator
from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask
from ..images import InterpolationMode, get_dimensions, interpolation_mode, is_pil
from ..sizes import PAD_MODES, Mode, padding_sides, pair
from . import functional as F
from .dispatch import is_pure_tensor
from .structure import Params, Randomly, Transform, get_bounding_boxes, has_all, has_any, integer, query_size, uniform

BILINEAR = InterpolationMode.BILINEAR


def checked_fill(fill: Any, who: str) -> Any:
    """A number, one per channel, None, or a dictionary of them. Raises TypeError for anything else."""
    for value in fill.values() if isinstance(fill, dict) else (fill,):
        if value is not None and not isinstance(value, (int, float, tuple, list)):
            raise ArgumentTypeError(f"{who}: fill should be a number, one per channel, or a dict of kinds; got {describe(value)}")
    return fill


def _padding_mode(mode: str, who: str) -> str:
    if mode not in PAD_MODES:
        raise ArgumentError(f"{who}: padding mode should be one of {', '.join(PAD_MODES)}; got {mode!r}")
    return mode


class Resize(Transform):
    """To (height, width), or the shorter edge to one number with the aspect ratio kept; masks without mixing."""

    def __init__(self, size: int | Sequence[int] | None, interpolation: Mode = BILINEAR, max_size: int | None = None,
                 antialias: bool | None = True) -> None:
        super().__init__()
        if not isinstance(size, (int, list, tuple, type(None))):
            raise ArgumentError(f"Resize: size can be an integer, one or two numbers, or None; got {describe(size)}")
        if size is None and max_size is None:
            raise ArgumentError("Resize: max_size must be an integer if size is None; got None for both")
        self.size = [size] if isinstance(size, int) else size if size is None else list(size)
        self.interpolation, self.max_size, self.antialias = interpolation_mode(interpolation), max_size, antialias

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resize, inpt, self.size, self.interpolation, self.max_size, self.antialias)


class Pad(Transform):
    """Pixels added on all sides; `fill` may be a dictionary {kind: fill, "others": fill}."""

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        padding_sides(padding)                       # wrong arguments are better refused here
        self.padding, self.fill, self.padding_mode = padding, checked_fill(fill, "Pad"), _padding_mode(padding_mode, "Pad")

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.pad, inpt, self.padding, F.fill_for(inpt, self.fill), self.padding_mode)


class RandomZoomOut(Randomly):
    """With probability `p`, put somewhere on a canvas that is larger by a factor of `side_range`, filled with `fill`."""

    def __init__(self, fill: Any = 0, side_range: Sequence[float] = (1.0, 4.0), p: float = 0.5) -> None:
        super().__init__(p)
        if len(side_range) != 2 or not 1.0 <= side_range[0] <= side_range[1]:
            raise ArgumentError(f"RandomZoomOut: side_range should be two numbers of 1 or more, the smaller first; got {side_range}")
        self.fill, self.side_range = checked_fill(fill, "RandomZoomOut"), side_range

    def make_params(self, flat_inputs: list[Any]) -> Params:
        h, w = query_size(flat_inputs)
        r = np.float32(self.side_range[0]) + np.float32(uniform()) * np.float32(self.side_range[1] - self.side_range[0])
        width, height = int(w * r), int(h * r)
        u = continuous.uniform(default_generator, (2,), np.float32)
        left, top = int((width - w) * u[0]), int((height - h) * u[1])
        return {"padding": [left, top, width - left - w, height - top - h]}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.pad, inpt, **params, fill=F.fill_for(inpt, self.fill))


# ---------------------------------------------------------------- random sizes
class _RandomSize(Transform):
    """Base of what resizes to a random size."""

    def __init__(self, interpolation: Mode, antialias: bool | None) -> None:
        super().__init__()
        self.interpolation, self.antialias = interpolation_mode(interpolation), antialias

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resize, inpt, params["size"], self.interpolation, None, self.antialias)


class ScaleJitter(_RandomSize):
    """Resized to fit `target_size`, times a random factor of `scale_range` (Ghiasi et al. 2021)."""

    def __init__(self, target_size: tuple[int, int], scale_range: tuple[float, float] = (0.1, 2.0), interpolation: Mode = BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__(interpolation, antialias)
        self.target_size, self.scale_range = target_size, scale_range

    def make_params(self, flat_inputs: list[Any]) -> Params:
        h, w = query_size(flat_inputs)
        low, high = self.scale_range
        scale = np.float32(low) + np.float32(uniform()) * np.float32(high - low)
        r = np.float32(min(self.target_size[1] / h, self.target_size[0] / w)) * scale
        return {"size": (int(h * r), int(w * r))}


class RandomShortestSize(_RandomSize):
    """The shorter edge one of `min_size` at random, the longer one at most `max_size`."""

    def __init__(self, min_size: int | Sequence[int], max_size: int | None = None, interpolation: Mode = BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__(interpolation, antialias)
        self.min_size, self.max_size = [min_size] if isinstance(min_size, int) else list(min_size), max_size

    def make_params(self, flat_inputs: list[Any]) -> Params:
        h, w = query_size(flat_inputs)
        r = self.min_size[integer(0, len(self.min_size))] / min(h, w)
        r = r if self.max_size is None else min(r, self.max_size / max(h, w))
        return {"size": (int(h * r), int(w * r))}


class RandomResize(_RandomSize):
    """The shorter edge one of min_size ... max_size - 1."""

    def __init__(self, min_size: int, max_size: int, interpolation: Mode = BILINEAR, antialias: bool | None = True) -> None:
        super().__init__(interpolation, antialias)
        self.min_size, self.max_size = min_size, max_size

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"size": [integer(self.min_size, self.max_size)]}


# ---------------------------------------------------------------- crops
class CenterCrop(Transform):
    """The middle, padded with zeros first where it is too small."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size, "CenterCrop")

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.center_crop, inpt, self.size)


class RandomCrop(Transform):
    """A part of the given size from anywhere in the image, which may be padded first.

    Raises ValueError for an image that is too small, unless `pad_if_needed`.
    """

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] | None = None, pad_if_needed: bool = False,
                 fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.size, self.pad_if_needed = pair(size, "RandomCrop"), pad_if_needed
        self.padding = None if padding is None else list(padding_sides(padding))
        self.fill, self.padding_mode = checked_fill(fill, "RandomCrop"), _padding_mode(padding_mode, "RandomCrop")

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a random box."""
        _, h, w = get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ArgumentError(f"RandomCrop: required crop size {(height, width)} is larger than input image size {(h, w)}; "
                                f"pass pad_if_needed=True")
        if (h, w) == (height, width):
            return 0, 0, h, w
        return integer(0, h - height + 1), integer(0, w - width + 1), height, width

    def make_params(self, flat_inputs: list[Any]) -> Params:
        (h, w), (height, width) = query_size(flat_inputs), self.size
        left, top, right, bottom = self.padding or (0, 0, 0, 0)
        h, w = h + top + bottom, w + left + right
        if self.pad_if_needed:
            more_h, more_w = max(height - h, 0), max(width - w, 0)
            left, top, right, bottom = left + more_w, top + more_h, right + more_w, bottom + more_h
            h, w = h + 2 * more_h, w + 2 * more_w
        if h < height or w < width:
            padded = "" if self.padding is None else "padded "
            raise ArgumentError(f"RandomCrop: required crop size {(height, width)} is larger than {padded}input image size {(h, w)}; "
                                f"pass pad_if_needed=True")
        at = [integer(0, room + 1) if room else 0 for room in (h - height, w - width)]
        return {"padding": [left, top, right, bottom], "top": at[0], "left": at[1], "needs_crop": (h, w) != (height, width)}

    def transform(self, inpt: Any, params: Params) -> Any:
        if any(params["padding"]):
            inpt = self._call_kernel(F.pad, inpt, params["padding"], F.fill_for(inpt, self.fill), self.padding_mode)
        return self._call_kernel(F.crop, inpt, params["top"], params["left"], *self.size) if params["needs_crop"] else inpt


class RandomResizedCrop(Transform):
    """A part with a random share of the area (`scale`) and a random aspect ratio (`ratio`), resized to `size`."""

    def __init__(self, size: int | Sequence[int], scale: Sequence[float] = (0.08, 1.0), ratio: Sequence[float] = (3 / 4, 4 / 3),
                 interpolation: Mode = BILINEAR, antialias: bool | None = True) -> None:
        super().__init__()
        for name, value in (("scale", scale), ("ratio", ratio)):
            if not isinstance(value, Sequence):
                raise ArgumentTypeError(f"RandomResizedCrop: {name} should be a sequence of two numbers; got {describe(value)}")
            if value[0] > value[1]:
                warnings.warn(f"RandomResizedCrop: {name} should be (min, max); got {value}", stacklevel=2)
        self.size, self.scale, self.ratio = pair(size, "RandomResizedCrop"), scale, ratio
        self.interpolation, self.antialias = interpolation_mode(interpolation), antialias

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a random part."""
        _, h, w = get_dimensions(img)
        return random_part((h, w), scale, ratio)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return dict(zip(("top", "left", "height", "width"), random_part(query_size(flat_inputs), self.scale, self.ratio), strict=True))

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.resized_crop, inpt, **params, size=self.size, interpolation=self.interpolation,
                                 antialias=self.antialias)


def random_part(size: tuple[int, int], scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a random share of the area with a random aspect ratio."""
    h, w = size
    low, high = (math.log(r) for r in ratio)
    for _ in range(10):
        area = h * w * uniform(*scale)
        aspect = float(np.exp(np.float32(uniform(low, high))))
        width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < width <= w and 0 < height <= h:
            return integer(0, h - height + 1), integer(0, w - width + 1), height, width
    width, height = w, h                             # nothing fits: the largest part in the middle with a ratio within bounds
    if w / h < min(ratio):
        height = round(w / min(ratio))
    elif w / h > max(ratio):
        width = round(h * max(ratio))
    return (h - height) // 2, (w - width) // 2, height, width


class FiveCrop(Transform):
    """The four corners and the middle, as a tuple. Raises TypeError for boxes and masks."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size, type(self).__name__)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if has_any(flat_inputs, BoundingBoxes, Mask, KeyPoints):
            raise ArgumentTypeError(f"{type(self).__name__}: boxes, points and masks are not supported; a sample becomes several images")

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.five_crop, inpt, self.size)


class TenCrop(FiveCrop):
    """`FiveCrop` of the image and of its mirror image, as a tuple."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.ten_crop, inpt, self.size, vertical_flip=self.vertical_flip)


class RandomIoUCrop(Transform):
    """A part that overlaps one of the boxes by a random share at least, or all of it (Liu et al. 2016, SSD).

    Boxes whose middle is cut away become empty; put SanitizeBoundingBoxes behind it. Raises TypeError for samples without boxes.
    """

    def __init__(self, min_scale: float = 0.3, max_scale: float = 1.0, min_aspect_ratio: float = 0.5, max_aspect_ratio: float = 2.0,
                 sampler_options: list[float] | None = None, trials: int = 40) -> None:
        super().__init__()
        self.min_scale, self.max_scale = min_scale, max_scale
        self.min_aspect_ratio, self.max_aspect_ratio = min_aspect_ratio, max_aspect_ratio
        self.options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else sampler_options
        self.trials = trials

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if not (has_all(flat_inputs, BoundingBoxes) and has_any(flat_inputs, is_pil, Image, is_pure_tensor)):
            raise ArgumentTypeError("RandomIoUCrop: expected an image and bounding boxes in the sample; wrap the boxes: "
                                    "tv_tensors.BoundingBoxes(boxes, format=..., canvas_size=...)")

    def make_params(self, flat_inputs: list[Any]) -> Params:
        h, w = query_size(flat_inputs)
        boxes = F.convert_bounding_box_format(get_bounding_boxes(flat_inputs), new_format="XYXY").detach().cpu().numpy()
        low, high = np.split(boxes.astype(np.float32), 2, 1)
        while True:
            least = self.options[integer(0, len(self.options))]
            if least >= 1.0:                         # all of it
                return {}
            for _ in range(self.trials):
                r = np.float32(self.min_scale) + np.float32(self.max_scale - self.min_scale) * self._two()
                width, height = int(w * r[0]), int(h * r[1])
                if not self.min_aspect_ratio <= width / height <= self.max_aspect_ratio:
                    continue
                r = self._two()
                left, top = int((w - width) * r[0]), int((h - height) * r[1])
                start, end = np.array([left, top]), np.array([left + width, top + height])
                middles = (low + high) / 2
                within = ((start < middles) & (middles < end)).all(1)
                if not within.any():
                    continue
                shared = np.clip(np.minimum(high, end) - np.maximum(low, start), 0, None).prod(1)[within]
                union = (high - low).prod(1)[within] + width * height - shared
                if (shared / union).max() >= least:
                    return {"box": (top, left, height, width), "within": within}

    @staticmethod
    def _two() -> Any:
        return continuous.uniform(default_generator, (2,), np.float32)

    def transform(self, inpt: Any, params: Params) -> Any:
        if not params:
            return inpt
        out = self._call_kernel(F.crop, inpt, *params["box"])
        if isinstance(out, BoundingBoxes):
            out[~params["within"]] = 0
        return out
