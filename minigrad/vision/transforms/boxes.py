"""Boxes and points under a geometric transform: the points themselves, or the box around where its corners go."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, LinalgError, describe
from ..tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints, check_clamping, format_of, is_rotated_bounding_format, wrap
from .affine import Doubles

Floats = NDArray[np.floating[Any]]
Move = Callable[[Floats], Floats]                    # points (..., 2), x and y in pixels, to where they go
Canvas = tuple[int, int]
OTHER_SIDE = [1, 0, 3, 2]                            # the order of the corners of a turned box after it was mirrored


# ---------------------------------------------------------------- formats
def corners_of(values: Floats, format: BoundingBoxFormat) -> Floats:
    """(N, 4 or 5 or 8) of any format -> (N, 4, 2): upper left, upper right, lower right, lower left."""
    kind = format.value
    if kind == "XYXY":
        return values[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    if kind == "XYXYXYXY":
        return values.reshape(-1, 4, 2)
    first, size = values[:, :2], values[:, 2:4]
    if kind in ("XYWH", "CXCYWH"):
        first = first - size / 2 if kind[0] == "C" else first
        return corners_of(np.concatenate([first, first + size], 1), BoundingBoxFormat.XYXY)
    turn = np.deg2rad(values[:, 4])
    across = size[:, :1] * np.stack([np.cos(turn), -np.sin(turn)], 1)
    down = size[:, 1:] * np.stack([np.sin(turn), np.cos(turn)], 1)
    first = first - across / 2 - down / 2 if kind[0] == "C" else first
    return np.stack([first, first + across, first + across + down, first + down], 1)


def from_corners(corners: Floats, format: BoundingBoxFormat) -> Floats:
    """(N, 4, 2) -> (N, 4 or 5 or 8) of any format: the inverse of `corners_of`."""
    kind = format.value
    if kind == "XYXYXYXY":
        return corners.reshape(-1, 8)
    if not is_rotated_bounding_format(format):
        first, size = corners[:, 0], corners[:, 2] - corners[:, 0]
        if kind == "XYXY":
            return np.concatenate([first, corners[:, 2]], 1)
        return np.concatenate([first + size / 2 if kind[0] == "C" else first, size], 1)
    across, down = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    first = corners[:, 0] + across / 2 + down / 2 if kind[0] == "C" else corners[:, 0]
    turn = np.rad2deg(np.arctan2(-across[:, 1], across[:, 0]))
    return np.concatenate([first, np.stack([np.hypot(*across.T), np.hypot(*down.T), turn], 1)], 1)


def _values(boxes: Tensor) -> Floats:
    """In float64 for float64, else in float32, as torchvision computes."""
    array = boxes.detach().cpu().numpy()
    return array if array.dtype == np.float64 else array.astype(np.float32)


def _like(values: Floats, t: Tensor, **known: Any) -> Any:
    """Numbers as the kind, dtype and device of t; integers are cut off."""
    return wrap(creation.from_numpy(np.ascontiguousarray(values.astype(t.dtype.numpy))).to(t.device), like=t, **known)


def convert_bounding_box_format(
    inpt: Tensor, old_format: BoundingBoxFormat | str | None = None, new_format: BoundingBoxFormat | str | None = None,
    inplace: bool = False
) -> Any:
    """The same boxes in another format; a plain tensor (..., 4) needs `old_format`.

    Raises TypeError without a new format, ValueError without the old one and between turned boxes and others.
    """
    if new_format is None:
        raise ArgumentTypeError("convert_bounding_box_format: missing new_format; write new_format='XYXY'")
    old, new = _format_of_input(inpt, old_format), format_of(new_format)
    if is_rotated_bounding_format(old) != is_rotated_bounding_format(new):
        raise ArgumentError(f"convert_bounding_box_format: cannot convert between rotated and unrotated boxes; got {old.value} and "
                            f"{new.value}")
    values = _values(inpt)
    if old is new:
        return inpt if inplace else inpt.clone()
    corners = corners_of(values.reshape(-1, values.shape[-1]), old)
    whole = not inpt.dtype.is_floating_point
    made = from_corners(np.trunc(corners) if whole else corners, new)
    made = np.floor(made) if whole else made
    out = _like(made.reshape(*values.shape[:-1], made.shape[-1]), inpt, **({"format": new} if isinstance(inpt, BoundingBoxes) else {}))
    if inplace and out.shape == inpt.shape and not isinstance(inpt, BoundingBoxes):
        return inpt.copy_(out)
    return out


def _format_of_input(inpt: Any, format: BoundingBoxFormat | str | None) -> BoundingBoxFormat:
    if isinstance(inpt, BoundingBoxes):
        if format is not None:
            raise ArgumentError("boxes: a BoundingBoxes knows its format; leave it out, or pass a plain tensor")
        return inpt.format
    if not isinstance(inpt, Tensor):
        raise ArgumentTypeError(f"boxes: expected a BoundingBoxes or a plain tensor; got {describe(inpt)}")
    if format is None:
        raise ArgumentError("boxes: for a plain tensor the format has to be passed; or make a tv_tensors.BoundingBoxes of it")
    return format_of(format)


# ---------------------------------------------------------------- cutting
def clamp_bounding_boxes(
    inpt: Tensor, format: BoundingBoxFormat | str | None = None, canvas_size: Sequence[int] | None = None,
    clamping_mode: str | None = "auto"
) -> Any:
    """The parts of the boxes that are on the canvas; turned boxes stay as they are. "auto" takes the boxes' own mode."""
    check_clamping(clamping_mode, "auto")
    kind = _format_of_input(inpt, format)
    mode = getattr(inpt, "clamping_mode", "soft") if clamping_mode == "auto" else clamping_mode
    size = inpt.canvas_size if isinstance(inpt, BoundingBoxes) else canvas_size
    if size is None:
        raise ArgumentError("clamp_bounding_boxes: for a plain tensor canvas_size has to be passed")
    if mode is None or is_rotated_bounding_format(kind):
        return inpt.clone()
    values = _values(inpt)
    corners = corners_of(values.reshape(-1, 4), kind)
    return _like(from_corners(_cut(corners, size), kind).reshape(values.shape), inpt)


