"""DeepLabV3 (Chen et al., arXiv:1706.05587).

Filters of several dilations look at the same maps side by side, together with the mean of all: each pixel sees near and far.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import nn
from ...._tensor import Tensor
from ....ops.join import cat
from ..layers import IntermediateLayerGetter, shrinking
from ..mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from ..registry import register_model
from ..resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from ..weights import WeightsEnum, filled
from .base import SimpleSegmentationModel, asked, coco, enlarged
from .fcn import DILATED, FCNHead, resnet_maps


class ASPPConv(nn.Sequential):
    """A dilated convolution, normalised."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        super().__init__(nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False),
                         nn.BatchNorm2d(out_channels), nn.ReLU())


class ASPPPooling(nn.Sequential):
    """The mean of all pixels, at every pixel."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels),
                         nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return enlarged(super().forward(x), x)


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: (N, in_channels, H, W) -> (N, out_channels, H, W)."""

    def __init__(self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        one = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU())
        self.convs = nn.ModuleList([one, *[ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates],
                                    ASPPPooling(in_channels, out_channels)])
        self.project = nn.Sequential(nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels),
                                     nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(cat([conv(x) for conv in self.convs], 1))
        return y


class DeepLabHead(nn.Sequential):
    """(N, in_channels, H, W) -> (N, num_classes, H, W)"""

    def __init__(self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)) -> None:
        super().__init__(ASPP(in_channels, atrous_rates), nn.Conv2d(256, 256, 3, padding=1, bias=False), nn.BatchNorm2d(256), nn.ReLU(),
                         nn.Conv2d(256, num_classes, 1))


class DeepLabV3(SimpleSegmentationModel):
    """(N, 3, H, W) -> {"out": (N, num_classes, H, W)}, logits for each pixel."""


def _built(backbone: Any, found: WeightsEnum | None, classes: int, aux: bool | None) -> DeepLabV3:
    aux = True if found else aux                     # the files hold it
    helper = FCNHead(1024, classes) if aux else None
    return filled(DeepLabV3(resnet_maps(backbone, aux), DeepLabHead(2048, classes), helper), found)


class DeepLabV3_ResNet50_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("deeplabv3_resnet50_coco-cd0a2569.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_ResNet101_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("deeplabv3_resnet101_coco-586e9e4e.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_MobileNet_V3_Large_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("deeplabv3_mobilenet_v3_large-fc3c493d.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@register_model
def deeplabv3_resnet50(*, weights: DeepLabV3_ResNet50_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
                       aux_loss: bool | None = None, weights_backbone: ResNet50_Weights | str | None = ResNet50_Weights.IMAGENET1K_V1,
                       **kwargs: Any) -> DeepLabV3:
    """DeepLabV3 on ResNet-50, 39.6 million parameters. weights_backbone: of the ResNet; None for a network that has seen nothing."""
    found, classes, below = asked(DeepLabV3_ResNet50_Weights, weights, num_classes, weights_backbone)
    return _built(resnet50(weights=below, replace_stride_with_dilation=DILATED), found, classes, aux_loss)


@register_model
def deeplabv3_resnet101(*, weights: DeepLabV3_ResNet101_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
                        aux_loss: bool | None = None, weights_backbone: ResNet101_Weights | str | None = ResNet101_Weights.IMAGENET1K_V1,
                        **kwargs: Any) -> DeepLabV3:
    """DeepLabV3 on ResNet-101, 58.6 million parameters."""
    found, classes, below = asked(DeepLabV3_ResNet101_Weights, weights, num_classes, weights_backbone)
    return _built(resnet101(weights=below, replace_stride_with_dilation=DILATED), found, classes, aux_loss)


@register_model
def deeplabv3_mobilenet_v3_large(
    *, weights: DeepLabV3_MobileNet_V3_Large_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
    aux_loss: bool | None = None, weights_backbone: MobileNet_V3_Large_Weights | str | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    **kwargs: Any
) -> DeepLabV3:
    """DeepLabV3 on MobileNetV3, 11.0 million parameters."""
    found, classes, below = asked(DeepLabV3_MobileNet_V3_Large_Weights, weights, num_classes, weights_backbone)
    aux = True if found else aux_loss
    features = mobilenet_v3_large(weights=below, dilated=True).features
    stages = shrinking(features)
    early, last = stages[-4], stages[-1]
    backbone = IntermediateLayerGetter(features, {str(last): "out", **({str(early): "aux"} if aux else {})})
    helper = FCNHead(features[early].out_channels, classes) if aux else None
    return filled(DeepLabV3(backbone, DeepLabHead(features[last].out_channels, classes), helper), found)
