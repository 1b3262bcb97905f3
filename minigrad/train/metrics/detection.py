"""Metrics of detection."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .base import Metric

COCO = tuple(np.linspace(0.5, 0.95, 10).round(2).tolist())


class MeanAveragePrecision(Metric):
    """The area under precision over recall, the mean over classes and over thresholds of overlap.

    update(found, right): for each image a mapping with boxes (M, 4) as x1, y1, x2, y2, labels (M,), and of what was found scores (M,).
    thresholds: the least intersection over union that counts as found; (0.5,) is Pascal VOC's, `COCO` the mean of ten.
    The area is that of Pascal VOC since 2010: under the highest precision at that recall or a greater one.
    """
    name = "map"
    found: list[Any]
    right: list[Any]

    def __init__(self, thresholds: Sequence[float] = (0.5,)) -> None:
        self.thresholds = tuple(thresholds)
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"found": [], "right": [], "images": 0}

    def update(self, output: Sequence[Mapping[str, Any]], target: Sequence[Mapping[str, Any]]) -> None:
        for found, right in zip(output, target, strict=True):
            boxes, labels, scores = (array(found[key]) for key in ("boxes", "labels", "scores"))
            self.found += [(self.images, int(label), float(score), box.tolist()) for label, score, box in zip(labels, scores, boxes)]
            self.right += [(self.images, int(label), box.tolist()) for label, box in zip(array(right["labels"]), array(right["boxes"]))]
            self.images: int = self.images + 1

    def compute(self) -> float:
        classes = sorted({label for _, label, _ in self.right})
        areas = [self.average_precision(label, threshold) for label in classes for threshold in self.thresholds]
        return float(np.mean(areas)) if areas else float("nan")

    def average_precision(self, label: int, threshold: float) -> float:
        """The area for one class and one threshold."""
        right: dict[int, list[Any]] = {}
        for image, of, box in self.right:
            if of == label:
                right.setdefault(image, []).append(box)
        count = sum(map(len, right.values()))
        taken = {image: [False] * len(boxes) for image, boxes in right.items()}
        hits = []
        for image, _, _, box in sorted((f for f in self.found if f[1] == label), key=lambda f: -f[2]):
            overlaps = overlap(np.asarray(box), np.asarray(right.get(image, []), float).reshape(-1, 4))
            best = int(overlaps.argmax()) if overlaps.size else -1
            hit = best >= 0 and overlaps[best] >= threshold and not taken[image][best]
            if hit:
                taken[image][best] = True
            hits.append(hit)
        found = np.cumsum(hits)
        recall, precision = found / max(count, 1), found / np.arange(1, len(hits) + 1)
        highest = np.maximum.accumulate(precision[::-1])[::-1] if len(hits) else precision
        return float(np.sum(np.diff(recall, prepend=0) * highest))


def array(values: Any) -> Any:
    """A tensor, a list or an array as an array of the host."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def overlap(box: Any, others: Any) -> Any:
    """Intersection over union of one box with others (M, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), 1)
    areas = np.prod(others[:, 2:] - others[:, :2], 1) + np.prod(box[2:] - box[:2]) - both
    return both / np.where(areas > 0, areas, 1)
