"""The fully convolutional network (Long et al., arXiv:1411.4038).

A classifier of images without its pooling and its linear layers gives a class wherever a filter stands; dilated filters keep maps fine.
"""
from __future__ import annotations

from typing import Any

from .... import nn
from ..layers import IntermediateLayerGetter
from ..registry import register_model
from ..resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from ..weights import WeightsEnum, filled
from .base import SimpleSegmentationModel, asked, coco

DILATED = [False, True, True]                        # the last two stages of a ResNet


class FCNHead(nn.Sequential):
    """(N, in_channels, H, W) -> (N, channels, H, W)"""

    def __init__(self, in_channels: int, channels: int) -> None:
        inner = in_channels // 4
        super().__init__(nn.Conv2d(in_channels, inner, 3, padding=1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(), nn.Dropout(0.1),
                         nn.Conv2d(inner, channels, 1))


class FCN(SimpleSegmentationModel):
    """(N, 3, H, W) -> {"out": (N, num_classes, H, W)}, logits for each pixel."""


def resnet_maps(backbone: nn.Module, aux: bool | None) -> IntermediateLayerGetter:
    """The last stage's maps as "out", with aux those before as "aux"."""
    return IntermediateLayerGetter(backbone, {"layer4": "out", **({"layer3": "aux"} if aux else {})})


def _built(backbone: Any, found: WeightsEnum | None, classes: int, aux: bool | None) -> FCN:
    aux = True if found else aux                     # the files hold it
    helper = FCNHead(1024, classes) if aux else None
    return filled(FCN(resnet_maps(backbone, aux), FCNHead(2048, classes), helper), found)


class FCN_ResNet50_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("fcn_resnet50_coco-1167a1af.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class FCN_ResNet101_Weights(WeightsEnum):
    COCO_WITH_VOC_LABELS_V1 = coco("fcn_resnet101_coco-7ecb50ca.pth")
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@register_model
def fcn_resnet50(*, weights: FCN_ResNet50_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
                 aux_loss: bool | None = None, weights_backbone: ResNet50_Weights | str | None = ResNet50_Weights.IMAGENET1K_V1,
                 **kwargs: Any) -> FCN:
    """FCN on ResNet-50, 33.0 million parameters. weights_backbone: of the ResNet; None for a network that has seen nothing."""
    found, classes, below = asked(FCN_ResNet50_Weights, weights, num_classes, weights_backbone)
    return _built(resnet50(weights=below, replace_stride_with_dilation=DILATED), found, classes, aux_loss)


@register_model
def fcn_resnet101(*, weights: FCN_ResNet101_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
                  aux_loss: bool | None = None, weights_backbone: ResNet101_Weights | str | None = ResNet101_Weights.IMAGENET1K_V1,
                  **kwargs: Any) -> FCN:
    """FCN on ResNet-101, 51.9 million parameters."""
    found, classes, below = asked(FCN_ResNet101_Weights, weights, num_classes, weights_backbone)
    return _built(resnet101(weights=below, replace_stride_with_dilation=DILATED), found, classes, aux_loss)
