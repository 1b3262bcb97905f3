"""Metrics of classification. Outputs are scores (N, K, ...) or, for two classes, one logit each; targets are labels (N, ...)."""
from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError
from .base import Metric, over


def labels_of(output: Any, target: Any) -> Any:
    """The class with the highest score, in the target's shape; of one score each, whether it is above 0. Labels stay as they are."""
    if not output.dtype.is_floating_point:
        return output
    return output.reshape(target.shape) > 0 if output.numel() == target.numel() else output.argmax(1)


class Accuracy(Metric):
    """The part of labels that is right. ignore_index: a label that does not count."""
    name = "accuracy"

    def __init__(self, ignore_index: int | None = None) -> None:
        self.ignore_index = ignore_index
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"right": 0, "count": 0}

    def update(self, output: Any, target: Any) -> None:
        hit = labels_of(output, target) == target
        if self.ignore_index is not None:
            hit = hit[target != self.ignore_index]
        self.right: int = self.right + int(hit.sum().item())
        self.count: int = self.count + hit.numel()

    def compute(self) -> float:
        return over(self.right, self.count)


class TopK(Metric):
    """The part of samples whose label is among the k highest scores."""

    def __init__(self, k: int = 5) -> None:
        self.k, self.name = k, f"top{k}"
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"right": 0, "count": 0}

    def update(self, output: Any, target: Any) -> None:
        if output.shape[1] < self.k:
            raise ArgumentError(f"TopK: {self.k} of {output.shape[1]} classes are asked for; take a smaller k")
        best = output.topk(self.k, 1).indices
        self.right: int = self.right + int((best == target.unsqueeze(1)).sum().item())
        self.count: int = self.count + target.numel()

    def compute(self) -> float:
        return over(self.right, self.count)


class ConfusionMatrix(Metric):
    """How often class i was taken for class j: `matrix` (K, K). Its number is the accuracy."""
    name = "confusion"

    def __init__(self, classes: int, ignore_index: int | None = None) -> None:
        self.classes, self.ignore_index = classes, ignore_index
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"matrix": np.zeros((self.classes, self.classes), np.int64)}

    def update(self, output: Any, target: Any) -> None:
        found, right = (t.detach().cpu().numpy().astype(np.int64).reshape(-1) for t in (labels_of(output, target), target))
        if self.ignore_index is not None:
            found, right = found[right != self.ignore_index], right[right != self.ignore_index]
        if right.size and not (0 <= right.min() and right.max() < self.classes and found.max() < self.classes):
            raise ArgumentError(f"{type(self).__name__}: labels must lie in 0 ... {self.classes - 1}; got {right.min()} ... {right.max()}")
        counts = np.bincount(right * self.classes + found, minlength=self.classes ** 2)
        self.matrix: Any = self.matrix + counts.reshape(self.classes, self.classes)

    def compute(self) -> float:
        return over(np.trace(self.matrix), self.matrix.sum())


class PerClass(ConfusionMatrix):
    """A number per class, made of hits, false alarms and misses, and their mean over classes.

    average: "macro", the mean over the classes that occur; "micro", of all together; None, an array (K,) of `per_class`.
    """

    def __init__(self, classes: int, average: str | None = "macro", ignore_index: int | None = None) -> None:
        if average not in ("macro", "micro", None):
            raise ArgumentError(f"{type(self).__name__}: average must be 'macro', 'micro' or None; got {average!r}")
        self.average = average
        super().__init__(classes, ignore_index)

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        """Numerator and denominator."""
        raise NotImplementedError

    def per_class(self) -> Any:
        """The number of each class, (K,); nan for a class that neither occurs nor was found."""
        top, bottom = self.formula(*self.counts())
        return np.where(bottom > 0, top / np.maximum(bottom, 1), np.nan)

    def counts(self) -> tuple[Any, Any, Any]:
        """Of each class: hits, false alarms, misses."""
        hits = np.diagonal(self.matrix)
        return hits, self.matrix.sum(0) - hits, self.matrix.sum(1) - hits

    def compute(self) -> float:
        if self.average == "micro":
            return over(*(float(part) for part in self.formula(*(counts.sum() for counts in self.counts()))))
        found = self.per_class()
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


class Precision(PerClass):
    """Of what was taken for a class, the part that is of it."""
    name = "precision"

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        return hits, hits + alarms


class Recall(PerClass):
    """Of a class, the part that was found."""
    name = "recall"

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        return hits, hits + misses


class F1(PerClass):
    """The harmonic mean of precision and recall."""
    name = "f1"

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        return 2 * hits, 2 * hits + alarms + misses


class MeanIoU(PerClass):
    """Intersection over union, the usual measure of segmentation: outputs (N, K, H, W), targets (N, H, W)."""
    name = "iou"

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        return hits, hits + alarms + misses
