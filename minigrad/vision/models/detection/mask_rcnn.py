"""Mask R-CNN (He et al., arXiv:1703.06870): Faster R-CNN with a third head, which draws a mask for each class in each region."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from .... import nn
from ....errors import ArgumentError
from ...ops.blocks import Conv2dNormActivation
from ...ops.regions import MultiScaleRoIAlign
from ..registry import register_model
from ..resnet import ResNet50_Weights
from ..weights import WeightsEnum
from .faster_rcnn import FasterRCNN, coco, resnet50_detector


class MaskRCNN(FasterRCNN):
    """See `FasterRCNN`, whose options are kwargs; targets need masks (N, H, W) too."""

    def __init__(self, backbone: nn.Module, num_classes: int | None = None, *args: Any, mask_roi_pool: nn.Module | None = None,
                 mask_head: nn.Module | None = None, mask_predictor: nn.Module | None = None, **kwargs: Any) -> None:
        if num_classes is not None and mask_predictor is not None:
            raise ArgumentError("MaskRCNN: num_classes should be None when mask_predictor is specified")
        channels: Any = getattr(backbone, "out_channels", 0)
        pool = mask_roi_pool or MultiScaleRoIAlign(["0", "1", "2", "3"], 14, 2)
        head = mask_head or MaskRCNNHeads(channels, (256, 256, 256, 256), 1)
        predictor = mask_predictor or MaskRCNNPredictor(256, 256, num_classes or 0)
        super().__init__(backbone, num_classes, *args, **kwargs)
        self.roi_heads.mask_roi_pool, self.roi_heads.mask_head, self.roi_heads.mask_predictor = pool, head, predictor


class MaskRCNNHeads(nn.Sequential):
    """3 by 3 convolutions: (K, in_channels, h, w) -> (K, layers[-1], h, w)."""
    _version = 2

    def __init__(self, in_channels: int, layers: Sequence[int], dilation: int, norm_layer: Callable[..., nn.Module] | None = None) -> None:
        blocks = []
        for channels in layers:
            blocks.append(Conv2dNormActivation(in_channels, channels, 3, padding=dilation, dilation=dilation, norm_layer=norm_layer))
            in_channels = channels
        super().__init__(*blocks)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                if m.bias is not None:
                    nn.init.zeros_(m.bias)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:     # files from when the layers had names of their own
            for i in range(len(self)):
                for kind in ("weight", "bias"):
                    if (old := f"{prefix}mask_fcn{i + 1}.{kind}") in state_dict:
                        state_dict[f"{prefix}{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class MaskRCNNPredictor(nn.Sequential):
    """(K, in_channels, h, w) -> logits (K, num_classes, 2 h, 2 w)."""

    def __init__(self, in_channels: int, dim_reduced: int, num_classes: int) -> None:
        super().__init__(OrderedDict(
            conv5_mask=nn.ConvTranspose2d(in_channels, dim_reduced, 2, 2, 0), relu=nn.ReLU(inplace=True),
            mask_fcn_logits=nn.Conv2d(dim_reduced, num_classes, 1, 1, 0)))
        for name, parameter in self.named_parameters():
            if "weight" in name:
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")


class MaskRCNN_ResNet50_FPN_Weights(WeightsEnum):
    COCO_V1 = coco("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
    DEFAULT = COCO_V1


@register_model
def maskrcnn_resnet50_fpn(*, weights: MaskRCNN_ResNet50_FPN_Weights | str | None = None, progress: bool = True,
                          num_classes: int | None = None, weights_backbone: ResNet50_Weights | str | None = ResNet50_Weights.IMAGENET1K_V1,
                          trainable_backbone_layers: int | None = None, **kwargs: Any) -> MaskRCNN:
    """Mask R-CNN on ResNet-50, 44.4 million parameters. weights_backbone: None for a backbone that has seen nothing."""
    model: MaskRCNN = resnet50_detector(MaskRCNN_ResNet50_FPN_Weights, MaskRCNN, weights, num_classes, weights_backbone,
                                        trainable_backbone_layers, kwargs)
    return model
