"""What all transforms of whole samples share: which parts of a sample they change, and that all parts see the same draws."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...._tensor import Tensor
from ....errors import ArgumentTypeError
from ....nn.module import Module
from ....rng import continuous, default_generator, discrete
from ...tv_tensors import BoundingBoxes, Image, Mask, TVTensor
from ..functional import is_pil
from .functional import get_size

Params = dict[str, Any]


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    """One float32 number from the default generator."""
    return float(continuous.uniform(default_generator, (1,), np.float32, low, high)[0])


def integer(stop: int) -> int:
    """One of 0 ... stop - 1 from the default generator."""
    return int(discrete.integers(default_generator, (1,), np.int64, 0, stop)[0])


def is_image(part: Any) -> bool:
    """A PIL image, an `Image`, or a plain tensor of two dimensions or more."""
    return is_pil(part) or isinstance(part, Image) or (isinstance(part, Tensor) and not isinstance(part, TVTensor) and part.ndim > 1)


def parts_of(sample: Any) -> list[Any]:
    """All leaves of nested tuples, lists and mappings."""
    if isinstance(sample, Mapping):
        return [part for value in sample.values() for part in parts_of(value)]
    if isinstance(sample, (tuple, list)):
        return [part for value in sample for part in parts_of(value)]
    return [sample]


def rebuilt(sample: Any, change: Callable[[Any], Any]) -> Any:
    """The same nest with changed leaves."""
    if isinstance(sample, Mapping):
        return type(sample)({key: rebuilt(value, change) for key, value in sample.items()})      # type: ignore[call-arg]
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(rebuilt(value, change) for value in sample))
    if isinstance(sample, (tuple, list)):
        return type(sample)(rebuilt(value, change) for value in sample)
    return change(sample)


def chosen(parts: list[Any]) -> set[int]:
    """The ids of the leaves to change: images, boxes, masks; of plain tensors the first, where there is no other image."""
    known = {id(part) for part in parts if is_pil(part) or isinstance(part, TVTensor)}
    if not any(is_pil(part) or isinstance(part, Image) for part in parts):
        plain = next((part for part in parts if isinstance(part, Tensor) and not isinstance(part, TVTensor)), None)
        if plain is not None:
            known.add(id(plain))
    return known


class Transform(Module):
    """Base of transforms of whole samples: an image, or any nest of images, `BoundingBoxes`, `Mask`s and other things.

    A subclass defines `transform(part, params)`, and `make_params(parts)` if it draws; all parts get the same params. `p` is the
    probability with which anything is done. Numbers come from the default generator.
    """

    p: float | None = None

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        if self.p is not None and uniform() >= self.p:
            return sample
        parts = parts_of(sample)
        wanted = chosen(parts)
        params = self.make_params([part for part in parts if id(part) in wanted])
        return rebuilt(sample, lambda part: self.transform(part, params) if id(part) in wanted else part)

    def make_params(self, parts: list[Any]) -> Params:
        """What is drawn for one sample."""
        return {}

    def transform(self, inpt: Any, params: Params) -> Any:
        """One part, changed."""
        raise NotImplementedError(f"{type(self).__name__} must define transform")

    def extra_repr(self) -> str:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_") and name != "training"}
        return ", ".join(f"{name}={value}" for name, value in shown.items() if isinstance(value, (bool, int, float, str, tuple, list)))


def size_of(parts: list[Any], who: str) -> tuple[int, int]:
    """(height, width) that all images, masks and boxes of a sample have."""
    sizes = {get_size(part) for part in parts if is_image(part) or isinstance(part, (Mask, BoundingBoxes))}
    if len(sizes) != 1:
        what = f"found {len(sizes)} sizes: {sorted(sizes)}" if sizes else "found no image, mask or boxes"
        raise ArgumentTypeError(f"{who}: the parts of a sample must have one size (height, width); {what}")
    return sizes.pop()
