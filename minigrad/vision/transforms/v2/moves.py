"""Geometric transforms of images, masks, boxes and points alike: each does to its kind what the image around it sees."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...._tensor import Tensor
from ....errors import ArgumentError
from ...tv_tensors import BoundingBoxes, KeyPoints, Mask, wrap
from .. import affine as flat_affine
from .. import sizes as flat
from ..affine import Corners, Doubles, Fill, from_middle, homography, inverse_matrix, rotation, warp
from ..boxes import Floats, Move, forward_of, moved, resized_boxes, stretched
from ..images import InterpolationMode, get_dimensions, interpolation_mode, is_pil
from ..sizes import Mode
from .dispatch import ALL, IMAGES, dispatched

NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR
PLACES = (BoundingBoxes, KeyPoints)


@dispatched(*ALL)
def get_size(inpt: Any) -> list[int]:
    """[height, width] of an image, of masks, or of the canvas of boxes and points."""
    return list(inpt.canvas_size) if isinstance(inpt, PLACES) else get_dimensions(inpt)[1:]


def _kept(inpt: Any, out: Any) -> Any:
    return wrap(out, like=inpt) if isinstance(out, Tensor) else out


def _mask_or(inpt: Any, mode: Mode) -> InterpolationMode:
    """Masks are never mixed."""
    found = interpolation_mode(mode)
    return found if not isinstance(inpt, Mask) or found is InterpolationMode.NEAREST_EXACT else NEAREST


@dispatched(*ALL)
def horizontal_flip(inpt: Any) -> Any:
    """Left and right exchanged. Boxes measure from the edges of pixels, points from their middles."""
    if isinstance(inpt, PLACES):
        width = inpt.canvas_size[1] - isinstance(inpt, KeyPoints)
        return moved(inpt, stretched((-1, 1), (width, 0)), inpt.canvas_size, cut=False)
    return _kept(inpt, flat.hflip(inpt))


@dispatched(*ALL)
def vertical_flip(inpt: Any) -> Any:
    """Top and bottom exchanged."""
    if isinstance(inpt, PLACES):
        height = inpt.canvas_size[0] - isinstance(inpt, KeyPoints)
        return moved(inpt, stretched((1, -1), (0, height)), inpt.canvas_size, cut=False)
    return _kept(inpt, flat.vflip(inpt))


hflip, vflip = horizontal_flip, vertical_flip


@dispatched(*ALL)
def crop(inpt: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of this size whose upper left corner is at (top, left); zeros where it leaves the image."""
    if isinstance(inpt, PLACES):
        return moved(inpt, stretched((1, 1), (-left, -top)), (height, width))
    return _kept(inpt, flat.crop(inpt, top, left, height, width))


@dispatched(*ALL)
def center_crop(inpt: Any, output_size: int | Sequence[int]) -> Any:
    """The middle, padded with zeros first where it is too small."""
    if isinstance(inpt, PLACES):
        (h, w), (height, width) = inpt.canvas_size, flat.pair(output_size, "center_crop")
        return crop(inpt, _start(h, height), _start(w, width), height, width)
    return _kept(inpt, flat.center_crop(inpt, output_size))


