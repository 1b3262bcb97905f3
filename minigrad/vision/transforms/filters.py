"""What mixes a pixel with its neighbours or overwrites it: blur, sharpness, noise, erasing, JPEG."""
from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import creation, dtypes, random
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...nn import functional as nn_functional
from .._pillow import pillow
from .images import Image, check, get_dimensions, is_pil, largest, pil_to_tensor, to_pil_image
from .sizes import pad


def gaussian_blur(img: Image, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Image:
    """Smoothed by a Gaussian of `kernel_size` (odd; x, y) pixels, its edge mirrored.

    sigma: its width in pixels, one number or (x, y); by default 0.15 * kernel_size + 0.35. Raises ValueError for sizes that are not odd
    and widths that are not positive.
    """
    check("gaussian_blur", img)
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2 or any(not isinstance(n, int) or n < 0 or n % 2 == 0 for n in sizes):
        raise ArgumentError(f"gaussian_blur: kernel_size should be one or two odd and positive integers; got {kernel_size}")
    if sigma is not None and not isinstance(sigma, (int, float, list, tuple)):
        raise ArgumentTypeError(f"gaussian_blur: sigma should be a number or a sequence of numbers; got {describe(sigma)}")
    widths = [n * 0.15 + 0.35 for n in sizes] if sigma is None else [sigma] if isinstance(sigma, (int, float)) else list(sigma)
    widths = widths * 2 if len(widths) == 1 else widths
    if len(widths) != 2 or min(widths) <= 0:
        raise ArgumentError(f"gaussian_blur: sigma should be one or two positive numbers; got {sigma}")
    if is_pil(img):
        return to_pil_image(gaussian_blur(pil_to_tensor(img), sizes, widths), img.mode)
    h, w = img.shape[-2:]
    x = img if img.dtype.is_floating_point else img.float()
    row, column = (_bell(n, s, x) for n, s in zip(sizes, widths, strict=True))
    planes = pad(x.reshape(-1, 1, h, w), [n // 2 for n in sizes], padding_mode="reflect")
    out: Tensor = nn_functional.conv2d(nn_functional.conv2d(planes, row.reshape(1, 1, 1, -1)), column.reshape(1, 1, -1, 1))
    return (out if img.dtype.is_floating_point else out.round().to(img.dtype)).reshape(*img.shape)


def _bell(n: int, sigma: float, x: Tensor) -> Tensor:
    """n weights that sum to 1."""
    places = np.arange(n) - (n - 1) / 2
    weights = np.exp(-0.5 * (places / sigma) ** 2)
    return creation.tensor(weights / weights.sum(), dtype=x.dtype, device=x.device)


def adjust_sharpness(img: Image, sharpness_factor: float) -> Image:
    """0 is smoothed by a 3 x 3 kernel, 1 the image, 2 twice as sharp; the edge stays."""
    check("adjust_sharpness", img)
    if sharpness_factor < 0:
        raise ArgumentError(f"adjust_sharpness: the factor should be non-negative; got {sharpness_factor}")
    if is_pil(img):
        return pillow("adjust_sharpness", "ImageEnhance").Sharpness(img).enhance(sharpness_factor)
    channels, h, w = get_dimensions(img)
    if img.ndim < 3 or channels not in (1, 3):
        raise ArgumentTypeError(f"adjust_sharpness: a tensor must have 1 or 3 channels; got {describe(img)}")
    if h <= 2 or w <= 2:
        return img
    x = img if img.dtype.is_floating_point else img.float()
    kernel = creation.full((1, 1, 3, 3), 1 / 13, dtype=x.dtype, device=x.device)
    kernel[0, 0, 1, 1] = 5 / 13
    smooth = nn_functional.conv2d(x.reshape(-1, 1, h, w), kernel).reshape(*x.shape[:-2], h - 2, w - 2)
    smooth = smooth if img.dtype.is_floating_point else smooth.round()
    inner = x[..., 1:-1, 1:-1]
    out = x.clone()
    out[..., 1:-1, 1:-1] = inner + (smooth - inner) * (1.0 - sharpness_factor)
    return out.clamp(0, largest(img.dtype)).to(img.dtype)


def gaussian_noise(img: Tensor, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Tensor:
    """Normal noise added, on a scale of 0 ... 1, which `clip` keeps. Raises ValueError for PIL images and other integers than uint8."""
    if sigma < 0:
        raise ArgumentError(f"gaussian_noise: sigma shouldn't be negative; got {sigma}")
    if not isinstance(img, Tensor) or not (img.dtype.is_floating_point or img.dtype is dtypes.uint8):
        raise ArgumentError(f"gaussian_noise: expected a tensor of floats or uint8; got {describe(img)}; put ToImage before it")
    out: Tensor
    if img.dtype.is_floating_point:
        out = img + (random.randn_like(img) * sigma + mean)
        return out.clamp(0, 1) if clip else out
    noise = random.randn_like(img, dtype=dtypes.float32) * (sigma * 255) + mean * 255
    out = img + noise.to(dtypes.int16)
    return (out.clamp(0, 255) if clip else out).to(dtypes.uint8)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """The box of size (h, w) at (i, j) overwritten by v. Raises TypeError for what is no tensor."""
    if not isinstance(img, Tensor):
        raise ArgumentTypeError(f"erase: img should be Tensor Image; got {describe(img)}; put ToTensor before it")
    out = img if inplace else img.clone()
    out[..., i:i + h, j:j + w] = v.to(out.dtype)
    return out


def jpeg(img: Image, quality: int) -> Image:
    """What is left after saving as JPEG of a quality of 1 ... 100 and loading again, by Pillow."""
    check("jpeg", img)
    if is_pil(img):
        file = io.BytesIO()
        img.save(file, format="JPEG", quality=quality)
        return pillow("jpeg").open(file).copy()
    if img.dtype is not dtypes.uint8 or img.ndim < 3 or img.shape[-3] not in (1, 3):
        raise ArgumentTypeError(f"jpeg: a tensor must be uint8 with 1 or 3 channels; got {describe(img)}")
    each: list[Any] = [pil_to_tensor(jpeg(to_pil_image(one), quality)).numpy() for one in img.reshape(-1, *img.shape[-3:])]
    return creation.from_numpy(np.stack(each).reshape(img.shape)).to(img.device) if each else img.clone()
