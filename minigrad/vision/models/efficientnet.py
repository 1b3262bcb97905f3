"""EfficientNet (Tan and Le, arXiv:1905.11946) and EfficientNetV2 (arXiv:2104.00298).

B0 was found by a search over blocks of MobileNetV2 with squeeze and excitation; B1 to B7 grow its depth, width and image together by fixed
ratios. V2 begins with blocks whose first two convolutions are fused into one, which is faster where channels are few.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError
from ..ops.blocks import Conv2dNormActivation, SqueezeExcitation
from ..ops.dropping import StochasticDepth
from .beginning import kaiming_fan_out, make_divisible
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]


class _MBConvConfig:
    """The sizes of one stage: its blocks, all but the first with stride 1."""

    def __init__(self, expand_ratio: float, kernel: int, stride: int, input_channels: int, out_channels: int, num_layers: int,
                 block: Callable[..., nn.Module]) -> None:
        self.expand_ratio, self.kernel, self.stride = expand_ratio, kernel, stride
        self.input_channels, self.out_channels, self.num_layers, self.block = input_channels, out_channels, num_layers, block

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        return make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of `MBConv`, wider and deeper by factors."""

    def __init__(self, expand_ratio: float, kernel: int, stride: int, input_channels: int, out_channels: int, num_layers: int,
                 width_mult: float = 1.0, depth_mult: float = 1.0, block: Callable[..., nn.Module] | None = None) -> None:
        super().__init__(expand_ratio, kernel, stride, self.adjust_channels(input_channels, width_mult),
                         self.adjust_channels(out_channels, width_mult), math.ceil(num_layers * depth_mult), block or MBConv)


class FusedMBConvConfig(_MBConvConfig):
    """A stage of `FusedMBConv`."""

    def __init__(self, expand_ratio: float, kernel: int, stride: int, input_channels: int, out_channels: int, num_layers: int,
                 block: Callable[..., nn.Module] | None = None) -> None:
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class _Block(nn.Module):
    """Layers beside a shortcut, where sizes allow one; in training the layers are left out now and then."""
    block: nn.Sequential

    def __init__(self, cnf: _MBConvConfig, stochastic_depth_prob: float) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ArgumentError(f"{type(self).__name__}: illegal stride value {cnf.stride}; expected 1 or 2")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.out_channels = cnf.out_channels
        self.wide = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = self.block(input)
        if self.use_res_connect:
            y = self.stochastic_depth(y)
            y += input
        return y


