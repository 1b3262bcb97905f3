"""Images of any size as one batch for a detector, and what it has found back on the images as they came."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .... import creation, nn
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, describe
from ....nn import functional as F
from ....ops.join import stack
from .matching import resized

Target = dict[str, Any]


class ImageList:
    """Images of several sizes in one tensor (N, C, H, W), zeros to the right and below, with the size (height, width) of each."""

    def __init__(self, tensors: Tensor, image_sizes: list[tuple[int, int]]) -> None:
        self.tensors, self.image_sizes = tensors, image_sizes

    def to(self, device: Any) -> ImageList:
        return ImageList(self.tensors.to(device), self.image_sizes)


class GeneralizedRCNNTransform(nn.Module):
    """A list of images (C, H, W) with values in 0 .. 1, and targets -> `ImageList`, targets: normalised, resized, joined.

    The shorter edge becomes min_size (one of several, drawn, in training) unless the longer one gets above max_size; sizes in the batch are
    multiples of size_divisible. fixed_size: (width, height) instead.
    """

    def __init__(self, min_size: int | Sequence[int], max_size: int, image_mean: Sequence[float], image_std: Sequence[float],
                 size_divisible: int = 32, fixed_size: tuple[int, int] | None = None, **kwargs: Any) -> None:
        super().__init__()
        self.min_size = tuple(min_size) if isinstance(min_size, (list, tuple)) else (min_size,)
        self.max_size, self.image_mean, self.image_std = max_size, image_mean, image_std
        self.size_divisible, self.fixed_size, self._skip_resize = size_divisible, fixed_size, kwargs.pop("_skip_resize", False)

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> tuple[ImageList, list[Target] | None]:
        done, new_targets = [], None if targets is None else [dict(t) for t in targets]
        for i, image in enumerate(images):
            if image.ndim != 3:
                raise ArgumentError(f"images is expected to be a list of 3d tensors of shape [C, H, W], got {describe(image)}")
            done.append(self.resize(self.normalize(image), None if new_targets is None else new_targets[i])[0])
        return ImageList(self.batch_images(done, self.size_divisible), [(m.shape[1], m.shape[2]) for m in done]), new_targets

    def normalize(self, image: Tensor) -> Tensor:
        """Less the mean, over the deviation of each channel."""
        if not image.is_floating_point():
            raise ArgumentTypeError(f"Expected input images to be of floating type (in range [0, 1]), but found type {image.dtype} instead")
        mean, std = (creation.tensor(list(v), dtype=image.dtype, device=image.device)[:, None, None]
                     for v in (self.image_mean, self.image_std))
        return (image - mean) / std

    def resize(self, image: Tensor, target: Target | None = None) -> tuple[Tensor, Target | None]:
        """An image in its new size; boxes and masks of its target are changed in place."""
        before = image.shape[1:]
        size = self.min_size[-1]
        if self.training:
            if self._skip_resize:
                return image, target
            size = self.min_size[int(creation.empty(1).uniform_(0.0, float(len(self.min_size))).item())]
        if self.fixed_size is not None:
            options: dict[str, Any] = {"size": self.fixed_size[::-1]}
        else:
            options = {"scale_factor": min(size / min(before), self.max_size / max(before)), "recompute_scale_factor": True}
        image = F.interpolate(image[None], mode="bilinear", align_corners=False, **options)[0]
        if target is not None:
            target["boxes"] = resized(target["boxes"], before, image.shape[1:])
            if "masks" in target:
                target["masks"] = F.interpolate(target["masks"][:, None].float(), **options)[:, 0].byte()
        return image, target

    def batch_images(self, images: Sequence[Tensor], size_divisible: int = 32) -> Tensor:
        """(C, H, W) of several sizes -> (N, C, H', W') with zeros to the right and below."""
        height, width = (math.ceil(max(m.shape[d] for m in images) / size_divisible) * size_divisible for d in (1, 2))
        return stack([F.pad(m, (0, width - m.shape[2], 0, height - m.shape[1])) for m in images])

    def postprocess(self, result: list[Target], image_shapes: Sequence[tuple[int, int]],
                    original_image_sizes: Sequence[tuple[int, int]]) -> list[Target]:
        """Boxes and masks on the images as they came."""
        if not self.training:
            for found, size, original in zip(result, image_shapes, original_image_sizes, strict=True):
                found["boxes"] = resized(found["boxes"], size, original)
                if "masks" in found:
                    found["masks"] = paste_masks_in_image(found["masks"], found["boxes"], original)
        return result

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(\n    Normalize(mean={self.image_mean}, std={self.image_std})"
                f"\n    Resize(min_size={self.min_size}, max_size={self.max_size}, mode='bilinear')\n)")


def paste_masks_in_image(masks: Tensor, boxes: Tensor, img_shape: tuple[int, int], padding: int = 1) -> Tensor:
    """Masks of boxes, (N, 1, M, M), in the size of the image: (N, 1, H, W)."""
    height, width = img_shape
    out = masks.new_zeros((len(masks), 1, height, width))
    grown = (masks.shape[-1] + 2 * padding) / masks.shape[-1]
    centre, half = (boxes[:, 2:] + boxes[:, :2]) * 0.5, (boxes[:, 2:] - boxes[:, :2]) * 0.5 * grown
    edges = [(centre - half).long().tolist(), (centre + half).long().tolist()]
    for i, ((x1, y1), (x2, y2)) in enumerate(zip(*edges, strict=True)):
        size = max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)
        mask = F.interpolate(F.pad(masks[i:i + 1], (padding,) * 4), size=size, mode="bilinear", align_corners=False)[0, 0]
        top, left, bottom, right = max(y1, 0), max(x1, 0), min(y2 + 1, height), min(x2 + 1, width)
        out[i, 0, top:bottom, left:right] = mask[top - y1:bottom - y1, left - x1:right - x1]
    return out
