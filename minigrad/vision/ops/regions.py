"""Regions of interest: what feature maps hold within boxes, brought to one size."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

import numpy as np

from ... import creation, nn
from ..._tensor import Tensor
from ...backend import backend_of
from ...engine.node import wrap
from ...errors import ArgumentError, AssertedArgumentError, describe
from ...ops.join import cat
from ...ops.lookup import gather
from ...ops.weighted_sums import Terms, row_sums
from .boxes import box_area

Size = int | Sequence[int]
Boxes = Tensor | Sequence[Tensor]


def regions_of(name: str, boxes: Boxes) -> Tensor:
    """(K, 5), number of the image and box, of that or of the boxes (L, 4) of each image."""
    if isinstance(boxes, Tensor):
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            raise AssertedArgumentError(f"{name}: The boxes tensor shape is not correct as Tensor[K, 5]; got {describe(boxes)}")
        return boxes
    if not isinstance(boxes, (list, tuple)):
        raise AssertedArgumentError(f"{name}: boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]; got {describe(boxes)}")
    for b in boxes:
        if b.ndim != 2 or b.shape[1] != 4:
            raise AssertedArgumentError(f"{name}: The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]; got "
                                        f"{describe(b)}")
    return cat([cat([creation.full_like(b[:, :1], i), b], 1) for i, b in enumerate(boxes)])


def pixel_rows(input: Tensor) -> Tensor:
    """(N, C, H, W) -> (N * H * W, C): one row for each pixel."""
    return input.permute(0, 2, 3, 1).reshape(-1, input.shape[1])


def pair(value: Size) -> tuple[int, int]:
    """(height, width), given as one number or two."""
    both = [value] if isinstance(value, int) else list(value)
    return int(both[0]), int(both[-1])


# ---------------------------------------------------------------- the mean of points in each bin
def roi_align(input: Tensor, boxes: Boxes, output_size: Size, spatial_scale: float = 1.0, sampling_ratio: int = -1,
              aligned: bool = False) -> Tensor:
    """The means of interpolated points in the bins of each box: (N, C, H, W) and K boxes -> (K, C, *output_size). Source: arXiv:1703.06870

    boxes: (K, 5) with the number of the image first, or a list with boxes (L, 4) for each image; they are constants for gradients.
    spatial_scale: from their pixels to those of input. sampling_ratio: points per bin and direction; from 0 down, as many as pixels.
    aligned: the first pixel's centre lies at 0.5, not 0.
    """
    regions = regions_of("roi_align", boxes)
    (rows, columns), (height, width) = pair(output_size), input.shape[2:]
    r = regions.detach().cpu().numpy()
    corners = r[:, 1:] * r.dtype.type(spatial_scale) - r.dtype.type(0.5 if aligned else 0)
    down = axis_weights(corners[:, 1], corners[:, 3], rows, height, sampling_ratio, aligned)
    right = axis_weights(corners[:, 0], corners[:, 2], columns, width, sampling_ratio, aligned)
    terms = products(down, right, r[:, 0].astype(np.int64), width, height * width)
    out = row_sums(pixel_rows(input), terms)         # (K * rows * columns, C)
    return out.reshape(len(r), rows, columns, input.shape[1]).permute(0, 3, 1, 2).contiguous()


def axis_weights(start: Any, end: Any, bins: int, size: int, ratio: int, aligned: bool) -> Any:
    """How much each pixel of an axis counts in each bin: (K,) and (K,) -> (K, bins, size), mostly 0.

    The mean over points: of each, the two pixels around it; before the first and behind the last, that one; far outside, none.
    """
    length = end - start if aligned else np.maximum(end - start, start.dtype.type(1))
    step = length / start.dtype.type(bins)
    points = np.full(len(start), ratio) if ratio > 0 else np.maximum(np.ceil(step).astype(np.int64), 0)
    k = np.repeat(np.arange(len(start)), points)                         # of each point along a bin: its box
    i = np.arange(len(k)) - np.repeat(np.cumsum(points) - points, points)
    share = (i + start.dtype.type(0.5)) * (step / np.maximum(points, 1).astype(start.dtype))[k]
    at = start[k] + np.arange(bins, dtype=start.dtype)[:, None] * step[k] + share        # (bins, points)
    inside = (at >= -1) & (at <= size)
    at = np.clip(at, 0, size - 1)
    low = np.minimum(at.astype(np.int64), max(size - 2, 0))
    beyond = at - low
    place = (k * bins + np.arange(bins)[:, None]) * size + low
    each = inside / np.maximum(points, 1)[k]
    total = np.bincount(place.ravel(), ((1 - beyond) * each).ravel(), len(start) * bins * size + 1)
    total += np.bincount((place + 1).ravel(), (beyond * each).ravel(), len(start) * bins * size + 1)
    return total[:-1].reshape(len(start), bins, size).astype(start.dtype)


def products(down: Any, right: Any, image: Any, width: int, pixels: int) -> Terms:
    """The terms of all bins: those of a row (K, rows, H) times those of a column (K, columns, W)."""
    (k, rows, _), columns = down.shape, right.shape[1]
    y_box, y_bin, y = np.nonzero(down)
    x_box, x_bin, x = np.nonzero(right)
    y_count = np.bincount(y_box * rows + y_bin, minlength=k * rows).reshape(k, rows, 1)
    x_count = np.bincount(x_box * columns + x_bin, minlength=k * columns).reshape(k, 1, columns)
    count = (y_count * x_count).ravel()
    starts = np.concatenate([[0], np.cumsum(count)])
    def of_terms(values: Any) -> Any:
        return np.repeat(np.broadcast_to(values, (k, rows, columns)).ravel(), count)
    place = np.arange(starts[-1]) - of_terms(starts[:-1].reshape(k, rows, columns))
    line, column = np.divmod(place, of_terms(x_count))
    a = of_terms((np.cumsum(y_count) - y_count.ravel()).reshape(y_count.shape)) + line
    b = of_terms((np.cumsum(x_count) - x_count.ravel()).reshape(x_count.shape)) + column
    index = of_terms(image[:, None, None]) * pixels + y[a] * width + x[b]
    return Terms(starts, index, down[y_box, y_bin, y][a] * right[x_box, x_bin, x][b])


class RoIAlign(nn.Module):
    """See `roi_align`."""

    def __init__(self, output_size: Size, spatial_scale: float, sampling_ratio: int, aligned: bool = False) -> None:
        super().__init__()
        self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned = output_size, spatial_scale, sampling_ratio, aligned

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
                f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned})")


# ---------------------------------------------------------------- the largest pixel in each bin
def roi_pool(input: Tensor, boxes: Boxes, output_size: Size, spatial_scale: float = 1.0) -> Tensor:
    """The largest pixel in the bins of each box, whose borders are rounded: (N, C, H, W) -> (K, C, *output_size). Source: arXiv:1504.08083

    Arguments as in `roi_align`. A bin without pixels gives 0. The gradient goes to the first of equal values.
    """
    regions = regions_of("roi_pool", boxes)
    (rows, columns), (_, channels, height, width) = pair(output_size), input.shape
    r = regions.detach().cpu().numpy()
    corners = np.trunc(r[:, 1:] * r.dtype.type(spatial_scale) + np.copysign(r.dtype.type(0.5), r[:, 1:]))     # halves away from 0
    top, bottom = bin_edges(corners[:, 1], corners[:, 3], rows, height)
    left, right = bin_edges(corners[:, 0], corners[:, 2], columns, width)
    pixels = pixel_rows(input)
    values: Any = pixels.detach().array
    backend, first = backend_of(values), r[:, 0].astype(np.int64)[:, None, None] * (height * width)
    xp, shape = backend.xp, (len(r), rows, columns)
    best = xp.full((len(r) * rows * columns, channels), -np.inf, values.dtype)
    found = xp.zeros(best.shape, "i8")
    for i in range(int((bottom - top).max(initial=0))):                  # the i-th line and j-th column of every bin at once
        for j in range(int((right - left).max(initial=0))):
            y, x = (top + i)[:, :, None], (left + j)[:, None, :]
            there = np.broadcast_to((y < bottom[:, :, None]) & (x < right[:, None, :]), shape).ravel()
            place = backend.asarray(np.broadcast_to(first + y * width + x, shape).ravel()[there])
            at = backend.asarray(np.flatnonzero(there))
            value = values[place]
            better = value > best[at]
            best[at] = xp.where(better, value, best[at])
            found[at] = xp.where(better, place[:, None], found[at])
    filled = wrap((best > -np.inf).astype(values.dtype))
    out = gather(pixels, 0, wrap(found)) * filled
    return out.reshape(*shape, channels).permute(0, 3, 1, 2).contiguous()


def bin_edges(start: Any, end: Any, bins: int, size: int) -> tuple[Any, Any]:
    """First and last + 1 pixel of each bin along an axis: (K, bins) each."""
    step = np.maximum(end - start + 1, 1) / start.dtype.type(bins)
    at = np.arange(bins, dtype=start.dtype)
    low, high = np.floor(at * step[:, None]), np.ceil((at + 1) * step[:, None])
    first, end = (np.clip(edge + start[:, None], 0, size).astype(np.int64) for edge in (low, high))
    return first, end


class RoIPool(nn.Module):
    """See `roi_pool`."""

    def __init__(self, output_size: Size, spatial_scale: float) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"


# ---------------------------------------------------------------- a pyramid of maps
class MultiScaleRoIAlign(nn.Module):
    """`roi_align` on the map of a pyramid that suits the size of each box. Source: arXiv:1612.03144, equation 1

    (dict of maps (N, C, H / 2^i, W / 2^i), list of boxes (L, 4) per image, list of sizes of the images) -> (K, C, *output_size).
    featmap_names: which maps, finest first. canonical_level: that of a box of canonical_scale pixels squared.
    """

    def __init__(self, featmap_names: Sequence[str], output_size: Size, sampling_ratio: int, *, canonical_scale: int = 224,
                 canonical_level: int = 4) -> None:
        super().__init__()
        self.featmap_names, self.output_size, self.sampling_ratio = featmap_names, pair(output_size), sampling_ratio
        self.canonical_scale, self.canonical_level = canonical_scale, canonical_level
        self.scales: list[float] | None = None

    def levels(self, boxes: Sequence[Tensor], first: int, last: int) -> Any:
        """For all boxes, the number of the map to read."""
        side = cat([box_area(b) for b in boxes]).detach().cpu().numpy() ** 0.5
        level = np.floor(self.canonical_level + np.log2(side / side.dtype.type(self.canonical_scale)) + side.dtype.type(1e-6))
        return np.clip(level, first, last).astype(np.int64) - first

    def forward(self, x: Mapping[str, Tensor], boxes: Sequence[Tensor], image_shapes: Sequence[tuple[int, int]]) -> Tensor:
        maps = [m for name, m in x.items() if name in self.featmap_names]
        if not image_shapes:
            raise ArgumentError("MultiScaleRoIAlign: images list should not be empty")
        if self.scales is None:                      # powers of two, as the maps of the first images have them
            height = max(h for h, _ in image_shapes)
            self.scales = [2.0 ** round(log2(m.shape[-2] / height)) for m in maps]
        regions = regions_of("MultiScaleRoIAlign", boxes)
        if len(maps) == 1:
            return roi_align(maps[0], regions, self.output_size, self.scales[0], self.sampling_ratio)
        level = self.levels(boxes, int(-log2(self.scales[0])), int(-log2(self.scales[-1])))
        places = [np.flatnonzero(level == i) for i in range(len(maps))]
        parts = [roi_align(m, regions[creation.from_numpy(at).to(m.device)], self.output_size, scale, self.sampling_ratio)
                 for m, at, scale in zip(maps, places, self.scales, strict=True)]
        back = np.argsort(np.concatenate(places), kind="stable")
        return cat(parts)[creation.from_numpy(back).to(maps[0].device)]

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(featmap_names={self.featmap_names}, output_size={self.output_size}, "
                f"sampling_ratio={self.sampling_ratio})")
