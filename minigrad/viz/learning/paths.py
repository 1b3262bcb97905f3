"""The way that optimizers take on a function of two variables."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...creation import tensor
from ...engine.mode import no_grad
from ...errors import ArgumentError
from .figure import COLOURS, figure, host

Function = Callable[[Tensor, Tensor], Tensor]


def walked(function: Function, make: Callable[[list[Any]], Any], start: tuple[float, float], steps: int) -> np.ndarray[Any, Any]:
    """The points (steps + 1, 2) that an optimizer visits."""
    x, y = (tensor(v, requires_grad=True) for v in start)
    optimizer = make([x, y])
    points = [start]

    def closure() -> Any:
        optimizer.zero_grad()
        value = function(x, y)
        value.backward()
        return value
    for _ in range(steps):
        optimizer.step(closure)
        points.append((x.item(), y.item()))
    return np.array(points)


def optimizer_paths(function: Function, optimizers: Mapping[str, Callable[[list[Any]], Any]], *, start: tuple[float, float],
                    steps: int = 30, x: tuple[float, float] = (-10.0, 10.0), y: tuple[float, float] = (-5.0, 5.0), levels: int = 15) -> Any:
    """A panel per optimizer: contours of `function(x, y)` and the points visited from `start`.

    optimizers: a name and a function that makes one from a list of parameters: `lambda p: optim.SGD(p, lr=0.95)`. The function must also
    take grids: elementwise ops only. Raises ArgumentError where there is no optimizer.

    >>> from minigrad import optim, viz
    >>> figure = viz.optimizer_paths(lambda x, y: x ** 2 / 20 + y ** 2, {"SGD": lambda p: optim.SGD(p, lr=0.95)}, start=(-7, 2))
    """
    if not optimizers:
        raise ArgumentError("optimizer_paths: got no optimizer; pass {name: lambda params: optim.SGD(params, lr=0.1), ...}")
    across, up = np.linspace(*x, 200), np.linspace(*y, 200)
    grid = np.meshgrid(across, up)
    with no_grad():
        height = host(function(tensor(grid[0]), tensor(grid[1])))
    columns = min(len(optimizers), 2)
    rows = math.ceil(len(optimizers) / columns)
    made = figure(figsize=(4.2 * columns, 3.0 * rows))
    panels = list(made.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    low = float(height.min())
    heights = low + (float(height.max()) - low) * np.linspace(0, 1, levels) ** 2         # closer together near the minimum
    bottom = np.unravel_index(int(height.argmin()), height.shape)
    for ax, (name, make) in zip(panels, optimizers.items()):
        points = walked(function, make, (float(start[0]), float(start[1])), steps)
        ax.contour(across, up, height, heights[1:], colors="#b0b0b0", linewidths=0.7)
        ax.plot(points[:, 0], points[:, 1], "o-", color=COLOURS[0], markersize=3, linewidth=1.2)
        ax.plot(*points[0], "o", color=COLOURS[1], markersize=6)
        ax.plot(across[bottom[1]], up[bottom[0]], "+", color="black", markersize=9)
        ax.set_title(name, fontsize=10)
        ax.set(xlim=x, ylim=y)
    for ax in panels[len(optimizers):]:
        ax.axis("off")
    return made