class MBConv(_Block):
    """Widened by 1 by 1, each channel filtered alone, squeeze and excitation, narrowed by 1 by 1."""

    def __init__(self, cnf: MBConvConfig, stochastic_depth_prob: float, norm_layer: Norm,
                 se_layer: Callable[..., nn.Module] = SqueezeExcitation) -> None:
        super().__init__(cnf, stochastic_depth_prob)
        conv, wide = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU), self.wide
        layers = [conv(cnf.input_channels, wide, 1)] if wide != cnf.input_channels else []
        self.block = nn.Sequential(
            *layers, conv(wide, wide, cnf.kernel, cnf.stride, groups=wide),
            se_layer(wide, max(1, cnf.input_channels // 4), activation=partial(nn.SiLU, inplace=True)),
            Conv2dNormActivation(wide, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None))
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")


class FusedMBConv(_Block):
    """Widened by a full convolution, narrowed by 1 by 1."""

    def __init__(self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: Norm) -> None:
        super().__init__(cnf, stochastic_depth_prob)
        conv, wide = partial(Conv2dNormActivation, norm_layer=norm_layer), self.wide
        if wide != cnf.input_channels:
            layers = [conv(cnf.input_channels, wide, cnf.kernel, cnf.stride, activation_layer=nn.SiLU),
                      conv(wide, cnf.out_channels, 1, activation_layer=None)]
        else:
            layers = [conv(cnf.input_channels, cnf.out_channels, cnf.kernel, cnf.stride, activation_layer=nn.SiLU)]
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")


class EfficientNet(nn.Module):
    """(N, 3, H, W) -> (N, num_classes).

    inverted_residual_setting: the stages. stochastic_depth_prob: how often the last block is left out in training, earlier ones less.
    last_channel: width before the classifier, by default four times that of the last stage.
    """

    def __init__(self, inverted_residual_setting: Sequence[_MBConvConfig], dropout: float, stochastic_depth_prob: float = 0.2,
                 num_classes: int = 1000, norm_layer: Norm | None = None, last_channel: int | None = None) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ArgumentError("EfficientNet: The inverted_residual_setting should not be empty")
        if not all(isinstance(cnf, _MBConvConfig) for cnf in setting):
            raise ArgumentTypeError("EfficientNet: The inverted_residual_setting should be List[MBConvConfig]")
        norm = norm_layer or nn.BatchNorm2d
        conv = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.SiLU)
        layers: list[nn.Module] = [conv(3, setting[0].input_channels, 3, 2)]
        total, done = sum(cnf.num_layers for cnf in setting), 0
        for cnf in setting:
            rest = copy(cnf)
            rest.input_channels, rest.stride = cnf.out_channels, 1
            layers.append(nn.Sequential(*[cnf.block(rest if i else cnf, stochastic_depth_prob * float(done + i) / total, norm)
                                          for i in range(cnf.num_layers)]))
            done += cnf.num_layers
        last = setting[-1].out_channels
        out = 4 * last if last_channel is None else last_channel
        self.features = nn.Sequential(*layers, conv(last, out, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(out, num_classes))
        kaiming_fan_out(self)
        bound = 1.0 / math.sqrt(num_classes)
        nn.init.uniform_(self.classifier[1].weight, -bound, bound)
        nn.init.zeros_(self.classifier[1].bias)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return y


# ---------------------------------------------------------------- B0 to B7
# Widening, kernel, stride, channels in and out, blocks.
STAGES = ((1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
          (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1))
FINE = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)


def _grown(width: float, depth: float, dropout: float, kind: type[WeightsEnum], weights: Any, options: dict[str, Any],
           norm: Norm | None = None) -> EfficientNet:
    found = chosen(kind, weights, options)
    stages = [MBConvConfig(*stage, width_mult=width, depth_mult=depth) for stage in STAGES]
    return filled(EfficientNet(stages, **{"dropout": dropout, "norm_layer": norm, **options}), found)


class EfficientNet_B0_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b0_rwightman-7f5810bc.pth", interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B1_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b1_rwightman-bac287d4.pth", 256, 240, interpolation="bicubic")
    IMAGENET1K_V2 = imagenet("efficientnet_b1-c27df63c.pth", 255, 240)
    DEFAULT = IMAGENET1K_V2


class EfficientNet_B2_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b2_rwightman-c35c1473.pth", 288, 288, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B3_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b3_rwightman-b3899882.pth", 320, 300, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B4_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b4_rwightman-23ab8bcd.pth", 384, 380, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B5_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b5_lukemelas-1a07897c.pth", 456, 456, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B6_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b6_lukemelas-24a108a5.pth", 528, 528, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B7_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_b7_lukemelas-c5b4e57e.pth", 600, 600, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


@register_model
def efficientnet_b0(*, weights: EfficientNet_B0_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B0, 5.3 million parameters. kwargs: those of `EfficientNet`."""
    return _grown(1.0, 1.0, 0.2, EfficientNet_B0_Weights, weights, kwargs)


@register_model
def efficientnet_b1(*, weights: EfficientNet_B1_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B1, 7.8 million parameters."""
    return _grown(1.0, 1.1, 0.2, EfficientNet_B1_Weights, weights, kwargs)


@register_model
def efficientnet_b2(*, weights: EfficientNet_B2_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B2, 9.1 million parameters."""
    return _grown(1.1, 1.2, 0.3, EfficientNet_B2_Weights, weights, kwargs)


@register_model
def efficientnet_b3(*, weights: EfficientNet_B3_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B3, 12.2 million parameters."""
    return _grown(1.2, 1.4, 0.3, EfficientNet_B3_Weights, weights, kwargs)


@register_model
def efficientnet_b4(*, weights: EfficientNet_B4_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B4, 19.3 million parameters."""
    return _grown(1.4, 1.8, 0.4, EfficientNet_B4_Weights, weights, kwargs)


@register_model
def efficientnet_b5(*, weights: EfficientNet_B5_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B5, 30.4 million parameters."""
    return _grown(1.6, 2.2, 0.4, EfficientNet_B5_Weights, weights, kwargs, FINE)


@register_model
def efficientnet_b6(*, weights: EfficientNet_B6_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B6, 43.0 million parameters."""
    return _grown(1.8, 2.6, 0.5, EfficientNet_B6_Weights, weights, kwargs, FINE)


@register_model
def efficientnet_b7(*, weights: EfficientNet_B7_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B7, 66.3 million parameters."""
    return _grown(2.0, 3.1, 0.5, EfficientNet_B7_Weights, weights, kwargs, FINE)


# ---------------------------------------------------------------- V2
Stages = tuple[tuple[int, int, int, int, int, int], ...]
SMALL: tuple[Stages, Stages] = (
    ((1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)),
    ((4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)))
MEDIUM: tuple[Stages, Stages] = (
    ((1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)),
    ((4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)))
LARGE: tuple[Stages, Stages] = (
    ((1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)),
    ((4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)))


def _second(stages: tuple[Stages, Stages], dropout: float, kind: type[WeightsEnum], weights: Any, options: dict[str, Any]) -> EfficientNet:
    found = chosen(kind, weights, options)
    setting = [*[FusedMBConvConfig(*stage) for stage in stages[0]], *[MBConvConfig(*stage) for stage in stages[1]]]
    standard = {"dropout": dropout, "norm_layer": partial(nn.BatchNorm2d, eps=0.001), "last_channel": 1280}
    return filled(EfficientNet(setting, **{**standard, **options}), found)


class EfficientNet_V2_S_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_v2_s-dd5fe13b.pth", 384, 384)
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_M_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_v2_m-dc08266a.pth", 480, 480)
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_L_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("efficientnet_v2_l-59c71312.pth", 480, 480, interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3)
    DEFAULT = IMAGENET1K_V1


@register_model
def efficientnet_v2_s(*, weights: EfficientNet_V2_S_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-S, 21.5 million parameters."""
    return _second(SMALL, 0.2, EfficientNet_V2_S_Weights, weights, kwargs)


@register_model
def efficientnet_v2_m(*, weights: EfficientNet_V2_M_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-M, 54.1 million parameters."""
    return _second(MEDIUM, 0.3, EfficientNet_V2_M_Weights, weights, kwargs)


@register_model
def efficientnet_v2_l(*, weights: EfficientNet_V2_L_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-L, 118.5 million parameters."""
    return _second(LARGE, 0.4, EfficientNet_V2_L_Weights, weights, kwargs)
