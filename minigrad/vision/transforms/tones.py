"""What happens to each brightness by itself, whatever stands beside it: inverting, equalising, gamma and the like."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ..._tensor import Tensor
from ...creation import from_numpy
from ...errors import ArgumentError, ArgumentTypeError
from .._pillow import pillow
from .images import Image, check, convert_image_dtype, get_dimensions, is_pil, largest, pil_to_tensor, to_pil_image


def _by_pillow(name: str, img: Image, *args: Any) -> Image:
    return getattr(pillow(name, "ImageOps"), name)(img, *args)


def invert(img: Image) -> Image:
    """Black becomes white."""
    check("invert", img)
    return _by_pillow("invert", img) if is_pil(img) else largest(img.dtype) - img


def posterize(img: Image, bits: int) -> Image:
    """The upper `bits` (0 ... 8) of each number kept; floats get 2 ** bits levels. Raises TypeError for other bits."""
    check("posterize", img)
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise ArgumentTypeError(f"posterize: bits must be an integer in the range [0, 8]; got {bits}")
    if is_pil(img):
        return _by_pillow("posterize", img, bits)
    if img.dtype.is_floating_point:
        return (img * 2 ** bits).floor().clamp(0, 2 ** bits - 1) * (1.0 / 2 ** bits)
    lost = largest(img.dtype).bit_length() - bits
    return img if lost <= 0 else img & ((1 << bits) - 1) << lost


def solarize(img: Image, threshold: float) -> Image:
    """What is as bright as `threshold` or brighter inverted. Raises TypeError for a threshold that no pixel reaches."""
    check("solarize", img)
    if is_pil(img):
        return _by_pillow("solarize", img, threshold)
    if threshold > largest(img.dtype):
        raise ArgumentTypeError(f"solarize: threshold should be at most {largest(img.dtype)} for {img.dtype}; got {threshold}")
    return invert(img).where(img >= threshold, img)


def autocontrast(img: Image) -> Image:
    """Each channel stretched so that its darkest pixel is black and its brightest white."""
    check("autocontrast", img)
    if is_pil(img):
        return _by_pillow("autocontrast", img)
    if get_dimensions(img)[0] not in (1, 3):
        raise ArgumentTypeError(f"autocontrast: a tensor must have 1 or 3 channels; got {get_dimensions(img)[0]}")
    if not img.numel():
        return img
    x = img if img.dtype.is_floating_point else img.float()
    low, high = x.amin((-2, -1), keepdim=True), x.amax((-2, -1), keepdim=True)
    flat = low == high
    step = ((high - low) * (1.0 / largest(img.dtype))).masked_fill(flat, 1.0)
    return ((x - low.masked_fill(flat, 0.0)) / step).clamp(0, largest(img.dtype)).to(img.dtype)


def equalize(img: Image) -> Image:
    """Each channel's brightnesses spread so that all are about as frequent, by Pillow's rule; tensors are rounded to 256 steps."""
    check("equalize", img)
    if is_pil(img):
        return _by_pillow("equalize", img)
    whole = convert_image_dtype(img, dtypes.uint8).numpy()
    planes = whole.reshape(-1, *whole.shape[-2:])
    out = np.stack([_equalized(plane) for plane in planes]) if planes.size else planes
    return convert_image_dtype(from_numpy(out.reshape(whole.shape)).to(img.device), img.dtype)


def _equalized(plane: Any) -> Any:
    counts = np.bincount(plane.reshape(-1), minlength=256)
    step = (plane.size - counts[counts.nonzero()[0][-1]]) // 255
    if step == 0:
        return plane
    below = np.cumsum(counts) - counts               # pixels darker than each brightness
    return np.minimum((step // 2 + below) // step, 255).astype(np.uint8)[plane]


def adjust_gamma(img: Image, gamma: float, gain: float = 1) -> Image:
    """gain * img ** gamma on a scale of 0 ... 1. Raises ValueError for a negative gamma."""
    check("adjust_gamma", img)
    if gamma < 0:
        raise ArgumentError(f"adjust_gamma: gamma should be a non-negative real number; got {gamma}")
    if is_pil(img):
        curve = [int((255 + 1 - 1e-3) * gain * pow(i / 255.0, gamma)) for i in range(256)]
        return img.convert("RGB").point(curve * 3).convert(img.mode)
    x = img if img.dtype.is_floating_point else convert_image_dtype(img)
    return convert_image_dtype(((x ** gamma) * gain).clamp(0.0, 1.0) if gain != 1 else x ** gamma, img.dtype)


def permute_channels(img: Image, permutation: Sequence[int] | Tensor) -> Image:
    """The channels in another order. Raises ValueError unless each has one place."""
    check("permute_channels", img)
    order = [int(i) for i in permutation]
    if len(order) != get_dimensions(img)[0]:
        raise ArgumentError(f"permute_channels: expected {get_dimensions(img)[0]} numbers, one for each channel; got {order}")
    return to_pil_image(permute_channels(pil_to_tensor(img), order)) if is_pil(img) else img[..., order, :, :]
