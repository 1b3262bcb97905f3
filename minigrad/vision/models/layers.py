"""The first layers of a network, and what some of them give: what networks for other tasks are built on."""
from __future__ import annotations

from collections import OrderedDict

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError


class IntermediateLayerGetter(nn.ModuleDict):
    """The children of a network up to the last one asked for, called in turn: an image -> a dict of what they gave.

    return_layers: name of a child -> name in the dict. Raises ValueError for a child that there is not.
    """
    _version = 2

    def __init__(self, model: nn.Module, return_layers: dict[str, str]) -> None:
        names = [name for name, _ in model.named_children()]
        if missing := [name for name in return_layers if name not in names]:
            raise ArgumentError(f"IntermediateLayerGetter: return_layers are not present in model: {missing}; there are {names}")
        last = max(names.index(name) for name in return_layers)
        super().__init__(OrderedDict(list(model.named_children())[:last + 1]))
        self.return_layers = return_layers

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        found: OrderedDict[str, Tensor] = OrderedDict()
        for name, layer in self.items():
            x = layer(x)
            if name in self.return_layers:
                found[self.return_layers[name]] = x
        return found


def shrinking(features: nn.Module) -> list[int]:
    """Of a MobileNet's layers, the first, those that halve the size, and the last."""
    layers = list(features.children())
    return [0, *[i for i, layer in enumerate(layers) if getattr(layer, "_is_cn", False)], len(layers) - 1]
