"""MixUp and CutMix: batches whose images are made of two each, and labels to match."""
from __future__ import annotations

import math
from typing import Any

from .... import creation
from ...._tensor import Tensor
from ....batching.trees import flatten, unflatten
from ....distributions import Beta
from ....errors import ArgumentError, describe
from ....nn import functional as nn_functional
from ...tv_tensors import BoundingBoxes, KeyPoints, Mask, Video, wrap
from ..images import is_pil
from .sanitize import Getter, getter
from .structure import Params, Transform, has_any, integer, query_size


class _Mixing(Transform):
    """(images (B, C, H, W), labels) -> the same with labels (B, classes) of parts that sum to 1.

    labels: class numbers (B,), which need `num_classes`, or one row of parts (B, classes) each, found by `labels_getter`. lambda, the
    share of the image itself, is drawn from Beta(alpha, alpha). Raises ValueError for other shapes.
    """

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Getter = "default") -> None:
        super().__init__()
        if alpha <= 0:
            raise ArgumentError(f"{type(self).__name__}: alpha must be positive; got {alpha}")
        self.alpha, self.num_classes = float(alpha), num_classes
        self._share = Beta(creation.tensor([self.alpha]), creation.tensor([self.alpha]))
        self._labels_getter = getter(labels_getter)

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        who = type(self).__name__
        parts, tree = flatten(sample)
        if has_any(parts, is_pil, BoundingBoxes, Mask, KeyPoints):
            raise ArgumentError(f"{who}: PIL images, boxes, points and masks are not supported; mix batches of tensors, after collating")
        labels = self._labels_getter(sample)
        if not isinstance(labels, Tensor) or labels.ndim not in (1, 2):
            raise ArgumentError(f"{who}: labels must be a tensor (B,) or (B, classes); got {describe(labels)}")
        needed = self._needs_transform_list(parts)
        images = [i for i, part in enumerate(parts) if needed[i] and part is not labels]
        for i in images:
            dims = 5 if isinstance(parts[i], Video) else 4
            if parts[i].ndim != dims or len(parts[i]) != len(labels):
                raise ArgumentError(f"{who}: images must be a batch of {dims} dimensions, (B, ..., C, H, W), and labels must be (B,) or "
                                    f"(B, classes); got {describe(parts[i])} and {describe(labels)}; mix after collating")
        if labels.ndim == 1 and self.num_classes is None:
            raise ArgumentError(f"{who}: num_classes must be passed if the labels are class numbers; got {describe(labels)}")
        if labels.ndim == 2 and self.num_classes not in (None, labels.shape[1]):
            raise ArgumentError(f"{who}: labels must have num_classes={self.num_classes} columns; got {describe(labels)}")
        params = self.make_params([parts[i] for i in images])
        for i, part in enumerate(parts):
            if part is labels:
                parts[i] = self._mixed_labels(labels, params["share"])
            elif i in images:
                parts[i] = self.transform(part, params)
        return unflatten(parts, tree)

    def _mixed_labels(self, labels: Tensor, share: float) -> Tensor:
        parts = labels if labels.ndim == 2 else nn_functional.one_hot(labels.long(), self.num_classes or -1)
        parts = parts if parts.dtype.is_floating_point else parts.float()
        mixed: Tensor = parts.roll(1, 0) * (1.0 - share) + parts * share
        return mixed


class MixUp(_Mixing):
    __doc__ = f"Sums of two images (Zhang et al. 2017). {_Mixing.__doc__}"

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"share": float(self._share.sample(()).item())}

    def transform(self, inpt: Any, params: Params) -> Any:
        share = params["share"]
        if not inpt.dtype.is_floating_point:
            raise ArgumentError(f"MixUp: images must be floats; got {describe(inpt)}; put ToDtype(float32, scale=True) before it")
        return wrap(inpt.roll(1, 0) * (1.0 - share) + inpt * share, like=inpt)


class CutMix(_Mixing):
    __doc__ = f"A box of each image replaced by that of another (Yun et al. 2019). {_Mixing.__doc__}"

    def make_params(self, flat_inputs: list[Any]) -> Params:
        share = float(self._share.sample(()).item())
        h, w = query_size(flat_inputs)
        x, y = integer(0, w), integer(0, h)
        half = 0.5 * math.sqrt(1.0 - share)
        dx, dy = int(half * w), int(half * h)
        x1, x2, y1, y2 = max(x - dx, 0), min(x + dx, w), max(y - dy, 0), min(y + dy, h)
        return {"box": (x1, y1, x2, y2), "share": 1.0 - (x2 - x1) * (y2 - y1) / (w * h)}

    def transform(self, inpt: Any, params: Params) -> Any:
        x1, y1, x2, y2 = params["box"]
        mixed = inpt.clone()
        mixed[..., y1:y2, x1:x2] = inpt.roll(1, 0)[..., y1:y2, x1:x2]
        return wrap(mixed, like=inpt)