def _start(size: int, out: int) -> int:
    return -((out - size) // 2) if out > size else round((size - out) / 2)


@dispatched(*ALL)
def pad(inpt: Any, padding: int | Sequence[int], fill: Any = None, padding_mode: str = "constant") -> Any:
    """Pixels added on all sides. Raises ValueError for boxes, points and masks where they have no meaning."""
    left, top, right, bottom = flat.padding_sides(padding)
    if isinstance(inpt, PLACES):
        if padding_mode != "constant":
            raise ArgumentError(f"pad: boxes and points take padding_mode='constant' alone; got {padding_mode!r}")
        h, w = inpt.canvas_size
        return moved(inpt, stretched((1, 1), (left, top)), (h + top + bottom, w + left + right))
    if isinstance(inpt, Mask) and isinstance(fill, (list, tuple)):
        raise ArgumentError(f"pad: a mask takes one number as fill; got {fill}; pass {{tv_tensors.Mask: 0, 'others': {fill}}} as fill to "
                            f"the transform")
    return _kept(inpt, flat.pad(inpt, padding, 0 if fill is None else fill, padding_mode))


@dispatched(*ALL)
def resize(inpt: Any, size: int | Sequence[int] | None, interpolation: Mode = BILINEAR, max_size: int | None = None,
           antialias: bool | None = True) -> Any:
    """To (height, width), or the shorter edge to one number; masks without mixing."""
    if isinstance(inpt, PLACES):
        (h, w), (height, width) = inpt.canvas_size, flat.resized(*inpt.canvas_size, size, max_size)
        return resized_boxes(inpt, (width / w, height / h), (height, width))
    return _kept(inpt, flat.resize(inpt, size, _mask_or(inpt, interpolation), max_size, antialias))


@dispatched(*ALL)
def resized_crop(inpt: Any, top: int, left: int, height: int, width: int, size: int | Sequence[int], interpolation: Mode = BILINEAR,
                 antialias: bool | None = True) -> Any:
    """A part, brought to a size."""
    part = crop(inpt, top, left, height, width)
    return resize(part, size if isinstance(size, int) else list(size), interpolation, None, antialias)


def _warped(inpt: Any, matrix: Doubles, size: tuple[int, int], interpolation: Mode, fill: Fill) -> Any:
    if isinstance(inpt, PLACES):
        before = inpt.canvas_size
        return moved(inpt, forward_of(matrix, before, size), size)
    return _kept(inpt, warp(inpt, matrix, size, _mask_or(inpt, interpolation), fill))


@dispatched(*ALL)
def rotate(inpt: Any, angle: float, interpolation: Mode = NEAREST, expand: bool = False, center: Sequence[float] | None = None,
           fill: Fill = None) -> Any:
    """Turned counter-clockwise by `angle` (degrees)."""
    if is_pil(inpt):
        return flat_affine.rotate(inpt, angle, interpolation, expand, center, fill)
    h, w = get_size(inpt)
    return _warped(inpt, *rotation((h, w), angle, expand, center), interpolation, fill)


@dispatched(*ALL)
def affine(inpt: Any, angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float],
           interpolation: Mode = NEAREST, fill: Fill = None, center: Sequence[float] | None = None) -> Any:
    """Turned clockwise, shifted, scaled and sheared, as `transforms.functional.affine`."""
    if is_pil(inpt):
        return flat_affine.affine(inpt, angle, translate, scale, shear, interpolation, fill, center)
    h, w = get_size(inpt)
    return _warped(inpt, inverse_matrix(from_middle(center, h, w), angle, translate, scale, shear), (h, w), interpolation, fill)


@dispatched(*ALL)
def perspective(inpt: Any, startpoints: Corners, endpoints: Corners, interpolation: Mode = BILINEAR, fill: Fill = None,
                coefficients: Sequence[float] | None = None) -> Any:
    """Seen from elsewhere: what was at the four `startpoints` (x, y) comes to the `endpoints`."""
    if not isinstance(inpt, PLACES):
        return _kept(inpt, flat_affine.perspective(inpt, startpoints, endpoints, _mask_or(inpt, interpolation), fill, coefficients))
    found = np.array([*homography(startpoints, endpoints, coefficients), 1.0]).reshape(3, 3)
    return moved(inpt, forward_of(found, (0, 0), (0, 0)), inpt.canvas_size)


@dispatched(*ALL)
def elastic(inpt: Any, displacement: Tensor, interpolation: Mode = BILINEAR, fill: Fill = None) -> Any:
    """Each pixel read at its place plus displacement (1, H, W, 2). A point goes against the displacement of its pixel."""
    if not isinstance(inpt, PLACES):
        return _kept(inpt, flat_affine.elastic_transform(inpt, displacement, _mask_or(inpt, interpolation), fill))
    (h, w), field = inpt.canvas_size, displacement.detach().cpu().numpy()[0]
    to_pixel: Callable[[Floats], Floats] = np.ceil if isinstance(inpt, BoundingBoxes) else np.trunc

    def against(points: Floats) -> Floats:
        x, y = (np.clip(to_pixel(points[..., i]).astype(np.intp), 0, size - 1) for i, size in ((0, w), (1, h)))
        back: Floats = np.stack([x, y], -1) - field[y, x] * np.array([w / 2, h / 2], field.dtype)
        return back.astype(points.dtype)
    move: Move = against
    return moved(inpt, move, (h, w))


elastic_transform = elastic


@dispatched(*IMAGES)
def five_crop(inpt: Any, size: int | Sequence[int]) -> tuple[Any, ...]:
    """The four corners and the middle."""
    return tuple(_kept(inpt, part) for part in flat.five_crop(inpt, size))


@dispatched(*IMAGES)
def ten_crop(inpt: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    """`five_crop` of the image, and of its mirror image."""
    return tuple(_kept(inpt, part) for part in flat.ten_crop(inpt, size, vertical_flip))
