"""MixUp and CutMix: batches whose images are made of two each, and labels to match."""
from __future__ import annotations

import math
from typing import Any

from .... import creation, dtypes
from ...._tensor import Tensor
from ....distributions import Beta
from ....errors import ArgumentError, ArgumentTypeError, describe
from ....nn import functional as nn_functional
from ....nn.module import Module
from .structure import integer


class _Mixing(Module):
    """(images (B, ..., H, W), labels) -> the same with labels (B, classes) of parts that sum to 1.

    labels: class numbers (B,), which need `num_classes`, or one row of parts (B, classes) each. lambda, the share of the image itself,
    is drawn from Beta(alpha, alpha). Raises ValueError for other shapes.
    """

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None) -> None:
        super().__init__()
        if alpha <= 0:
            raise ArgumentError(f"{type(self).__name__}: alpha must be positive; got {alpha}")
        self.alpha, self.num_classes = float(alpha), num_classes
        self._share = Beta(creation.tensor([self.alpha]), creation.tensor([self.alpha]))

    def forward(self, images: Any, labels: Any = None) -> Any:
        if labels is None:
            if not (isinstance(images, (tuple, list)) and len(images) == 2):
                raise ArgumentTypeError(f"{type(self).__name__}: expected images and labels; got {describe(images)}")
            images, labels = images
        who = type(self).__name__
        if not isinstance(images, Tensor) or images.ndim < 4 or not images.dtype.is_floating_point:
            raise ArgumentError(f"{who}: images must be a batch of floats (B, C, H, W); got {describe(images)}; mix after collating")
        if not isinstance(labels, Tensor) or labels.shape[0] != images.shape[0] or labels.ndim > 2:
            raise ArgumentError(f"{who}: labels must be (B,) or (B, classes) for {images.shape[0]} images; got {describe(labels)}")
        if labels.ndim == 1:
            if self.num_classes is None:
                raise ArgumentError(f"{who}: num_classes must be passed if the labels are class numbers; got {describe(labels)}")
            labels = nn_functional.one_hot(labels.to(dtypes.int64), self.num_classes).to(images.dtype)
        mixed, share = self.mix(images, float(self._share.sample(()).item()))
        return mixed, labels.roll(1, 0) * (1.0 - share) + labels * share

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        """Each image together with the one before it, and how much of it is its own."""
        raise NotImplementedError


class MixUp(_Mixing):
    __doc__ = f"Sums of two images (Zhang et al. 2017). {_Mixing.__doc__}"

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        return images.roll(1, 0) * (1.0 - share) + images * share, share


class CutMix(_Mixing):
    __doc__ = f"A box of each image replaced by that of another (Yun et al. 2019). {_Mixing.__doc__}"

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        h, w = images.shape[-2:]
        x, y = integer(w), integer(h)
        half = 0.5 * math.sqrt(1.0 - share)
        dx, dy = int(half * w), int(half * h)
        x1, x2, y1, y2 = max(x - dx, 0), min(x + dx, w), max(y - dy, 0), min(y + dy, h)
        mixed = images.clone()
        mixed[..., y1:y2, x1:x2] = images.roll(1, 0)[..., y1:y2, x1:x2]
        return mixed, 1.0 - (x2 - x1) * (y2 - y1) / (w * h)
