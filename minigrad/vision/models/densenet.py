"""DenseNet (Huang et al., arXiv:1608.06993).

Each layer sees all maps that the layers before it in its block have made, and adds a few of its own; so few channels per layer do.
"""
from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...nn import functional as F
from ...ops.join import cat
from ...utils.checkpoint import checkpoint
from .registry import register_model
from .weights import WeightsEnum, chosen, imagenet


class _DenseLayer(nn.Module):
    """Maps (N, *, H, W) that are joined -> (N, growth_rate, H, W)."""

    def __init__(self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool = False) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate, self.memory_efficient = float(drop_rate), memory_efficient

    def bn_function(self, *inputs: Tensor) -> Tensor:
        y: Tensor = self.conv1(self.relu1(self.norm1(cat(inputs, 1))))
        return y

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        maps = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(m.requires_grad for m in maps):
            narrow = checkpoint(self.bn_function, *maps, use_reentrant=False)
        else:
            narrow = self.bn_function(*maps)
        y: Tensor = self.conv2(self.relu2(self.norm2(narrow)))
        return F.dropout(y, self.drop_rate, self.training) if self.drop_rate > 0 else y


class _DenseBlock(nn.ModuleDict):
    """(N, C, H, W) -> (N, C + num_layers * growth_rate, H, W)"""

    def __init__(self, num_layers: int, num_input_features: int, bn_size: int, growth_rate: int, drop_rate: float,
                 memory_efficient: bool = False) -> None:
        super().__init__()
        for i in range(num_layers):
            channels = num_input_features + i * growth_rate
            self[f"denselayer{i + 1}"] = _DenseLayer(channels, growth_rate, bn_size, drop_rate, memory_efficient)

    def forward(self, init_features: Tensor) -> Tensor:
        maps = [init_features]
        for layer in self.values():
            maps.append(layer(maps))
        return cat(maps, 1)


class _Transition(nn.Sequential):
    """Fewer channels, half the size."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__(OrderedDict(
            norm=nn.BatchNorm2d(num_input_features), relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(num_input_features, num_output_features, 1, bias=False), pool=nn.AvgPool2d(2, 2)))


class DenseNet(nn.Module):
    """(N, 3, H, W) -> (N, num_classes).

    growth_rate: channels that a layer adds. block_config: layers in each block. bn_size: how many times growth_rate a layer's inner
    convolution has. memory_efficient: joined maps are made again in the backward pass.
    """

    def __init__(self, growth_rate: int = 32, block_config: tuple[int, ...] = (6, 12, 24, 16), num_init_features: int = 64,
                 bn_size: int = 4, drop_rate: float = 0, num_classes: int = 1000, memory_efficient: bool = False) -> None:
        super().__init__()
        channels = num_init_features
        self.features = nn.Sequential(OrderedDict(
            conv0=nn.Conv2d(3, channels, 7, 2, 3, bias=False), norm0=nn.BatchNorm2d(channels), relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(3, 2, 1)))
        for i, layers in enumerate(block_config, 1):
            block = _DenseBlock(layers, channels, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{i}", block)
            channels += layers * growth_rate
            if i < len(block_config):
                self.features.add_module(f"transition{i}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.Linear):
                nn.init.constant_(m.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.features(x), inplace=True)
        y: Tensor = self.classifier(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))
        return y


class DenseNet121_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("densenet121-a639ec97.pth")
    DEFAULT = IMAGENET1K_V1


class DenseNet161_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("densenet161-8d451a50.pth")
    DEFAULT = IMAGENET1K_V1


class DenseNet169_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("densenet169-b2777c0a.pth")
    DEFAULT = IMAGENET1K_V1


class DenseNet201_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("densenet201-c1103571.pth")
    DEFAULT = IMAGENET1K_V1


def _built(growth_rate: int, blocks: tuple[int, ...], first: int, kind: type[WeightsEnum], weights: Any,
           options: dict[str, Any]) -> DenseNet:
    found = chosen(kind, weights, options)
    model = DenseNet(growth_rate, blocks, first, **options)
    if found is not None:                            # the files are from when "norm1" was "norm.1"
        state = found.get_state_dict()
        model.load_state_dict({re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key): t for key, t in state.items()})
    return model


@register_model
def densenet121(*, weights: DenseNet121_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-121, 8.0 million parameters. kwargs: those of `DenseNet`."""
    return _built(32, (6, 12, 24, 16), 64, DenseNet121_Weights, weights, kwargs)


@register_model
def densenet161(*, weights: DenseNet161_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-161, 28.7 million parameters."""
    return _built(48, (6, 12, 36, 24), 96, DenseNet161_Weights, weights, kwargs)


@register_model
def densenet169(*, weights: DenseNet169_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-169, 14.1 million parameters."""
    return _built(32, (6, 12, 32, 32), 64, DenseNet169_Weights, weights, kwargs)


@register_model
def densenet201(*, weights: DenseNet201_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-201, 20.0 million parameters."""
    return _built(32, (6, 12, 48, 32), 64, DenseNet201_Weights, weights, kwargs)
