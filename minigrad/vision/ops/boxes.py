"""Boxes: areas, overlaps, formats, and the best ones of those that overlap.

A box is (x1, y1, x2, y2) in pixels, x1 <= x2 and y1 <= y2, unless a format says otherwise.
"""
from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np

from ... import creation, dtypes
from ..._tensor import Tensor
from ...backend import backend_of
from ...engine.mode import no_grad
from ...engine.node import wrap
from ...errors import ArgumentError, ShapeError, UnsupportedDtypeError, UnsupportedError, describe
from ...ops.join import cat, stack
from ...ops.select import maximum, minimum

BLOCK = 128                                          # boxes that `nms` decides on at once


# ---------------------------------------------------------------- areas and overlaps
def upcast(boxes: Tensor) -> Tensor:
    """In a dtype in which products of coordinates do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype in (dtypes.float32, dtypes.float64) else boxes.float()
    return boxes if boxes.dtype in (dtypes.int32, dtypes.int64) else boxes.int()


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """Pixels in each box: (..., 4) -> (...). fmt: as in `box_convert`, without rotations."""
    if fmt not in ("xyxy", "xywh", "cxcywh"):
        raise ArgumentError(f"box_area: Unsupported Bounding Box area for given format {fmt}; there are xyxy, xywh, cxcywh")
    boxes = upcast(boxes)
    if fmt != "xyxy":
        return boxes[..., 2] * boxes[..., 3]
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def inter_union(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """Areas of what two boxes share and of what both cover: (..., N, 4) and (..., M, 4) -> (..., N, M) each."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    if fmt != "xyxy":
        boxes1, boxes2 = box_convert(boxes1, fmt, "xyxy"), box_convert(boxes2, fmt, "xyxy")
    low = maximum(boxes1[..., None, :2], boxes2[..., None, :, :2])       # (..., N, M, 2)
    high = minimum(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    size = upcast(high - low).clamp(min=0)
    both = size[..., 0] * size[..., 1]
    return both, area1[..., None] + area2[..., None, :] - both


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of every box with every other: (..., N, 4) and (..., M, 4) -> (..., N, M).

    >>> box_iou(creation.tensor([[0., 0., 2., 2.]]), creation.tensor([[1., 0., 3., 2.]]))
    tensor([[0.3333]])
    """
    both, union = inter_union(boxes1, boxes2, fmt)
    return both / union


def enclosing(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Width and height of the box around each pair: (..., N, M, 2)."""
    low = minimum(boxes1[..., None, :2], boxes2[..., None, :, :2])
    high = maximum(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    return upcast(high - low).clamp(min=0)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """`box_iou`, less the share of the enclosing box that neither covers: (N, M), -1 to 1. Source: arXiv:1902.09630"""
    both, union = inter_union(boxes1, boxes2)
    size = enclosing(boxes1, boxes2)
    area = size[..., 0] * size[..., 1]
    return both / union - (area - union) / area


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`box_iou`, less the squared distance of the centres over that of the enclosing box's corners. Source: arXiv:1911.08287"""
    boxes1, boxes2 = upcast(boxes1), upcast(boxes2)
    size = enclosing(boxes1, boxes2)
    centres1, centres2 = (boxes1[..., :2] + boxes1[..., 2:]) / 2, (boxes2[..., :2] + boxes2[..., 2:]) / 2
    apart = centres1[..., None, :] - centres2[..., None, :, :]
    return box_iou(boxes1, boxes2) - (apart ** 2).sum(-1) / ((size ** 2).sum(-1) + eps)


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`distance_box_iou`, less a term for different ratios of width to height. Source: arXiv:1911.08287"""
    boxes1, boxes2 = upcast(boxes1), upcast(boxes2)
    v = aspect_term(ratio_angle(boxes1)[..., None], ratio_angle(boxes2)[..., None, :])
    with no_grad():
        alpha = v / (1 - box_iou(boxes1, boxes2) + v + eps)
    return distance_box_iou(boxes1, boxes2, eps) - alpha * v


def ratio_angle(boxes: Tensor) -> Tensor:
    """The angle whose tangent is width / height."""
    return ((boxes[..., 2] - boxes[..., 0]) / (boxes[..., 3] - boxes[..., 1])).atan()


def aspect_term(angle1: Tensor, angle2: Tensor) -> Tensor:
    """How far two ratios are apart, 0 to 1."""
    return 4 / pi ** 2 * (angle1 - angle2) ** 2


# ---------------------------------------------------------------- formats
def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """The same boxes, written otherwise: (..., 4) -> (..., 4), with gradient.

    'xyxy': two corners; 'xywh': first corner and size; 'cxcywh': centre and size. With a rotation in degrees, counter-clockwise:
    'xywhr', 'cxcywhr' (..., 5), and 'xyxyxyxy' (..., 8), all corners in turn. Raises ValueError for another format,
    UnsupportedError between those with and without rotation.

    >>> box_convert(creation.tensor([[1., 2., 3., 6.]]), "xyxy", "cxcywh")
    tensor([[2., 4., 2., 4.]])
    """
    plain, turned = ("xyxy", "xywh", "cxcywh"), ("xywhr", "cxcywhr", "xyxyxyxy")
    if in_fmt not in plain + turned or out_fmt not in plain + turned:
        raise ArgumentError(f"box_convert: Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}; "
                            f"formats are {', '.join(plain + turned)}")
    if in_fmt == out_fmt:
        return boxes.clone()
    if (in_fmt in plain) != (out_fmt in plain):
        raise UnsupportedError(f"box_convert: Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}: one "
                               "has a rotation, the other none")
    if in_fmt in plain:
        return _from_corners[out_fmt](*_to_corners[in_fmt](*boxes.unbind(-1)))
    found = _from_turned[out_fmt](*_to_turned[in_fmt](*boxes.unbind(-1)))
    return found if boxes.is_floating_point() else found.round().to(boxes.dtype)


Columns = tuple[Tensor, ...]
_to_corners: dict[str, Callable[..., Columns]] = {
    "xyxy": lambda x1, y1, x2, y2: (x1, y1, x2, y2),
    "xywh": lambda x, y, w, h: (x, y, x + w, y + h),
    "cxcywh": lambda x, y, w, h: (x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h),
}
_from_corners: dict[str, Callable[..., Tensor]] = {
    "xyxy": lambda x1, y1, x2, y2: stack([x1, y1, x2, y2], -1),
    "xywh": lambda x1, y1, x2, y2: stack([x1, y1, x2 - x1, y2 - y1], -1),
    "cxcywh": lambda x1, y1, x2, y2: stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], -1),
}


def _halves(w: Tensor, h: Tensor, r: Tensor) -> Columns:
    """From the first corner of a turned box to its centre."""
    cos, sin = (r * pi / 180).cos(), (r * pi / 180).sin()
    return w / 2 * cos + h / 2 * sin, h / 2 * cos - w / 2 * sin


def _from_centre(x: Tensor, y: Tensor, w: Tensor, h: Tensor, r: Tensor) -> Columns:
    right, down = _halves(w, h, r)
    return x - right, y - down, w, h, r


def _to_centre(x: Tensor, y: Tensor, w: Tensor, h: Tensor, r: Tensor) -> Tensor:
    right, down = _halves(w, h, r)
    return stack([x + right, y + down, w, h, r], -1)


def _from_four(x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor, x3: Tensor, y3: Tensor, x4: Tensor, y4: Tensor) -> Columns:
    w, h = ((x2 - x1) ** 2 + (y1 - y2) ** 2).sqrt(), ((x3 - x2) ** 2 + (y3 - y2) ** 2).sqrt()
    return x1, y1, w, h, (y1 - y2).atan2(x2 - x1) * 180 / pi


def _to_four(x: Tensor, y: Tensor, w: Tensor, h: Tensor, r: Tensor) -> Tensor:
    cos, sin = (r * pi / 180).cos(), (r * pi / 180).sin()
    right, down = (w * cos, -w * sin), (h * sin, h * cos)
    return stack([x, y, x + right[0], y + right[1], x + right[0] + down[0], y + right[1] + down[1], x + down[0], y + down[1]], -1)


_to_turned: dict[str, Callable[..., Columns]] = {
    "xywhr": lambda *box: box, "cxcywhr": _from_centre, "xyxyxyxy": _from_four}
_from_turned: dict[str, Callable[..., Tensor]] = {
    "xywhr": lambda *box: stack(box, -1), "cxcywhr": _to_centre, "xyxyxyxy": _to_four}


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The parts of the boxes within an image of `size` (height, width)."""
    height, width = size
    inside = [boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)]
    return stack(inside, boxes.ndim).reshape(boxes.shape)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes with both sides of at least `min_size`."""
    wide, high = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return ((wide >= min_size) & (high >= min_size)).nonzero()[:, 0]


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The first and last rows and columns of each mask that are not 0: (N, H, W) -> (N, 4) float32; zeros for an empty one."""
    if not masks.numel():
        return creation.zeros((0, 4), device=masks.device)
    ends: list[Tensor] = []
    for seen in (masks.bool().any(1), masks.bool().any(2)):              # (N, W), (N, H)
        there = seen.int()
        ends += [there.argmax(1), seen.shape[1] - 1 - there.flip(1).argmax(1)]
    x1, x2, y1, y2 = ends
    return stack([x1, y1, x2, y2], 1).float() * masks.bool().flatten(1).any(1)[:, None]


# ---------------------------------------------------------------- the best of those that overlap
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the boxes to keep, best score first.

    A box goes if its intersection over union with a kept one of a better score is above the threshold; of equal scores the first counts
    as better. Raises ShapeError where boxes are not (N, 4) and scores (N,).

    >>> boxes = creation.tensor([[0., 0., 4., 4.], [0., 0., 4., 5.], [8., 8., 9., 9.]])
    >>> nms(boxes, creation.tensor([0.8, 0.9, 0.1]), 0.5)
    tensor([1, 2])
    """
    check_boxes(boxes, scores)
    x = boxes.detach().array
    backend = backend_of(x)
    # On the host: one decision waits for another. Columns, so that each is read as one piece.
    order = np.argsort(-backend.to_host(scores.detach().array), kind="stable")
    kept = order[suppressed(np.ascontiguousarray(backend.to_host(x)[order].T), iou_threshold)]
    return wrap(backend.from_host(kept, boxes.device))


def check_boxes(boxes: Tensor, scores: Tensor) -> None:
    """Refuse what are no boxes with scores."""
    got = f"; got boxes {describe(boxes)}, scores {describe(scores)}"
    if boxes.ndim != 2:
        raise ShapeError(f"nms: boxes should be a 2d tensor, got {boxes.ndim}D{got}")
    if boxes.shape[1] != 4:
        raise ShapeError(f"nms: boxes should have 4 elements in dimension 1, got {boxes.shape[1]}{got}")
    if scores.ndim != 1:
        raise ShapeError(f"nms: scores should be a 1d tensor, got {scores.ndim}D{got}")
    if boxes.shape[0] != scores.shape[0]:
        raise ShapeError(f"nms: boxes and scores should have same number of elements in dimension 0, got {boxes.shape[0]} and "
                         f"{scores.shape[0]}{got}")
    if not boxes.is_floating_point() or not scores.is_floating_point():
        raise UnsupportedDtypeError(f"nms: not implemented for integers{got}; convert them with .float()")


def suppressed(columns: Any, threshold: float) -> Any:
    """Which boxes (4, N), best first, stay. A block of them is decided on, then all others are compared with those of it that stay."""
    places, kept = np.arange(columns.shape[1]), []
    while places.size:
        block, rest = columns[:, :BLOCK], columns[:, BLOCK:]
        over = overlaps(block, block) > threshold
        stays = np.ones(block.shape[1], bool)
        for i in np.flatnonzero(np.triu(over, 1).any(1)):                # nobody else sends anyone away
            if stays[i]:
                stays[i + 1:] &= ~over[i, i + 1:]
        kept.append(places[:BLOCK][stays])
        left = ~(overlaps(block[:, stays], rest) > threshold).any(0)
        columns, places = rest[:, left], places[BLOCK:][left]
    return np.concatenate(kept) if kept else places


def overlaps(first: Any, others: Any) -> Any:
    """Intersection over union on arrays (4, N) and (4, M) -> (N, M)."""
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, others)]
    both = np.minimum(first[2][:, None], others[2])
    both -= np.maximum(first[0][:, None], others[0])
    high = np.minimum(first[3][:, None], others[3])
    high -= np.maximum(first[1][:, None], others[1])
    both = np.maximum(both, 0, out=both) * np.maximum(high, 0, out=high)
    union = np.add(areas[0][:, None], areas[1], out=high)
    union -= both
    with np.errstate(divide="ignore", invalid="ignore"):                 # two empty boxes: nan, which is above no threshold
        return np.divide(both, union, out=both)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` within each class alone: idxs (N,) says which class a box is of."""
    if not boxes.numel():
        return creation.zeros((0,), dtype=dtypes.int64, device=boxes.device)
    kept = [places[nms(boxes[places], scores[places], iou_threshold)]
            for places in ((idxs == c).nonzero()[:, 0] for c in idxs.unique())]
    found = cat(kept).sort()[0]
    return found[scores[found].sort(descending=True, stable=True)[1]]
