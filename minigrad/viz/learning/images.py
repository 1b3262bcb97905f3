"""Images that a network looks with, sees, and gets wrong."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...engine.mode import no_grad
from ...errors import ArgumentTypeError, ShapeError, describe
from ...nn import Module
from .figure import Array, host, image_grid


def filters(layer: Tensor | Module, *, columns: int = 8, limit: int = 64) -> Any:
    """The filters of a convolution as images on one scale: in colour where it has three channels, else the first channel of each.

    layer: the layer, or its weight (F, C, KH, KW). Raises ShapeError for a weight of other dimensions.
    """
    weight = getattr(layer, "weight", layer)
    w = host(weight)
    if w.ndim != 4:
        raise ShapeError(f"filters: weight must be 4D (filters, channels, height, width); got {describe(weight)}")
    w = w[:limit]
    shown: list[Array] = [f.transpose(1, 2, 0) if w.shape[1] == 3 else f[0] for f in w]
    values = w if w.shape[1] == 3 else w[:, :1]
    return image_grid(shown, [""] * len(shown), columns, float(values.min(initial=0)), float(values.max(initial=0)))


def feature_maps(model: Module, input: Tensor, layer: str, *, columns: int = 8, limit: int = 64) -> Any:
    """What a layer makes of an image: one image per channel, all on one scale. layer: its path, such as "features.0".

    input: one image (C, H, W), or a batch, of which the first counts. The model runs in evaluation mode, and is left as it was.
    Raises ShapeError where its output is not (N, C, H, W), and AttributeError where there is no such layer.
    """
    found: list[Any] = []
    handle = model.get_submodule(layer).register_forward_hook(lambda module, args, result: found.append(result))
    modes = [(module, module.training) for module in model.modules()]
    model.eval()                                     # else running statistics would move, and dropout leave channels out
    try:
        with no_grad():
            model(input[None] if isinstance(input, Tensor) and input.ndim == 3 else input)
    finally:
        handle.remove()
        for module, training in modes:
            module.training = training
    if not found or not isinstance(found[-1], Tensor):
        got = describe(found[-1]) if found else "no call"
        raise ArgumentTypeError(f"feature_maps: layer {layer!r} must run and return a tensor; got {got}")
    maps = host(found[-1].detach())
    if maps.ndim != 4:
        raise ShapeError(f"feature_maps: the output of {layer!r} must be 4D (samples, channels, height, width); got {describe(found[-1])}")
    maps = maps[0, :limit]
    return image_grid(list(maps), [""] * len(maps), columns, float(maps.min()), float(maps.max()), colours="viridis",
                      title=f"{layer}: {type(model.get_submodule(layer)).__name__} ({found[-1].shape[1]} channels)")


def mistakes(images: Tensor, labels: Tensor, predictions: Tensor, *, classes: Sequence[str] | None = None, limit: int = 100,
             columns: int = 10) -> Any:
    """The misclassified images, each titled `label → prediction`. images (N, 1 or 3, H, W) or (N, H, W); labels, predictions (N,).

    Raises ShapeError where these are not as many.
    """
    x, t, p = host(images), host(labels), host(predictions)
    if x.shape[0] != t.shape[0] or t.shape != p.shape:
        raise ShapeError(f"mistakes: images, labels and predictions must be as many; got {describe(images)}, {describe(labels)}, "
                         f"{describe(predictions)}")
    wrong = np.flatnonzero(t != p)[:limit]
    if x.ndim == 4:
        x = x[:, 0] if x.shape[1] != 3 else x.transpose(0, 2, 3, 1)
    name = (lambda i: classes[i]) if classes is not None else str
    return image_grid([x[i] for i in wrong], [f"{name(t[i])} → {name(p[i])}" for i in wrong], columns, float(min(x.min(initial=0.0), 0.0)),
                      float(x.max(initial=1.0)))
