"""Boxes under a geometric transform: the box around where its corners go."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation
from ..._tensor import Tensor
from ..tv_tensors import BoundingBoxes, BoundingBoxFormat

Doubles = NDArray[np.float64]
Move = Callable[[Doubles], Doubles]                  # points (..., 2), x and y in pixels, to where they go


def corners_of(values: Doubles, format: BoundingBoxFormat) -> Doubles:
    """(N, 4) of any format -> (N, 4) of x1, y1, x2, y2."""
    if format is BoundingBoxFormat.XYXY:
        return values
    first, size = values[:, :2], values[:, 2:]
    first = first - size / 2 if format is BoundingBoxFormat.CXCYWH else first
    return np.concatenate([first, first + size], 1)


def from_corners(values: Doubles, format: BoundingBoxFormat) -> Doubles:
    """(N, 4) of x1, y1, x2, y2 -> (N, 4) of any format."""
    if format is BoundingBoxFormat.XYXY:
        return values
    first, size = values[:, :2], values[:, 2:] - values[:, :2]
    return np.concatenate([first + size / 2 if format is BoundingBoxFormat.CXCYWH else first, size], 1)


def moved(boxes: BoundingBoxes, move: Move, canvas_size: tuple[int, int]) -> BoundingBoxes:
    """The boxes around the moved corners, cut at the new canvas (height, width)."""
    corners = corners_of(boxes.detach().numpy().astype(np.float64), boxes.format)
    points = move(corners[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])      # (N, 4, 2)
    height, width = canvas_size
    limits = np.array([width, height])
    ends = np.concatenate([np.clip(points.min(1), 0, limits), np.clip(points.max(1), 0, limits)], 1)
    return _with(boxes, ends, canvas_size)


def _with(boxes: BoundingBoxes, corners: Doubles, canvas_size: tuple[int, int]) -> BoundingBoxes:
    values: Any = from_corners(corners, boxes.format)
    values = values.round() if boxes.dtype.numpy.kind == "i" else values
    made: BoundingBoxes = boxes.like(creation.from_numpy(values.astype(boxes.dtype.numpy)), canvas_size)
    return made


def convert_bounding_box_format(inpt: BoundingBoxes, new_format: BoundingBoxFormat | str) -> BoundingBoxes:
    """The same boxes in another format."""
    new = BoundingBoxFormat[new_format.upper()] if isinstance(new_format, str) else new_format
    corners = corners_of(inpt.detach().numpy().astype(np.float64), inpt.format)
    values = from_corners(corners, new).astype(inpt.dtype.numpy)
    return BoundingBoxes(creation.from_numpy(values), format=new, canvas_size=inpt.canvas_size)


def clamp_bounding_boxes(inpt: BoundingBoxes) -> BoundingBoxes:
    """The parts of the boxes that are on the canvas."""
    return moved(inpt, lambda points: points, inpt.canvas_size)


def box_areas(boxes: BoundingBoxes) -> Tensor:
    """Pixels in each box, float64 (N,): to drop those that a crop has left empty."""
    corners = corners_of(boxes.detach().numpy().astype(np.float64), boxes.format)
    return creation.from_numpy((corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]))


def forward_of(matrix: Doubles, before: tuple[int, int], after: tuple[int, int]) -> Move:
    """The movement of points whose inverse, measured from the middles, is `matrix`; sizes are (height, width)."""
    back = np.linalg.inv(matrix[:, :2])
    start, end = np.array(before[::-1]) / 2, np.array(after[::-1]) / 2
    return lambda points: (points - start - matrix[:, 2]) @ back.T + end