def _cut(corners: Floats, canvas_size: Sequence[int]) -> Floats:
    return np.clip(corners, 0, np.array(canvas_size[::-1], corners.dtype))


def clamp_keypoints(inpt: Tensor, canvas_size: Sequence[int] | None = None) -> Any:
    """Points beyond the canvas moved to its outermost pixels."""
    size = inpt.canvas_size if isinstance(inpt, KeyPoints) else canvas_size
    if size is None:
        raise ArgumentError("clamp_keypoints: for a plain tensor canvas_size has to be passed")
    points = _values(inpt)
    return _like(np.clip(points, 0, np.array(size[::-1], points.dtype) - 1), inpt)


# ---------------------------------------------------------------- moving
def moved(inpt: Any, move: Move, canvas_size: Canvas, cut: bool = True) -> Any:
    """Points moved, or boxes around the moved corners, which `cut` ends at the new canvas (height, width)."""
    values = _values(inpt)
    if isinstance(inpt, KeyPoints):
        return _like(move(values), inpt, canvas_size=canvas_size)
    corners = corners_of(values, inpt.format)
    points = move(corners)
    if is_rotated_bounding_format(inpt.format):
        mirrored = (_area(points) * _area(corners) < 0)[:, None, None]
        points = rectangles(np.where(mirrored, points[:, OTHER_SIDE], points))
    else:
        points = corners_of(np.concatenate([points.min(1), points.max(1)], 1), BoundingBoxFormat.XYXY)
        points = _cut(points, canvas_size) if cut and inpt.clamping_mode is not None else points
    return _like(from_corners(points, inpt.format), inpt, canvas_size=canvas_size)


def _area(corners: Floats) -> Floats:
    """Of each parallelogram; negative where its corners run the other way round."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    area: Floats = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return area


def rectangles(corners: Floats) -> Floats:
    """The rectangle around each parallelogram (N, 4, 2), along its longer side and about its middle."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    long, other = np.hypot(*a.T) >= np.hypot(*b.T), np.stack([b[:, 1], -b[:, 0]], 1)
    across = np.where(long[:, None], a, other)       # `other`: the lower side that b would have if it were a rectangle's
    across = across / np.maximum(np.hypot(*across.T), np.finfo(corners.dtype).tiny)[:, None]
    down = np.stack([-across[:, 1], across[:, 0]], 1)
    middle = (corners[:, 0] + corners[:, 2]) / 2
    half_w = (np.abs((a * across).sum(1)) + np.abs((b * across).sum(1)))[:, None] / 2
    half_h = (np.abs((a * down).sum(1)) + np.abs((b * down).sum(1)))[:, None] / 2
    return np.stack([middle + x * half_w * across + y * half_h * down for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))], 1)


