"""Faster R-CNN (Ren et al., arXiv:1506.01497), on a feature pyramid (arXiv:1612.03144).

A first network proposes regions that may hold something, a second one looks into each and says what it is; both see the same maps.
"""
from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from .... import dtypes, nn
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, describe
from ....nn import functional as F
from ...ops.blocks import FrozenBatchNorm2d
from ...ops.regions import MultiScaleRoIAlign
from ...transforms import functional as T
from ..mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from ..registry import register_model
from ..resnet import ResNet50_Weights, resnet50
from ..weights import SERVER, Weights, WeightsEnum, chosen, filled
from .anchor_utils import AnchorGenerator
from .backbone_utils import layers_to_train, mobilenet_pyramid, resnet_pyramid
from .roi_heads import RoIHeads
from .rpn import RegionProposalNetwork, RPNHead
from .transform import GeneralizedRCNNTransform, Target

COCO_CLASSES = 91                                    # with background and eleven numbers that stand for nothing


class ObjectDetection:
    """What an image must go through: values in 0 .. 1."""

    def __call__(self, img: Any) -> Tensor:
        return T.convert_image_dtype(img if isinstance(img, Tensor) else T.pil_to_tensor(img), dtypes.float32)

    def __repr__(self) -> str:
        return "ObjectDetection()"


def coco(file: str) -> Weights:
    """Weights trained on COCO's 80 kinds of objects."""
    return Weights(SERVER + file, functools.partial(ObjectDetection))


class GeneralizedRCNN(nn.Module):
    """A list of images (C, H, W) with values in 0 .. 1 -> in training a dict of losses, else a list of findings.

    targets, in training: for each image a dict with boxes (N, 4) float, labels (N,) int64 from 1 on (and masks (N, H, W)). A finding is
    a dict of boxes (M, 4), labels (M,) and scores (M,), best first (and masks (M, 1, H, W) with values in 0 .. 1).
    """

    def __init__(self, backbone: nn.Module, rpn: nn.Module, roi_heads: nn.Module, transform: nn.Module) -> None:
        super().__init__()
        self.transform, self.backbone, self.rpn, self.roi_heads = transform, backbone, rpn, roi_heads

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> Any:
        if self.training:
            check_boxes(targets)
        before = [(int(m.shape[-2]), int(m.shape[-1])) for m in images]
        batch, targets = self.transform(images, targets)
        for i, target in enumerate(targets or ()):
            if (wrong := (target["boxes"][:, 2:] <= target["boxes"][:, :2]).any(1)).any():
                raise AssertedArgumentError("All bounding boxes should have positive height and width. Found invalid box "
                                            f"{target['boxes'][wrong][0].tolist()} for target at index {i}.")
        maps = self.backbone(batch.tensors)
        maps = OrderedDict([("0", maps)]) if isinstance(maps, Tensor) else maps
        proposals, losses = self.rpn(batch, maps, targets)
        found, more = self.roi_heads(maps, proposals, batch.image_sizes, targets)
        if self.training:
            return {**more, **losses}
        return self.transform.postprocess(found, batch.image_sizes, before)


def check_boxes(targets: Sequence[Target] | None) -> None:
    """Refuse targets without boxes (N, 4)."""
    if targets is None:
        raise AssertedArgumentError("targets should not be none when in training mode")
    for target in targets:
        boxes = target["boxes"]
        if not isinstance(boxes, Tensor):
            raise AssertedArgumentError(f"Expected target boxes to be of type Tensor, got {describe(boxes)}.")
        if boxes.ndim != 2 or boxes.shape[-1] != 4:
            raise AssertedArgumentError(f"Expected target boxes to be a tensor of shape [N, 4], got {describe(boxes)}.")


