"""The Oxford-IIIT pets: 37 breeds of cats and dogs, with an outline of each."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...errors import DatasetError
from .._pillow import pillow
from .base import Transform, VisionDataset, one_of
from .download import extract_tar, fetch_file
from .folder import pil_loader

_HOST = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/"
_MD5 = {"images.tar.gz": "5c4f3ee8e5d25df40f4fd59a7f44e54c", "annotations.tar.gz": "95a8c909bbe2e81eed6a22bccdf3f68f"}
_TYPES = ("category", "binary-category", "segmentation")


class OxfordIIITPet(VisionDataset):
    """About 7,400 pictures of pets (Parkhi et al. 2012) in `root/oxford-iiit-pet`, for `split` "trainval" or "test".

    `target_types`, one or several: "category" (0 to 36), "binary-category" (0 cat, 1 dog), "segmentation" (PIL image: 1 pet, 2 background,
    3 outline); for several the target is a tuple, for none None. Raises ValueError for other words, DatasetError for missing files.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "trainval",
        target_types: str | Sequence[str] = "category",
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self._split = one_of(split, "split", ("trainval", "test"))
        types = [target_types] if isinstance(target_types, str) else target_types
        self._target_types = [one_of(kind, "target_types", _TYPES) for kind in types]
        folder = Path(self.root or "") / "oxford-iiit-pet"
        if download:
            for name, md5 in _MD5.items():
                fetch_file([_HOST + name], folder / name, md5=md5)
                if not (folder / name.partition(".")[0]).is_dir():
                    extract_tar(folder / name, folder)
        listed = folder / "annotations" / f"{split}.txt"
        if not listed.is_file() or not (folder / "images").is_dir():
            raise DatasetError(f"OxfordIIITPet: Dataset not found: {listed} and {folder / 'images'} must be there. "
                               f"You can use download=True to download it")
        rows = [line.split() for line in listed.read_text().splitlines() if line.strip()]       # name, breed from 1, cat or dog from 1, ...
        self._labels, self._bin_labels = [int(row[1]) - 1 for row in rows], [int(row[2]) - 1 for row in rows]
        breeds = sorted({(label, row[0].rpartition("_")[0]) for label, row in zip(self._labels, rows, strict=True)})
        self.classes = [" ".join(part.title() for part in breed.split("_")) for _, breed in breeds]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.bin_classes = ["Cat", "Dog"]
        self.bin_class_to_idx = {name: i for i, name in enumerate(self.bin_classes)}
        self._images = [folder / "images" / f"{row[0]}.jpg" for row in rows]
        self._segs = [folder / "annotations" / "trimaps" / f"{row[0]}.png" for row in rows]

    def _target(self, kind: str, index: int) -> Any:
        if kind == "segmentation":
            image = pillow("OxfordIIITPet.__getitem__").open(self._segs[index])
            image.load()
            return image
        return (self._labels if kind == "category" else self._bin_labels)[index]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        found = tuple(self._target(kind, index) for kind in self._target_types)
        target = found if len(found) > 1 else found[0] if found else None
        return self.transformed(pil_loader(self._images[index]), target)

    def __len__(self) -> int:
        return len(self._images)
