"""ConvNeXt (Liu et al., arXiv:2201.03545).

A ResNet brought to what made transformers good, one step after another: patches, wide filters for each channel alone, LayerNorm, GELU.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ... import creation, nn
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError
from ...nn import functional as F
from ..ops.blocks import Conv2dNormActivation, Permute
from ..ops.dropping import StochasticDepth
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A 7 by 7 filter for each channel, then two linear layers for each pixel, beside a shortcut: (N, dim, H, W) -> the same."""

    def __init__(self, dim: int, layer_scale: float, stochastic_depth_prob: float, norm_layer: Norm | None = None) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute([0, 2, 3, 1]), norm(dim), nn.Linear(dim, 4 * dim), nn.GELU(),
            nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]))
        self.layer_scale = nn.Parameter(creation.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = self.stochastic_depth(self.layer_scale * self.block(input))
        y += input
        return y


class CNBlockConfig:
    """One stage: its channels, those of the next one, and its blocks."""

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels, self.out_channels, self.num_layers = input_channels, out_channels, num_layers

    def __repr__(self) -> str:
        return f"CNBlockConfig(input_channels={self.input_channels}, out_channels={self.out_channels}, num_layers={self.num_layers})"


class ConvNeXt(nn.Module):
    """(N, 3, H, W) -> (N, num_classes). layer_scale: what branches are multiplied with at first; other arguments as in `EfficientNet`."""

    def __init__(self, block_setting: Sequence[CNBlockConfig], stochastic_depth_prob: float = 0.0, layer_scale: float = 1e-6,
                 num_classes: int = 1000, block: Callable[..., nn.Module] | None = None, norm_layer: Norm | None = None,
                 **kwargs: Any) -> None:
        super().__init__()
        if not block_setting:
            raise ArgumentError("ConvNeXt: The block_setting should not be empty")
        if not all(isinstance(cnf, CNBlockConfig) for cnf in block_setting):
            raise ArgumentTypeError("ConvNeXt: The block_setting should be List[CNBlockConfig]")
        block, norm = block or CNBlock, norm_layer or partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [Conv2dNormActivation(3, block_setting[0].input_channels, 4, 4, 0, norm_layer=norm, activation_layer=None,
                                                        bias=True)]
        total, done = sum(cnf.num_layers for cnf in block_setting), 0
        for cnf in block_setting:
            layers.append(nn.Sequential(*[block(cnf.input_channels, layer_scale, stochastic_depth_prob * (done + i) / (total - 1.0))
                                          for i in range(cnf.num_layers)]))
            done += cnf.num_layers
            if cnf.out_channels is not None:
                layers.append(nn.Sequential(norm(cnf.input_channels), nn.Conv2d(cnf.input_channels, cnf.out_channels, 2, 2)))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = block_setting[-1].out_channels or block_setting[-1].input_channels
        self.classifier = nn.Sequential(norm(last), nn.Flatten(1), nn.Linear(last, num_classes))
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(m.weight, std=0.02)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.avgpool(self.features(x)))
        return y


class ConvNeXt_Tiny_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("convnext_tiny-983f1562.pth", 236)
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Small_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("convnext_small-0c510722.pth", 230)
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Base_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("convnext_base-6075fbad.pth", 232)
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Large_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("convnext_large-ea097f82.pth", 232)
    DEFAULT = IMAGENET1K_V1


def _built(channels: int, third: int, left_out: float, kind: type[WeightsEnum], weights: Any, options: dict[str, Any]) -> ConvNeXt:
    """Four stages, each with twice the channels of that before; the third has the most blocks."""
    found = chosen(kind, weights, options)
    widths: list[int | None] = [channels, 2 * channels, 4 * channels, 8 * channels, None]
    stages = [CNBlockConfig(widths[i] or 0, widths[i + 1], blocks) for i, blocks in enumerate((3, 3, third, 3))]
    return filled(ConvNeXt(stages, **{"stochastic_depth_prob": left_out, **options}), found)


@register_model
def convnext_tiny(*, weights: ConvNeXt_Tiny_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, tiny, 28.6 million parameters. kwargs: those of `ConvNeXt`."""
    return _built(96, 9, 0.1, ConvNeXt_Tiny_Weights, weights, kwargs)


@register_model
def convnext_small(*, weights: ConvNeXt_Small_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, small, 50.2 million parameters."""
    return _built(96, 27, 0.4, ConvNeXt_Small_Weights, weights, kwargs)


@register_model
def convnext_base(*, weights: ConvNeXt_Base_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, base, 88.6 million parameters."""
    return _built(128, 27, 0.5, ConvNeXt_Base_Weights, weights, kwargs)


@register_model
def convnext_large(*, weights: ConvNeXt_Large_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, large, 197.8 million parameters."""
    return _built(192, 27, 0.5, ConvNeXt_Large_Weights, weights, kwargs)
