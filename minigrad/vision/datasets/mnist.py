"""MNIST: 70,000 handwritten digits, from disk, from the net, or as the subset that comes with the package."""
from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import config, creation
from ..._tensor import Tensor
from ...errors import DatasetError
from .._pillow import pillow
from .base import VisionDataset
from .download import fetch_unzipped
from .idx import MAX_BYTES, damaged, idx_header, idx_sha256, read_idx, read_idx_stream

Arrays = tuple[NDArray[np.uint8], NDArray[np.int64], str]

SUBSET_FILE = "_mnist_subset.idx.xz"
SUBSET = "bundled subset of 6,000 + 1,000 images"
SUBFOLDERS = ("", "MNIST/raw", "raw", "mnist")
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://yann.lecun.com/exdb/mnist/",
)


class File(NamedTuple):
    """A file of the full set: its name without `.gz`, the shape of its array, the SHA-256 of its content."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def nbytes(self) -> int:
        return len(idx_header(np.empty((0,) * len(self.shape), np.uint8))) + int(np.prod(self.shape))


# train? -> (images, labels)
FILES: dict[bool, tuple[File, File]] = {
    True: (
        File("train-images-idx3-ubyte", (60000, 28, 28), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        File("train-labels-idx1-ubyte", (60000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ),
    False: (
        File("t10k-images-idx3-ubyte", (10000, 28, 28), "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        File("t10k-labels-idx1-ubyte", (10000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
}


def mnist_arrays(
    root: str | os.PathLike[str] | None = None, train: bool = True, *, download: bool = False, verify: bool = True
) -> Arrays:
    """MNIST as NumPy arrays: images uint8 (N, 28, 28), labels int64 (N,), and a word on where they come from.

    The IDX files, plain or .gz, are looked for in `root`, `root/MNIST/raw`, `root/raw` and `root/mnist`. Without `root`
    that is done for the folder in the environment variable MINIGRAD_DATA, then for minigrad's cache folder; where both
    lack the files, the bundled subset is given and one line on the logger `minigrad.vision` says so.

    `download=True` fetches missing files into `root/MNIST/raw`. `verify=False` accepts other data in files of MNIST's
    names and format. Raises `DatasetError` (a RuntimeError) for files that are missing or damaged.
    """
    verify = verify and config.VERIFY_DATA
    roots = _default_roots() if root is None else [Path(root).expanduser()]
    pair = _find(roots, FILES[train], half_is_error=not download)
    if pair is None and download:
        pair = _download(roots[0] / "MNIST" / "raw", FILES[train])
    if pair is None and root is None:
        _say_subset(", ".join(map(str, roots)))
        return _read_subset(train)
    if pair is None:
        raise DatasetError(
            f"MNIST: dataset not found: {FILES[train][0].name} and {FILES[train][1].name} (plain or .gz) are not in "
            f"{roots[0]} nor in its {', '.join(SUBFOLDERS[1:])}; pass download=True to fetch them, or leave out root to "
            f"use the {SUBSET}"
        )
    images, labels = (_read(path, file, verify) for path, file in zip(pair, FILES[train], strict=True))
    if len(images) != len(labels):
        raise DatasetError(
            f"MNIST: there must be one label per image; got {len(images):,} images in {pair[0]} and {len(labels):,} "
            f"labels in {pair[1]}; fetch both files again"
        )
    kind = "full set" if verify else "files"
    return images, labels.astype(np.int64), f"{kind} at {pair[0].parent}"


def _default_roots() -> list[Path]:
    data = config.data_dir()
    return ([data.expanduser()] if data else []) + [config.cache_dir() / "data"]


def _find(roots: Sequence[Path], files: tuple[File, File], half_is_error: bool) -> tuple[Path, Path] | None:
    """The image file and the label file in the first folder that has both."""
    half = None
    for folder in (root / sub for root in roots for sub in SUBFOLDERS):
        images, labels = (_plain_or_gz(folder, file.name) for file in files)
        if images and labels:
            return images, labels
        if (images or labels) and half is None:
            half = folder, files[1 if images else 0].name
    if half is not None and half_is_error:
        raise DatasetError(
            f"MNIST: images and labels must lie in one folder; {half[1]} (plain or .gz) is not in {half[0]}; "
            f"put it there, or pass download=True"
        )
    return None


def _plain_or_gz(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / (name + ".gz")) if path.is_file()), None)


def _download(folder: Path, files: tuple[File, File]) -> tuple[Path, Path]:
    """Fetch those of `files` that are not in `folder` yet; an interrupted download goes on where it stopped."""
    for file in files:
        if _plain_or_gz(folder, file.name) is None:
            logging.getLogger("minigrad.vision").warning("MNIST: downloading %s to %s", file.name, folder)
            urls = [f"{mirror}{file.name}.gz" for mirror in MIRRORS]
            fetch_unzipped(urls, folder / file.name, nbytes=file.nbytes, sha256=file.sha256)
    images, labels = (_plain_or_gz(folder, file.name) or folder / file.name for file in files)
    return images, labels


def _read(path: Path, file: File, verify: bool) -> NDArray[np.uint8]:
    array = read_idx(path, max_bytes=file.nbytes if verify else MAX_BYTES)
    if array.dtype != np.uint8 or array.ndim != len(file.shape) or array.shape[1:] != file.shape[1:]:
        wanted = ", ".join(["N", *map(str, file.shape[1:])])
        raise damaged(str(path), f"it must hold uint8 ({wanted}) and holds {array.dtype} {array.shape}")
    if verify and (got := idx_sha256(array)) != file.sha256:
        raise damaged(
            str(path), f"its content is not MNIST's: SHA-256 {got[:12]}..., wanted {file.sha256[:12]}... "
            f"(pass verify=False, or set MINIGRAD_VERIFY_DATA=0, if these are data of your own)"
        )
    return array


@functools.cache
def _say_subset(searched: str) -> None:
    """One line per process, since MNIST is usually made twice, for training and for testing."""
    logging.getLogger("minigrad.vision").warning(
        "MNIST: no full set in %s; using the %s (download=True fetches all 70,000)", searched, SUBSET
    )


def _read_subset(train: bool) -> Arrays:
    """The first 600 training images and 100 test images of each digit, in the order of the full set."""
    try:
        import lzma
    except ImportError as error:         # Python was built without liblzma
        raise DatasetError(
            f"MNIST: the {SUBSET} is xz-compressed and this Python has no lzma module; use a Python that has it, or "
            f"the full set (download=True)"
        ) from error
    with resources.files(__package__).joinpath(SUBSET_FILE).open("rb") as file, lzma.open(file) as stream:
        # train images, train labels, test images, test labels: four IDX files in a row
        train_images, train_labels, test_images, test_labels = (
            read_idx_stream(stream, SUBSET_FILE, MAX_BYTES, last=last) for last in (False, False, False, True)
        )
    images, labels = (train_images, train_labels) if train else (test_images, test_labels)
    return images, labels.astype(np.int64), SUBSET


class MNIST(VisionDataset):
    """Handwritten digits: 28x28 grey images and their labels 0 to 9, as `torchvision.datasets.MNIST` has them.

    Args:
        root: folder with the files (see `mnist_arrays`); None for MINIGRAD_DATA, the cache, or the bundled subset.
        train: the 60,000 training images, else the 10,000 test images.
        transform: called on each PIL image; target_transform: called on each label.
        download: fetch files that are missing into `root/MNIST/raw`.
        verify: compare the content with the real set's; False for data of your own in the same format.

    `data` is a uint8 tensor (N, 28, 28), `targets` an int64 tensor (N,), `source` says where they come from. Indexing
    gives `(PIL image, int)` before transforms and needs Pillow; `data` and `targets` do not.
    """

    classes: ClassVar[list[str]] = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four",
        "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        *,
        verify: bool = True,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.train = train
        images, labels, self.source = mnist_arrays(self.root, bool(train), download=download, verify=verify)
        self.data: Tensor = creation.from_numpy(images)
        self.targets: Tensor = creation.from_numpy(labels)

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("MNIST.__getitem__").fromarray(self.data[index].numpy())
        return self.transformed(image, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}\nSource: {self.source}"
