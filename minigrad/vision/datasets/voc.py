"""Pascal VOC, and folders in its style: pictures with boxes, or with a class per pixel."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

from ...errors import DatasetError
from .._pillow import pillow
from .base import Transform, VisionDataset, one_of
from .download import extract_tar, fetch_file

_HOST = "https://thor.robots.ox.ac.uk/pascal/VOC/"
# key: archive, its MD5, where the data set lies in it
ARCHIVES = {
    "2012": ("voc2012/VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd", "VOCdevkit/VOC2012"),
    "2011": ("voc2011/VOCtrainval_25-May-2011.tar", "6c3384ef61512963050cb5d687e5bf1e", "TrainVal/VOCdevkit/VOC2011"),
    "2010": ("voc2010/VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb", "VOCdevkit/VOC2010"),
    "2009": ("voc2009/VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1", "VOCdevkit/VOC2009"),
    "2008": ("voc2008/VOCtrainval_14-Jul-2008.tar", "2629fa636546599198acfcfbfcf1904a", "VOCdevkit/VOC2008"),
    "2007": ("voc2007/VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64", "VOCdevkit/VOC2007"),
    "2007-test": ("voc2007/VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f", "VOCdevkit/VOC2007"),
}


class _VOC(VisionDataset):
    splits_dir: ClassVar[str]                        # below ImageSets: files with one name of a picture per line
    target_dir: ClassVar[str]
    target_ending: ClassVar[str]

    def __init__(
        self,
        root: str | os.PathLike[str],
        year: str = "2012",
        image_set: str = "train",
        download: bool = False,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.year = one_of(year, "year", [key for key in ARCHIVES if "-" not in key])
        self.image_set = one_of(image_set, "image_set", ["train", "trainval", "val", *(["test"] if year == "2007" else [])])
        archive, md5, base = ARCHIVES["2007-test" if (year, image_set) == ("2007", "test") else year]
        top = Path(self.root or "")
        if download:
            packed = top / archive.rpartition("/")[2]
            fetch_file([_HOST + archive], packed, md5=md5)
            extract_tar(packed, top)
        folder = top / base
        names_file = folder / "ImageSets" / self.splits_dir / f"{image_set}.txt"
        if not names_file.is_file():
            raise DatasetError(f"{type(self).__name__}: Dataset not found or corrupted: {names_file} is not there. "
                               f"You can use download=True to download it")
        names = [line.split()[0] for line in names_file.read_text(encoding="utf-8").splitlines() if line.strip()]
        self.images = [str(folder / "JPEGImages" / f"{name}.jpg") for name in names]
        self.targets = [str(folder / self.target_dir / (name + self.target_ending)) for name in names]
        for path in (*self.images, *self.targets):
            if not os.path.isfile(path):
                raise DatasetError(f"{type(self).__name__}: Dataset not found or corrupted: {names_file.name} names {path}, which is "
                                   f"not there")

    def _target(self, path: str) -> Any:
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow(f"{type(self).__name__}.__getitem__").open(self.images[index]).convert("RGB")
        return self.transformed(image, self._target(self.targets[index]))

    def __len__(self) -> int:
        return len(self.images)


class VOCSegmentation(_VOC):
    """Pictures in `root/VOCdevkit/VOC2012/JPEGImages` and a PNG in `SegmentationClass` for each, with a class per pixel.

    Indexing gives `(PIL image, PIL image)`. `image_set` names a list in `ImageSets/Segmentation`: train, trainval, val, for 2007 also
    test. Raises ValueError for an unknown year or set, `DatasetError` (a RuntimeError) for files that are not there.
    """

    splits_dir, target_dir, target_ending = "Segmentation", "SegmentationClass", ".png"

    @property
    def masks(self) -> list[str]:
        """The paths of the segmentations."""
        return self.targets

    def _target(self, path: str) -> Any:
        image = pillow("VOCSegmentation.__getitem__").open(path)
        image.load()
        return image


class VOCDetection(_VOC):
    """Pictures in `root/VOCdevkit/VOC2012/JPEGImages` and an XML file in `Annotations` for each, with boxes and their classes.

    Indexing gives `(PIL image, dict)`, the dict as `parse_voc_xml` reads it. Arguments and errors as `VOCSegmentation`; the lists are
    those in `ImageSets/Main`.
    """

    splits_dir, target_dir, target_ending = "Main", "Annotations", ".xml"

    @property
    def annotations(self) -> list[str]:
        """The paths of the XML files."""
        return self.targets

    def _target(self, path: str) -> Any:
        try:
            return self.parse_voc_xml(ElementTree.parse(path).getroot())
        except ElementTree.ParseError as error:
            raise DatasetError(f"VOCDetection: {path} is no XML file ({error}); fetch it again") from error

    @staticmethod
    def parse_voc_xml(node: ElementTree.Element) -> dict[str, Any]:
        """{tag: text}, or {tag: dict of the children}; tags that come several times have a list, `object` always."""
        return {node.tag: _content(node)}


def _content(node: ElementTree.Element) -> Any:
    if not len(node):
        return (node.text or "").strip()
    found: dict[str, list[Any]] = {"object": []} if node.tag == "annotation" else {}
    for child in node:
        found.setdefault(child.tag, []).append(_content(child))
    return {tag: values[0] if len(values) == 1 and (tag, node.tag) != ("object", "annotation") else values for tag, values in found.items()}
