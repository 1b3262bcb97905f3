"""Metrics of detection."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .base import Metric

COCO = tuple(np.linspace(0.5, 0.95, 10).round(2).tolist())
MOST = 100                                           # COCO looks at so many of an image's boxes of a class
STYLES = ("voc", "voc07", "coco")


class MeanAveragePrecision(Metric):
    """The area under precision over recall, the mean over classes and over thresholds of overlap.

    update(found, right): for each image a mapping with boxes (M, 4) as x1, y1, x2, y2, labels (M,), and of what was found scores (M,). Of
    what is right, `difficult` or `iscrowd` (M,) may mark boxes that need not be found, and do not count where they are.
    style: "voc", the area under the highest precision at a recall or a greater one, as Pascal VOC has it since 2010; "voc07", the mean
    at 11 recalls; "coco", at 101 recalls, of the 100 best boxes per image, where a box that was found takes the best right one that is
    left, while in VOC's it is wrong if the one that it overlaps most is taken.
    thresholds: the least intersection over union that counts as found; for "coco" the ten from 0.5 to 0.95, else 0.5.
    """
    name = "map"
    quick = False
    found: list[Any]
    right: list[Any]

    def __init__(self, thresholds: Sequence[float] | None = None, style: str = "voc") -> None:
        if style not in STYLES:
            raise ArgumentError(f"MeanAveragePrecision: style must be one of {', '.join(STYLES)}; got {style!r}")
        self.style = style
        self.thresholds = tuple(thresholds) if thresholds is not None else COCO if style == "coco" else (0.5,)
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"found": [], "right": []}

    def update(self, output: Sequence[Mapping[str, Any]], target: Sequence[Mapping[str, Any]]) -> None:
        if len(output) != len(target):
            raise ArgumentError(f"MeanAveragePrecision: needs a mapping for each image; got {len(output)} found, {len(target)} right")
        for found, right in zip(output, target):
            self.found.append(columns(found, "scores"))
            self.right.append(columns(right, "iscrowd" if "iscrowd" in right else "difficult"))

    def compute(self) -> float:
        areas = list(self.per_class().values())
        return float(np.mean(areas)) if areas else float("nan")

    def per_class(self) -> dict[int, float]:
        """The number of each class that is to be found, the mean over thresholds."""
        classes = np.unique(np.concatenate([labels[marks == 0] for _, labels, marks in self.right] or [[]]))
        return {int(label): float(np.mean([self.average_precision(int(label), t) for t in self.thresholds])) for label in classes}

    def average_precision(self, label: int, threshold: float) -> float:
        """The area for one class and one threshold."""
        total, scores, verdicts = 0, [np.zeros(0)], [np.zeros(0)]
        for found, right in zip(self.found, self.right):
            boxes, values = found[0][found[1] == label], found[2][found[1] == label]
            best = np.argsort(-values, kind="stable")[:MOST if self.style == "coco" else None]
            places, marks = right[0][right[1] == label], right[2][right[1] == label] != 0
            total += int((~marks).sum())
            scores.append(values[best])
            verdicts.append((greedy if self.style == "coco" else nearest)(boxes[best], places, marks, threshold))
        order = np.argsort(-np.concatenate(scores), kind="stable")
        verdict = np.concatenate(verdicts)[order]    # 1 right, 0 wrong, -1 does not count
        hits = np.cumsum(verdict[verdict >= 0])
        recall, precision = hits / max(total, 1), hits / np.arange(1, len(hits) + 1)
        highest = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        if self.style == "voc":
            return float(np.sum(np.diff(recall, prepend=0) * highest[:-1]))
        asked = np.linspace(0, 1, 11 if self.style == "voc07" else 101)
        return float(highest[np.searchsorted(recall, asked)].mean())


def columns(image: Mapping[str, Any], extra: str) -> list[Any]:
    """Boxes (M, 4), labels (M,) and scores or marks (M,) of an image. Raises ArgumentError where they do not fit together."""
    lacking = {"boxes", "labels", *({extra} if extra == "scores" else ())} - set(image)
    if lacking:
        raise ArgumentError(f"MeanAveragePrecision: an image needs {', '.join(sorted(lacking))}; got {', '.join(map(str, image))}")
    boxes, labels = array(image["boxes"]).reshape(-1, 4), array(image["labels"])
    values = array(image[extra]) if extra in image else np.zeros(len(labels))
    if not len(boxes) == len(labels) == len(values):
        raise ArgumentError(f"MeanAveragePrecision: boxes, labels and {extra} must have one length; got {len(boxes)}, {len(labels)} and "
                            f"{len(values)}")
    return [boxes, labels, values]


def array(values: Any) -> Any:
    """A tensor, a list or an array as an array of the host."""
    return np.asarray(values.detach().cpu().numpy() if hasattr(values, "detach") else values, float)


def nearest(found: Any, right: Any, marks: Any, threshold: float) -> Any:
    """Pascal VOC's verdicts: right is the first box whose nearest one overlaps enough; one that is marked does not count."""
    verdict, taken = np.zeros(len(found)), np.zeros(len(right), bool)
    for i, overlaps in enumerate(overlap(found, right)):
        best = int(overlaps.argmax()) if overlaps.size else -1
        if best >= 0 and overlaps[best] >= threshold:
            verdict[i] = -1 if marks[best] else not taken[best]
            taken[best] = True
    return verdict


def greedy(found: Any, right: Any, marks: Any, threshold: float) -> Any:
    """COCO's verdicts: each box takes the nearest one that is left, a marked one only if there is no other; of equal ones the last."""
    verdict, left = np.zeros(len(found)), np.ones(len(right), bool)
    for i, overlaps in enumerate(overlap(found, right, marks)):
        for wanted, says in ((left & ~marks, 1), (marks, -1)):
            near = np.where(wanted & (overlaps >= min(threshold, 1 - 1e-10)), overlaps, -1.0)
            if near.size and near.max() >= 0:
                left[len(near) - 1 - int(near[::-1].argmax())] = False
                verdict[i] = says
                break
    return verdict


def overlap(boxes: Any, others: Any, marks: Any = None) -> Any:
    """Intersection over union of boxes (M, 4) with others (K, 4): (M, K). With marked others, which are crowds, over the box alone."""
    low, high = np.maximum(boxes[:, None, :2], others[:, :2]), np.minimum(boxes[:, None, 2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), 2)
    own, other = (np.prod(b[:, 2:] - b[:, :2], 1) for b in (boxes, others))
    whole = own[:, None] + other - both
    if marks is not None:
        whole = np.where(marks, own[:, None], whole)
    return both / np.where(whole > 0, whole, 1)
