"""Brightness, contrast, saturation and hue of images: PIL images by Pillow, tensors by torchvision's formulas."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...creation import from_numpy
from ...errors import ArgumentError, ArgumentTypeError, describe
from .._pillow import pillow
from .images import Image, get_dimensions, is_pil
from .images import check as check_image


def _enhanced(img: Image, kind: str, factor: float) -> Image:
    return getattr(pillow(kind, "ImageEnhance"), kind)(img).enhance(factor)


def _blend(img: Tensor, other: Any, factor: float) -> Tensor:
    """factor times the image plus the rest of the other, within the range of the dtype."""
    x = img if img.dtype.is_floating_point else img.float()
    top = 1.0 if img.dtype.is_floating_point else float(np.iinfo(img.dtype.numpy).max)
    out: Tensor = (x * factor + other * (1.0 - factor)).clamp(0, top).to(img.dtype)
    return out


def _check(op: str, factor: float, img: Image) -> None:
    if factor < 0:
        raise ArgumentError(f"{op}: the factor should be non-negative; got {factor}")
    if not is_pil(img) and (not isinstance(img, Tensor) or get_dimensions(img)[0] not in (1, 3)):
        raise ArgumentTypeError(f"{op}: img should be a PIL image or a tensor of 1 or 3 channels; got {describe(img)}")


def adjust_brightness(img: Image, brightness_factor: float) -> Image:
    """0 is black, 1 the image, 2 twice as bright."""
    _check("adjust_brightness", brightness_factor, img)
    return _enhanced(img, "Brightness", brightness_factor) if is_pil(img) else _blend(img, 0.0, brightness_factor)


def adjust_contrast(img: Image, contrast_factor: float) -> Image:
    """0 is its mean grey, 1 the image, 2 twice the contrast."""
    _check("adjust_contrast", contrast_factor, img)
    if is_pil(img):
        return _enhanced(img, "Contrast", contrast_factor)
    grey = rgb_to_grayscale(img) if get_dimensions(img)[0] == 3 else img
    grey = grey if grey.dtype.is_floating_point else grey.float()
    return _blend(img, grey.mean((-3, -2, -1), keepdim=True), contrast_factor)


def adjust_saturation(img: Image, saturation_factor: float) -> Image:
    """0 is grey, 1 the image, 2 twice the saturation."""
    _check("adjust_saturation", saturation_factor, img)
    if is_pil(img):
        return _enhanced(img, "Color", saturation_factor)
    if get_dimensions(img)[0] == 1:
        return img
    grey = rgb_to_grayscale(img)
    return _blend(img, grey if grey.dtype.is_floating_point else grey.float(), saturation_factor)


def adjust_hue(img: Image, hue_factor: float) -> Image:
    """All hues turned by a part of the colour circle, -0.5 ... 0.5; grey images stay as they are."""
    _check("adjust_hue", 0.0, img)
    if not -0.5 <= hue_factor <= 0.5:
        raise ArgumentError(f"adjust_hue: hue_factor is not in [-0.5, 0.5]; got {hue_factor}")
    if is_pil(img):
        if img.mode in ("L", "1", "I", "F"):
            return img
        h, s, v = img.convert("HSV").split()
        turned = (np.array(h).astype(np.int16) + int(hue_factor * 255)) % 256
        bands = (pillow("adjust_hue").fromarray(turned.astype(np.uint8)), s, v)
        return pillow("adjust_hue").merge("HSV", bands).convert(img.mode)
    if get_dimensions(img)[0] == 1:
        return img
    whole = not img.dtype.is_floating_point
    x = img.detach().numpy()
    x = x / np.float32(np.iinfo(x.dtype).max) if whole else x
    out = _turned(x, hue_factor)
    if whole:
        out = (out * (np.iinfo(img.dtype.numpy).max + 1.0 - 1e-3)).astype(img.dtype.numpy)
    return from_numpy(np.ascontiguousarray(out, img.dtype.numpy)).to(img.device)


def _turned(x: Any, hue_factor: float) -> Any:
    """RGB (..., 3, H, W) of 0 ... 1 with the hue turned, by way of hue, saturation and value."""
    r, g, b = np.moveaxis(x, -3, 0)
    top, low = x.max(-3), x.min(-3)
    chroma = top - low
    grey = chroma == 0
    scale = np.where(grey, 1, chroma)
    hue = np.where(top == r, (g - b) / scale, np.where(top == g, 2 + (b - r) / scale, 4 + (r - g) / scale)) / 6
    hue = np.where(grey, 0, hue) + hue_factor
    # each channel is `top` minus the part of the chroma that its distance from the hue leaves out
    places = (np.array([5, 3, 1]).reshape(3, *[1] * hue.ndim) + hue * 6) % 6
    out = top - chroma * np.clip(np.minimum(places, 4 - places), 0, 1)
    return np.moveaxis(np.clip(out, 0, 1), 0, -3).astype(x.dtype)


def rgb_to_grayscale(img: Image, num_output_channels: int = 1) -> Image:
    """Luma of an RGB image (ITU-R 601-2), in one channel or three equal ones."""
    check_image("rgb_to_grayscale", img)
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


to_grayscale = rgb_to_grayscale


def grayscale_to_rgb(img: Image) -> Image:
    """Three channels out of one; more are left alone."""
    check_image("grayscale_to_rgb", img)
    if is_pil(img):
        return img.convert("RGB")
    return img if img.shape[-3] >= 3 else rgb_to_grayscale(img, 3)
