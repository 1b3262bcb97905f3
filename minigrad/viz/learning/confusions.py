"""Which classes are taken for which."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...errors import ShapeError, describe
from .figure import figure, host


def confusion_matrix(labels: Tensor, predictions: Tensor, *, classes: Sequence[str] | None = None, normalize: bool = False) -> Any:
    """How often each class (rows) was taken for each (columns). labels, predictions: (N,) integers.

    normalize: shares of each row instead of counts. Colour shows the mistakes: the diagonal is left out of its scale.
    Raises ShapeError where the two are not as many.
    """
    t, p = host(labels).ravel(), host(predictions).ravel()
    if t.shape != p.shape:
        raise ShapeError(f"confusion_matrix: labels and predictions must be as many; got {describe(labels)}, {describe(predictions)}")
    n = len(classes) if classes is not None else int(max(t.max(initial=0), p.max(initial=0))) + 1
    counts = np.zeros((n, n), int)
    np.add.at(counts, (t, p), 1)
    values = counts / np.maximum(counts.sum(1, keepdims=True), 1) if normalize else counts
    mistakes = np.where(np.eye(n, dtype=bool), 0, values)
    side = max(3.2, 0.42 * n + 1.2)
    made = figure(figsize=(side + 0.6, side))
    axes = made.subplots()
    axes.set_facecolor("#dcebdc")                    # shows where the picture is masked
    axes.imshow(np.ma.masked_array(mistakes, np.eye(n, dtype=bool)), cmap="OrRd", vmin=0, vmax=max(float(mistakes.max()), 1e-9))
    names = list(classes) if classes is not None else [str(i) for i in range(n)]
    axes.set_xticks(range(n), names, rotation=45 if max(map(len, names)) > 3 else 0, ha="right" if max(map(len, names)) > 3 else "center")
    axes.set_yticks(range(n), names)
    axes.set(xlabel="prediction", ylabel="label", title=f"{np.trace(counts) / max(len(t), 1):.1%} of {len(t):,} right")
    axes.tick_params(length=0)
    half = float(mistakes.max()) / 2
    for i in range(n):
        for j in range(n):
            if values[i, j]:
                text = (f"{values[i, j]:.2f}".lstrip("0") if values[i, j] < 1 else "1") if normalize else str(values[i, j])
                dark = i != j and values[i, j] > 1.2 * half
                axes.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    return made
