"""Data sets whose labels, or all, lie in MATLAB's files: SVHN and Flowers102."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ... import config
from ...errors import DatasetError
from .._pillow import pillow
from .base import Transform, VisionDataset, one_of
from .download import extract_tar, fetch_file, has_md5
from .folder import pil_loader
from .idx import damaged


def read_mat(path: Path, *names: str) -> list[Any]:
    """The arrays of these names. Raises DatasetError where they are not to be had."""
    from scipy.io import loadmat

    try:
        found = loadmat(str(path), variable_names=names)
        return [np.asarray(found[name]) for name in names]
    except Exception as error:                       # a broken file fails in many ways
        raise damaged(str(path), f"it must hold {' and '.join(names)} ({type(error).__name__}: {error})") from error


class SVHN(VisionDataset):
    """House numbers seen from the street (Netzer et al. 2011), digits cut to 32x32, from `root/train_32x32.mat` and its like.

    `split`: "train" (73,257), "test" (26,032) or "extra" (531,131). `data` is a uint8 array (N, 3, 32, 32), `labels` an int64 one, 0 to 9.
    Indexing gives `(PIL image, int)`. `verify=False` accepts files other than the published ones. Raises ValueError for another split,
    DatasetError (a RuntimeError) for files that are missing or damaged.
    """

    url = "http://ufldl.stanford.edu/housenumbers/"
    md5: ClassVar[dict[str, str]] = {
        "train": "e26dedcc434d2e4c54c9b2d4a06d8373", "test": "eb5a983be6a315427106f1b164d9cef3",
        "extra": "a93ce644f1a588dc4d68dda5feec44a7",
    }

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        *,
        verify: bool = True,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.split = one_of(split, "split", self.md5)
        path = Path(self.root or "") / f"{split}_32x32.mat"
        if download:
            fetch_file([self.url + path.name], path, md5=self.md5[split])
        if not path.is_file():
            raise DatasetError(f"SVHN: Dataset not found or corrupted: {path} is not there. You can use download=True to download it")
        if verify and config.VERIFY_DATA and not has_md5(path, self.md5[split]):
            raise damaged(str(path), "its content is not the published one (verify=False accepts data of your own)")
        pixels, labels = read_mat(path, "X", "y")    # (32, 32, 3, N), (N, 1) with 10 for 0
        self.data = np.ascontiguousarray(pixels.transpose(3, 2, 0, 1))
        self.labels = labels.reshape(-1).astype(np.int64) % 10

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("SVHN.__getitem__").fromarray(self.data[index].transpose(1, 2, 0))
        return self.transformed(image, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


class Flowers102(VisionDataset):
    """8,189 pictures of 102 kinds of flowers (Nilsback, Zisserman 2008), in `root/flowers-102`, for `split` "train", "val" or "test".

    Indexing gives `(RGB PIL image, int)`, 0 to 101. Raises ValueError for another split, DatasetError for missing or damaged files.
    """

    url = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
    md5: ClassVar[dict[str, str]] = {
        "102flowers.tgz": "52808999861908f626f3c1f4e79d11fa", "imagelabels.mat": "e0620be6f572b9609742df49c70aed4d",
        "setid.mat": "a5357ecc9cb78c4bef273ce3793fc85c",
    }

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self._split = one_of(split, "split", ("train", "val", "test"))
        folder = Path(self.root or "") / "flowers-102"
        if download:
            for name, md5 in self.md5.items():
                fetch_file([self.url + name], folder / name, md5=md5)
            if not (folder / "jpg").is_dir():
                extract_tar(folder / "102flowers.tgz", folder)
        if not all((folder / name).exists() for name in ("jpg", "imagelabels.mat", "setid.mat")):
            raise DatasetError(f"Flowers102: Dataset not found or corrupted: {folder} must hold jpg, imagelabels.mat and setid.mat. "
                               f"You can use download=True to download it")
        numbers = read_mat(folder / "setid.mat", {"train": "trnid", "val": "valid", "test": "tstid"}[split])[0].reshape(-1)
        labels = read_mat(folder / "imagelabels.mat", "labels")[0].reshape(-1)                   # of all pictures, from 1 on
        self._labels = [int(label) - 1 for label in labels[numbers - 1]]
        self._image_files = [folder / "jpg" / f"image_{number:05d}.jpg" for number in numbers]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.transformed(pil_loader(self._image_files[index]), self._labels[index])

    def __len__(self) -> int:
        return len(self._labels)

    def extra_repr(self) -> str:
        return f"split={self._split}"
