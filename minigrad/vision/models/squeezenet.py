"""SqueezeNet (Iandola et al., arXiv:1602.07360).

A fire module squeezes the channels with 1 by 1 filters before 3 by 3 filters see them: AlexNet's accuracy with a fiftieth of the weights.
"""
from __future__ import annotations

from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError
from ...ops.join import cat
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

POOL = (0, 0)
# First convolution (channels, kernel), then fire modules (channels squeezed, channels of each half) and pools.
LAYERS = {
    "1_0": ((96, 7), (POOL, (16, 64), (16, 64), (32, 128), POOL, (32, 128), (48, 192), (48, 192), (64, 256), POOL, (64, 256))),
    "1_1": ((64, 3), (POOL, (16, 64), (16, 64), POOL, (32, 128), (32, 128), POOL, (48, 192), (48, 192), (64, 256), (64, 256))),
}


class Fire(nn.Module):
    """(N, inplanes, H, W) -> (N, expand1x1_planes + expand3x3_planes, H, W)"""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """(N, 3, H, W) -> (N, num_classes). version: "1_0", or "1_1" with half the arithmetic."""

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version not in LAYERS:
            raise ArgumentError(f"SqueezeNet: Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        self.num_classes = num_classes
        (channels, kernel), rest = LAYERS[version]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, kernel, 2), nn.ReLU(inplace=True)]
        for squeezed, half in rest:
            layers.append(Fire(channels, squeezed, half, half) if half else nn.MaxPool2d(3, 2, ceil_mode=True))
            channels = 2 * half or channels
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                if m is last:
                    nn.init.normal_(m.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(m.weight)
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.features(x)).flatten(1)
        return y


class SqueezeNet1_0_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("squeezenet1_0-b66bff10.pth")
    DEFAULT = IMAGENET1K_V1


class SqueezeNet1_1_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("squeezenet1_1-b8a52dc0.pth")
    DEFAULT = IMAGENET1K_V1


@register_model
def squeezenet1_0(*, weights: SqueezeNet1_0_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.0, 1.2 million parameters. kwargs: those of `SqueezeNet`."""
    found = chosen(SqueezeNet1_0_Weights, weights, kwargs)
    return filled(SqueezeNet("1_0", **kwargs), found)


@register_model
def squeezenet1_1(*, weights: SqueezeNet1_1_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1, 1.2 million parameters."""
    found = chosen(SqueezeNet1_1_Weights, weights, kwargs)
    return filled(SqueezeNet("1_1", **kwargs), found)
