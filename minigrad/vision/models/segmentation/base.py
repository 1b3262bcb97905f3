"""What networks that give each pixel a class have in common."""
from __future__ import annotations

import functools
from collections import OrderedDict
from typing import Any

from .... import nn
from ...._tensor import Tensor
from ....nn import functional as F
from ...transforms import functional as T
from ..weights import SERVER, Weights, WeightsEnum, chosen

VOC_CLASSES = 21


class SimpleSegmentationModel(nn.Module):
    """Maps of a backbone, a classifier for each pixel, and the size of the image again: (N, 3, H, W) -> {"out": (N, num_classes, H, W)}.

    With an auxiliary classifier, also "aux" in the same shape, made of earlier maps: another loss to train with.
    """

    def __init__(self, backbone: nn.Module, classifier: nn.Module, aux_classifier: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        maps = self.backbone(x)
        found = OrderedDict(out=enlarged(self.classifier(maps["out"]), x))
        if self.aux_classifier is not None:
            found["aux"] = enlarged(self.aux_classifier(maps["aux"]), x)
        return found


def enlarged(maps: Tensor, like: Tensor) -> Tensor:
    """Maps in the size of an image or of other maps."""
    return F.interpolate(maps, size=like.shape[-2:], mode="bilinear", align_corners=False)


class SemanticSegmentation:
    """What an image must go through: its shorter edge resize_size, normalised."""

    def __init__(self, *, resize_size: int | None = 520, mean: tuple[float, ...] = (0.485, 0.456, 0.406),
                 std: tuple[float, ...] = (0.229, 0.224, 0.225)) -> None:
        self.resize_size, self.mean, self.std = resize_size, list(mean), list(std)

    def __call__(self, img: Any) -> Tensor:
        img = img if self.resize_size is None else T.resize(img, self.resize_size)
        return T.normalize(T.convert_image_dtype(img if isinstance(img, Tensor) else T.pil_to_tensor(img)), self.mean, self.std)

    def __repr__(self) -> str:
        return f"SemanticSegmentation(resize_size={self.resize_size}, mean={self.mean}, std={self.std})"


def coco(file: str) -> Weights:
    """Weights trained on those images of COCO that show the 20 classes of Pascal VOC."""
    return Weights(SERVER + file, functools.partial(SemanticSegmentation, resize_size=520))


def asked(kind: type[WeightsEnum], weights: Any, num_classes: int | None, weights_backbone: Any) -> tuple[WeightsEnum | None, int, Any]:
    """The weights that the arguments mean, the number of classes, and the weights of the backbone: none where all are given."""
    options = {"num_classes": num_classes}
    found = chosen(kind, weights, options, VOC_CLASSES)
    return found, VOC_CLASSES if options["num_classes"] is None else options["num_classes"], None if found else weights_backbone
