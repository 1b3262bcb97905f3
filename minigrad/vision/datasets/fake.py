"""Random pictures, to try a program with."""
from __future__ import annotations

from typing import Any

import numpy as np

from ... import creation
from ...errors import OutOfRangeError
from ...rng import Generator, continuous, discrete
from .base import Transform, VisionDataset


class FakeData(VisionDataset):
    """`size` random PIL images of `image_size` (C, H, W) with random classes, the same for the same index.

    They are torchvision's own: sample i comes from a generator seeded with `i + random_offset`.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(None, None, transform, target_transform)
        self.size, self.image_size, self.num_classes, self.random_offset = size, image_size, num_classes, random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from ..transforms.functional import to_pil_image

        if index >= len(self):
            raise OutOfRangeError(f"FakeData index out of range: {index} for {self.size} samples")
        generator = Generator().manual_seed(index + self.random_offset)
        pixels = creation.from_numpy(continuous.normal(generator, tuple(self.image_size), np.float32))
        target = creation.from_numpy(discrete.integers(generator, (1,), np.int64, 0, self.num_classes))[0]
        image, target = self.transformed(to_pil_image(pixels), target)
        return image, target.item() if hasattr(target, "item") else target

    def __len__(self) -> int:
        return self.size
