"""Detection and segmentation data sets whose targets `transforms.v2` understands: boxes and masks as `tv_tensors`."""
from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ... import creation, dtypes
from ...errors import ArgumentError, ArgumentTypeError
from .. import tv_tensors
from .._pillow import is_pil
from .base import VisionDataset
from .cifar import CIFAR10
from .coco import CocoCaptions, CocoDetection
from .coco_masks import mask_of
from .fake import FakeData
from .flickr import Flickr30k
from .folder import DatasetFolder
from .matlab import SVHN, Flowers102
from .mnist import MNIST
from .pets import OxfordIIITPet
from .relatives import IdxPair
from .voc import VOCDetection, VOCSegmentation

VOC_CLASSES = ("__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
               "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor")
Wrapper = Callable[[Any, int, Any, Any, Any], Any]   # data set, index, image, target, keys -> target


def wrap_dataset_for_transforms_v2(dataset: VisionDataset, target_keys: str | Collection[str] | None = None) -> Any:
    """The data set with targets for `transforms.v2`: boxes, masks and labels as tensors, in a dict; its transforms come after.

    Images stay PIL images. `target_keys` of a `CocoDetection` ("image_id", "boxes", "labels"; also "masks", and the annotations' own keys
    as lists) or a `VOCDetection` ("boxes", "labels"; also "annotation") choose other parts of the target; "all" gives them all. Class
    numbers per pixel become a `Mask`; the targets of data sets to classify stay as they are. The result is also of the class of
    `dataset`. Raises TypeError for other data sets, ValueError for keys that it does not have.
    """
    for kind, (_, known, usual) in WRAPPERS.items():
        if isinstance(dataset, kind):
            name = type(dataset).__name__
            return type(f"Wrapped{name}", (_Wrapped, type(dataset)), {})(dataset, kind, _keys(name, target_keys, known, usual))
    raise ArgumentTypeError(f"No wrapper exists for dataset class {type(dataset).__name__}: it must be, or derive from, "
                            f"{', '.join(kind.__name__ for kind in WRAPPERS)}; wrap its targets in tv_tensors in its transforms")


def _keys(name: str, wanted: str | Collection[str] | None, known: Collection[str], usual: Collection[str]) -> frozenset[str]:
    if wanted is None:
        return frozenset(usual)
    if wanted == "all":
        return frozenset(known)
    if not known:
        raise ArgumentError(f"target_keys: is for data sets whose targets are dicts, CocoDetection and VOCDetection; got {name}")
    if isinstance(wanted, str) or not set(wanted) <= set(known):
        raise ArgumentError(f"target_keys: can be None, 'all', or a collection of strings, of those that {name} has: "
                            f"{sorted(known)}; got {wanted!r}")
    return frozenset(wanted)


class _Wrapped(VisionDataset):
    """Stands before a data set's own class, so that it has the attributes of the one, and is one."""

    def __init__(self, dataset: VisionDataset, kind: type, keys: frozenset[str]) -> None:
        vars(self).update(vars(dataset))
        self._dataset, self._kind, self._keys = dataset, kind, keys

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """As they are: the wrapped target is transformed."""
        return image, target

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = super().__getitem__(index)
        target = WRAPPERS[self._kind][0](self, index, image, target, self._keys)
        return VisionDataset.transformed(self, image, target)

    def __reduce__(self) -> Any:
        return wrap_dataset_for_transforms_v2, (self._dataset, self._keys or None)


# ---------------------------------------------------------------- one kind of data set each
def _coco(dataset: Any, index: int, image: Any, target: Any, keys: frozenset[str]) -> Any:
    image_id = dataset.ids[index]
    if not target:                                   # a picture of nothing that was looked for
        return {"image_id": image_id}
    width, height = image.size
    found: dict[str, Any] = {}
    for key in keys:
        if key == "image_id":
            found[key] = image_id
        elif key == "boxes":
            found[key] = _boxes([[x, y, x + w, y + h] for x, y, w, h in (annotation["bbox"] for annotation in target)], image)
        elif key == "labels":
            found[key] = creation.tensor([annotation["category_id"] for annotation in target])
        elif key == "masks":
            found[key] = tv_tensors.Mask(np.stack([mask_of(annotation["segmentation"], height, width) for annotation in target]))
        else:
            found[key] = [annotation[key] for annotation in target]
    return found


def _voc(dataset: Any, index: int, image: Any, target: Any, keys: frozenset[str]) -> Any:
    things = target["annotation"]["object"]
    found = dict(target) if "annotation" in keys else {}
    if "boxes" in keys:
        found["boxes"] = _boxes([[int(thing["bndbox"][side]) for side in ("xmin", "ymin", "xmax", "ymax")] for thing in things], image)
    if "labels" in keys:
        found["labels"] = creation.tensor([VOC_CLASSES.index(thing["name"]) for thing in things], dtype=dtypes.int64)
    return found


def _boxes(corners: list[list[float]], image: Any) -> tv_tensors.BoundingBoxes:
    width, height = image.size
    rows = creation.tensor(corners) if corners else creation.zeros((0, 4))
    return tv_tensors.BoundingBoxes(rows, format="XYXY", canvas_size=(height, width))


def _mask(dataset: Any, index: int, image: Any, target: Any, keys: frozenset[str]) -> Any:
    return tv_tensors.Mask(target)


def _pet(dataset: Any, index: int, image: Any, target: Any, keys: frozenset[str]) -> Any:
    if isinstance(target, tuple):
        return tuple(_pet(dataset, index, image, part, keys) for part in target)
    return tv_tensors.Mask(target) if is_pil(target) else target


def _as_it_is(dataset: Any, index: int, image: Any, target: Any, keys: frozenset[str]) -> Any:
    return target


# (how, the keys there are, the usual ones) by class, the more special ones first
_COCO_KEYS = ("segmentation", "area", "iscrowd", "image_id", "bbox", "category_id", "boxes", "masks", "labels")
WRAPPERS: dict[type, tuple[Wrapper, tuple[str, ...], tuple[str, ...]]] = {
    CocoCaptions: (_as_it_is, (), ()),
    CocoDetection: (_coco, _COCO_KEYS, ("image_id", "boxes", "labels")),
    VOCDetection: (_voc, ("annotation", "boxes", "labels"), ("boxes", "labels")),
    VOCSegmentation: (_mask, (), ()),
    OxfordIIITPet: (_pet, (), ()),
    **dict.fromkeys((DatasetFolder, FakeData, MNIST, IdxPair, CIFAR10, SVHN, Flowers102, Flickr30k), (_as_it_is, (), ())),
}