class FasterRCNN(GeneralizedRCNN):
    """Faster R-CNN on a backbone that gives one map, or a dict of maps, with `out_channels` channels. num_classes: with background.

    min_size, max_size, image_mean, image_std: see `GeneralizedRCNNTransform`. rpn_*: of the proposals, box_*: of what is said of them, in
    training and after. *_fg_iou_thresh, *_bg_iou_thresh: overlap from which a box is an object, up to which it is none.
    *_batch_size_per_image, *_positive_fraction: how many boxes are trained with, and the greatest share of objects in them.
    """

    def __init__(self, backbone: nn.Module, num_classes: int | None = None, min_size: int | Sequence[int] = 800, max_size: int = 1333,
                 image_mean: Sequence[float] | None = None, image_std: Sequence[float] | None = None,
                 rpn_anchor_generator: nn.Module | None = None, rpn_head: nn.Module | None = None, rpn_pre_nms_top_n_train: int = 2000,
                 rpn_pre_nms_top_n_test: int = 1000, rpn_post_nms_top_n_train: int = 2000, rpn_post_nms_top_n_test: int = 1000,
                 rpn_nms_thresh: float = 0.7, rpn_fg_iou_thresh: float = 0.7, rpn_bg_iou_thresh: float = 0.3,
                 rpn_batch_size_per_image: int = 256, rpn_positive_fraction: float = 0.5, rpn_score_thresh: float = 0.0,
                 box_roi_pool: nn.Module | None = None, box_head: nn.Module | None = None, box_predictor: nn.Module | None = None,
                 box_score_thresh: float = 0.05, box_nms_thresh: float = 0.5, box_detections_per_img: int = 100,
                 box_fg_iou_thresh: float = 0.5, box_bg_iou_thresh: float = 0.5, box_batch_size_per_image: int = 512,
                 box_positive_fraction: float = 0.25, bbox_reg_weights: Sequence[float] | None = None, **kwargs: Any) -> None:
        if not hasattr(backbone, "out_channels"):
            raise ArgumentError("FasterRCNN: backbone should contain an attribute out_channels specifying the number of output channels "
                                "(assumed to be the same for all the levels)")
        if rpn_anchor_generator is not None and not isinstance(rpn_anchor_generator, AnchorGenerator):
            raise ArgumentTypeError(f"FasterRCNN: rpn_anchor_generator should be of type AnchorGenerator or None instead of "
                                    f"{describe(rpn_anchor_generator)}")
        if (num_classes is None) == (box_predictor is None):
            raise ArgumentError("FasterRCNN: num_classes should be None when box_predictor is specified" if box_predictor else
                                "FasterRCNN: num_classes should not be None when box_predictor is not specified")
        channels: Any = backbone.out_channels
        anchors = rpn_anchor_generator or AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)
        rpn = RegionProposalNetwork(
            anchors, rpn_head or RPNHead(channels, anchors.num_anchors_per_location()[0]), rpn_fg_iou_thresh, rpn_bg_iou_thresh,
            rpn_batch_size_per_image, rpn_positive_fraction, {"training": rpn_pre_nms_top_n_train, "testing": rpn_pre_nms_top_n_test},
            {"training": rpn_post_nms_top_n_train, "testing": rpn_post_nms_top_n_test}, rpn_nms_thresh, rpn_score_thresh)
        pool: Any = box_roi_pool or MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
        head = box_head or TwoMLPHead(channels * pool.output_size[0] ** 2, 1024)
        heads = RoIHeads(pool, head, box_predictor or FastRCNNPredictor(1024, num_classes or 0), box_fg_iou_thresh, box_bg_iou_thresh,
                         box_batch_size_per_image, box_positive_fraction, bbox_reg_weights, box_score_thresh, box_nms_thresh,
                         box_detections_per_img)
        transform = GeneralizedRCNNTransform(min_size, max_size, image_mean or [0.485, 0.456, 0.406], image_std or [0.229, 0.224, 0.225],
                                             **kwargs)
        super().__init__(backbone, rpn, heads, transform)


class TwoMLPHead(nn.Module):
    """(K, C, h, w) -> (K, representation_size), in_channels = C * h * w."""

    def __init__(self, in_channels: int, representation_size: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_channels, representation_size)
        self.fc7 = nn.Linear(representation_size, representation_size)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc7(F.relu(self.fc6(x.flatten(1)))))


