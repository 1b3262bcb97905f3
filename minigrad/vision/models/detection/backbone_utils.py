"""Networks for images without their classifiers, with a feature pyramid on top: what detectors look through."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from .... import nn
from ...._tensor import Tensor
from ....errors import ArgumentError
from ...ops.blocks import FrozenBatchNorm2d
from ...ops.pyramid import ExtraFPNBlock, FeaturePyramidNetwork, LastLevelMaxPool
from ..layers import IntermediateLayerGetter, shrinking
from ..registry import get_model_builder

Norm = Callable[..., nn.Module]


class BackboneWithFPN(nn.Module):
    """(N, 3, H, W) -> a dict of maps with out_channels channels, finest first: of the layers in return_layers, and of extra_blocks."""

    def __init__(self, backbone: nn.Module, return_layers: dict[str, str], in_channels_list: list[int], out_channels: int,
                 extra_blocks: ExtraFPNBlock | None = None, norm_layer: Norm | None = None) -> None:
        super().__init__()
        self.body = IntermediateLayerGetter(backbone, return_layers)
        self.fpn = FeaturePyramidNetwork(in_channels_list, out_channels, extra_blocks or LastLevelMaxPool(), norm_layer)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        y: OrderedDict[str, Tensor] = self.fpn(self.body(x))
        return y


def resnet_pyramid(backbone: Any, trainable_layers: int, returned_layers: Sequence[int] | None = None,
                   extra_blocks: ExtraFPNBlock | None = None, norm_layer: Norm | None = None) -> BackboneWithFPN:
    """A pyramid on stages of a ResNet, of which the last trainable_layers (stages, and the first convolution) learn."""
    if not 0 <= trainable_layers <= 5:
        raise ArgumentError(f"Trainable layers should be in the range [0,5], got {trainable_layers}")
    learns = ["layer4", "layer3", "layer2", "layer1", "conv1"][:trainable_layers] + ["bn1"] * (trainable_layers == 5)
    for name, parameter in backbone.named_parameters():
        if not name.startswith(tuple(learns)):
            parameter.requires_grad_(False)
    stages = returned_layers or [1, 2, 3, 4]
    if min(stages) <= 0 or max(stages) >= 5:
        raise ArgumentError(f"Each returned layer should be in the range [1,4]. Got {stages}")
    channels = [backbone.inplanes // 8 * 2 ** (i - 1) for i in stages]
    return BackboneWithFPN(backbone, {f"layer{k}": str(i) for i, k in enumerate(stages)}, channels, 256, extra_blocks, norm_layer)


def mobilenet_pyramid(features: Any, trainable_layers: int, returned_layers: Sequence[int] | None = None,
                      extra_blocks: ExtraFPNBlock | None = None, norm_layer: Norm | None = None, fpn: bool = True) -> nn.Module:
    """A pyramid, or without fpn one map, on the features of a MobileNet, of which the last trainable_layers stages learn."""
    ends = shrinking(features)
    if not 0 <= trainable_layers <= len(ends):
        raise ArgumentError(f"Trainable layers should be in the range [0,{len(ends)}], got {trainable_layers}")
    for layer in features[:ends[len(ends) - trainable_layers] if trainable_layers else len(features)]:
        for parameter in layer.parameters():
            parameter.requires_grad_(False)
    if not fpn:
        one = nn.Sequential(features, nn.Conv2d(features[-1].out_channels, 256, 1))
        one.out_channels = 256
        return one
    stages = returned_layers or [len(ends) - 2, len(ends) - 1]
    if min(stages) < 0 or max(stages) >= len(ends):
        raise ArgumentError(f"Each returned layer should be in the range [0,{len(ends) - 1}], got {stages}")
    channels = [features[ends[i]].out_channels for i in stages]
    return BackboneWithFPN(features, {str(ends[k]): str(i) for i, k in enumerate(stages)}, channels, 256, extra_blocks, norm_layer)


def resnet_fpn_backbone(*, backbone_name: str, weights: Any, norm_layer: Norm = FrozenBatchNorm2d, trainable_layers: int = 3,
                        returned_layers: Sequence[int] | None = None, extra_blocks: ExtraFPNBlock | None = None) -> BackboneWithFPN:
    """A ResNet by its name, with a feature pyramid."""
    backbone = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return resnet_pyramid(backbone, trainable_layers, returned_layers, extra_blocks)


def mobilenet_backbone(*, backbone_name: str, weights: Any, fpn: bool, norm_layer: Norm = FrozenBatchNorm2d, trainable_layers: int = 2,
                       returned_layers: Sequence[int] | None = None, extra_blocks: ExtraFPNBlock | None = None) -> nn.Module:
    """A MobileNet by its name, with a feature pyramid or without."""
    backbone = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return mobilenet_pyramid(backbone.features, trainable_layers, returned_layers, extra_blocks, fpn=fpn)


def layers_to_train(trained: bool, wanted: int | None, most: int, standard: int) -> int:
    """How many layers of a backbone learn: all of one that has seen nothing."""
    if not trained:
        if wanted is not None:
            warnings.warn("Changing trainable_backbone_layers has no effect if neither weights nor weights_backbone are given, falling "
                          f"back to trainable_backbone_layers={most} so that all layers are trainable", stacklevel=3)
        return most
    found = standard if wanted is None else wanted
    if not 0 <= found <= most:
        raise ArgumentError(f"Trainable backbone layers should be in the range [0,{most}], got {found}")
    return found
