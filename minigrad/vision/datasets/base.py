"""What image data sets share: a folder, transforms, and how they are shown."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from ...errors import ArgumentError
from ...utils.data.dataset import Dataset

Transform = Callable[[Any], Any]


class VisionDataset(Dataset[tuple[Any, Any]]):
    """Base of data sets of pictures: `transform` is for the image, `target_transform` for the target, `transforms` for both.

    Raises ValueError where `transforms` comes together with one of the others.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ArgumentError(f"{type(self).__name__}: only transforms or transform/target_transform can be passed as argument")
        self.root = root if root is None else os.path.expanduser(root)
        self.transform, self.target_transform, self.transforms = transform, target_transform, transforms

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """A sample as the user wants it."""
        if self.transforms is not None:
            return self.transforms(image, target)
        image = image if self.transform is None else self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__")

    def extra_repr(self) -> str:
        """More lines for `repr`."""
        return ""

    def __repr__(self) -> str:
        root = [] if self.root is None else [f"Root location: {self.root}"]
        lines = [f"Number of datapoints: {len(self)}", *root, *self.extra_repr().splitlines()]
        for name in ("transform", "target_transform", "transforms"):
            if (value := getattr(self, name)) is not None:
                lines += f"{name}: {value!r}".splitlines()
        return "\n    ".join([f"Dataset {type(self).__name__}", *lines])


def one_of(value: str, name: str, valid: Iterable[str]) -> str:
    """An argument that must be one of some words. Raises ValueError for another one."""
    words = list(valid)
    if value not in words:
        raise ArgumentError(f"Unknown value {value!r} for argument {name}. Valid values are {{{', '.join(words)}}}.")
    return value
