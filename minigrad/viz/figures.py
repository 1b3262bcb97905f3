"""Pictures of learning, with Matplotlib: curves, filters, mistakes. Each returns a Figure."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..backend import backend_of
from ..errors import ShapeError, describe, missing


def _figure(**options: Any) -> Any:
    """A Figure that belongs to no window, so that nothing piles up in pyplot."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing("Matplotlib", "a picture of learning", "examples") from None
    return Figure(layout="constrained", **options)


def _host(t: Any) -> np.ndarray[Any, Any]:
    return np.asarray(backend_of(t.array).to_host(t.array) if isinstance(t, Tensor) else t)


def learning_curve(curves: Mapping[str, Sequence[float]], *, xlabel: str = "epoch", ylabel: str = "loss") -> Any:
    """Named curves over epochs 1, 2, ...; accuracies are drawn up to 1."""
    figure = _figure(figsize=(6, 4))
    axes = figure.subplots()
    for name, values in curves.items():
        axes.plot(range(1, len(values) + 1), values, marker="o", markersize=3, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def filters(weight: Tensor, *, columns: int = 8) -> Any:
    """The filters of a convolution as images: weight (F, C, KH, KW), the first channel of each, on one grey scale."""
    w = _host(weight)
    if w.ndim != 4:
        raise ShapeError(f"filters: weight must be 4D (filters, channels, height, width); got {describe(weight)}")
    return _grid([f[0] for f in w], [""] * len(w), columns, float(w[:, 0].min()), float(w[:, 0].max()))


def mistakes(images: Tensor, labels: Tensor, predictions: Tensor, *, limit: int = 100, columns: int = 10) -> Any:
    """The misclassified images, each titled `label -> prediction`. images (N, 1, H, W) or (N, H, W); labels, predictions (N,)."""
    x, t, p = _host(images), _host(labels), _host(predictions)
    if x.shape[0] != t.shape[0] or t.shape != p.shape:
        raise ShapeError(f"mistakes: images, labels and predictions must be as many; got {describe(images)}, {describe(labels)}, "
                         f"{describe(predictions)}")
    wrong = np.flatnonzero(t != p)[:limit]
    pictures = [x[i, 0] if x.ndim == 4 else x[i] for i in wrong]
    return _grid(pictures, [f"{t[i]} → {p[i]}" for i in wrong], columns, 0.0, float(x.max(initial=1.0)))


def _grid(pictures: Sequence[Any], titles: Sequence[str], columns: int, low: float, high: float) -> Any:
    """Small grey images in rows."""
    rows = max(1, math.ceil(len(pictures) / columns))
    figure = _figure(figsize=(columns * 0.8, rows * (1.0 if any(titles) else 0.8)))
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, title in zip(axes.flat, pictures, titles):
        ax.imshow(picture, cmap="gray", vmin=low, vmax=high)
        ax.set_title(title, fontsize=8)
    return figure
