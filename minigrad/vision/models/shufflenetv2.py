"""ShuffleNetV2 (Ma et al., arXiv:1807.11164).

A block works on one half of the channels and lets the other pass; channels are then shuffled, so that the next block sees some of both.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError
from ...ops.join import cat
from ...ops.shuffle import channel_shuffle
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet


class InvertedResidual(nn.Module):
    """(N, inp, H, W) -> (N, oup, H / stride, W / stride)"""

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ArgumentError(f"InvertedResidual: illegal stride value {stride}; expected 1, 2 or 3")
        half = oup // 2
        if stride == 1 and inp != 2 * half:
            raise ArgumentError(f"InvertedResidual: Invalid combination of stride {stride}, inp {inp} and oup {oup} values. If stride == 1 "
                                "then inp should be equal to oup // 2 << 1.")
        self.stride = stride
        self.branch1 = nn.Sequential(*([] if stride == 1 else [
            self.depthwise_conv(inp, inp, 3, stride, 1), nn.BatchNorm2d(inp),
            nn.Conv2d(inp, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True)]))
        self.branch2 = nn.Sequential(
            nn.Conv2d(inp if stride > 1 else half, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True),
            self.depthwise_conv(half, half, 3, stride, 1), nn.BatchNorm2d(half),
            nn.Conv2d(half, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True))

    @staticmethod
    def depthwise_conv(i: int, o: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = False) -> nn.Conv2d:
        return nn.Conv2d(i, o, kernel_size, stride, padding, bias=bias, groups=i)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, 1) if self.stride == 1 else (self.branch1(x), x)
        return channel_shuffle(cat([first, self.branch2(second)], 1), 2)


class ShuffleNetV2(nn.Module):
    """(N, 3, H, W) -> (N, num_classes). stages_repeats: blocks of three stages; stages_out_channels: also of the layers around them."""

    def __init__(self, stages_repeats: Sequence[int], stages_out_channels: Sequence[int], num_classes: int = 1000,
                 inverted_residual: Callable[..., nn.Module] = InvertedResidual) -> None:
        super().__init__()
        if len(stages_repeats) != 3:
            raise ArgumentError(f"ShuffleNetV2: expected stages_repeats as list of 3 positive ints; got {stages_repeats}")
        if len(stages_out_channels) != 5:
            raise ArgumentError(f"ShuffleNetV2: expected stages_out_channels as list of 5 positive ints; got {stages_out_channels}")
        first, *inner, last = stages_out_channels
        self.conv1 = nn.Sequential(nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels, stages = first, []
        for repeats, out in zip(stages_repeats, inner, strict=True):
            stages.append(nn.Sequential(*[inverted_residual(out if i else channels, out, 1 if i else 2) for i in range(repeats)]))
            channels = out
        self.stage2, self.stage3, self.stage4 = stages
        self.conv5 = nn.Sequential(nn.Conv2d(channels, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True))
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        y: Tensor = self.fc(x.mean([2, 3]))
        return y


class ShuffleNet_V2_X0_5_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("shufflenetv2_x0.5-f707e7126e.pth")
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X1_0_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("shufflenetv2_x1-5666bf0f80.pth")
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X1_5_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("shufflenetv2_x1_5-3c479a10.pth", 232)
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X2_0_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("shufflenetv2_x2_0-8be3c8ee.pth", 232)
    DEFAULT = IMAGENET1K_V1


def _built(channels: list[int], kind: type[WeightsEnum], weights: Any, options: dict[str, Any]) -> ShuffleNetV2:
    found = chosen(kind, weights, options)
    return filled(ShuffleNetV2([4, 8, 4], channels, **options), found)


@register_model
def shufflenet_v2_x0_5(*, weights: ShuffleNet_V2_X0_5_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 with half the channels, 1.4 million parameters. kwargs: those of `ShuffleNetV2`."""
    return _built([24, 48, 96, 192, 1024], ShuffleNet_V2_X0_5_Weights, weights, kwargs)


@register_model
def shufflenet_v2_x1_0(*, weights: ShuffleNet_V2_X1_0_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2, 2.3 million parameters."""
    return _built([24, 116, 232, 464, 1024], ShuffleNet_V2_X1_0_Weights, weights, kwargs)


@register_model
def shufflenet_v2_x1_5(*, weights: ShuffleNet_V2_X1_5_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 with one and a half times the channels, 3.5 million parameters."""
    return _built([24, 176, 352, 704, 1024], ShuffleNet_V2_X1_5_Weights, weights, kwargs)


@register_model
def shufflenet_v2_x2_0(*, weights: ShuffleNet_V2_X2_0_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 with twice the channels, 7.4 million parameters."""
    return _built([24, 244, 488, 976, 2048], ShuffleNet_V2_X2_0_Weights, weights, kwargs)
