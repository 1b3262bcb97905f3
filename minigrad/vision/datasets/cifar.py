"""CIFAR10 and CIFAR100: 60,000 colour images of 32x32."""
from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ... import config
from ...errors import DatasetError
from .._pillow import pillow
from .base import Transform, VisionDataset
from .download import extract_tar, fetch_file, has_md5
from .idx import damaged

# All that the published files are made of. Nothing else is looked up, so that a pickle cannot run anything.
_ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"),
            ("_codecs", "encode")}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


class CIFAR10(VisionDataset):
    """50,000 + 10,000 colour images of ten kinds (Krizhevsky 2009), from the "python version" in `root/cifar-10-batches-py`.

    `data` is a uint8 array (N, 32, 32, 3), `targets` a list of ints. Indexing gives `(PIL image, int)` before transforms. `download`
    fetches and unpacks the archive; `verify=False` accepts files other than the published ones. Raises `DatasetError` (a RuntimeError) for
    files that are missing or damaged.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[dict[str, str]] = {
        "data_batch_1": "c99cafc152244af753f735de768cd75f", "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751", "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    }
    test_list: ClassVar[dict[str, str]] = {"test_batch": "40351d587109b95175f43aff81a1287e"}
    meta: ClassVar[tuple[str, str, str]] = ("batches.meta", "5ff9c542aee3614f3951f8cda6e48888", "label_names")
    label_key = "labels"

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
        self._folder = Path(self.root or "") / self.base_folder
        self._verify = verify and config.VERIFY_DATA
        if download:
            self.download()
        pixels, self.targets = [], []
        for name, md5 in (self.train_list if train else self.test_list).items():
            entry = self._load(name, md5)
            pixels.append(self._pixels(entry, name))
            self.targets += [int(label) for label in entry[self.label_key]]
        self.data = np.concatenate(pixels).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy()     # rows of planes -> (N, 32, 32, 3)
        self.classes: list[str] = self._load(*self.meta[:2])[self.meta[2]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def download(self) -> None:
        """Fetch and unpack the archive where files are missing."""
        names = [*self.train_list, *self.test_list, self.meta[0]]
        if not all((self._folder / name).is_file() for name in names):
            archive = Path(self.root or "") / self.url.rpartition("/")[2]
            fetch_file([self.url], archive, md5=self.tgz_md5)
            extract_tar(archive, archive.parent)

    def _load(self, name: str, md5: str) -> dict[str, Any]:
        path = self._folder / name
        if not path.is_file():
            raise DatasetError(f"{type(self).__name__}: Dataset not found or corrupted: {path} is not there. "
                               f"You can use download=True to download it")
        if self._verify and not has_md5(path, md5):
            raise damaged(str(path), "its content is not the published one (verify=False accepts data of your own)")
        try:
            found = _Reader(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        except Exception as error:                   # a broken pickle fails in many ways
            raise damaged(str(path), f"it cannot be read ({error})") from error
        if not isinstance(found, dict):
            raise damaged(str(path), f"it must hold a dict and holds a {type(found).__name__}")
        return found

    def _pixels(self, entry: dict[str, Any], name: str) -> Any:
        pixels = entry.get("data")
        labels = entry.get(self.label_key)
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (3072,) or labels is None \
                or len(labels) != len(pixels):
            raise damaged(str(self._folder / name), f"it must hold uint8 'data' (N, 3072) and as many {self.label_key!r}")
        return pixels

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow(f"{type(self).__name__}.__getitem__").fromarray(self.data[index])
        return self.transformed(image, self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """The same in a hundred kinds, from `root/cifar-100-python`."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[dict[str, str]] = {"train": "16019d7e3df5f24257cddd939b257f8d"}
    test_list: ClassVar[dict[str, str]] = {"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"}
    meta: ClassVar[tuple[str, str, str]] = ("meta", "7973b15100ade9c7d40fb424638fde48", "fine_label_names")
    label_key = "fine_labels"
