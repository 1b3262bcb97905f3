"""Folders of pictures: one subfolder per class."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, MissingFilesError
from .._pillow import pillow
from .base import Transform, VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
Samples = list[tuple[str, int]]


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a file's name ends in one of these, in capitals or not."""
    return filename.lower().endswith(extensions)


def is_image_file(filename: str) -> bool:
    """Whether a file's name ends as those of pictures do."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def pil_loader(path: str | os.PathLike[str]) -> Any:
    """The image in a file, as RGB."""
    with open(path, "rb") as file:
        return pillow("pil_loader").open(file).convert("RGB")


default_loader = pil_loader


def find_classes(directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
    """The names of the subfolders, sorted, and their numbers. Raises FileNotFoundError where there is none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise MissingFilesError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: str | os.PathLike[str],
    class_to_idx: dict[str, int] | None = None,
    extensions: str | Sequence[str] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> Samples:
    """(path, class) of every file below the folders of the classes, by class and by name.

    Files count that end in one of `extensions`, or that `is_valid_file` says. Raises FileNotFoundError for a class without any, unless
    `allow_empty`; ValueError where none or both of the two are given.
    """
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ArgumentError("make_dataset: 'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ArgumentError("make_dataset: Both extensions and is_valid_file cannot be None or not None at the same time")
    endings = (extensions,) if isinstance(extensions, str) else tuple(extensions or ())
    valid = is_valid_file or (lambda path: has_file_allowed_extension(path, endings))
    samples: Samples = []
    empty = set(class_to_idx)
    for name in sorted(class_to_idx):
        for folder, _, files in sorted(os.walk(Path(directory) / name, followlinks=True)):
            found = [(path, class_to_idx[name]) for file in sorted(files) if valid(path := os.path.join(folder, file))]
            samples += found
            if found:
                empty.discard(name)
    if empty and not allow_empty:
        raise MissingFilesError(f"Found no valid file for the classes {', '.join(sorted(empty))}. "
                                + (f"Supported extensions are: {', '.join(endings)}" if endings else ""))
    return samples


class DatasetFolder(VisionDataset):
    """Files in `root/<class>/...`, each read by `loader(path)`; see `make_dataset` for which ones and for the errors.

    `classes`, `class_to_idx`, `samples` (pairs of path and class) and `targets` tell what was found.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        loader: Callable[[str], Any],
        extensions: Sequence[str] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.loader, self.extensions = loader, extensions
        self.classes, self.class_to_idx = self.find_classes(self.root or "")
        self.samples = make_dataset(self.root or "", self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [target for _, target in self.samples]

    def find_classes(self, directory: str | os.PathLike[str]) -> tuple[list[str], dict[str, int]]:
        """`find_classes`, for subclasses to change."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures in `root/<class>/...`: indexing gives `(RGB PIL image, int)` before transforms."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, loader, IMG_EXTENSIONS if is_valid_file is None else None, transform, target_transform, is_valid_file,
                         allow_empty)
        self.imgs = self.samples
