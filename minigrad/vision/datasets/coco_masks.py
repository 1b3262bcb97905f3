"""Masks of MS COCO: polygons and run lengths as pixels.

A run-length code goes down the columns, first pixels outside, then inside, and so on. A polygon is drawn as COCO's own tools do
(Lin et al. 2014; https://cocodataset.org/#format-data), so that areas and scores agree: five times as fine, then every column's
crossings are brought back to whole pixels.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError

FINER = 5                                            # points of a polygon's edges per pixel


def mask_of(segmentation: Any, height: int, width: int) -> NDArray[np.uint8]:
    """The pixels (H, W), 1 inside, of an annotation's segmentation: polygons [x0, y0, x1, y1, ...], or run lengths.

    Raises DatasetError for what is neither.
    """
    if isinstance(segmentation, dict):
        return _from_runs(segmentation, height, width)
    mask = np.zeros((height, width), np.uint8)
    for polygon in segmentation:
        if not isinstance(polygon, Sequence) or len(polygon) < 6 or len(polygon) % 2:
            raise DatasetError(f"segmentation: a polygon has three or more points x, y; got {polygon!r:.80}")
        mask |= polygon_mask(polygon, height, width)
    return mask


def _from_runs(segmentation: dict[str, Any], height: int, width: int) -> NDArray[np.uint8]:
    counts = segmentation.get("counts")
    runs = unpacked(counts) if isinstance(counts, (str, bytes)) else counts
    if runs is None or list(segmentation.get("size", ())) != [height, width] or sum(runs) != height * width:
        raise DatasetError(f"segmentation: run lengths must have size [{height}, {width}] and fill it; got size "
                           f"{segmentation.get('size')} and {'no counts' if runs is None else f'{sum(runs)} pixels'}")
    inside = np.arange(len(runs), dtype=np.uint8) % 2
    return np.ascontiguousarray(np.repeat(inside, runs).reshape(width, height).T)


def unpacked(counts: str | bytes) -> list[int]:
    """Run lengths from COCO's text: five bits per character from 48 on, the sixth says that more follow, lowest first; from the fourth
    number on they are differences from the last but one.

    >>> unpacked("52203")
    [5, 2, 2, 2, 5]
    """
    runs: list[int] = []
    number = shift = 0
    for char in counts.encode() if isinstance(counts, str) else counts:
        bits = char - 48
        number |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            number -= (bits & 16) << shift - 4       # the sign
            runs.append(number + (runs[-2] if len(runs) > 2 else 0))
            number = shift = 0
    return runs


def polygon_mask(polygon: Sequence[float], height: int, width: int) -> NDArray[np.uint8]:
    """The pixels (H, W) inside of a polygon x0, y0, x1, y1, ..."""
    corners = (FINER * np.asarray(polygon, np.float64).reshape(-1, 2) + 0.5).astype(np.int64)
    edges = [_edge(*start, *end) for start, end in zip(corners, np.roll(corners, -1, 0), strict=True)]
    u, v = np.concatenate(edges, 1)
    turns = np.flatnonzero(np.diff(u))               # where the outline goes to another fine column
    x = (np.minimum(u[turns], u[turns + 1]) + 0.5) / FINER - 0.5
    y = (np.minimum(v[turns], v[turns + 1]) + 0.5) / FINER - 0.5
    whole = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    rows = np.ceil(np.clip(y[whole], 0, height)).astype(np.int64)
    crossings = np.bincount(x[whole].astype(np.int64) * height + rows, minlength=height * width + 1)
    inside = np.cumsum(crossings[:height * width]) % 2
    return np.ascontiguousarray(inside.reshape(width, height).T.astype(np.uint8))


def _edge(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.int64]:
    """The points (2, n) of a line, one per step along its longer side."""
    dx, dy = abs(x1 - x0), abs(y1 - y0)
    flat = dx >= dy
    back = (x0 > x1) if flat else (y0 > y1)          # computed from the lower end on, so that both directions give the same points
    if back:
        x0, y0, x1, y1 = x1, y1, x0, y0
    steps = np.arange(max(dx, dy) + 1)
    if back:
        steps = steps[::-1]
    if flat:
        slope = (y1 - y0) / dx if dx else 0.0
        return np.stack([x0 + steps, (y0 + slope * steps + 0.5).astype(np.int64)])
    slope = (x1 - x0) / dy
    return np.stack([(x0 + slope * steps + 0.5).astype(np.int64), y0 + steps])
