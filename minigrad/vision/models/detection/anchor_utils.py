"""Anchors: boxes of set sizes at every place of a map, relative to which a detector says where objects are."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import creation, dtypes, nn
from ...._tensor import Tensor
from ....errors import AssertedArgumentError
from ....ops.grid import meshgrid
from ....ops.join import cat, stack
from .transform import ImageList


class AnchorGenerator(nn.Module):
    """(images, maps) -> for each image the anchors of all maps, (all H * W * A, 4).

    sizes, aspect_ratios (height / width): for each map some, or one tuple for all.
    """

    def __init__(self, sizes: Any = ((128, 256, 512),), aspect_ratios: Any = ((0.5, 1.0, 2.0),)) -> None:
        super().__init__()
        self.sizes = sizes if isinstance(sizes[0], (list, tuple)) else tuple((s,) for s in sizes)
        self.aspect_ratios = aspect_ratios if isinstance(aspect_ratios[0], (list, tuple)) else (aspect_ratios,) * len(self.sizes)
        self.cell_anchors = [self.generate_anchors(s, a) for s, a in zip(self.sizes, self.aspect_ratios, strict=False)]

    def generate_anchors(self, scales: Sequence[float], aspect_ratios: Sequence[float], dtype: Any = dtypes.float32,
                         device: Any = "cpu") -> Tensor:
        """The anchors of one place, around 0: (A, 4) in whole pixels."""
        tall = creation.tensor(list(aspect_ratios), dtype=dtype, device=device).sqrt()[:, None]
        size = creation.tensor(list(scales), dtype=dtype, device=device)
        w, h = (1 / tall * size).reshape(-1), (tall * size).reshape(-1)
        return (stack([-w, -h, w, h], 1) / 2).round()

    def num_anchors_per_location(self) -> list[int]:
        """A of each map."""
        return [len(s) * len(a) for s, a in zip(self.sizes, self.aspect_ratios, strict=False)]

    def grid_anchors(self, grid_sizes: Sequence[Sequence[int]], strides: Sequence[Sequence[int]]) -> list[Tensor]:
        """The anchors of each map (H, W) whose pixels are strides apart in the image: (H * W * A, 4) each."""
        if not len(grid_sizes) == len(strides) == len(self.cell_anchors):
            raise AssertedArgumentError(f"AnchorGenerator: Anchors should be Tuple[Tuple[int]], sizes and ratios for each feature map; got "
                                        f"{len(self.cell_anchors)} of them for {len(grid_sizes)} maps")
        found = []
        for (height, width), (down, right), anchors in zip(grid_sizes, strides, self.cell_anchors, strict=True):
            y, x = meshgrid(creation.arange(height, device=anchors.device) * down, creation.arange(width, device=anchors.device) * right,
                            indexing="ij")
            x, y = x.reshape(-1), y.reshape(-1)
            found.append((stack([x, y, x, y], 1)[:, None] + anchors).reshape(-1, 4))
        return found

    def forward(self, image_list: ImageList, feature_maps: Sequence[Tensor]) -> list[Tensor]:
        first, (height, width) = feature_maps[0], image_list.tensors.shape[-2:]
        sizes = [m.shape[-2:] for m in feature_maps]
        self.cell_anchors = [a.to(dtype=first.dtype, device=first.device) for a in self.cell_anchors]
        anchors = cat(self.grid_anchors(sizes, [(height // h, width // w) for h, w in sizes]))
        return [anchors] * len(image_list.image_sizes)
