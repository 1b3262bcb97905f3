"""MobileNetV3 (Howard et al., arXiv:1905.02244).

The blocks of MobileNetV2, whose sizes a search has found, with squeeze and excitation and with the hard swish, x * relu6(x + 3) / 6.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError
from ..ops.blocks import Conv2dNormActivation, SqueezeExcitation
from .beginning import kaiming_fan_out, make_divisible, small_normal
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]
RE, HS = "RE", "HS"
SQUEEZE = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidualConfig:
    """The sizes of one block. activation: "RE" for ReLU, "HS" for hard swish."""

    def __init__(self, input_channels: int, kernel: int, expanded_channels: int, out_channels: int, use_se: bool, activation: str,
                 stride: int, dilation: int, width_mult: float) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.kernel, self.use_se, self.use_hs, self.stride, self.dilation = kernel, use_se, activation == HS, stride, dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        return make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """(N, input_channels, H, W) -> (N, out_channels, H / stride, W / stride); dilation takes the place of a stride."""

    def __init__(self, cnf: InvertedResidualConfig, norm_layer: Norm,
                 se_layer: Norm = SQUEEZE) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ArgumentError(f"InvertedResidual: illegal stride value {cnf.stride}; expected 1 or 2")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.out_channels, self._is_cn = cnf.out_channels, cnf.stride > 1
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.Hardswish if cnf.use_hs else nn.ReLU)
        wide = cnf.expanded_channels
        layers: list[nn.Module] = []
        if wide != cnf.input_channels:
            layers.append(conv(cnf.input_channels, wide, 1))
        layers.append(conv(wide, wide, cnf.kernel, 1 if cnf.dilation > 1 else cnf.stride, dilation=cnf.dilation, groups=wide))
        if cnf.use_se:
            layers.append(se_layer(wide, make_divisible(wide // 4, 8)))
        layers.append(Conv2dNormActivation(wide, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None))
        self.block = nn.Sequential(*layers)

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = self.block(input)
        if self.use_res_connect:
            y += input
        return y


class MobileNetV3(nn.Module):
    """(N, 3, H, W) -> (N, num_classes). inverted_residual_setting: one block after another; last_channel: width of the classifier."""

    def __init__(self, inverted_residual_setting: Sequence[InvertedResidualConfig], last_channel: int, num_classes: int = 1000,
                 block: Callable[..., nn.Module] | None = None, norm_layer: Norm | None = None, dropout: float = 0.2,
                 **kwargs: Any) -> None:
        super().__init__()
        if not inverted_residual_setting:
            raise ArgumentError("MobileNetV3: The inverted_residual_setting should not be empty")
        if not all(isinstance(cnf, InvertedResidualConfig) for cnf in inverted_residual_setting):
            raise ArgumentTypeError("MobileNetV3: The inverted_residual_setting should be List[InvertedResidualConfig]")
        block, norm = block or InvertedResidual, norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        conv = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.Hardswish)
        last = inverted_residual_setting[-1].out_channels
        self.features = nn.Sequential(
            conv(3, inverted_residual_setting[0].input_channels, 3, 2), *[block(cnf, norm) for cnf in inverted_residual_setting],
            conv(last, 6 * last, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(6 * last, last_channel), nn.Hardswish(inplace=True), nn.Dropout(dropout, inplace=True),
                                        nn.Linear(last_channel, num_classes))
        kaiming_fan_out(self)
        small_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.avgpool(self.features(x)).flatten(1))
        return y


def configuration(large: bool, width_mult: float = 1.0, reduced_tail: bool = False,
                  dilated: bool = False) -> tuple[list[InvertedResidualConfig], int]:
    """The blocks and the width of the classifier. reduced_tail: half the channels at the end; dilated: the last stride is a dilation."""
    part, dilation = (2 if reduced_tail else 1), (2 if dilated else 1)
    blocks: list[tuple[int, int, int, int, bool, str, int, int]]
    if large:
        end = 160 // part
        blocks = [
            (16, 3, 16, 16, False, RE, 1, 1), (16, 3, 64, 24, False, RE, 2, 1), (24, 3, 72, 24, False, RE, 1, 1),
            (24, 5, 72, 40, True, RE, 2, 1), (40, 5, 120, 40, True, RE, 1, 1), (40, 5, 120, 40, True, RE, 1, 1),
            (40, 3, 240, 80, False, HS, 2, 1), (80, 3, 200, 80, False, HS, 1, 1), (80, 3, 184, 80, False, HS, 1, 1),
            (80, 3, 184, 80, False, HS, 1, 1), (80, 3, 480, 112, True, HS, 1, 1), (112, 3, 672, 112, True, HS, 1, 1),
            (112, 5, 672, end, True, HS, 2, dilation), (end, 5, 960 // part, end, True, HS, 1, dilation),
            (end, 5, 960 // part, end, True, HS, 1, dilation)]
    else:
        end = 96 // part
        blocks = [
            (16, 3, 16, 16, True, RE, 2, 1), (16, 3, 72, 24, False, RE, 2, 1), (24, 3, 88, 24, False, RE, 1, 1),
            (24, 5, 96, 40, True, HS, 2, 1), (40, 5, 240, 40, True, HS, 1, 1), (40, 5, 240, 40, True, HS, 1, 1),
            (40, 5, 120, 48, True, HS, 1, 1), (48, 5, 144, 48, True, HS, 1, 1), (48, 5, 288, end, True, HS, 2, dilation),
            (end, 5, 576 // part, end, True, HS, 1, dilation), (end, 5, 576 // part, end, True, HS, 1, dilation)]
    last = InvertedResidualConfig.adjust_channels((1280 if large else 1024) // part, width_mult)
    return [InvertedResidualConfig(*b, width_mult) for b in blocks], last


def _built(large: bool, kind: type[WeightsEnum], weights: Any, options: dict[str, Any]) -> MobileNetV3:
    found = chosen(kind, weights, options)
    shape = {name: options.pop(name) for name in ("width_mult", "reduced_tail", "dilated") if name in options}
    return filled(MobileNetV3(*configuration(large, **shape), **options), found)


class MobileNet_V3_Large_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("mobilenet_v3_large-8738ca79.pth")
    IMAGENET1K_V2 = imagenet("mobilenet_v3_large-5c1a4163.pth", 232)
    DEFAULT = IMAGENET1K_V2


class MobileNet_V3_Small_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("mobilenet_v3_small-047dcff4.pth")
    DEFAULT = IMAGENET1K_V1


@register_model
def mobilenet_v3_large(*, weights: MobileNet_V3_Large_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV3:
    """MobileNetV3, large, 5.5 million parameters. kwargs: those of `configuration` and of `MobileNetV3`."""
    return _built(True, MobileNet_V3_Large_Weights, weights, kwargs)


@register_model
def mobilenet_v3_small(*, weights: MobileNet_V3_Small_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV3:
    """MobileNetV3, small, 2.5 million parameters."""
    return _built(False, MobileNet_V3_Small_Weights, weights, kwargs)
