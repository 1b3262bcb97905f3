"""Boxes and points that are empty or have left the image, dropped together with their labels and masks; and where labels are found."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...._tensor import Tensor
from ....batching.trees import flatten, unflatten
from ....errors import ArgumentError, describe
from ...tv_tensors import BoundingBoxes, KeyPoints, Mask, wrap
from . import functional as F
from .dispatch import is_pure_tensor
from .structure import Transform, get_bounding_boxes, get_keypoints

Getter = Callable[[Any], Any] | str | None


def find_labels(inputs: Any) -> Any:
    """(image, labels), (image, {"labels": ...}) or {"labels": ...}: the labels. Raises ValueError where they cannot be found."""
    inputs = inputs[1] if isinstance(inputs, (tuple, list)) and len(inputs) > 1 else inputs
    if is_pure_tensor(inputs):
        return inputs
    if not isinstance(inputs, Mapping):
        raise ArgumentError(f"labels: expected a dictionary, or a tuple whose second item is a dictionary or a tensor of labels; got "
                            f"{describe(inputs)}; pass labels_getter")
    names = [name for name in inputs if str(name).lower() == "labels"] or [name for name in inputs if "label" in str(name).lower()]
    if not names:
        raise ArgumentError(f"labels: could not infer where the labels are in the sample; it has {list(inputs)}; pass labels_getter, or "
                            f"labels_getter=None if there are none")
    return inputs[names[0]]


def no_labels(inputs: Any) -> None:
    """For samples without labels."""


def getter(labels_getter: Getter) -> Callable[[Any], Any]:
    """The function that finds labels. Raises ValueError for what is none."""
    if labels_getter == "default":
        return find_labels
    if labels_getter is not None and not callable(labels_getter):
        raise ArgumentError(f"labels_getter should either be 'default', a callable, or None; got {labels_getter!r}")
    return labels_getter if callable(labels_getter) else no_labels


class _Sanitizing(Transform):
    """Base of the two: which entries are valid, and what goes with them."""

    def __init__(self, labels_getter: Getter) -> None:
        super().__init__()
        self.labels_getter = labels_getter
        self._labels_getter = getter(labels_getter)

    def valid(self, parts: list[Any]) -> tuple[Tensor, list[Any]]:
        """Which entries stay (N,), and the parts that have an entry each."""
        raise NotImplementedError

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        labels: Any = self._labels_getter(sample)
        labels = [] if labels is None else [labels] if isinstance(labels, Tensor) else labels
        if not isinstance(labels, Sequence) or not all(isinstance(label, Tensor) for label in labels):
            raise ArgumentError(f"{type(self).__name__}: the labels must be tensors or None; got {describe(labels)}")
        parts, tree = flatten(sample)
        valid, along = self.valid(parts)
        for label in labels:
            if len(label) != len(valid):
                raise ArgumentError(f"{type(self).__name__}: expected {len(valid)} labels, one for each entry; got {describe(label)}")
        chosen = {id(part) for part in (*labels, *along)}
        return unflatten([wrap(part[valid], like=part) if id(part) in chosen else part for part in parts], tree)


class SanitizeBoundingBoxes(_Sanitizing):
    """Boxes below `min_size` pixels, below `min_area` or partly off the canvas dropped, with their labels and masks.

    labels_getter: finds the labels in a sample, one tensor or several; by default what is called "labels". None: there are none.
    Raises ValueError for samples without boxes or labels.
    """

    def __init__(self, min_size: float = 1.0, min_area: float = 1.0, labels_getter: Getter = "default") -> None:
        super().__init__(labels_getter)
        if min_size < 1 or min_area < 1:
            raise ArgumentError(f"SanitizeBoundingBoxes: min_size and min_area must be >= 1; got {min_size} and {min_area}")
        self.min_size, self.min_area = min_size, min_area

    def valid(self, parts: list[Any]) -> tuple[Tensor, list[Any]]:
        boxes = get_bounding_boxes(parts)
        _, valid = F.sanitize_bounding_boxes(boxes, min_size=self.min_size, min_area=self.min_area)
        return valid, [part for part in parts if isinstance(part, (BoundingBoxes, Mask)) and len(part) == len(boxes) and part.ndim != 1
                       and not (isinstance(part, Mask) and part.ndim < 3)]


class SanitizeKeyPoints(_Sanitizing):
    """Points, or groups of points (N, ..., 2), of which one has left the canvas dropped, with their labels."""

    def __init__(self, labels_getter: Getter = None) -> None:
        super().__init__(labels_getter)

    def valid(self, parts: list[Any]) -> tuple[Tensor, list[Any]]:
        points = get_keypoints(parts)
        return F.sanitize_keypoints(points)[1], [part for part in parts if isinstance(part, KeyPoints) and len(part) == len(points)]
