"""Lite R-ASPP (Howard et al., arXiv:1905.02244).

A head for small devices: fine maps and coarse ones, the latter times factors made of their means, each classified by 1 by 1 filters.
"""
from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .... import nn
from ...._tensor import Tensor
from ....errors import UnsupportedError
from ..layers import IntermediateLayerGetter, shrinking
from ..mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from ..registry import register_model
from ..weights import WeightsEnum, filled
from .base import asked, coco, enlarged


class LRASPPHead(nn.Module):
    """Maps "low" (N, low_channels, H, W) and "high", smaller -> (N, num_classes, H, W)."""

    def __init__(self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int) -> None:
        super().__init__()
        self.cbr = nn.Sequential(nn.Conv2d(high_channels, inter_channels, 1, bias=False), nn.BatchNorm2d(inter_channels),
                                 nn.ReLU(inplace=True))
        self.scale = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(high_channels, inter_channels, 1, bias=False), nn.Sigmoid())
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        low, high = input["low"], input["high"]
        y: Tensor = self.low_classifier(low) + self.high_classifier(enlarged(self.cbr(high) * self.scale(high), low))
        return y


class LRASPP(nn.Module):
    """(N, 3, H, W) -> {"out": (N, num_classes, H, W)}, logits for each pixel. backbone: gives maps "low" and "high"."""

    def __init__(self, backbone: nn.Module, low_channels: int, high_channels: int, num_classes: int, inter_channels: int = 128) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> OrderedDict[str, Tensor]:
        return OrderedDict(out=enlarged(self.classifier(self.backbone(input)), input))


class LRASPP_MobileNet_V3_Large_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("lraspp_mobilenet_v3_large-d234d4ea.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@register_model
def lraspp_mobilenet_v3_large(
    *, weights: LRASPP_MobileNet_V3_Large_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | str | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1, **kwargs: Any
) -> LRASPP:
    """Lite R-ASPP on MobileNetV3, 3.2 million parameters. weights_backbone: of the MobileNet; None for one that has seen nothing."""
    if kwargs.pop("aux_loss", False):
        raise UnsupportedError("lraspp_mobilenet_v3_large: This model does not use auxiliary loss")
    found, classes, below = asked(LRASPP_MobileNet_V3_Large_Weights, weights, num_classes, weights_backbone)
    features = mobilenet_v3_large(weights=below, dilated=True).features
    low, high = (shrinking(features)[i] for i in (-4, -1))
    backbone = IntermediateLayerGetter(features, {str(low): "low", str(high): "high"})
    return filled(LRASPP(backbone, features[low].out_channels, features[high].out_channels, classes), found)
