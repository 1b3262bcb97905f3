"""What all transforms of whole samples share: which parts of a sample they change, and that all parts see the same draws."""
from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from ...._tensor import Tensor
from ....batching.trees import LEAF, flatten, unflatten
from ....errors import ArgumentError, ArgumentTypeError
from ....nn.module import Module
from ....rng import continuous, default_generator, discrete
from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video
from ..images import is_pil
from .dispatch import is_pure_tensor, kernel_of
from .functional import get_dimensions, get_size

Params = dict[str, Any]
Check = type | Callable[[Any], bool]


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    """One float32 number from the default generator."""
    return float(continuous.uniform(default_generator, (1,), np.float32, low, high)[0])


def integer(low: int, stop: int) -> int:
    """One of low ... stop - 1 from the default generator."""
    return int(discrete.integers(default_generator, (1,), np.int64, low, stop)[0])


def is_image(part: Any) -> bool:
    """A PIL image, an `Image`, a `Video`, or a plain tensor."""
    return is_pil(part) or isinstance(part, (Image, Video)) or is_pure_tensor(part)


def probability(p: float, who: str) -> float:
    """p. Raises ValueError unless it is one."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"{who}: `p` should be a floating point value in the interval [0.0, 1.0]; got {p}")
    return p


# ---------------------------------------------------------------- what is in a sample
def check_type(obj: Any, types_or_checks: tuple[Check, ...]) -> bool:
    """Whether it is one of these types, or passes one of these checks."""
    for each in types_or_checks:                     # a loop: `any` over a generator takes three times as long
        if isinstance(obj, each) if isinstance(each, type) else each(obj):
            return True
    return False


def has_any(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether a part is of one of these types."""
    return any(check_type(part, types_or_checks) for part in flat_inputs)


def has_all(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether there is a part of each of these types."""
    return all(has_any(flat_inputs, each) for each in types_or_checks)


def get_bounding_boxes(flat_inputs: list[Any]) -> BoundingBoxes:
    """The boxes of a sample. Raises ValueError where there are none."""
    found = next((part for part in flat_inputs if isinstance(part, BoundingBoxes)), None)
    if found is None:
        raise ArgumentError("no bounding boxes were found in the sample; wrap them: "
                            "tv_tensors.BoundingBoxes(boxes, format=..., canvas_size=...)")
    return found


def get_keypoints(flat_inputs: list[Any]) -> KeyPoints:
    """The points of a sample. Raises ValueError where there are none."""
    found = next((part for part in flat_inputs if isinstance(part, KeyPoints)), None)
    if found is None:
        raise ArgumentError("no keypoints were found in the sample; wrap them: tv_tensors.KeyPoints(points, canvas_size=...)")
    return found


def query_chw(flat_inputs: list[Any]) -> tuple[int, int, int]:
    """(channels, height, width) that all images of a sample have. Raises TypeError for none, ValueError for several."""
    c, h, w = _only([get_dimensions(part) for part in flat_inputs if is_image(part)], "image or video")
    return c, h, w


def query_size(flat_inputs: list[Any]) -> tuple[int, int]:
    """(height, width) that all parts of a sample have. Raises TypeError for none, ValueError for several."""
    h, w = _only([get_size(part) for part in flat_inputs if is_image(part) or isinstance(part, (Mask, BoundingBoxes, KeyPoints))],
                 "image, video, mask, bounding boxes or keypoints")
    return h, w


def _only(sizes: list[list[int]], what: str) -> list[int]:
    if not sizes:
        raise ArgumentTypeError(f"no {what} was found in the sample; a transform takes PIL images, tensors and tv_tensors")
    if any(size != sizes[0] for size in sizes):
        found = sorted({tuple(size) for size in sizes})
        raise ArgumentError(f"the parts of a sample must have one size; found {len(found)}: {found}")
    return sizes[0]


# ---------------------------------------------------------------- transforms
class Transform(Module):
    """Base of transforms of whole samples: an image, or any nest of images, boxes, points, masks and other things.

    A subclass defines `transform(part, params)`, and `make_params(parts)` if it draws; all parts get the same params. Tensors that
    are no tv_tensors stay as they are beside an image; without one the first of them is the image. Numbers come from the default
    generator.
    """

    _transformed_types: tuple[Check, ...] = (Tensor, is_pil)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raises an error for a sample that cannot be transformed."""

    def make_params(self, flat_inputs: list[Any]) -> Params:
        """What is drawn for one sample."""
        return {}

    def transform(self, inpt: Any, params: Params) -> Any:
        """One part, changed."""
        raise NotImplementedError(f"{type(self).__name__} must define transform(inpt, params)")

    def skips(self) -> bool:
        """Whether this sample stays as it is."""
        return False

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        if isinstance(sample, (list, tuple, dict)):
            parts, tree = flatten(sample)
        else:
            parts, tree = [sample], LEAF             # most often an image
        self.check_inputs(parts)
        if self.skips():
            return sample
        needed = self._needs_transform_list(parts)
        params = self.make_params([part for part, wanted in zip(parts, needed, strict=True) if wanted])
        return unflatten([self.transform(part, params) if wanted else part for part, wanted in zip(parts, needed, strict=True)], tree)

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        """What the functional makes of a part, which stays as it is if it has no meaning there."""
        return kernel_of(functional, inpt, passthrough=True)(inpt, *args, **kwargs)

    def _needs_transform_list(self, flat_inputs: list[Any]) -> list[bool]:
        needed = [check_type(part, self._transformed_types) for part in flat_inputs]
        if len(flat_inputs) > 1:
            plain = not has_any(flat_inputs, Image, Video, is_pil)
            for i, part in enumerate(flat_inputs):
                if needed[i] and is_pure_tensor(part):
                    needed[i], plain = plain, False
        return needed

    def extra_repr(self) -> str:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_") and name != "training"}
        return ", ".join(f"{name}={value}" for name, value in shown.items()
                         if isinstance(value, (bool, int, float, str, tuple, list, Enum)))


class Randomly(Transform):
    """Base of transforms that do something with probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = probability(p, type(self).__name__)

    def skips(self) -> bool:
        return uniform() >= self.p
