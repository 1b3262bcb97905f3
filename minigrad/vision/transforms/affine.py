"""Rotation, shift, scale, shear, perspective and elastic distortion of images, with torchvision's names and formulas."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import creation, dtypes
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...nn import functional as nn_functional
from .images import PIL_FILTERS, Image, InterpolationMode, get_dimensions, interpolation_mode, is_pil, pil_to_tensor, to_pil_image
from .sizes import Mode

Doubles = NDArray[np.float64]
Fill = float | Sequence[float] | None
Corners = Sequence[Sequence[float]] | None
AFFINE, PERSPECTIVE = 0, 2                           # Pillow's numbers


# ---------------------------------------------------------------- matrices
def inverse_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float]
) -> Doubles:
    """(2, 3): where each point of the result comes from.

    Forward, a point is sheared, rotated clockwise by `angle` (degrees), scaled about `center`, and then shifted. `scale` may be one
    number for each axis, which is applied first. Raises ValueError for a scale that is not positive, and other wrong arguments.
    """
    shears = [shear, 0.0] if isinstance(shear, (int, float)) else [*shear, 0.0][:2]
    scales = [scale] * 2 if isinstance(scale, (int, float)) else list(scale)
    if not isinstance(angle, (int, float)):
        raise ArgumentTypeError(f"affine: argument angle should be int or float; got {describe(angle)}")
    if isinstance(translate, (int, float)) or len(translate) != 2:
        raise ArgumentError(f"affine: translate should be a sequence of length 2; got {translate}")
    if min(scales) <= 0:
        raise ArgumentError(f"affine: argument scale should be positive; got {scale}")
    turn, x, y = math.radians(angle), math.radians(shears[0]), math.radians(shears[1])
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(turn - y) / math.cos(y)
    b = -math.cos(turn - y) * math.tan(x) / math.cos(y) - math.sin(turn)
    c = math.sin(turn - y) / math.cos(y)
    d = -math.sin(turn - y) * math.tan(x) / math.cos(y) + math.cos(turn)
    rows = [[d / scales[0], -b / scales[0]], [-c / scales[1], a / scales[1]]]            # [[a, b], [c, d]] has the determinant 1
    return np.array([[p, q, p * (-cx - tx) + q * (-cy - ty) + c0] for (p, q), c0 in zip(rows, (cx, cy), strict=True)])


def from_middle(center: Sequence[float] | None, height: int, width: int) -> tuple[float, float]:
    """A point (x, y) in pixels, measured from the middle of the image; None is the middle."""
    if center is not None and len(center) != 2:
        raise ArgumentError(f"affine: center should be two numbers, x and y; got {center}")
    return (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)


def rotation(size: Sequence[int], angle: float, expand: bool, center: Sequence[float] | None) -> tuple[Doubles, tuple[int, int]]:
    """The matrix of a rotation, measured from the middles, and the (height, width) of its result."""
    h, w = size
    matrix = inverse_matrix(from_middle(None if expand else center, h, w), -angle, (0, 0), 1.0, 0.0)
    return matrix, expanded_size(matrix, h, w) if expand else (h, w)


def expanded_size(matrix: Doubles, height: int, width: int) -> tuple[int, int]:
    """(height, width) that hold the whole image after a rotation."""
    corners = np.array([[x * width / 2, y * height / 2] for x in (-1, 1) for y in (-1, 1)])
    ends = corners @ matrix[:, :2].T + matrix[:, 2]
    low, high = ends.min(0) + (width / 2, height / 2), ends.max(0) + (width / 2, height / 2)
    size = np.ceil(high - 1e-4) - np.floor(low + 1e-4)               # what sticks out by rounding alone does not count
    return int(size[1]), int(size[0])


def homography(startpoints: Corners, endpoints: Corners, coefficients: Sequence[float] | None = None) -> list[float]:
    """a ... h of x0 = (ax + by + c) / (gx + hy + 1), y0 = (dx + ey + f) / (gx + hy + 1): the point (x0, y0) that comes to (x, y).

    Four corners and where they go, or the eight numbers themselves. Raises ValueError for anything else.
    """
    if (startpoints is None or endpoints is None) == (coefficients is None):
        raise ArgumentError("perspective: pass startpoints and endpoints, or coefficients; got both or neither")
    if coefficients is not None:
        if len(coefficients) != 8:
            raise ArgumentError(f"perspective: argument coefficients should have 8 numbers; got {coefficients}")
        return list(coefficients)
    if startpoints is None or endpoints is None or len(startpoints) != 4 or len(endpoints) != 4:
        raise ArgumentError(f"perspective: please provide exactly four corners each; got {startpoints} and {endpoints}")
    rows = []
    for (x, y), (x0, y0) in zip(endpoints, startpoints, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -x0 * x, -x0 * y], [0, 0, 0, x, y, 1, -y0 * x, -y0 * y]]
    solved = np.linalg.lstsq(np.array(rows, float), np.array(startpoints, float).reshape(8), rcond=None)[0]
    return [float(number) for number in solved.astype(np.float32)]


# ---------------------------------------------------------------- reading between pixels
def warp(img: Tensor, matrix: Doubles, size: tuple[int, int], mode: InterpolationMode, fill: Fill) -> Tensor:
    """The image read at `matrix`, measured from the middles, times each point of a result of `size` (height, width)."""
    _, h, w = get_dimensions(img)
    oh, ow = size
    kind = _precision(img)
    points = _places(np.arange(oh) - (oh - 1) / 2, np.arange(ow) - (ow - 1) / 2, kind)
    return sample(img, points @ (matrix.T.astype(kind) / np.array([w * 0.5, h * 0.5], kind)), mode, fill)


def _precision(img: Tensor) -> Any:
    """In which torchvision computes where to read: it decides ties between two pixels."""
    return np.float64 if img.dtype is dtypes.float64 else np.float32


def _places(rows: NDArray[Any], columns: NDArray[Any], kind: Any) -> NDArray[Any]:
    """(H, W, 3): x, y and 1 of each pixel."""
    places = np.ones((len(rows), len(columns), 3), kind)
    places[..., 0], places[..., 1] = columns, rows[:, None]
    return places


def sample(img: Tensor, grid: NDArray[Any], mode: InterpolationMode, fill: Fill) -> Tensor:
    """(..., C, H, W) read at grid (OH, OW, 2), which is within -1 ... 1; `fill` beyond."""
    if mode.value not in ("nearest", "bilinear"):
        raise ArgumentError(f"{mode} is for PIL images; tensors take NEAREST and BILINEAR")
    if not img.numel():                              # masks of no objects
        return img.new_zeros((*img.shape[:-2], *grid.shape[:2]))
    dtype, lead = img.dtype, img.shape[:-3]
    x = img.reshape(-1, *img.shape[-3:]) if img.ndim >= 3 else img[None, None]
    x = x.float() if not dtype.is_floating_point or dtype is dtypes.float16 else x
    n, channels = x.shape[:2]
    colour = np.asarray(0 if fill is None else fill, float).reshape(-1, 1, 1)
    if len(colour) not in (1, channels):
        raise ArgumentError(f"fill: the number of elements should be 1 or {channels}, the channels of the image; got {fill}")
    if fill is not None:                             # also for 0: edges fade as torchvision's do
        x = nn_functional.pad(x, (0, 0, 0, 0, 0, 1), value=1.0)      # one channel more, to know what is inside
    at = creation.as_tensor(grid, dtype=x.dtype, device=x.device)[None].expand(n, *grid.shape)
    out: Tensor = nn_functional.grid_sample(x, at, mode.value, "zeros", False)
    if fill is not None:
        out, inside, beyond = out[:, :-1], out[:, -1:], creation.tensor(colour, dtype=x.dtype, device=x.device)
        out = (out - beyond) * inside + beyond if mode is InterpolationMode.BILINEAR else out.where(inside >= 0.5, beyond)
    out = (out if dtype.is_floating_point else out.round()).to(dtype)
    return out.reshape(*lead, *out.shape[1:]) if img.ndim >= 3 else out[0, 0]


def pil_fill(img: Image, fill: Fill) -> float | tuple[float, ...]:
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
    img: Image, angle: float, interpolation: Mode = InterpolationMode.NEAREST, expand: bool = False,
    center: Sequence[float] | None = None, fill: Fill = None
) -> Image:
    """Turned counter-clockwise by `angle` (degrees) about `center` (x, y), or the middle; `expand` makes room for all of it."""
    _, h, w = get_dimensions(img)
    mode = interpolation_mode(interpolation)
    if is_pil(img):
        return img.rotate(angle, PIL_FILTERS[mode.value], expand, center, fillcolor=pil_fill(img, fill))
    matrix, size = rotation((h, w), angle, expand, center)
    return warp(img, matrix, size, mode, fill)


def affine(
    img: Image, angle: float, translate: Sequence[float], scale: float | Sequence[float], shear: float | Sequence[float],
    interpolation: Mode = InterpolationMode.NEAREST, fill: Fill = None, center: Sequence[float] | None = None
) -> Image:
    """Turned clockwise (degrees), shifted (pixels, x and y), scaled and sheared (degrees, x and y) about `center`, or the middle."""
    _, h, w = get_dimensions(img)
    mode = interpolation_mode(interpolation)
    if is_pil(img):
        rows = inverse_matrix((w * 0.5, h * 0.5) if center is None else center, angle, translate, scale, shear)
        return img.transform((w, h), AFFINE, rows.reshape(-1).tolist(), PIL_FILTERS[mode.value], fillcolor=pil_fill(img, fill))
    return warp(img, inverse_matrix(from_middle(center, h, w), angle, translate, scale, shear), (h, w), mode, fill)


def perspective(
    img: Image, startpoints: Corners, endpoints: Corners, interpolation: Mode = InterpolationMode.BILINEAR, fill: Fill = None,
    coefficients: Sequence[float] | None = None
) -> Image:
    """Seen from elsewhere: what was at the four `startpoints` (x, y) comes to the `endpoints`; see `homography`."""
    _, h, w = get_dimensions(img)
    mode = interpolation_mode(interpolation)
    found = homography(startpoints, endpoints, coefficients)
    if is_pil(img):
        return img.transform((w, h), PERSPECTIVE, found, PIL_FILTERS[mode.value], fillcolor=pil_fill(img, fill))
    kind = _precision(img)
    matrix = np.array([*found, 1.0], kind).reshape(3, 3).T / np.array([w * 0.5, h * 0.5, 1.0], kind)
    points = _places(np.arange(h) + 0.5, np.arange(w) + 0.5, kind) @ matrix
    return sample(img, points[..., :2] / points[..., 2:] - 1, mode, fill)


def elastic_transform(
    img: Image, displacement: Tensor, interpolation: Mode = InterpolationMode.BILINEAR, fill: Fill = None
) -> Image:
    """Each pixel read at its place plus displacement (1, H, W, 2), whose unit is half the image."""
    _, h, w = get_dimensions(img)
    if not isinstance(displacement, Tensor):
        raise ArgumentTypeError(f"elastic: argument displacement should be a Tensor; got {describe(displacement)}")
    if tuple(displacement.shape) != (1, h, w, 2):
        raise ArgumentError(f"elastic: displacement expected shape is (1, {h}, {w}, 2); got {tuple(displacement.shape)}")
    if is_pil(img):
        return to_pil_image(elastic_transform(pil_to_tensor(img), displacement, interpolation, fill), img.mode)
    places = _places((2 * np.arange(h) + 1) / h - 1, (2 * np.arange(w) + 1) / w - 1, np.float64)[..., :2]
    return sample(img, places + displacement.detach().cpu().numpy()[0], interpolation_mode(interpolation), fill)
