"""Resizing, cropping, padding and flipping of images."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...nn import functional as nn_functional
from .._pillow import pillow
from .images import PIL_FILTERS, Image, InterpolationMode, check, get_dimensions, interpolation_mode, is_pil, largest

PAD_MODES = ("constant", "edge", "reflect", "symmetric")       # NumPy has the same names for the last three
Mode = InterpolationMode | str | int


def resize(
    img: Image,
    size: int | Sequence[int] | None,
    interpolation: Mode = InterpolationMode.BILINEAR,
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
    return _resampled(img, (new_height, new_width), mode.value, bool(antialias))


def _resampled(img: Tensor, size: tuple[int, int], mode: str, antialias: bool) -> Tensor:
    """By `interpolate`; integers in float32, rounded."""
    out: Tensor
    if mode.startswith("nearest"):                   # of any dtype
        rows, columns = (_nearest(n, to, mode) for n, to in zip(img.shape[-2:], size, strict=True))
        out = img[..., rows[:, None], columns]
        return out
    x = img.reshape(-1, 1, *img.shape[-2:])
    whole = not img.dtype.is_floating_point
    out = nn_functional.interpolate(x.float() if whole else x, size, mode=mode, antialias=antialias)
    if whole:
        out = out.round_().clamp_(0 if img.dtype.numpy.kind in "bu" else -largest(img.dtype) - 1, largest(img.dtype)).to(img.dtype)
    return out.reshape(*img.shape[:-2], *size)


def _nearest(size: int, out: int, mode: str) -> NDArray[np.intp]:
    """For each output position the input position that it copies; float32 arithmetic, as PyTorch's."""
    half = np.float32(0.5 if mode == "nearest-exact" else 0)
    at: NDArray[np.intp] = np.floor((np.arange(out, dtype=np.float32) + half) * (np.float32(size) / np.float32(out))).astype(np.intp)
    return np.minimum(at, size - 1, out=at)


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
    check("crop", img)
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    _, h, w = get_dimensions(img)
    if 0 <= top <= top + height <= h and 0 <= left <= left + width <= w:
        return img[..., top:top + height, left:left + width]
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


def resized_crop(
    img: Image, top: int, left: int, height: int, width: int, size: int | Sequence[int],
    interpolation: Mode = InterpolationMode.BILINEAR, antialias: bool | None = True
) -> Image:
    """A part, brought to a size."""
    return resize(crop(img, top, left, height, width), size, interpolation, None, antialias)


def five_crop(img: Image, size: int | Sequence[int]) -> tuple[Image, ...]:
    """The four corners (upper left, upper right, lower left, lower right) and the middle. Raises ValueError where they do not fit."""
    height, width = pair(size, "five_crop")
    _, h, w = get_dimensions(img)
    if height > h or width > w:
        raise ArgumentError(f"five_crop: requested crop size {(height, width)} is bigger than input size {(h, w)}; put Resize before it")
    corners = [(top, left) for top in (0, h - height) for left in (0, w - width)]
    return *(crop(img, top, left, height, width) for top, left in corners), center_crop(img, [height, width])


def ten_crop(img: Image, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Image, ...]:
    """`five_crop` of the image, and of its mirror image."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


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
    check("pad", img)
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
    fill = fill[0] if isinstance(fill, (list, tuple)) and len(fill) == 1 else fill
    if isinstance(fill, (list, tuple)):
        if mode != "constant":
            raise ArgumentError(f"pad: padding mode {mode!r} takes one number as fill; got {fill}")
        if any(side < 0 for side in sides):
            raise ArgumentError(f"pad: a fill per channel needs padding of 0 or more; got {sides}")
        colour = creation.tensor(fill).to(img.device, img.dtype).reshape(-1, 1, 1)
        out = colour.expand(*img.shape[:-2], h + top + bottom, w + left + right).clone()
        out[..., top:top + h, left:left + w] = img
    elif mode == "constant":
        out = nn_functional.pad(img, (left, right, top, bottom), value=fill or 0)
    else:
        out = img[..., _source(h, top, bottom, mode)[:, None], _source(w, left, right, mode)]
    return out


def hflip(img: Image) -> Image:
    """Left and right exchanged."""
    check("hflip", img)
    return img.flip(-1) if isinstance(img, Tensor) else img.transpose(0)      # 0: Pillow's FLIP_LEFT_RIGHT


def vflip(img: Image) -> Image:
    """Top and bottom exchanged."""
    check("vflip", img)
    return img.flip(-2) if isinstance(img, Tensor) else img.transpose(1)      # 1: Pillow's FLIP_TOP_BOTTOM


