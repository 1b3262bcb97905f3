"""Rotation, shift, scale, shear and elastic distortion of images, with torchvision's names and formulas."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation
from ..._tensor import Tensor
from ...errors import ArgumentError
from ...nn import functional as nn_functional
from .functional import PIL_FILTERS, Image, InterpolationMode, get_dimensions, interpolation_mode, is_pil, pil_to_tensor, to_pil_image

Doubles = NDArray[np.float64]
Fill = float | Sequence[float] | None


def inverse_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: Sequence[float]
) -> Doubles:
    """(2, 3): where each point of the result comes from, both measured from the middle of the image.

    Forward, a point is sheared, rotated clockwise by `angle` (degrees), scaled about `center`, and then shifted. `scale` may be one
    number for each axis, which is applied first.
    """
    rotation, (shear_x, shear_y) = math.radians(angle), map(math.radians, shear)
    a = math.cos(rotation - shear_y) / math.cos(shear_y)
    b = -a * math.tan(shear_x) - math.sin(rotation)
    c = math.sin(rotation - shear_y) / math.cos(shear_y)
    d = -c * math.tan(shear_x) + math.cos(rotation)
    turn = np.array([[a, b], [c, d]])
    linear = np.linalg.inv(turn @ np.diag(np.broadcast_to(np.asarray(scale, float), (2,))))
    middle = np.asarray(center, float)
    shift = middle - linear @ (middle + np.asarray(translate, float))
    return np.concatenate([linear, shift[:, None]], 1)


def expanded_size(matrix: Doubles, height: int, width: int) -> tuple[int, int]:
    """(height, width) that hold the whole image after a rotation."""
    corners = np.array([[x * width / 2, y * height / 2] for x in (-1, 1) for y in (-1, 1)])
    ends = corners @ matrix[:, :2].T + matrix[:, 2]
    low, high = ends.min(0) + (width / 2, height / 2), ends.max(0) + (width / 2, height / 2)
    size = np.ceil(high - 1e-4) - np.floor(low + 1e-4)               # what sticks out by rounding alone does not count
    return int(size[1]), int(size[0])


def from_middle(center: Sequence[float] | None, height: int, width: int) -> tuple[float, float]:
    """A point (x, y) in pixels, measured from the middle of the image; None is the middle."""
    return (0.0, 0.0) if center is None else (center[0] - width / 2, center[1] - height / 2)


def warp(img: Image, matrix: Doubles, size: tuple[int, int], mode: InterpolationMode, fill: Fill) -> Image:
    """The image read at `matrix` times each point of a result of `size` (height, width); outside of it is `fill`."""
    _, h, w = get_dimensions(img)
    oh, ow = size
    if is_pil(img):
        shift = matrix[:, 2] - matrix[:, :2] @ (ow / 2, oh / 2) + (w / 2, h / 2)
        rows = np.concatenate([matrix[:, :2], shift[:, None]], 1)
        return img.transform((ow, oh), 0, rows.reshape(-1).tolist(), PIL_FILTERS[mode.value], fillcolor=pil_fill(img, fill))
    points = np.stack(np.broadcast_arrays(np.arange(ow) - (ow - 1) / 2, (np.arange(oh) - (oh - 1) / 2)[:, None], 1.0), -1)
    return sample(img, points @ (matrix / [[w / 2], [h / 2]]).T, mode, fill)


def sample(img: Tensor, grid: Doubles, mode: InterpolationMode, fill: Fill) -> Tensor:
    """(..., C, H, W) read at grid (OH, OW, 2), which is within -1 ... 1; `fill` beyond."""
    if mode.value not in ("nearest", "bilinear"):
        raise ArgumentError(f"{mode} is for PIL images; tensors take NEAREST and BILINEAR")
    dtype, lead = img.dtype, img.shape[:-3]
    x = img.reshape(-1, *img.shape[-3:]) if img.ndim >= 3 else img[None, None]
    x = x if dtype.is_floating_point else x.float()
    at = creation.tensor(grid, dtype=x.dtype, device=x.device)[None].expand(x.shape[0], *grid.shape)
    out: Tensor = nn_functional.grid_sample(x, at, mode.value, "zeros", False)
    if fill is not None:                             # also for 0: edges fade as torchvision's do
        colour = creation.tensor(np.asarray(fill, float).reshape(-1, 1, 1), dtype=x.dtype, device=x.device)
        inside = nn_functional.grid_sample(creation.ones_like(x[:, :1]), at, mode.value, "zeros", False)
        out = out * inside + (1 - inside) * colour if mode is InterpolationMode.BILINEAR else out.where(inside >= 0.5, colour)
    out = out if dtype.is_floating_point else out.round().to(dtype)
    return out.reshape(*lead, *out.shape[1:]) if img.ndim >= 3 else out[0, 0]


def pil_fill(img: Image, fill: Fill) -> Any:
    """A fill as Pillow wants it: one number per band."""
    bands, whole = len(img.getbands()), img.mode != "F"
    values = [fill or 0] if fill is None or isinstance(fill, (int, float)) else list(fill)
    values = values * bands if len(values) == 1 else values
    if len(values) != bands:
        raise ArgumentError(f"fill: the number of elements does not match the {bands} bands of the image; got {fill}")
    colour = tuple(int(v) for v in values) if whole else tuple(values)
    return colour if bands > 1 else colour[0]


# ---------------------------------------------------------------- what users call
def rotate(
    img: Image, angle: float, interpolation: InterpolationMode | int = InterpolationMode.NEAREST, expand: bool = False,
    center: Sequence[float] | None = None, fill: Fill = None
) -> Image:
    """Turned counter-clockwise by `angle` (degrees) about `center` (x, y), or the middle; `expand` makes room for all of it."""
    mode = interpolation_mode(interpolation)
    if is_pil(img):
        return img.rotate(angle, PIL_FILTERS[mode.value], expand, center, fillcolor=pil_fill(img, fill))
    matrix, size = rotation(img.shape[-2:], angle, expand, center)
    return warp(img, matrix, size, mode, fill)


def rotation(size: Sequence[int], angle: float, expand: bool, center: Sequence[float] | None) -> tuple[Doubles, tuple[int, int]]:
    """The matrix of a rotation, and the (height, width) of its result."""
    h, w = size
    matrix = inverse_matrix(from_middle(None if expand else center, h, w), -angle, (0, 0), 1.0, (0, 0))
    return matrix, expanded_size(matrix, h, w) if expand else (h, w)


def affine(
    img: Image, angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST, fill: Fill = None, center: Sequence[float] | None = None
) -> Image:
    """Turned clockwise (degrees), shifted (pixels, x and y), scaled and sheared (degrees, x and y) about `center`, or the middle."""
    _, h, w = get_dimensions(img)
    return warp(img, affinity((h, w), angle, translate, scale, shear, center), (h, w), interpolation_mode(interpolation), fill)


def affinity(
    size: Sequence[int], angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float],
    center: Sequence[float] | None
) -> Doubles:
    """The matrix of `affine`. Raises ValueError where it cannot be."""
    shears = [shear, 0.0] if isinstance(shear, (int, float)) else [*shear, 0.0][:2]
    if len(translate) != 2:
        raise ArgumentError(f"affine: translate should be a sequence of length 2; got {translate}")
    if np.min(scale) <= 0:
        raise ArgumentError(f"affine: argument scale should be positive; got {scale}")
    return inverse_matrix(from_middle(center, *size), angle, translate, scale, shears)


def elastic(
    img: Image, displacement: Tensor, interpolation: InterpolationMode | int = InterpolationMode.BILINEAR, fill: Fill = None
) -> Image:
    """Each pixel read at its place plus displacement (1, H, W, 2), whose unit is half the image."""
    _, h, w = get_dimensions(img)
    if tuple(displacement.shape) != (1, h, w, 2):
        raise ArgumentError(f"elastic: displacement expected shape is (1, {h}, {w}, 2); got {tuple(displacement.shape)}")
    if is_pil(img):
        return to_pil_image(elastic(pil_to_tensor(img), displacement, interpolation, fill), img.mode)
    places = np.stack(np.broadcast_arrays((2 * np.arange(w) + 1) / w - 1, ((2 * np.arange(h) + 1) / h - 1)[:, None]), -1)
    return sample(img, places + displacement.numpy()[0], interpolation_mode(interpolation), fill)


elastic_transform = elastic
