"""Geometric transforms of images, masks and boxes alike: each does to its kind what the image around it sees."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...._tensor import Tensor
from ...tv_tensors import BoundingBoxes, Mask, wrap
from .. import affine as flat_affine
from .. import functional as flat
from ..affine import Doubles, Fill, affinity, rotation, warp
from ..boxes import Move, forward_of, moved
from ..boxes import box_areas as box_areas
from ..boxes import clamp_bounding_boxes as clamp_bounding_boxes
from ..boxes import convert_bounding_box_format as convert_bounding_box_format
from ..colour import adjust_brightness as adjust_brightness
from ..colour import adjust_contrast as adjust_contrast
from ..colour import adjust_hue as adjust_hue
from ..colour import adjust_saturation as adjust_saturation
from ..functional import InterpolationMode, interpolation_mode
from ..functional import normalize as normalize
from ..functional import pil_to_tensor as pil_to_tensor
from ..functional import to_pil_image as to_pil_image

NEAREST = InterpolationMode.NEAREST


def get_size(inpt: Any) -> tuple[int, int]:
    """(height, width) of an image, of masks, or of the canvas of boxes."""
    if isinstance(inpt, BoundingBoxes):
        return inpt.canvas_size
    _, height, width = flat.get_dimensions(inpt)
    return height, width


def _kept(inpt: Any, out: Any) -> Any:
    return wrap(out, like=inpt) if isinstance(out, Tensor) else out


def _warped(inpt: Any, matrix: Doubles, size: tuple[int, int], interpolation: InterpolationMode | int, fill: Fill) -> Any:
    if isinstance(inpt, BoundingBoxes):
        return moved(inpt, forward_of(matrix, inpt.canvas_size, size), size)
    mask = isinstance(inpt, Mask)
    return _kept(inpt, warp(inpt, matrix, size, NEAREST if mask else interpolation_mode(interpolation), None if mask else fill))


def _shifted(x: float, y: float) -> Move:
    return lambda points: points + (x, y)


def horizontal_flip(inpt: Any) -> Any:
    """Left and right exchanged."""
    if isinstance(inpt, BoundingBoxes):
        return moved(inpt, lambda points: points * (-1, 1) + (inpt.canvas_size[1], 0), inpt.canvas_size)
    return _kept(inpt, flat.hflip(inpt))


def vertical_flip(inpt: Any) -> Any:
    """Top and bottom exchanged."""
    if isinstance(inpt, BoundingBoxes):
        return moved(inpt, lambda points: points * (1, -1) + (0, inpt.canvas_size[0]), inpt.canvas_size)
    return _kept(inpt, flat.vflip(inpt))


hflip, vflip = horizontal_flip, vertical_flip


def crop(inpt: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of this size whose upper left corner is at (top, left); zeros where it leaves the image."""
    if isinstance(inpt, BoundingBoxes):
        return moved(inpt, _shifted(-left, -top), (height, width))
    return _kept(inpt, flat.crop(inpt, top, left, height, width))


def center_crop(inpt: Any, output_size: int | Sequence[int]) -> Any:
    """The middle, padded with zeros first where it is too small."""
    if isinstance(inpt, BoundingBoxes):
        (h, w), (height, width) = inpt.canvas_size, flat.pair(output_size, "center_crop")
        return crop(inpt, _start(h, height), _start(w, width), height, width)
    return _kept(inpt, flat.center_crop(inpt, output_size))


def _start(size: int, out: int) -> int:
    return -((out - size) // 2) if out > size else round((size - out) / 2)


def pad(inpt: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Pixels added on all sides; masks get zeros."""
    left, top, right, bottom = flat.padding_sides(padding)
    if isinstance(inpt, BoundingBoxes):
        h, w = inpt.canvas_size
        return moved(inpt, _shifted(left, top), (h + top + bottom, w + left + right))
    return _kept(inpt, flat.pad(inpt, padding, 0 if isinstance(inpt, Mask) or fill is None else fill, padding_mode))


def resize(
    inpt: Any, size: int | Sequence[int] | None, interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None, antialias: bool | None = True
) -> Any:
    """To (height, width), or the shorter edge to one number; masks without interpolation."""
    if isinstance(inpt, BoundingBoxes):
        (h, w), (height, width) = inpt.canvas_size, flat.resized(*inpt.canvas_size, size, max_size)
        return moved(inpt, lambda points: points * (width / w, height / h), (height, width))
    if isinstance(inpt, Mask):
        interpolation = NEAREST
    return _kept(inpt, flat.resize(inpt, size, interpolation, max_size, antialias))


def resized_crop(
    inpt: Any, top: int, left: int, height: int, width: int, size: Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR, antialias: bool | None = True
) -> Any:
    """A part, brought to a size."""
    return resize(crop(inpt, top, left, height, width), list(size), interpolation, None, antialias)


def rotate(
    inpt: Any, angle: float, interpolation: InterpolationMode | int = NEAREST, expand: bool = False,
    center: Sequence[float] | None = None, fill: Fill = None
) -> Any:
    """Turned counter-clockwise by `angle` (degrees)."""
    if flat.is_pil(inpt):
        return flat_affine.rotate(inpt, angle, interpolation, expand, center, fill)
    matrix, size = rotation(get_size(inpt), angle, expand, center)
    return _warped(inpt, matrix, size, interpolation, fill)


def affine(
    inpt: Any, angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float],
    interpolation: InterpolationMode | int = NEAREST, fill: Fill = None, center: Sequence[float] | None = None
) -> Any:
    """Turned clockwise, shifted, scaled and sheared, as `transforms.functional.affine`."""
    size = get_size(inpt)
    return _warped(inpt, affinity(size, angle, translate, scale, shear, center), size, interpolation, fill)


def elastic(
    inpt: Any, displacement: Tensor, interpolation: InterpolationMode | int = InterpolationMode.BILINEAR, fill: Fill = None
) -> Any:
    """Each pixel read at its place plus displacement (1, H, W, 2). A box goes against the displacement of its corners."""
    if isinstance(inpt, BoundingBoxes):
        (h, w), field = inpt.canvas_size, displacement.numpy()[0]

        def move(points: Doubles) -> Doubles:
            x, y = (np.clip(np.ceil(points[..., i]).astype(np.intp), 0, size - 1) for i, size in ((0, w), (1, h)))
            back: Doubles = points - field[y, x] * (w / 2, h / 2)
            return back
        return moved(inpt, move, (h, w))
    mask = isinstance(inpt, Mask)
    return _kept(inpt, flat_affine.elastic(inpt, displacement, NEAREST if mask else interpolation, None if mask else fill))


def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """An image with the box of size (h, w) at (i, j) overwritten by v; boxes and masks stay as they are."""
    if isinstance(inpt, (BoundingBoxes, Mask)):
        return inpt
    if flat.is_pil(inpt):
        return flat.to_pil_image(erase(flat.pil_to_tensor(inpt), i, j, h, w, v), inpt.mode)
    out = inpt if inplace else inpt.clone()
    out[..., i:i + h, j:j + w] = v.to(out.dtype)
    return _kept(inpt, out) if not inplace else inpt
