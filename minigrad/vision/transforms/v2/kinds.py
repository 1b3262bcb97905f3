"""From one kind of part to another: images, tensors, dtypes, box formats."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .... import dtypes
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, describe
from ...tv_tensors import BoundingBoxes, BoundingBoxFormat, Image, KeyPoints, TVTensor, Video, check_clamping
from ..images import is_pil
from . import functional as F
from .dispatch import is_pure_tensor
from .structure import Params, Transform


class Identity(Transform):
    """Everything as it was."""

    def transform(self, inpt: Any, params: Params) -> Any:
        return inpt


class Lambda(Transform):
    """Any function, for the parts that are of `types` (default: all)."""

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        if not callable(lambd):
            raise ArgumentTypeError(f"Lambda: argument lambd should be callable; got {describe(lambd)}")
        self.lambd, self.types = lambd, types or (object,)

    def transform(self, inpt: Any, params: Params) -> Any:
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        return f"{getattr(self.lambd, '__name__', self.lambd)}, types={[kind.__name__ for kind in self.types]}"


class ToTensor(Transform):
    """PIL images and ndarrays (H, W, C) as tensors (C, H, W); uint8 becomes float in [0, 1]."""

    _transformed_types = (is_pil, np.ndarray)

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.to_tensor(inpt)


class PILToTensor(Transform):
    """PIL images as tensors (C, H, W) with the values unchanged."""

    _transformed_types = (is_pil,)

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.pil_to_tensor(inpt)


class ToImage(Transform):
    """PIL images, ndarrays and plain tensors as `Image`, values unchanged."""

    _transformed_types = (is_pure_tensor, is_pil, np.ndarray)

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.to_image(inpt)


class ToPILImage(Transform):
    """Images and ndarrays (H, W, C) as PIL images."""

    _transformed_types = (is_pure_tensor, Image, np.ndarray)

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.to_pil_image(inpt, self.mode)


class ToPureTensor(Transform):
    """Tensors that do not say any more what they are."""

    _transformed_types = (TVTensor,)

    def transform(self, inpt: Any, params: Params) -> Any:
        return inpt.as_subclass(Tensor)


class ToDtype(Transform):
    """Another dtype; with `scale`, an image's floats run from 0 to 1 and its integers to their largest value.

    One dtype is for images alone; {kind: dtype, "others": None} says it for each kind, None leaving it as it is.
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: dtypes.dtype | Mapping[Any, dtypes.dtype | None], scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, (dtypes.dtype, Mapping)):
            raise ArgumentError(f"ToDtype: dtype must be a dict or a dtype; got {describe(dtype)}")
        self.dtype, self.scale = dtype, scale

    def transform(self, inpt: Any, params: Params) -> Any:
        image = is_pure_tensor(inpt) or isinstance(inpt, (Image, Video))
        if isinstance(self.dtype, dtypes.dtype):
            return self._call_kernel(F.to_dtype, inpt, self.dtype, self.scale) if image else inpt
        if type(inpt) not in self.dtype and "others" not in self.dtype:
            raise ArgumentError(f"ToDtype: no dtype was specified for {type(inpt).__name__}; got {self.dtype}; add 'others': None to leave "
                                f"all others as they are")
        dtype = self.dtype[type(inpt) if type(inpt) in self.dtype else "others"]
        if dtype is None and self.scale and image:
            warnings.warn("ToDtype: scale was set to True but no dtype was specified for images: no scaling will be done", stacklevel=2)
        return inpt if dtype is None else self._call_kernel(F.to_dtype, inpt, dtype, self.scale)


class ConvertImageDtype(Transform):
    """Images of another dtype, rescaled: floats run from 0 to 1, integers from 0 to their largest value."""

    _transformed_types = (Tensor,)

    def __init__(self, dtype: dtypes.dtype = dtypes.float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.to_dtype, inpt, self.dtype, scale=True)


class UniformTemporalSubsample(Transform):
    """`num_samples` frames of a video at even distances."""

    _transformed_types = (Tensor,)

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.uniform_temporal_subsample, inpt, self.num_samples)


# ---------------------------------------------------------------- boxes and points
class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, format: BoundingBoxFormat | str) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes cut at the canvas, by their own `clamping_mode` or another one."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = check_clamping(clamping_mode, "auto")

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class SetClampingMode(Transform):
    """Whether transforms from here on cut boxes at the canvas ("soft", "hard") or not (None)."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        self.clamping_mode = check_clamping(clamping_mode)

    def transform(self, inpt: Any, params: Params) -> Any:
        out = inpt.clone()
        out.clamping_mode = self.clamping_mode
        return out


class ClampKeyPoints(Transform):
    """Points beyond the canvas moved to its outermost pixels."""

    _transformed_types = (KeyPoints,)

    def transform(self, inpt: Any, params: Params) -> Any:
        return F.clamp_keypoints(inpt)
