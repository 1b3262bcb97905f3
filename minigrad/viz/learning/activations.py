"""How values spread from layer to layer: activations on the way forward, gradients on the way back."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...engine.mode import no_grad
from ...errors import ArgumentError, GraphError
from ...nn import Module
from .figure import COLOURS, Array, figure, host, quiet


def outputs_of(model: Module, input: Any, layers: Sequence[str] | None) -> dict[str, Array]:
    """What layers return when the model runs, flat: those named, or all without layers inside."""
    named = dict(model.named_modules())
    chosen = list(layers) if layers is not None else [path for path, m in named.items() if next(m.children(), None) is None]
    found: dict[str, list[Array]] = {path: [] for path in chosen}

    def note(path: str) -> Any:
        return lambda module, args, result: found[path].append(host(result.detach()).ravel()) if isinstance(result, Tensor) else None
    handles = [model.get_submodule(path).register_forward_hook(note(path)) for path in chosen]
    try:
        with no_grad():
            model(input)
    finally:
        for handle in handles:
            handle.remove()
    return {path: np.concatenate(parts) for path, parts in found.items() if parts}


def activation_histograms(model: Module, input: Any, *, layers: Sequence[str] | None = None, bins: int = 40,
                          range: tuple[float, float] | None = None) -> Any:
    """The distribution of each layer's output for one batch, side by side on one scale: what an initialisation does to the values.

    layers: paths of modules; by default all that have no modules inside. range: of the values shown; by default what holds all but one
    in a thousand of every layer. Raises ArgumentError where no layer returned a tensor.
    """
    found = outputs_of(model, input, layers)
    if not found:
        raise ArgumentError("activation_histograms: no layer returned a tensor; pass layers=, paths as in named_modules()")
    ends = np.array([np.nanquantile(values, (0.0005, 0.9995)) for values in found.values()])
    low, high = range if range is not None else (float(ends[:, 0].min()), float(ends[:, 1].max()))
    if low == high:
        low, high = low - 0.5, high + 0.5
    columns = min(len(found), 5)
    rows = math.ceil(len(found) / columns)
    made = figure(figsize=(2.2 * columns + 0.4, 2.0 * rows + 0.3))
    panels = made.subplots(rows, columns, squeeze=False, sharex=True).flat
    for ax, (path, values) in zip(panels, found.items()):
        ax.hist(np.clip(values, low, high), bins=bins, range=(low, high), color=COLOURS[0], weights=np.full(len(values), 100 / len(values)))
        kind = type(model.get_submodule(path)).__name__
        ax.set_title(f"{path}: {kind}" if path else kind, fontsize=9)
        zeros = f", {np.mean(values == 0):.0%} are 0" if np.mean(values == 0) >= 0.01 else ""
        ax.set_xlabel(f"mean {values.mean():.2g}, std {values.std():.2g}{zeros}", fontsize=8)
        ax.tick_params(labelsize=7, labelbottom=True)
        quiet(ax)
    for ax in list(panels):
        ax.axis("off")
    made.supylabel("% of values", fontsize=9)
    return made


def gradient_flow(model: Module) -> Any:
    """The mean and the largest size of the gradient in each parameter after `backward()`, on a logarithmic scale.

    Raises GraphError where no parameter has a gradient.
    """
    found = [(name, np.abs(host(p.grad))) for name, p in model.named_parameters() if p.grad is not None and p.grad.numel()]
    if not found:
        raise GraphError("gradient_flow: no parameter has a gradient; call loss.backward() first")
    means, largest = [float(g.mean()) for _, g in found], [float(g.max()) for _, g in found]
    positive = [v for v in (*means, *largest) if 0 < v < math.inf]
    floor = min(positive, default=1e-8) / 10
    made = figure(figsize=(6.5, 0.26 * len(found) + 1.2))
    axes = made.subplots()
    at = np.arange(len(found))
    axes.barh(at, np.maximum(largest, floor) - floor, left=floor, color=COLOURS[5], height=0.75, label="largest")
    axes.barh(at, np.maximum(means, floor) - floor, left=floor, color=COLOURS[0], height=0.45, label="mean")
    for i, value in zip(at, largest):
        if not value:
            axes.text(floor * 1.1, i, "0", va="center", fontsize=8, color=COLOURS[1])
    axes.set_yticks(at, [name for name, _ in found], fontsize=8)
    axes.set(xscale="log", xlabel="size of the gradient")
    axes.invert_yaxis()
    quiet(axes, "x")
    made.legend(loc="outside upper right", ncols=2, frameon=False, fontsize=8)
    return made