def stretched(scale: Sequence[float], shift: Sequence[float]) -> Move:
    """Along the axes: (x, y) times `scale` plus `shift`."""
    return lambda points: points * np.array(scale, points.dtype) + np.array(shift, points.dtype)


def resized_boxes(inpt: Any, scale: Sequence[float], canvas_size: Canvas) -> Any:
    """Boxes and points on a canvas that was stretched; integers are cut off number by number."""
    values = _values(inpt)
    if isinstance(inpt, BoundingBoxes) and is_rotated_bounding_format(inpt.format):
        return moved(inpt, stretched(scale, (0, 0)), canvas_size)
    return _like(values * np.tile(np.array(scale, np.float32), values.shape[-1] // 2), inpt, canvas_size=canvas_size)


def forward_of(matrix: Doubles, before: Canvas, after: Canvas) -> Move:
    """The movement of points whose inverse, measured from the middles, is `matrix` (2 or 3, 3); sizes are (height, width)."""
    square = matrix if len(matrix) == 3 else np.concatenate([matrix, [[0, 0, 1]]])
    if abs(np.linalg.det(square)) == 0:
        raise LinalgError(f"boxes: the transform cannot be inverted; got {matrix.tolist()}")
    back = np.linalg.inv(square)
    start, end = np.array(before[::-1]) / 2, np.array(after[::-1]) / 2

    def move(points: Floats) -> Floats:
        out = (points - start) @ back[:, :2].T + back[:, 2]
        return (out[..., :2] / out[..., 2:] + end).astype(points.dtype)
    return move


# ---------------------------------------------------------------- what is left of them
def sanitize_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat | str | None = None, canvas_size: Sequence[int] | None = None,
    min_size: float = 1.0, min_area: float = 1.0
) -> tuple[Any, Tensor]:
    """The boxes that are on the canvas and large enough, and which those are (N,)."""
    kind = _format_of_input(bounding_boxes, format)
    size = bounding_boxes.canvas_size if isinstance(bounding_boxes, BoundingBoxes) else canvas_size
    if size is None:
        raise ArgumentError("sanitize_bounding_boxes: for a plain tensor format and canvas_size have to be passed")
    rotated = is_rotated_bounding_format(kind)
    plain = bounding_boxes.as_subclass(Tensor) if isinstance(bounding_boxes, BoundingBoxes) else bounding_boxes
    as_corners = BoundingBoxFormat.XYXYXYXY if rotated else BoundingBoxFormat.XYXY
    corners = corners_of(_values(convert_bounding_box_format(plain, kind, as_corners)), as_corners)
    sides = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    w, h = (np.hypot(*side.T) for side in sides) if rotated else (sides[0][:, 0], sides[1][:, 1])
    fits = ((corners >= 0) & (corners <= np.array(size[::-1]))).all((1, 2))
    valid = creation.from_numpy((w >= min_size) & (h >= min_size) & (w * h >= min_area) & fits).to(bounding_boxes.device)
    return wrap(bounding_boxes[valid], like=bounding_boxes), valid


def sanitize_keypoints(key_points: Tensor, canvas_size: Sequence[int] | None = None) -> tuple[Any, Tensor]:
    """The points, or groups of points, that are on the canvas with all of theirs, and which those are (N,)."""
    size = key_points.canvas_size if isinstance(key_points, KeyPoints) else canvas_size
    if size is None:
        raise ArgumentError("sanitize_keypoints: for a plain tensor canvas_size has to be passed")
    points = _values(key_points)
    inside: Any = (points >= 0) & (points < np.array(size[::-1]))
    valid = creation.from_numpy(inside.all(tuple(range(1, points.ndim)))).to(key_points.device)
    return wrap(key_points[valid], like=key_points), valid
