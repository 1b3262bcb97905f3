"""MS COCO, and data sets in its style: pictures and one JSON file with their boxes, outlines or captions."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError, DatasetError, MissingFilesError
from .base import Transform, VisionDataset
from .coco_masks import mask_of
from .folder import pil_loader

Ids = int | str | Iterable[int | str]


class CocoIndex:
    """The content of an annotation file by its ids, under the names that COCO's own tools (`pycocotools.coco.COCO`) have for it.

    `imgs`, `anns` and `cats` map ids to dicts, `imgToAnns` an image's id to its annotations. Raises FileNotFoundError, and DatasetError for
    what is no such file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.dataset = json.loads(Path(path).read_bytes())
            self.imgs: dict[Any, dict[str, Any]] = {image["id"]: image for image in self.dataset["images"]}
            annotations = self.dataset.get("annotations", [])
            self.anns: dict[Any, dict[str, Any]] = {annotation["id"]: annotation for annotation in annotations}
            self.cats: dict[Any, dict[str, Any]] = {category["id"]: category for category in self.dataset.get("categories", [])}
            self.imgToAnns: dict[Any, list[dict[str, Any]]] = {image_id: [] for image_id in self.imgs}
            for annotation in annotations:
                self.imgToAnns.setdefault(annotation["image_id"], []).append(annotation)
        except FileNotFoundError as error:
            raise MissingFilesError(f"{path} is not there; give the path of the annotations' .json file") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{path}: it is no annotation file of COCO: a JSON object with lists of images, annotations and categories, "
                               f"each with an id ({type(error).__name__}: {error})") from error

    def getImgIds(self, imgIds: Ids = (), catIds: Ids = ()) -> list[Any]:
        """The images of these ids that have all these categories."""
        wanted, kinds = _ids(imgIds) or list(self.imgs), set(_ids(catIds))
        return [i for i in wanted if kinds <= {annotation["category_id"] for annotation in self.imgToAnns.get(i, ())}] if kinds else wanted

    def getAnnIds(
        self, imgIds: Ids = (), catIds: Ids = (), areaRng: Iterable[float] = (), iscrowd: bool | None = None
    ) -> list[Any]:
        """The annotations of these images, categories, areas (from, to), and of crowds or of single objects."""
        images, kinds, bounds = _ids(imgIds), set(_ids(catIds)), list(areaRng)
        found = [annotation for i in images for annotation in self.imgToAnns.get(i, ())] if images else list(self.anns.values())
        return [a["id"] for a in found if (not kinds or a["category_id"] in kinds)
                and (not bounds or bounds[0] < a["area"] < bounds[1]) and (iscrowd is None or bool(a["iscrowd"]) == bool(iscrowd))]

    def getCatIds(self, catNms: str | Iterable[str] = (), supNms: str | Iterable[str] = (), catIds: Ids = ()) -> list[Any]:
        """The categories of these names, of these names of their groups, and of these ids."""
        names, groups, ids = _ids(catNms), _ids(supNms), _ids(catIds)
        return [i for i, category in self.cats.items() if (not names or category["name"] in names)
                and (not groups or category["supercategory"] in groups) and (not ids or i in ids)]

    def loadImgs(self, ids: Ids = ()) -> list[dict[str, Any]]:
        """What is known of images: `file_name`, `height`, `width`."""
        return [self.imgs[i] for i in _ids(ids)]

    def loadAnns(self, ids: Ids = ()) -> list[dict[str, Any]]:
        """The annotations of these ids."""
        return [self.anns[i] for i in _ids(ids)]

    def loadCats(self, ids: Ids = ()) -> list[dict[str, Any]]:
        """The categories of these ids: `name`, `supercategory`."""
        return [self.cats[i] for i in _ids(ids)]

    def annToMask(self, ann: dict[str, Any]) -> NDArray[np.uint8]:
        """The pixels (H, W), 1 inside, of an annotation."""
        image = self.imgs[ann["image_id"]]
        return mask_of(ann["segmentation"], image["height"], image["width"])


def _ids(given: Ids) -> list[Any]:
    return [given] if isinstance(given, (int, str)) else list(given)


class CocoDetection(VisionDataset):
    """Pictures in the folder `root`, and what the file `annFile` (instances_*.json, person_keypoints_*.json) says of them.

    Indexing gives `(RGB PIL image, list of dicts)`, an annotation each: `bbox` is [x, y, width, height] in pixels, `segmentation` polygons
    or run lengths, `category_id` a key of `coco.cats`. `ids` are those of the images, sorted; `coco` holds the whole file, as
    `pycocotools`, which is not needed, does. `wrap_dataset_for_transforms_v2` makes tensors of boxes and masks.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        annFile: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.coco = CocoIndex(annFile)
        self.ids = sorted(self.coco.imgs)

    def _load_target(self, id: Any) -> list[Any]:
        return list(self.coco.imgToAnns[id])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ArgumentError(f"{type(self).__name__}: index must be of type integer; got {type(index).__name__}")
        id = self.ids[index]
        image = pil_loader(os.path.join(self.root or "", self.coco.imgs[id]["file_name"]))
        return self.transformed(image, self._load_target(id))

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """The same with captions_*.json: indexing gives `(RGB PIL image, list of sentences)`."""

    def _load_target(self, id: Any) -> list[Any]:
        return [annotation["caption"] for annotation in self.coco.imgToAnns[id]]
