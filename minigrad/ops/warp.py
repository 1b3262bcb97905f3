"""Images read at positions between their pixels: `grid_sample`, and the grids of affine maps."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..errors import ArgumentError, DtypeError, RefusedArgumentError, ShapeError, UnsupportedError, operand
from .join import stack
from .lookup import gather
from .matmul import matmul
from .operands import need_tensors
from .shape import expand

if TYPE_CHECKING:
    from .._tensor import Tensor

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
A = -0.75                                            # of the cubic kernel. Source: Keys 1981, Cubic Convolution Interpolation


@autocasts
def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Tensor:
    """The image at the positions in `grid`: (N, C, H, W) and (N, OH, OW, 2) -> (N, C, OH, OW); volumes with one dimension more.

    A position is (x, y[, z]) within -1 .. 1, from the first to the last pixel: their centers with `align_corners`, else their outer
    borders. mode: 'bilinear', 'nearest', 'bicubic' (images only). padding_mode: what lies outside, 'zeros', 'border' (the nearest pixel)
    or 'reflection'. Raises ShapeError where sizes do not fit, ArgumentError for another mode.
    """
    need_tensors("grid_sample", input=input, grid=grid)
    check_grid(input, grid, mode, padding_mode)
    if align_corners is None:
        warnings.warn("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
                      "align_corners=True if the old behavior is desired.", UserWarning, stacklevel=2)
    size, places = tuple(input.shape[2:]), tuple(grid.shape[1:-1])
    image = input.reshape((*input.shape[:2], prod(size)))
    flat = grid.reshape((grid.shape[0], prod(places), len(size)))
    at = [position(flat[..., -1 - i], n, bool(align_corners)) for i, n in enumerate(size)]              # in pixels; x stands first in grid
    if mode != "bicubic":
        at = [within(a, n, padding_mode, bool(align_corners)) for a, n in zip(at, size, strict=True)]
    total: Any = None
    for taps in product(*[TAPS[mode](a) for a in at]):
        value = read(image, [place for place, _ in taps], size, padding_mode, bool(align_corners))
        for _, weight in taps:
            value = value if weight is None else value * weight.unsqueeze(1)
        total = value if total is None else total + value
    return total.reshape((*input.shape[:2], *places))


def check_grid(input: Any, grid: Any, mode: str, padding_mode: str) -> None:
    """Refuse a grid that is none for this image, and modes that there are not."""
    x, g = input.array, grid.array
    got = f"got input {operand(x)}, grid {operand(g)}"
    if mode not in MODES:
        raise ArgumentError(f"grid_sample: expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in PADDINGS:
        raise ArgumentError(f"grid_sample: expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'")
    if x.ndim not in (4, 5) or x.ndim != g.ndim:
        raise ShapeError(f"grid_sample: expected 4D or 5D input and grid with same number of dimensions; {got}")
    if x.shape[0] != g.shape[0]:
        raise ShapeError(f"grid_sample: expected grid and input to have same batch size; {got}")
    if g.shape[-1] != x.ndim - 2:
        raise ShapeError(f"grid_sample: expected grid to have size {x.ndim - 2} in last dimension; {got}")
    if not prod(x.shape[2:]):
        raise ShapeError(f"grid_sample: expected input to have non-empty spatial dimensions; {got}")
    if x.dtype != g.dtype or x.dtype.kind != "f":
        raise DtypeError(f"grid_sample: expected input and grid to have the same floating-point dtype; {got}")
    if mode == "bicubic" and x.ndim == 5:
        raise UnsupportedError(f"grid_sample: bicubic interpolation only supports 4D input; {got}")


# ---------------------------------------------------------------- positions
def position(x: Any, n: int, align_corners: bool) -> Any:
    """From -1 .. 1 to pixels 0 .. n - 1, or to half a pixel beyond either."""
    return (x + 1) * ((n - 1) / 2) if align_corners else ((x + 1) * n - 1) / 2


def within(at: Any, n: int, padding_mode: str, align_corners: bool) -> Any:
    """A position brought into the image, unless what lies outside is 0. It is s * at + c with constants s, which is 0 where at was held."""
    if padding_mode == "zeros":
        return at
    slope, found = folded(at.array, n, padding_mode, align_corners)
    return at * wrap(slope) + wrap(found - slope * at.array)


def folded(a: Any, n: int, padding_mode: str, align_corners: bool) -> tuple[Any, Any]:
    """On arrays: the slope of a position brought into the image, and the position."""
    xp = backend_of(a).xp
    a = xp.nan_to_num(a, nan=-1.0)
    slope = xp.ones_like(a)
    if padding_mode == "reflection":
        low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
        if high == low:
            return xp.zeros_like(a), xp.zeros_like(a)
        beyond = abs(a - low)
        flips = xp.floor(beyond / (high - low))
        rest = beyond - flips * (high - low)
        odd = flips % 2 == 1
        slope = xp.where((a < low) ^ odd, -slope, slope)
        a = xp.where(odd, high - rest, low + rest)
    return slope * ((a > 0) & (a < n - 1)), xp.clip(a, 0, n - 1)


# ---------------------------------------------------------------- what is read, and how much it counts
def nearest_taps(at: Any) -> list[tuple[Any, Any]]:
    """The nearest pixel; of two the even one."""
    return [(backend_of(at.array).xp.rint(at.array), None)]


def linear_taps(at: Any) -> list[tuple[Any, Any]]:
    """The two neighbours."""
    first = backend_of(at.array).xp.floor(at.array)
    t = at - wrap(first)
    return [(first, 1 - t), (first + 1, t)]


def cubic_taps(at: Any) -> list[tuple[Any, Any]]:
    """The two neighbours on either side."""
    first = backend_of(at.array).xp.floor(at.array)
    t = at - wrap(first)
    near = [((A + 2) * d - (A + 3)) * d * d + 1 for d in (t, 1 - t)]
    far = [((A * d - 5 * A) * d + 8 * A) * d - 4 * A for d in (t + 1, 2 - t)]
    return [(first - 1, far[0]), (first, near[0]), (first + 1, near[1]), (first + 2, far[1])]


TAPS = {"nearest": nearest_taps, "bilinear": linear_taps, "bicubic": cubic_taps}


def read(image: Any, places: Sequence[Any], size: tuple[int, ...], padding_mode: str, align_corners: bool) -> Any:
    """(N, C, all pixels) -> (N, C, P): the pixels at whole-numbered places, one array (N, P) per dimension."""
    xp = backend_of(image.array).xp
    if padding_mode != "zeros":                      # only cubic taps still lie outside here
        places = [folded(place, n, padding_mode, align_corners)[1] for place, n in zip(places, size, strict=True)]
    inside = xp.ones(places[0].shape, "?")
    index = xp.zeros(places[0].shape, "i8")
    for place, n in zip(places, size, strict=True):
        inside &= (place >= 0) & (place <= n - 1)
        index = index * n + xp.clip(xp.nan_to_num(place), 0, n - 1).astype("i8")
    shape = (*image.shape[:2], index.shape[-1])
    value = gather(image, 2, wrap(xp.broadcast_to(index[:, None], shape)))
    return value if bool(inside.all()) else value * wrap(inside[:, None].astype(image.array.dtype))


# ---------------------------------------------------------------- grids
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid that `grid_sample` reads an affine image of: theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2).

    theta maps positions in the result to positions in the source; (N, 3, 4) and (N, C, D, H, W) for volumes.
    """
    need_tensors("affine_grid", theta=theta)
    n = len(size) - 2
    if theta.array.dtype.kind != "f":
        raise DtypeError(f"affine_grid: Expected theta to have floating point type, but got {operand(theta)}")
    if n not in (2, 3):
        raise UnsupportedError("affine_grid: only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively; "
                               f"got size {tuple(size)}")
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (n, n + 1) or theta.shape[0] != size[0]:
        raise RefusedArgumentError(f"affine_grid: Expected a batch of {size[0]} affine matrices of shape {n}x{n + 1} for size "
                                   f"{tuple(size)}; got theta {operand(theta)}")
    if min(size) <= 0:
        raise RefusedArgumentError(f"affine_grid: Expected non-zero, positive output size; got {tuple(size)}")
    if align_corners is None:
        warnings.warn("Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
                      "align_corners=True if the old behavior is desired.", UserWarning, stacklevel=2)
    xp = backend_of(theta.array).xp
    spatial = tuple(size[2:])
    axes = [xp.linspace(-1, 1, m) * (1 if align_corners else (m - 1) / m) if m > 1 else xp.zeros(1) for m in spatial]
    mesh = [wrap(a.astype(theta.array.dtype)) for a in xp.meshgrid(*axes, indexing="ij")][::-1]       # x, y, z
    points = stack([*mesh, wrap(xp.ones(spatial, theta.array.dtype))], -1).reshape((1, -1, n + 1))
    points = expand(points, (size[0], *points.shape[1:]))
    return matmul(points, theta.transpose(1, 2)).reshape((size[0], *spatial, n))
