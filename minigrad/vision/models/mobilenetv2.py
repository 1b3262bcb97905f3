"""MobileNetV2 (Sandler et al., arXiv:1801.04381).

A block widens few channels, filters each alone and narrows them again; shortcuts join the narrow ends, which are linear, as a ReLU
would lose too much of few channels.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError
from ...nn import functional as F
from ..ops.blocks import Conv2dNormActivation
from .beginning import kaiming_fan_out, make_divisible, small_normal
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]

# Factor by which blocks widen, channels out, number of blocks, stride of the first.
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class InvertedResidual(nn.Module):
    """(N, inp, H, W) -> (N, oup, H / stride, W / stride), by way of expand_ratio * inp channels."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: Norm | None = None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ArgumentError(f"InvertedResidual: stride should be 1 or 2 instead of {stride}")
        self.stride, self.out_channels = stride, oup
        norm, hidden = norm_layer or nn.BatchNorm2d, round(inp * expand_ratio)
        self.use_res_connect = stride == 1 and inp == oup
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, hidden, 1, norm_layer=norm, activation_layer=nn.ReLU6))
        layers.append(Conv2dNormActivation(hidden, hidden, 3, stride, groups=hidden, norm_layer=norm, activation_layer=nn.ReLU6))
        self.conv = nn.Sequential(*layers, nn.Conv2d(hidden, oup, 1, bias=False), norm(oup))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.use_res_connect else y


class MobileNetV2(nn.Module):
    """(N, 3, H, W) -> (N, num_classes). width_mult: on all numbers of channels, rounded to multiples of round_nearest."""

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0, inverted_residual_setting: Sequence[Sequence[int]] | None = None,
                 round_nearest: int = 8, block: Callable[..., nn.Module] | None = None, norm_layer: Norm | None = None,
                 dropout: float = 0.2) -> None:
        super().__init__()
        block, norm = block or InvertedResidual, norm_layer or nn.BatchNorm2d
        setting = BLOCKS if inverted_residual_setting is None else inverted_residual_setting
        if not setting or len(setting[0]) != 4:
            raise ArgumentError(f"MobileNetV2: inverted_residual_setting should be non-empty or a 4-element list, got {setting}")
        channels = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, 3, 2, norm_layer=norm, activation_layer=nn.ReLU6)]
        for widening, out, count, stride in setting:
            out = make_divisible(out * width_mult, round_nearest)
            for i in range(count):
                features.append(block(channels, out, 1 if i else stride, expand_ratio=widening, norm_layer=norm))
                channels = out
        features.append(Conv2dNormActivation(channels, self.last_channel, 1, norm_layer=norm, activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.last_channel, num_classes))
        kaiming_fan_out(self)
        small_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(F.adaptive_avg_pool2d(self.features(x), (1, 1)).flatten(1))
        return y


class MobileNet_V2_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("mobilenet_v2-b0353104.pth")
    IMAGENET1K_V2 = imagenet("mobilenet_v2-7ebf99e0.pth", 232)
    DEFAULT = IMAGENET1K_V2


@register_model
def mobilenet_v2(*, weights: MobileNet_V2_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV2:
    """MobileNetV2, 3.5 million parameters. kwargs: those of `MobileNetV2`."""
    found = chosen(MobileNet_V2_Weights, weights, kwargs)
    return filled(MobileNetV2(**kwargs), found)
