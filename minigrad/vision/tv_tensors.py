"""Tensors that say what they are: an image, boxes or masks, so that a transform knows what to do with each."""
from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from .. import creation, dtypes
from .._tensor import Tensor
from ..errors import ArgumentError, describe
from ..nn.parameter import take_over


class BoundingBoxFormat(Enum):
    """What the four numbers of a box are: corners, corner and size, or centre and size."""

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"


class TVTensor(Tensor):
    """Base of the three. An op on one gives a plain tensor; a transform gives the same kind again."""

    def __init__(self, data: Any, *, dtype: dtypes.dtype | None = None, device: Any = None, requires_grad: bool | None = None) -> None:
        if type(data).__module__.startswith("PIL."):
            data = creation.from_numpy(_channels_first(np.array(data)))
        take_over(self, creation.as_tensor(data, dtype=dtype, device=device).detach(), type(self).__name__)
        if requires_grad:
            self.requires_grad_()

    def like(self, data: Any) -> Any:
        """The same kind with other values."""
        return type(self)(data)


def _channels_first(pixels: Any) -> Any:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels)


class Image(TVTensor):
    """An image or several, (..., C, H, W)."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim == 2:
            take_over(self, self.detach()[None], "Image")


class Mask(TVTensor):
    """Class numbers per pixel (H, W), or a mask for each object (N, H, W)."""


class BoundingBoxes(TVTensor):
    """Boxes (N, 4) in pixels on a canvas of `canvas_size` (height, width); `format` says what the four numbers are.

    Raises ValueError for another shape.
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]

    def __init__(self, data: Any, *, format: BoundingBoxFormat | str, canvas_size: Sequence[int], **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim == 1 and self.shape[0] == 4:
            take_over(self, self.detach()[None], "BoundingBoxes")
        if self.ndim != 2 or self.shape[-1] != 4:
            raise ArgumentError(f"BoundingBoxes: expected boxes of shape (N, 4); got {describe(self)}")
        self.format = BoundingBoxFormat[format.upper()] if isinstance(format, str) else format
        self.canvas_size = (int(canvas_size[0]), int(canvas_size[1]))

    def like(self, data: Any, canvas_size: Sequence[int] | None = None) -> Any:
        return type(self)(data, format=self.format, canvas_size=canvas_size or self.canvas_size)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, format={self.format.value}, canvas_size={self.canvas_size})"


def wrap(wrappee: Tensor, *, like: Any, **changes: Any) -> Any:
    """A plain tensor as the kind that `like` is."""
    return like.like(wrappee, **changes) if isinstance(like, TVTensor) else wrappee
