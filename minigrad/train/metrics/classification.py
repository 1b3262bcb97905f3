"""Metrics of classification. Outputs are scores (N, K, ...), or one for each label; targets are labels (N, ...).

Of scores the highest counts. One score for each label says yes or no: yes above `threshold`, which is 0 for logits and 0.5 for
probabilities. Targets of the outputs' shape (N, K, ...) that are floats are probabilities of classes, as `cross_entropy` takes them:
the highest counts; with a threshold each of them is a yes (1) or no (0) of its own. Outputs that are no floats are labels already.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError, describe
from .base import Metric, over


def labels_of(output: Any, target: Any, threshold: float | None = None) -> tuple[Any, Any]:
    """Labels that were found and right ones, of one shape. Raises ArgumentError where shapes or values are none of classification."""
    if output.is_floating_point():
        if output.numel() != target.numel():
            found = output.argmax(1)
        elif threshold is None and target.is_floating_point() and output.ndim > 1 and output.shape[1] > 1:
            return output.argmax(1), target.argmax(1)
        else:
            found = output.reshape(target.shape) > (threshold or 0.0)
    else:
        found = output
    if found.shape != target.shape:
        raise ArgumentError(f"metrics: the target must hold a label for each of {tuple(found.shape)}; got output {describe(output)}, "
                            f"target {describe(target)}")
    if target.is_floating_point() and bool((target != target.round()).any()):
        raise ArgumentError(f"metrics: the target must hold labels, whole numbers; got {describe(target)} with others; for regression "
                            "give a function of output and target, mean of which is shown")
    return found, target


class Accuracy(Metric):
    """The part of labels that is right. ignore_index: a label that does not count. threshold: see above."""
    name = "accuracy"

    def __init__(self, ignore_index: int | None = None, threshold: float | None = None) -> None:
        self.ignore_index, self.threshold = ignore_index, threshold
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"right": 0, "count": 0}

    def update(self, output: Any, target: Any) -> None:
        found, right = labels_of(output, target, self.threshold)
        hit = found == right
        if self.ignore_index is not None:
            hit = hit[right != self.ignore_index]
        self.right: int = self.right + int(hit.sum().item())
        self.count: int = self.count + hit.numel()

    def compute(self) -> float:
        return over(self.right, self.count)


class TopK(Metric):
    """The part of samples whose label is among the k highest scores. ignore_index: a label that does not count."""

    def __init__(self, k: int = 5, ignore_index: int | None = None) -> None:
        self.k, self.name, self.ignore_index = k, f"top{k}", ignore_index
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"right": 0, "count": 0}

    def update(self, output: Any, target: Any) -> None:
        if output.ndim < 2 or output.shape[1] < self.k:
            raise ArgumentError(f"TopK: {self.k} of {output.shape[1] if output.ndim > 1 else 1} classes are asked for; take a smaller k")
        _, right = labels_of(output, target)
        hit = (output.topk(self.k, 1).indices == right.unsqueeze(1)).any(1)
        if self.ignore_index is not None:
            hit = hit[right != self.ignore_index]
        self.right: int = self.right + int(hit.sum().item())
        self.count: int = self.count + hit.numel()

    def compute(self) -> float:
        return over(self.right, self.count)


class ConfusionMatrix(Metric):
    """How often class i was taken for class j: `matrix` (K, K). Its number is the accuracy."""
    name = "confusion"

    def __init__(self, classes: int, ignore_index: int | None = None, threshold: float | None = None) -> None:
        if not isinstance(classes, int) or classes < 2:
            raise ArgumentError(f"{type(self).__name__}: classes must be a number from 2 on; got {classes!r}")
        self.classes, self.ignore_index, self.threshold = classes, ignore_index, threshold
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"matrix": np.zeros((self.classes, self.classes), np.int64)}

    def update(self, output: Any, target: Any) -> None:
        found, right = (t.detach().cpu().numpy().astype(np.int64).reshape(-1) for t in labels_of(output, target, self.threshold))
        if self.ignore_index is not None:
            found, right = found[right != self.ignore_index], right[right != self.ignore_index]
        for which, labels in (("targets", right), ("outputs", found)):
            if labels.size and not 0 <= labels.min() <= labels.max() < self.classes:
                raise ArgumentError(f"{type(self).__name__}: labels must lie in 0 ... {self.classes - 1}; got {which} {labels.min()} ... "
                                    f"{labels.max()}; ignore_index leaves one out")
        counts = np.bincount(right * self.classes + found, minlength=self.classes ** 2)
        self.matrix: Any = self.matrix + counts.reshape(self.classes, self.classes)

    def compute(self) -> float:
        return over(np.trace(self.matrix), self.matrix.sum())


class PerClass(ConfusionMatrix):
    """A number for each class, made of its hits, false alarms and misses: `per_class()`; and one of all.

    average: "macro", the mean over the classes that occur or were found; "weighted", the mean weighted by how often each occurs;
    "micro", the number of all hits, alarms and misses together; "binary", that of class 1 of two.
    """

    def __init__(self, classes: int, average: str = "macro", ignore_index: int | None = None, threshold: float | None = None) -> None:
        if average not in ("macro", "weighted", "micro", "binary"):
            raise ArgumentError(f"{type(self).__name__}: average must be 'macro', 'weighted', 'micro' or 'binary'; got {average!r}; "
                                "per_class() has the number of each")
        if average == "binary" and classes != 2:
            raise ArgumentError(f"{type(self).__name__}: average='binary' is of two classes; got {classes}")
        self.average = average
        super().__init__(classes, ignore_index, threshold)

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        """Numerator and denominator."""
        raise NotImplementedError

    def per_class(self) -> Any:
        """The number of each class, (K,); nan for a class that neither occurs nor was found, else 0 where it would be 0 / 0."""
        hits, alarms, misses = self.counts()
        top, bottom = self.formula(hits, alarms, misses)
        return np.where(hits + alarms + misses > 0, top / np.maximum(bottom, 1), np.nan)

    def counts(self) -> tuple[Any, Any, Any]:
        """Of each class: hits, false alarms, misses."""
        hits = np.diagonal(self.matrix)
        return hits, self.matrix.sum(0) - hits, self.matrix.sum(1) - hits

    def compute(self) -> float:
        if not self.matrix.any():
            return float("nan")
        if self.average == "micro":
            return over(*(float(part) for part in self.formula(*(counts.sum() for counts in self.counts()))))
        found = self.per_class()
        if self.average == "binary":
            return float(np.nan_to_num(found[1]))
        weights = self.matrix.sum(1) if self.average == "weighted" else np.isfinite(found)
        return float(np.nansum(found * weights) / weights.sum())


class Precision(PerClass):
    """Of what was taken for a class, the part that is of it; 0 for a class that occurs and was never found."""
    name = "precision"

    def formula(self, hits: Any, alarms: Any, misses: Any) -> tuple[Any, Any]:
        return hits, hits + alarms


class Recall(PerClass):
    """Of a class, the part that was found; 0 for one that was found and does not occur."""
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
