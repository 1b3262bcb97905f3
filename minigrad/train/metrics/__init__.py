"""Metrics: numbers over all batches of an epoch."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

BY_NAME: dict[str, Callable[[], Metric]] = {"accuracy": Accuracy, "acc": Accuracy, "top5": lambda: TopK(5), "top3": lambda: TopK(3)}
Metrics = Mapping[str, Any] | Sequence[Any] | Metric | str


def metrics_of(given: Metrics) -> dict[str, Metric]:
    """Metrics by name, from a mapping, a sequence, or one: metrics, their names, or functions of output and target."""
    if isinstance(given, Mapping):
        return {name: metric_of(value, name) for name, value in given.items()}
    found = [metric_of(value) for value in ([given] if isinstance(given, (str, Metric)) or callable(given) else given)]
    return {metric.name: metric for metric in found}


def metric_of(given: Any, name: str = "") -> Metric:
    """One metric. Raises ArgumentError for what is none."""
    if isinstance(given, Metric):
        return given
    if isinstance(given, str) and given in BY_NAME:
        return BY_NAME[given]()
    if callable(given):
        return Averaged(given, name)
    raise ArgumentError(f"metrics: {given!r} is no metric; give a Metric, a function of output and target, or one of {', '.join(BY_NAME)}")
