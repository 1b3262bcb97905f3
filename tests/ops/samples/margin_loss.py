"""Samples of ops/margin_loss.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.regression_loss import REDUCE


@samples("soft_margin", oracle=lambda x, t, reduction="mean": REDUCE[reduction](np.log1p(np.exp(-t * x))))
def soft_margin(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3, 4))
    for reduction in ("mean", "sum", "none"):
        yield S(r(3, 4), r(3, 1), reduction=reduction)
    yield S(r(), r())
    yield S(r(0, 2), r(0, 2), reduction="sum")


def one_label(x: Any, t: Any, p: int, margin: float, weight: Any, reduction: str) -> Any:
    losses = np.zeros(len(x))
    for i, (row, label) in enumerate(zip(x, t, strict=True)):
        terms = [max(0, margin - row[label] + row[c]) ** p for c in range(len(row)) if c != label]
        losses[i] = sum(terms) / len(row) * (1 if weight is None else weight[label])
    return REDUCE[reduction](losses)


@samples("multi_margin", oracle=one_label)
def multi_margin(r: Draw) -> Iterator[S]:
    t = np.array([0, 3, 1])
    for p in (1, 2):
        for reduction in ("mean", "sum", "none"):
            yield S(r(3, 4), t, p, 1.0, None, reduction)
            yield S(r(3, 4), t, p, 0.3, r.positive(4), reduction)


def several_labels(x: Any, t: Any, reduction: str) -> Any:
    losses = np.zeros(len(x))
    for i, (row, listed) in enumerate(zip(x, t, strict=True)):
        labels = [c for k, c in enumerate(listed) if all(listed[:k + 1] >= 0)]
        losses[i] = sum(max(0, 1 - row[a] + row[b]) for a in labels for b in range(len(row)) if b not in labels) / len(row)
    return REDUCE[reduction](losses)


@samples("multilabel_margin", oracle=several_labels)
def multilabel_margin(r: Draw) -> Iterator[S]:
    t = np.array([[3, 0, -1, 1], [1, -1, 0, 0], [-1, 2, 2, 2], [2, 2, 0, -1], [0, 1, 2, 3]])
    for reduction in ("mean", "sum", "none"):
        yield S(r(5, 4), t, reduction)
