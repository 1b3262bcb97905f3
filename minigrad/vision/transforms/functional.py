"""What transforms do to one image, a PIL image or a tensor (..., C, H, W): `torchvision.transforms.functional`."""
from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation, dtypes
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, DtypeError, describe
from ...nn import functional as nn_functional
from .._pillow import pillow
from .resample import resample

Image = Any                                          # a PIL image or a Tensor
PAD_MODES = ("constant", "edge", "reflect", "symmetric")       # NumPy has the same names for the last three


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
FROM_PIL = {number: InterpolationMode(name) for name, number in PIL_FILTERS.items() if name != "nearest-exact"}


# ---------------------------------------------------------------- what an image is
def is_pil(img: Any) -> bool:
    """Whether this is a PIL image; without Pillow loaded nothing is."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(img, module.Image)


def _check(op: str, img: Any) -> None:
    if not (is_pil(img) or isinstance(img, Tensor)):
        raise ArgumentTypeError(f"{op}: img should be PIL Image or Tensor; got {describe(img)}")
    if isinstance(img, Tensor) and img.ndim < 2:
        raise ArgumentTypeError(f"{op}: a tensor is an image with two dimensions or more; got {describe(img)}")


def get_dimensions(img: Image) -> list[int]:
    """[channels, height, width]."""
    _check("get_dimensions", img)
    if isinstance(img, Tensor):
        return [img.shape[-3] if img.ndim > 2 else 1, img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


# ---------------------------------------------------------------- to and from tensors
def pil_to_tensor(pic: Any) -> Tensor:
    """PIL image -> tensor (C, H, W) with the values unchanged; a 16-bit image becomes int32, as there is no uint16."""
    if not is_pil(pic):
        raise ArgumentTypeError(f"pil_to_tensor: pic should be PIL Image; got {describe(pic)}")
    pixels = np.array(pic)
    return creation.from_numpy(_channels_first(pixels if pixels.dtype.name != "uint16" else pixels.astype(np.int32)))


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
    pixels = _channels_first(pixels)
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(dtypes.get_default_numpy())
        pixels /= 255
    return creation.from_numpy(pixels)


def _channels_first(pixels: NDArray[Any]) -> NDArray[Any]:
    """(H, W) or (H, W, C) -> contiguous (C, H, W)."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None])


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
        out = (image * (_largest(dtype) + 1.0 - 1e-3)).to(dtype)     # 1e-3 less: every integer gets an equal share
    elif dtype.is_floating_point:
        out = image.to(dtype) / _largest(image.dtype)
    else:
        steps_in, steps_out = _largest(image.dtype) + 1, _largest(dtype) + 1
        out = (image // (steps_in // steps_out)).to(dtype) if steps_in > steps_out else image.to(dtype) * (steps_out // steps_in)
    return out


def _largest(dtype: dtypes.dtype) -> int:
    return 1 if dtype.numpy.kind == "b" else int(np.iinfo(dtype.numpy).max)


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(tensor - mean) / std with one number per channel of a float tensor (..., C, H, W).

    Raises TypeError for other tensors, ValueError for fewer dimensions or a std of zero.
    """
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"normalize: img should be Tensor Image; got {describe(tensor)}; put ToTensor before it")
    if not tensor.dtype.is_floating_point:
        raise ArgumentTypeError(f"normalize: input tensor should be a float tensor; got {describe(tensor)}; write .float()")
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


# ---------------------------------------------------------------- size
def resize(
    img: Image,
    size: int | Sequence[int] | None,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Image:
    """Resize to (height, width), or the shorter edge to one number with the aspect ratio kept.

    `max_size` bounds the longer edge. `antialias` is for tensors; Pillow always does it.
    """
    mode = interpolation_mode(interpolation)
    _, height, width = get_dimensions(img)
    new_height, new_width = resized(height, width, size, max_size)
    if (new_height, new_width) == (height, width):
        return img
    if is_pil(img):
        if antialias is False:
            warnings.warn("resize: antialias=False has no effect on PIL images; Pillow always does it", stacklevel=2)
        return img.resize((new_width, new_height), PIL_FILTERS[mode.value])
    if mode.value not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise ArgumentError(f"resize: tensors take NEAREST, NEAREST_EXACT, BILINEAR and BICUBIC; got {mode}")
    return resample(img, new_height, new_width, mode.value, bool(antialias))


def interpolation_mode(value: InterpolationMode | int) -> InterpolationMode:
    """The mode, also for Pillow's number of it."""
    if isinstance(value, int) and value in FROM_PIL:
        return FROM_PIL[value]
    if not isinstance(value, InterpolationMode):
        raise ArgumentTypeError(f"resize: interpolation should be an InterpolationMode or Pillow's number; got {value!r}")
    return value


def resized(height: int, width: int, size: int | Sequence[int] | None, max_size: int | None) -> tuple[int, int]:
    """(height, width) after `resize`."""
    sizes = [size] if isinstance(size, int) else size if size is None else list(size)
    if sizes is not None and len(sizes) not in (1, 2):
        raise ArgumentError(f"resize: size must be an int or have 1 or 2 elements; got {size}")
    if sizes is not None and len(sizes) == 2:
        if max_size is not None:
            raise ArgumentError(f"resize: max_size should only be passed if size is one number; got size={size}")
        return sizes[0], sizes[1]
    short, long = sorted((height, width))
    if sizes is None:
        if max_size is None:
            raise ArgumentError("resize: size or max_size must be given; got None for both")
        new_short, new_long = int(max_size * short / long), max_size
    else:
        new_short, new_long = sizes[0], int(sizes[0] * long / short)
        if max_size is not None and max_size <= sizes[0]:
            raise ArgumentError(f"resize: max_size must be greater than the size of the smaller edge; got {max_size}, size={size}")
        if max_size is not None and new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


def crop(img: Image, top: int, left: int, height: int, width: int) -> Image:
    """The box of this size whose upper left corner is at (top, left); zeros where it leaves the image."""
    _check("crop", img)
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    _, h, w = get_dimensions(img)
    return _pad_tensor(img, (-left, -top, left + width - w, top + height - h), 0, "constant")


def center_crop(img: Image, output_size: int | Sequence[int]) -> Image:
    """The middle of an image, padded with zeros first where it is too small."""
    height, width = pair(output_size, "center_crop")
    _, h, w = get_dimensions(img)
    if height > h or width > w:
        more_h, more_w = max(height - h, 0), max(width - w, 0)
        img = pad(img, [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2])
        _, h, w = get_dimensions(img)
    return crop(img, round((h - height) / 2), round((w - width) / 2), height, width)


def pair(size: int | Sequence[int], op: str) -> tuple[int, int]:
    """(height, width) from one number or two."""
    sizes = [int(size)] if isinstance(size, (int, float)) else list(size)
    if len(sizes) not in (1, 2):
        raise ArgumentError(f"{op}: please provide only two dimensions (h, w) for size; got {size}")
    return sizes[0], sizes[-1]


def pad(img: Image, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Image:
    """Add pixels on all sides; `padding` is a number, (left/right, top/bottom) or (left, top, right, bottom).

    `padding_mode` is constant (`fill`), edge, reflect (the edge not repeated) or symmetric (the edge repeated).
    Negative numbers cut off. Raises TypeError and ValueError for what is none of these.
    """
    _check("pad", img)
    sides = padding_sides(padding)
    if padding_mode not in PAD_MODES:
        raise ArgumentError(f"pad: padding mode should be one of {', '.join(PAD_MODES)}; got {padding_mode!r}")
    if isinstance(img, Tensor):
        return _pad_tensor(img, sides, fill, padding_mode)
    if padding_mode == "constant":
        return _pad_pil(img, sides, fill)
    left, top, right, bottom = sides
    rows, columns = _source(img.height, top, bottom, padding_mode), _source(img.width, left, right, padding_mode)
    out = pillow("pad").fromarray(np.asarray(img)[rows[:, None], columns])
    if img.mode == "P":
        out.putpalette(img.getpalette())
    return out


def padding_sides(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) from one, two or four numbers."""
    if not isinstance(padding, (int, float, tuple, list)):
        raise ArgumentTypeError(f"pad: padding should be a number, a tuple or a list; got {describe(padding)}")
    values = [int(padding)] if isinstance(padding, (int, float)) else [int(value) for value in padding]
    if len(values) not in (1, 2, 4):
        raise ArgumentError(f"pad: padding must be an int or a 1, 2, or 4 element tuple; got {len(values)} elements")
    left, top, right, bottom = values * (4 // len(values))
    return left, top, right, bottom


def _pad_pil(img: Any, sides: tuple[int, int, int, int], fill: Any) -> Any:
    if isinstance(fill, (list, tuple)) and len(fill) != len(img.getbands()):
        raise ArgumentError(f"pad: fill must have one number per channel ({len(img.getbands())}); got {tuple(fill)}")
    if isinstance(fill, (int, float)) and len(img.getbands()) > 1:
        fill = (int(fill),) * len(img.getbands())
    out = pillow("pad", "ImageOps").expand(img, border=sides, fill=tuple(fill) if isinstance(fill, list) else fill or 0)
    if img.mode == "P":
        out.putpalette(img.getpalette())
    return out


def _source(size: int, before: int, after: int, mode: str) -> NDArray[np.intp]:
    """For each position of the padded axis the position that it copies."""
    kept = np.arange(max(-before, 0), size - max(-after, 0))
    out: NDArray[np.intp] = np.pad(kept, (max(before, 0), max(after, 0)), mode)      # type: ignore[call-overload]
    return out


def _pad_tensor(img: Tensor, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Tensor:
    left, top, right, bottom = sides
    h, w = img.shape[-2:]
    out: Tensor
    if mode == "constant":
        out = nn_functional.pad(img, (left, right, top, bottom), value=fill or 0)
    else:
        out = img[..., _source(h, top, bottom, mode)[:, None], _source(w, left, right, mode)]
    return out


# ---------------------------------------------------------------- pixels
def hflip(img: Image) -> Image:
    """Left and right exchanged."""
    _check("hflip", img)
    return img.flip(-1) if isinstance(img, Tensor) else img.transpose(0)      # 0: Pillow's FLIP_LEFT_RIGHT


def vflip(img: Image) -> Image:
    """Top and bottom exchanged."""
    _check("vflip", img)
    return img.flip(-2) if isinstance(img, Tensor) else img.transpose(1)      # 1: Pillow's FLIP_TOP_BOTTOM


def rgb_to_grayscale(img: Image, num_output_channels: int = 1) -> Image:
    """Luma of an RGB image (ITU-R 601-2), in one channel or three equal ones."""
    _check("rgb_to_grayscale", img)
    if num_output_channels not in (1, 3):
        raise ArgumentError(f"rgb_to_grayscale: num_output_channels should be either 1 or 3; got {num_output_channels}")
    if is_pil(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else pillow("rgb_to_grayscale").merge("RGB", [grey] * 3)
    channels = get_dimensions(img)[0]
    if img.ndim < 3 or channels not in (1, 3):
        raise ArgumentTypeError(f"rgb_to_grayscale: a tensor must have 1 or 3 channels; got {describe(img)}")
    if channels == 3:
        r, g, b = (img[..., i:i + 1, :, :] for i in range(3))
        img = (0.2989 * r + 0.587 * g + 0.114 * b).to(img.dtype)
    return img.clone() if num_output_channels == 1 else img.expand(*img.shape[:-3], 3, *img.shape[-2:])
