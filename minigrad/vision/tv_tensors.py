"""Tensors that say what they are: an image, a video, boxes, points or masks, so that a transform knows what to do with each."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

from .. import creation, dtypes
from .._tensor import Tensor
from ..engine.inplace import node_of
from ..errors import ArgumentError, UnsupportedError, describe
from ..nn.parameter import take_over
from ._pillow import is_pil, pil_to_tensor

T = TypeVar("T", bound=Tensor)


class BoundingBoxFormat(Enum):
    """What the numbers of a box are: corners, corner and size, or centre and size; with R (degrees, counter-clockwise) it is turned."""

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"
    CXCYWHR = "CXCYWHR"
    XYXYXYXY = "XYXYXYXY"


NUMBERS = {"XYWHR": 5, "CXCYWHR": 5, "XYXYXYXY": 8}  # of a turned box; the others have four


def format_of(format: BoundingBoxFormat | str) -> BoundingBoxFormat:
    """The format, also for its name."""
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


def is_rotated_bounding_format(format: BoundingBoxFormat | str) -> bool:
    """Whether such boxes can be turned."""
    return format_of(format).value in NUMBERS


def _adopt(kind: type[T], data: Tensor) -> T:
    """The same values and gradients as a tensor of another class."""
    t = kind.__new__(kind)
    take_over(t, data, kind.__name__)
    t.node = node_of(data)
    return t


class TVTensor(Tensor):
    """Base of them all. An op on one gives a plain tensor, but for `clone`, `to`, `detach`, `requires_grad_` and `pin_memory`."""

    def __init__(self, data: Any, *, dtype: dtypes.dtype | None = None, device: Any = None, requires_grad: bool | None = None) -> None:
        made = creation.as_tensor(pil_to_tensor(data) if is_pil(data) else data, dtype=dtype, device=device)
        take_over(self, made, type(self).__name__)
        self.node = node_of(made)
        if requires_grad is not None:
            self.requires_grad_(requires_grad)

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> Any:
        """The tensor as this kind, with what `like` knows besides its values, or `kwargs` instead."""
        return _adopt(cls, tensor)

    def as_subclass(self, cls: type[T]) -> T:
        """The same values as a plain `Tensor`, or as another kind."""
        return _adopt(cls, self)

    def _kept(self, out: Tensor) -> Any:
        return out if out is self else wrap(out, like=self)

    def clone(self, *args: Any, **kwargs: Any) -> Any:
        return self._kept(super().clone(*args, **kwargs))

    def to(self, *args: Any, **kwargs: Any) -> Any:
        return self._kept(super().to(*args, **kwargs))

    def detach(self) -> Any:
        return self._kept(super().detach())

    def pin_memory(self, *args: Any, **kwargs: Any) -> Any:
        return self._kept(super().pin_memory(*args, **kwargs))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
        return memo[id(self)]

    def __repr__(self) -> str:
        known = "".join(f", {name}={getattr(value, 'value', value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}{super().__repr__().removeprefix('tensor').removesuffix(')')}{known})"


class Image(TVTensor):
    """An image or several, (..., C, H, W). Raises ValueError for fewer than two dimensions."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim < 2:
            raise ArgumentError(f"Image: expected an image of two dimensions or more; got {describe(self)}")
        if self.ndim == 2:
            super().__init__(self[None])


class Video(TVTensor):
    """A video or several, (..., T, C, H, W). Raises ValueError for fewer dimensions."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim < 4:
            raise ArgumentError(f"Video: expected four dimensions, (..., T, C, H, W); got {describe(self)}")


class Mask(TVTensor):
    """Class numbers per pixel (H, W), or a mask for each object (N, H, W)."""


class KeyPoints(TVTensor):
    """Points (..., 2), x and y in pixels on a canvas of `canvas_size` (height, width). Raises ValueError for another shape."""

    canvas_size: tuple[int, int]

    def __init__(self, data: Any, *, canvas_size: Sequence[int], **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim == 1:
            super().__init__(self[None])
        if self.shape[-1] != 2:
            raise ArgumentError(f"KeyPoints: expected points of shape (..., 2); got {describe(self)}")
        self.canvas_size = _pair(canvas_size)

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> Any:
        made = _adopt(cls, tensor)
        made.canvas_size = _pair(kwargs.get("canvas_size", like.canvas_size))
        return made


class BoundingBoxes(TVTensor):
    """Boxes (N, 4) in pixels on a canvas of `canvas_size` (height, width); `format` says what the four numbers are (5 or 8 if turned).

    clamping_mode: "soft" and "hard" let transforms cut boxes at the canvas, None leaves them whole. Raises ValueError for another
    shape, and for integers that should be a turned box.
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None

    def __init__(self, data: Any, *, format: BoundingBoxFormat | str, canvas_size: Sequence[int], clamping_mode: str | None = "soft",
                 **options: Any) -> None:
        super().__init__(data, **options)
        if self.ndim == 1 and self.shape[0]:
            super().__init__(self[None])
        self.format, self.canvas_size = format_of(format), _pair(canvas_size)
        self.clamping_mode = check_clamping(clamping_mode)
        numbers = NUMBERS.get(self.format.value, 4)
        if self.ndim != 2 or self.shape[-1] != numbers:
            raise ArgumentError(f"BoundingBoxes: expected boxes of shape (N, {numbers}) for {self.format.value}; got {describe(self)}; "
                                f"write .reshape(-1, {numbers}) for none")
        if numbers > 4 and not self.dtype.is_floating_point:
            raise ArgumentError(f"BoundingBoxes: rotated boxes should be floating point tensors; got {describe(self)}; write .float()")

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> Any:
        made = _adopt(cls, tensor)
        made.format = format_of(kwargs.get("format", like.format))
        made.canvas_size = _pair(kwargs.get("canvas_size", like.canvas_size))
        made.clamping_mode = check_clamping(kwargs.get("clamping_mode", like.clamping_mode))
        return made


def check_clamping(mode: str | None, *more: str) -> str | None:
    """The mode. Raises ValueError for an unknown one."""
    if mode not in (None, "soft", "hard", *more):
        raise ArgumentError(f"clamping_mode must be None, {', '.join(('soft', 'hard', *more))}; got {mode!r}")
    return mode


def _pair(canvas_size: Sequence[int]) -> tuple[int, int]:
    return int(canvas_size[0]), int(canvas_size[1])


def wrap(wrappee: Tensor, *, like: Any, **kwargs: Any) -> Any:
    """A plain tensor as the kind that `like` is, with its format and canvas size, or those in `kwargs`."""
    return type(like).wrap(wrappee, like, **kwargs) if isinstance(like, TVTensor) else wrappee


def set_return_type(return_type: str) -> Any:
    """Ops give plain tensors ("Tensor"); "TVTensor" is not supported: raises UnsupportedError, which names `wrap`."""
    if return_type.lower() == "tvtensor":
        raise UnsupportedError("set_return_type: ops on a TVTensor give plain tensors; write tv_tensors.wrap(out, like=...) where "
                               "the kind should stay")
    if return_type.lower() != "tensor":
        raise ArgumentError(f"set_return_type: return_type must be 'TVTensor' or 'Tensor'; got {return_type!r}")
    return _nothing()


@contextmanager
def _nothing() -> Iterator[None]:
    yield
