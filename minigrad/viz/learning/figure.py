"""What all pictures share: a Figure without a window, colours, values on the host, grids of small images."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...backend import backend_of
from ...errors import missing

Array = np.ndarray[Any, Any]

# Okabe and Ito's palette, which people with any colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
GREY = "#8c8c8c"


def figure(**options: Any) -> Any:
    """A Figure that belongs to no window, so that nothing piles up in pyplot. Raises MissingDependencyError without Matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing("Matplotlib", "a picture of learning", "examples") from None
    return Figure(layout="constrained", **options)


def host(t: Any) -> Array:
    """The values of a tensor, an array or a sequence, in NumPy's memory."""
    return np.asarray(backend_of(t.array).to_host(t.array) if isinstance(t, Tensor) else t)


def quiet(axes: Any, grid: str = "y") -> None:
    """No box around the data, and a faint grid behind it."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, alpha=0.3)
    axes.set_axisbelow(True)


def image_grid(pictures: Sequence[Array], titles: Sequence[str], columns: int, low: float, high: float, *, colours: str = "gray",
               size: float = 0.8, title: str = "") -> Any:
    """Small images in rows: (H, W) in a colour map from `low` to `high`, or (H, W, 3) in their own colours."""
    columns = max(1, min(columns, len(pictures)))
    rows = max(1, math.ceil(len(pictures) / columns))
    made = figure(figsize=(max(columns * size, 2.0), rows * (size + (0.22 if any(titles) else 0.0)) + (0.35 if title else 0.0)))
    axes = made.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, text in zip(axes.flat, pictures, titles):
        if picture.ndim == 3:
            ax.imshow(np.clip((picture - low) / (high - low or 1.0), 0, 1), interpolation="nearest")
        else:
            ax.imshow(picture, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        ax.set_title(text, fontsize=8, pad=2)
    if title:
        made.suptitle(title, fontsize=10)
    return made
