"""Samples of ops/cross_entropy.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import log_softmax

from tests.ops.samples import Draw, S, samples

WEIGHT = np.array([0.5, 1.0, 2.0, 1.5])


def class_first(x: np.ndarray) -> np.ndarray:
    """(N, C, d1, ...) -> (N * d1 * ..., C)"""
    return x[None] if x.ndim == 1 else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def reduced(losses: np.ndarray, counts: np.ndarray, shape: tuple[int, ...], reduction: str) -> Any:
    if reduction == "none":
        return losses.reshape(shape)
    return losses.sum() / (counts.sum() if reduction == "mean" else 1)


def by_class(logp: np.ndarray, t: np.ndarray, weight: Any, ignore: int, reduction: str, smoothing: float) -> Any:
    """One sample after another."""
    w = np.ones(logp.shape[1]) if weight is None else weight
    losses, counts = np.zeros(t.size), np.zeros(t.size)
    for i, (row, label) in enumerate(zip(logp, t.reshape(-1), strict=True)):
        if label != ignore:
            losses[i] = -(1 - smoothing) * w[label] * row[label] - smoothing / len(row) * (w * row).sum()
            counts[i] = w[label]
    return reduced(losses, counts, t.shape, reduction)


def cross_entropy_of_classes(x: np.ndarray, t: np.ndarray, weight: Any, ignore: int, reduction: str, smoothing: float) -> Any:
    return by_class(log_softmax(class_first(x), axis=1), t, weight, ignore, reduction, smoothing)


def cross_entropy_of_probabilities(x: np.ndarray, t: np.ndarray, weight: Any, reduction: str, smoothing: float) -> Any:
    logp, q = log_softmax(class_first(x), axis=1), class_first(t)
    w = np.ones(logp.shape[1]) if weight is None else weight
    losses = -((q * (1 - smoothing) + smoothing / q.shape[1]) * w * logp).sum(1)
    return reduced(losses, np.ones(len(losses)), t.shape[:1] + t.shape[2:] if t.ndim > 1 else (), reduction)


@samples("class_cross_entropy", oracle=cross_entropy_of_classes)
def class_cross_entropy(r: Draw) -> Iterator[S]:
    t = np.array([0, 3, 1])
    yield S(r(3, 4), t, None, -100, "mean", 0.0)
    yield S(r(3, 4), t, WEIGHT, -100, "mean", 0.0)
    yield S(r(3, 4), t, WEIGHT, 1, "mean", 0.2)
    yield S(r(3, 4), t, None, 3, "sum", 0.2)
    yield S(r(3, 4), t, None, -100, "none", 0.0)
    yield S(r(4), np.array(2), WEIGHT, -100, "none", 0.1)            # one sample
    yield S(r(2, 4, 3), r.ints(2, 3, high=4), None, -100, "mean", 0.0)
    yield S(r(2, 4, 2, 2), r.ints(2, 2, 2, high=4), WEIGHT, 0, "none", 0.3)
    yield S(r(0, 4), np.zeros(0, int), None, -100, "sum", 0.0)


@samples("soft_cross_entropy", oracle=cross_entropy_of_probabilities)
def soft_cross_entropy(r: Draw) -> Iterator[S]:
    for reduction in ("mean", "sum", "none"):
        yield S(r(3, 4), r.unit(3, 4), None, reduction, 0.0)
        yield S(r(2, 4, 3), r.unit(2, 4, 3), r.positive(4), reduction, 0.2)
        yield S(r(4), r.unit(4), r.positive(4), reduction, 0.2)
    yield S(r(0, 4), r.unit(0, 4), None, "sum", 0.0)


@samples("nll", oracle=lambda x, t, weight, ignore, reduction: by_class(class_first(x), t, weight, ignore, reduction, 0.0))
def nll(r: Draw) -> Iterator[S]:
    t = np.array([0, 3, 1])
    for reduction in ("mean", "sum", "none"):
        yield S(r(3, 4), t, None, -100, reduction)
        yield S(r(3, 4), t, WEIGHT, 1, reduction)
        yield S(r(2, 4, 2, 3), r.ints(2, 2, 3, high=4), WEIGHT, -100, reduction)
    yield S(r(4), np.array(2), None, -100, "mean")
    yield S(r(0, 4), np.zeros(0, int), None, -100, "sum")