class FastRCNNPredictor(nn.Module):
    """(K, in_channels) -> logits (K, num_classes) and relative boxes (K, num_classes * 4)."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(in_channels, num_classes)
        self.bbox_pred = nn.Linear(in_channels, num_classes * 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim == 4 and tuple(x.shape[2:]) != (1, 1):
            raise AssertedArgumentError(f"FastRCNNPredictor: x has the wrong shape, expecting the last two dimensions to be [1,1] instead "
                                        f"of {list(x.shape[2:])}")
        x = x.flatten(1)
        return self.cls_score(x), self.bbox_pred(x)


class FasterRCNN_ResNet50_FPN_Weights(WeightsEnum):
    COCO_V1 = coco("fasterrcnn_resnet50_fpn_coco-258fb6c6.pth")
    DEFAULT = COCO_V1


class FasterRCNN_MobileNet_V3_Large_FPN_Weights(WeightsEnum):
    COCO_V1 = coco("fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth")
    DEFAULT = COCO_V1


class FasterRCNN_MobileNet_V3_Large_320_FPN_Weights(WeightsEnum):
    COCO_V1 = coco("fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth")
    DEFAULT = COCO_V1


def resnet50_detector(kind: type[WeightsEnum], build: Any, weights: Any, num_classes: int | None, weights_backbone: Any,
                      trainable: int | None, options: dict[str, Any]) -> Any:
    """A detector on the pyramid of a ResNet-50; normalisation is frozen where the backbone has been trained."""
    asked = {"num_classes": num_classes}
    found = chosen(kind, weights, asked, COCO_CLASSES)
    below = None if found else weights_backbone
    trained = bool(found or below)
    layers = layers_to_train(trained, trainable, 5, 3)
    backbone = resnet50(weights=below, norm_layer=FrozenBatchNorm2d if trained else nn.BatchNorm2d)
    classes = COCO_CLASSES if asked["num_classes"] is None else asked["num_classes"]
    model = filled(build(resnet_pyramid(backbone, layers), num_classes=classes, **options), found)
    for m in model.modules() if found else ():
        if isinstance(m, FrozenBatchNorm2d):
            m.eps = 0.0                              # as these files were trained
    return model


@register_model
def fasterrcnn_resnet50_fpn(
    *, weights: FasterRCNN_ResNet50_FPN_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | str | None = ResNet50_Weights.IMAGENET1K_V1, trainable_backbone_layers: int | None = None,
    **kwargs: Any
) -> FasterRCNN:
    """Faster R-CNN on ResNet-50, 41.8 million parameters. weights_backbone: None for a backbone that has seen nothing."""
    model: FasterRCNN = resnet50_detector(FasterRCNN_ResNet50_FPN_Weights, FasterRCNN, weights, num_classes, weights_backbone,
                                          trainable_backbone_layers, kwargs)
    return model


def _on_mobilenet(kind: type[WeightsEnum], weights: Any, num_classes: int | None, weights_backbone: Any, trainable: int | None,
                  options: dict[str, Any]) -> FasterRCNN:
    asked = {"num_classes": num_classes}
    found = chosen(kind, weights, asked, COCO_CLASSES)
    below = None if found else weights_backbone
    trained = bool(found or below)
    layers = layers_to_train(trained, trainable, 6, 3)
    backbone = mobilenet_v3_large(weights=below, norm_layer=FrozenBatchNorm2d if trained else nn.BatchNorm2d)
    anchors = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    classes = COCO_CLASSES if asked["num_classes"] is None else asked["num_classes"]
    return filled(FasterRCNN(mobilenet_pyramid(backbone.features, layers), classes, rpn_anchor_generator=anchors, **options), found)


@register_model
def fasterrcnn_mobilenet_v3_large_fpn(
    *, weights: FasterRCNN_MobileNet_V3_Large_FPN_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | str | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None, **kwargs: Any
) -> FasterRCNN:
    """Faster R-CNN on MobileNetV3, 19.4 million parameters."""
    return _on_mobilenet(FasterRCNN_MobileNet_V3_Large_FPN_Weights, weights, num_classes, weights_backbone, trainable_backbone_layers,
                         {"rpn_score_thresh": 0.05, **kwargs})


@register_model
def fasterrcnn_mobilenet_v3_large_320_fpn(
    *, weights: FasterRCNN_MobileNet_V3_Large_320_FPN_Weights | str | None = None, progress: bool = True, num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | str | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None, **kwargs: Any
) -> FasterRCNN:
    """Faster R-CNN on MobileNetV3 for images of 320 pixels, 19.4 million parameters."""
    small = {"min_size": 320, "max_size": 640, "rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 150, "rpn_score_thresh": 0.05}
    return _on_mobilenet(FasterRCNN_MobileNet_V3_Large_320_FPN_Weights, weights, num_classes, weights_backbone, trainable_backbone_layers,
                         {**small, **kwargs})
