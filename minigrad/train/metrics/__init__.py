"""Metrics: numbers over all batches of an epoch."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ...errors import ArgumentError
from .base import Averaged as Averaged
from .base import Mean as Mean
from .base import Metric as Metric
from .classification import F1 as F1
from .classification import Accuracy as Accuracy
from .classification import ConfusionMatrix as ConfusionMatrix
from .classification import MeanIoU as MeanIoU
from .classification import Precision as Precision
from .classification import Recall as Recall
from .classification import TopK as TopK
from .detection import MeanAveragePrecision as MeanAveragePrecision
from .text import BLEU as BLEU

BY_NAME: dict[str, Callable[[float | None], Metric]] = {
    "accuracy": lambda threshold: Accuracy(threshold=threshold), "acc": lambda threshold: Accuracy(threshold=threshold),
    "top5": lambda _: TopK(5), "top3": lambda _: TopK(3), "bleu": lambda _: BLEU(), "map": lambda _: MeanAveragePrecision(),
}
OF_CLASSES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "iou": "MeanIoU", "confusion": "ConfusionMatrix"}
Metrics = Mapping[str, Any] | Sequence[Any] | Metric | str


def metrics_of(given: Metrics, threshold: float | None = None) -> dict[str, Metric]:
    """Metrics by name, from a mapping, a sequence, or one: metrics, their names, or functions of output and target.

    threshold: that of an `Accuracy` given by name. Raises ArgumentError for two of one name: give them in a mapping.
    """
    if isinstance(given, Mapping):
        return {name: metric_of(value, name, threshold) for name, value in given.items()}
    made = [metric_of(value, "", threshold) for value in ([given] if isinstance(given, (str, Metric)) or callable(given) else given)]
    found = {metric.name: metric for metric in made}
    if len(found) < len(made) or "loss" in found or "lr" in found:
        raise ArgumentError(f"metrics: each needs a name of its own, not 'loss' or 'lr'; got {', '.join(m.name for m in made)}; name "
                            "them in a mapping: {'name': metric, ...}")
    return found


def metric_of(given: Any, name: str = "", threshold: float | None = None) -> Metric:
    """One metric. Raises ArgumentError for what is none."""
    if isinstance(given, Metric):
        return given
    if isinstance(given, str) and given in BY_NAME:
        return BY_NAME[given](threshold)
    if isinstance(given, str) and given in OF_CLASSES:
        raise ArgumentError(f"metrics: {given!r} needs to know how many classes there are; give metrics.{OF_CLASSES[given]}(classes)")
    if isinstance(given, type):
        raise ArgumentError(f"metrics: {given.__name__} is a class; make one: {given.__name__}(...)")
    if callable(given):
        return Averaged(given, name)
    meant = get_close_matches(given, [*BY_NAME, *OF_CLASSES], 1) if isinstance(given, str) else []
    raise ArgumentError(f"metrics: {given!r} is no metric; give a Metric, a function of output and target, or one of {', '.join(BY_NAME)}"
                        + (f"; {meant[0]}?" if meant else ""))
