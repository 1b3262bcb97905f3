"""Which boxes belong to which objects, in which of them a detector is trained, and boxes as numbers that a network can give."""
from __future__ import annotations

import math
from collections.abc import Sequence

from .... import creation, dtypes
from ...._tensor import Tensor
from ....errors import ArgumentError, AssertedArgumentError
from ....ops.join import cat, stack
from ....random import randperm

BELOW, BETWEEN = -1, -2                              # in place of the number of an object: none, and neither one nor none


class Matcher:
    """Overlaps (objects, boxes) -> for each box the number of its object, -1 below low_threshold, -2 between the thresholds.

    allow_low_quality_matches: the boxes that overlap an object the most get it, however little that is.
    """
    BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS = BELOW, BETWEEN

    def __init__(self, high_threshold: float, low_threshold: float, allow_low_quality_matches: bool = False) -> None:
        if low_threshold > high_threshold:
            raise AssertedArgumentError(f"Matcher: low_threshold should be <= high_threshold; got {low_threshold}, {high_threshold}")
        self.high_threshold, self.low_threshold, self.allow_low_quality_matches = high_threshold, low_threshold, allow_low_quality_matches

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        if not match_quality_matrix.numel():
            what = "proposal" if match_quality_matrix.shape[0] else "ground-truth"
            raise ArgumentError(f"Matcher: No {what} boxes available for one of the images during training")
        overlap, matches = match_quality_matrix.max(dim=0)
        found = matches.clone()
        found[overlap < self.low_threshold] = BELOW
        found[(overlap >= self.low_threshold) & (overlap < self.high_threshold)] = BETWEEN
        if self.allow_low_quality_matches:
            best = (match_quality_matrix == match_quality_matrix.max(dim=1)[0][:, None]).any(0)
            found[best] = matches[best]
        return found


class BalancedPositiveNegativeSampler:
    """Labels of each image -> masks of boxes to train with, objects (>= 1) and background (0); drawn, at most a share of objects."""

    def __init__(self, batch_size_per_image: int, positive_fraction: float) -> None:
        self.batch_size_per_image, self.positive_fraction = batch_size_per_image, positive_fraction

    def __call__(self, matched_idxs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        masks: tuple[list[Tensor], list[Tensor]] = [], []
        for labels in matched_idxs:
            there = [(labels >= 1).nonzero()[:, 0], (labels == 0).nonzero()[:, 0]]
            objects = min(there[0].numel(), int(self.batch_size_per_image * self.positive_fraction))
            counts = objects, min(there[1].numel(), self.batch_size_per_image - objects)
            for kind, places, count in zip(masks, there, counts, strict=True):
                mask = creation.zeros_like(labels, dtype=dtypes.bool_)
                mask[places[randperm(places.numel()).to(places.device)[:count]]] = True
                kind.append(mask)
        return masks


class BoxCoder:
    """Boxes relative to others: shifts of the centre in widths and heights, logarithms of the ratios of size, times weights."""

    def __init__(self, weights: Sequence[float], bbox_xform_clip: float = math.log(1000.0 / 16)) -> None:
        self.weights, self.bbox_xform_clip = tuple(weights), bbox_xform_clip

    def encode(self, reference_boxes: Sequence[Tensor], proposals: Sequence[Tensor]) -> list[Tensor]:
        """Of each image, boxes (N, 4) relative to proposals (N, 4)."""
        found = self.encode_single(cat(list(reference_boxes)), cat(list(proposals)))
        return list(found.split([len(b) for b in reference_boxes]))

    def encode_single(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """(N, 4) relative to (N, 4) -> (N, 4)"""
        size, wanted = proposals[:, 2:] - proposals[:, :2], reference_boxes[:, 2:] - reference_boxes[:, :2]
        shift = reference_boxes[:, :2] + 0.5 * wanted - (proposals[:, :2] + 0.5 * size)
        return cat([shift / size, (wanted / size).log()], 1) * creation.tensor(self.weights, dtype=size.dtype, device=size.device)

    def decode(self, rel_codes: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """(all N, classes * 4) relative to the boxes of each image -> (all N, classes, 4)"""
        joined = cat(list(boxes))
        return self.decode_single(rel_codes.reshape(len(joined), -1), joined).reshape(len(joined), -1, 4)

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """(N, classes * 4) relative to (N, 4) -> (N, classes * 4)"""
        boxes = boxes.to(rel_codes.dtype)
        size = boxes[:, 2:] - boxes[:, :2]
        centre = (boxes[:, :2] + 0.5 * size)[:, None]                    # (N, 1, 2)
        codes = rel_codes.reshape(len(boxes), rel_codes.shape[1] // 4, 4)
        codes = codes / creation.tensor(self.weights, dtype=codes.dtype, device=codes.device)
        middle = codes[..., :2] * size[:, None] + centre
        half = 0.5 * (codes[..., 2:].clamp(max=self.bbox_xform_clip).exp() * size[:, None])
        return cat([middle - half, middle + half], 2).flatten(1)


def all_anchors(maps: Sequence[Tensor], numbers: int) -> Tensor:
    """What a head gives for each anchor, of all levels: maps (N, A * numbers, H, W) -> (N, all H * W * A, numbers)."""
    return cat([m.reshape(m.shape[0], -1, numbers, *m.shape[2:]).permute(0, 3, 4, 1, 2).reshape(m.shape[0], -1, numbers) for m in maps], 1)


def resized(boxes: Tensor, before: Sequence[int], after: Sequence[int]) -> Tensor:
    """Boxes (N, 4) on an image of another size; sizes are (height, width)."""
    down, right = (creation.tensor(float(new)) / creation.tensor(float(old)) for new, old in zip(after, before, strict=True))
    return boxes * stack([right, down, right, down]).to(boxes)
