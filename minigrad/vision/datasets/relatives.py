"""The relatives of MNIST, in its format: FashionMNIST, KMNIST and EMNIST."""
from __future__ import annotations

import logging
import os
import string
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ... import config, creation
from ...errors import DatasetError
from .._pillow import pillow
from .base import Transform, VisionDataset, one_of
from .download import fetch_file, has_md5
from .idx import MAX_BYTES, damaged, read_idx


class IdxPair(VisionDataset):
    """Grey images and labels in two IDX files, plain or .gz, in `root/<name of the class>/raw`.

    `data` is a uint8 tensor (N, 28, 28), `targets` an int64 tensor (N,). Indexing gives `(PIL image, int)` before transforms.
    `verify=False` accepts compressed files other than the published ones. Raises `DatasetError` (a RuntimeError) for files that are
    missing or damaged.
    """

    classes: Any = ()
    mirrors: ClassVar[tuple[str, ...]] = ()
    md5: ClassVar[dict[str, str]] = {}               # of the compressed files

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        *,
        verify: bool = True,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.train = train
        self.raw_folder = Path(self.root or "") / type(self).__name__ / "raw"
        self._verify = verify and config.VERIFY_DATA
        if download:
            self.download()
        images, labels = (self._read(name, ndim) for name, ndim in zip(self.files(), (3, 1), strict=True))
        if len(images) != len(labels):
            raise DatasetError(f"{type(self).__name__}: there must be one label per image; got {len(images):,} images and "
                               f"{len(labels):,} labels in {self.raw_folder}; fetch both files again")
        self.data = creation.from_numpy(images)
        self.targets = creation.from_numpy(labels.astype(np.int64))

    def files(self) -> tuple[str, str]:
        """The names, without .gz, of the files with images and labels."""
        part = "train" if self.train else "t10k"
        return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"

    def download(self) -> None:
        """Fetch what is missing."""
        for name, md5 in self.md5.items():
            if not (self.raw_folder / name.removesuffix(".gz")).is_file():
                logging.getLogger("minigrad.vision").warning("%s: downloading %s", type(self).__name__, name)
                fetch_file([mirror + name for mirror in self.mirrors], self.raw_folder / name, md5=md5)

    def _read(self, name: str, ndim: int) -> NDArray[np.uint8]:
        path = next((path for path in (self.raw_folder / name, self.raw_folder / f"{name}.gz") if path.is_file()), None)
        if path is None:
            raise DatasetError(f"{type(self).__name__}: Dataset not found: {name} (plain or .gz) is not in {self.raw_folder}; "
                               f"you can use download=True to download it")
        if self._verify and path.name in self.md5 and not has_md5(path, self.md5[path.name]):
            raise damaged(str(path), "its content is not the published one (verify=False accepts data of your own)")
        array = read_idx(path, max_bytes=MAX_BYTES)
        if array.dtype != np.uint8 or array.ndim != ndim or array.shape[1:] != (28, 28)[:ndim - 1]:
            raise damaged(str(path), f"it must hold uint8 ({', '.join(['N', '28', '28'][:ndim])}) and holds {array.dtype} {array.shape}")
        return array

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow(f"{type(self).__name__}.__getitem__").fromarray(self.data[index].numpy())
        return self.transformed(image, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(IdxPair):
    """60,000 + 10,000 pictures of clothes (Xiao, Rasul, Vollgraf 2017), 28x28 grey, ten kinds; arguments as `IdxPair`."""

    classes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    md5: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79", "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }


class KMNIST(IdxPair):
    """60,000 + 10,000 cursive Japanese characters (Clanuwat et al. 2018), 28x28 grey, ten kinds; arguments as `IdxPair`."""

    classes = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    mirrors = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    md5: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7", "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7", "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    }


_BOTH_CASES = sorted(string.digits + string.ascii_letters)
_MERGED = [c for c in _BOTH_CASES if c not in "cijklmopsuvwxyz"]      # small letters that look like capital ones


class EMNIST(IdxPair):
    """Handwritten digits and letters (Cohen et al. 2017), 28x28 grey, in one of six `split`s; other arguments as `IdxPair`.

    The pictures lie on their side in the files, and stay so. Raises ValueError for an unknown split.
    """

    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    archive_md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": _BOTH_CASES, "bymerge": _MERGED, "balanced": _MERGED, "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits), "mnist": list(string.digits),
    }

    def __init__(self, root: str | os.PathLike[str], split: str, **kwargs: Any) -> None:
        self.split = one_of(split, "split", self.splits)
        self.classes = self.classes_split_dict[split]
        super().__init__(root, **kwargs)

    def files(self) -> tuple[str, str]:
        start = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"

    def download(self) -> None:
        """Fetch the archive of all splits, and take their files out of it."""
        if all((self.raw_folder / name).is_file() or (self.raw_folder / f"{name}.gz").is_file() for name in self.files()):
            return
        archive = self.raw_folder / "gzip.zip"
        logging.getLogger("minigrad.vision").warning("EMNIST: downloading %s to %s", self.url, self.raw_folder)
        fetch_file([self.url], archive, md5=self.archive_md5)
        self.unpack(archive)

    def unpack(self, archive: Path) -> None:
        """Put the .gz files of an archive into `raw_folder`."""
        with zipfile.ZipFile(archive) as content:
            for member in content.namelist():
                if (name := Path(member).name).endswith(".gz"):
                    (self.raw_folder / name).write_bytes(content.read(member))

    def extra_repr(self) -> str:
        return f"Split: {self.split}, {'Train' if self.train else 'Test'}"
