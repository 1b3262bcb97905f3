"""Losses and accuracies over time."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .figure import COLOURS, Array, figure, host, quiet

MARKED = 40                                          # longer curves have no marks at their points


def learning_curve(curves: Mapping[str, Sequence[float]], *, smoothing: float = 0.0, xlabel: str = "epoch", ylabel: str = "loss",
                   logarithmic: bool = False) -> Any:
    """Named curves over steps 1, 2, ....

    smoothing: from 0 to below 1, the share of the mean so far in an exponential moving average; the curve itself stays behind, faint.
    Raises ArgumentError for a smoothing outside of that.
    """
    if not 0.0 <= smoothing < 1.0:
        raise ArgumentError(f"learning_curve: smoothing must be at least 0 and below 1; got {smoothing}")
    made = figure(figsize=(6, 4))
    axes = made.subplots()
    for i, (name, values) in enumerate(curves.items()):
        y = host(values).astype(float)
        steps, colour = np.arange(1, len(y) + 1), COLOURS[i % len(COLOURS)]
        if smoothing:
            axes.plot(steps, y, color=colour, alpha=0.25, linewidth=1)
        marker = "o" if len(y) <= MARKED and not smoothing else None
        axes.plot(steps, smoothed(y, smoothing), color=colour, marker=marker, markersize=3, linewidth=1.8, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if logarithmic else "linear")
    axes.xaxis.get_major_locator().set_params(integer=True)
    quiet(axes, "both")
    axes.legend(frameon=False)
    return made


def paired_curves(history: Mapping[str, Sequence[float]]) -> Any:
    """A panel for each name, with its curve in training and, under "val_" and the name, in validation, over epochs 1, 2, ...."""
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    made = figure(figsize=(4.2 * max(len(names), 1), 3.2))
    for axes, name in zip(made.subplots(1, max(len(names), 1), squeeze=False)[0], names):
        for label, key, colour in (("training", name, COLOURS[0]), ("validation", f"val_{name}", COLOURS[1])):
            if key in history:
                y = np.asarray(history[key], float)
                axes.plot(np.arange(1, len(y) + 1), y, color=colour, marker="o" if len(y) <= MARKED else None, markersize=3, linewidth=1.8,
                          label=label)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        quiet(axes, "both")
        if f"val_{name}" in history:
            axes.legend(frameon=False)
    return made


def smoothed(values: Array, weight: float) -> Array:
    """The exponential moving average, divided by the weights so far: without that it would start at 0."""
    found, mean, total = np.empty_like(values, float), 0.0, 0.0
    for i, value in enumerate(values):
        mean = weight * mean + (1.0 - weight) * value
        total = weight * total + (1.0 - weight)
        found[i] = mean / total
    return found
