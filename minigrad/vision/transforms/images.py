"""What an image is, a PIL image or a tensor (..., C, H, W), and how one becomes the other."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation, dtypes
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, DtypeError, describe
from .._pillow import channels_first, pillow
from .._pillow import is_pil as is_pil
from .._pillow import pil_to_tensor as pil_to_tensor

Image = Any                                          # a PIL image or a Tensor


class InterpolationMode(Enum):
    """How `resize` reads between pixels. BOX, HAMMING and LANCZOS are for PIL images only."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's numbers; its NEAREST is the exact one
PIL_FILTERS = {"nearest": 0, "nearest-exact": 0, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5, "lanczos": 1}
pil_modes_mapping = {InterpolationMode(name): number for name, number in PIL_FILTERS.items()}
FROM_PIL = {number: InterpolationMode(name) for name, number in PIL_FILTERS.items() if name != "nearest-exact"}


# ---------------------------------------------------------------- what an image is
def check(op: str, img: Any) -> None:
    """Raises TypeError for what is no image."""
    if not (is_pil(img) or isinstance(img, Tensor)):
        raise ArgumentTypeError(f"{op}: img should be PIL Image or Tensor; got {describe(img)}")
    if isinstance(img, Tensor) and img.ndim < 2:
        raise ArgumentTypeError(f"{op}: a tensor is an image with two dimensions or more; got {describe(img)}")


def get_dimensions(img: Image) -> list[int]:
    """[channels, height, width]."""
    check("get_dimensions", img)
    if isinstance(img, Tensor):
        return [img.shape[-3] if img.ndim > 2 else 1, img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Image) -> list[int]:
    """[width, height]: the other way round than in `get_dimensions`."""
    return get_dimensions(img)[:0:-1]


def get_image_num_channels(img: Image) -> int:
    """How many channels or bands there are."""
    return get_dimensions(img)[0]


def interpolation_mode(value: InterpolationMode | str | int) -> InterpolationMode:
    """The mode, also for its name or Pillow's number of it."""
    if isinstance(value, int) and value in FROM_PIL:
        return FROM_PIL[value]
    if isinstance(value, str) and value in PIL_FILTERS:
        return InterpolationMode(value)
    if not isinstance(value, InterpolationMode):
        raise ArgumentTypeError(f"resize: interpolation should be an InterpolationMode, its name or Pillow's number; got {value!r}")
    return value


# ---------------------------------------------------------------- to and from tensors
def to_tensor(pic: Any) -> Tensor:
    """PIL image or ndarray (H, W) or (H, W, C) -> tensor (C, H, W); uint8 becomes default float in [0, 1].

    Other dtypes keep their values. Raises TypeError for anything else, ValueError for an array of other dimensions.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ArgumentError(f"to_tensor: pic should be 2/3 dimensional; got {describe(pic)}")
        pixels = pic
    elif is_pil(pic):
        kinds = {"I": np.int32, "I;16": np.int16, "I;16B": np.int16, "F": np.float32}
        pixels = np.array(pic, kinds.get(pic.mode, np.uint8))
        if pic.mode == "1":
            pixels *= 255
    else:
        raise ArgumentTypeError(f"to_tensor: pic should be PIL Image or ndarray; got {describe(pic)}")
    pixels = channels_first(pixels)
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(dtypes.get_default_numpy())
        pixels /= 255
    return creation.from_numpy(pixels)


def to_pil_image(pic: Tensor | NDArray[Any], mode: str | None = None) -> Any:
    """Tensor (C, H, W) or (H, W), or ndarray (H, W, C) or (H, W) -> PIL image; floats are multiplied by 255.

    `mode` is the image's mode where the number of channels allows several. Raises TypeError for what is neither and for
    dtypes that no mode holds, ValueError for other shapes and for a mode that does not fit.
    """
    if isinstance(pic, Tensor):
        pixels = pic.detach().numpy()
        pixels = np.moveaxis(pixels, 0, 2) if pixels.ndim == 3 else pixels
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise ArgumentTypeError(f"to_pil_image: pic should be Tensor or ndarray; got {describe(pic)}")
    if pixels.ndim not in (2, 3):
        raise ArgumentError(f"to_pil_image: pic should be 2/3 dimensional; got {describe(pic)}")
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.shape[2] > 4:
        raise ArgumentError(f"to_pil_image: pic should not have > 4 channels; got {describe(pic)}")
    if pixels.dtype.kind == "f" and mode != "F":
        pixels = (pixels * 255).astype(np.uint8)
    mode = _pil_mode(pixels, mode)
    return _pil_from(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels, mode)


def _pil_mode(pixels: NDArray[Any], mode: str | None) -> str:
    if pixels.shape[2] == 1:
        little = sys.byteorder == "little"
        grey = {"uint8": "L", "int16": "I;16" if little else "I;16B", "int32": "I", "float32": "F"}.get(pixels.dtype.name)
        modes = [grey] if grey else []
    else:
        modes = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}[pixels.shape[2]]
    if mode is not None and mode not in modes:
        raise ArgumentError(f"to_pil_image: {describe(pixels)} can have the modes {modes}; got mode={mode!r}")
    if not modes or (pixels.shape[2] > 1 and pixels.dtype != np.uint8):
        raise ArgumentTypeError(f"to_pil_image: input type {pixels.dtype} is not supported; write pic.to(uint8)")
    return mode or modes[0]


def _pil_from(pixels: NDArray[Any], mode: str) -> Any:
    pixels = np.ascontiguousarray(pixels)
    return pillow("to_pil_image").frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def convert_image_dtype(image: Tensor, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """Another dtype, rescaled: floats run from 0 to 1, integers from 0 to their largest value.

    Raises RuntimeError where the largest integer is not exact in the float (float32 to int32 or int64).
    """
    if not isinstance(image, Tensor):
        raise ArgumentTypeError(f"convert_image_dtype: input should be Tensor; got {describe(image)}")
    if image.dtype is dtype:
        return image
    out: Tensor
    if image.dtype.is_floating_point and dtype.is_floating_point:
        out = image.to(dtype)
    elif image.dtype.is_floating_point:
        if (image.dtype.itemsize, dtype.itemsize) in ((4, 4), (4, 8), (8, 8)):
            raise DtypeError(f"convert_image_dtype: the cast from {image.dtype} to {dtype} cannot be performed safely")
        out = (image * (largest(dtype) + 1.0 - 1e-3)).to(dtype)     # 1e-3 less: every integer gets an equal share
    elif dtype.is_floating_point:
        out = image.to(dtype) / largest(image.dtype)
    else:
        steps_in, steps_out = largest(image.dtype) + 1, largest(dtype) + 1
        out = (image // (steps_in // steps_out)).to(dtype) if steps_in > steps_out else image.to(dtype) * (steps_out // steps_in)
    return out


def largest(dtype: dtypes.dtype) -> int:
    """What white is: 1 in floats."""
    return 1 if dtype.numpy.kind in "bf" else int(np.iinfo(dtype.numpy).max)


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(tensor - mean) / std with one number per channel of a float tensor (..., C, H, W).

    Raises TypeError for other tensors, ValueError for fewer dimensions or a std of zero.
    """
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"normalize: img should be Tensor Image; got {describe(tensor)}; put ToTensor before it")
    if not tensor.dtype.is_floating_point:
        raise ArgumentTypeError(f"normalize: input tensor should be a float tensor; got {describe(tensor)}; put "
                                f"ConvertImageDtype(float32) or v2.ToDtype(float32, scale=True) before it")
    if tensor.ndim < 3:
        raise ArgumentError(f"normalize: expected tensor to be a tensor image of size (..., C, H, W); got {describe(tensor)}")
    m, s = _per_channel(mean, tensor), _per_channel(std, tensor)
    if not s.detach().numpy().all():
        raise ArgumentError(f"normalize: std evaluated to zero after conversion to {tensor.dtype}; got std={std}")
    out: Tensor = tensor.sub_(m).div_(s) if inplace else (tensor - m) / s
    return out


def _per_channel(values: Sequence[float] | Tensor, image: Tensor) -> Tensor:
    """(C,) numbers -> (C, 1, 1) of the image's dtype, on its device."""
    if not isinstance(values, Tensor):
        values = creation.as_tensor(np.asarray(values, image.dtype.numpy), device=image.device)
    out: Tensor = values.to(image.device, image.dtype)
    return out.reshape(-1, 1, 1) if out.ndim == 1 else out
