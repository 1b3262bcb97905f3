"""Elements moved between channels and pixels, or between groups of channels."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ShapeError, describe
from .axes import permute
from .shape import reshape

if TYPE_CHECKING:
    from .._tensor import Tensor


def check(name: str, input: Tensor, factor: int, what: str) -> None:
    """An image, and a factor of at least 1."""
    if input.ndim < 3:
        raise ShapeError(f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s); "
                         f"got {describe(input)}")
    if factor <= 0:
        raise ShapeError(f"{name} expects a positive {what}, but got {factor}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels become pixels: (..., C * r * r, H, W) -> (..., C, H * r, W * r), r being upscale_factor.

    Raises ShapeError unless r * r divides the channels. Source: Shi et al. 2016.
    """
    r = upscale_factor
    check("pixel_shuffle", input, r, "upscale_factor")
    *lead, c, h, w = input.shape
    if c % (r * r):
        raise ShapeError("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
                         f"input.size(-3)={c} is not divisible by {r * r}; got {describe(input)}")
    n = len(lead)
    x = reshape(input, (*lead, c // (r * r), r, r, h, w))
    x = permute(x, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))      # (..., C, H, r, W, r)
    return reshape(x, (*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels become channels: (..., C, H * r, W * r) -> (..., C * r * r, H, W), r being downscale_factor.

    Raises ShapeError unless r divides both sides. Undoes `pixel_shuffle`.
    """
    r = downscale_factor
    check("pixel_unshuffle", input, r, "downscale_factor")
    *lead, c, h, w = input.shape
    for side, size, d in (("height", h, -2), ("width", w, -1)):
        if size % r:
            raise ShapeError(f"pixel_unshuffle expects {side} to be divisible by downscale_factor, but input.size({d})={size} is not "
                             f"divisible by {r}; got {describe(input)}")
    n = len(lead)
    x = reshape(input, (*lead, c, h // r, r, w // r, r))
    x = permute(x, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))      # (..., C, r, r, H, W)
    return reshape(x, (*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of all groups in turn, so that the next grouped layer sees some of each: (N, C, ...) -> (N, C, ...).

    Raises ShapeError unless groups divides the channels. Source: Zhang et al. 2018.
    """
    if input.ndim < 3:
        raise ShapeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise ShapeError(f"channel_shuffle: Number of groups to divide channels in must be positive. Value of groups:{groups}")
    n, c, *rest = input.shape
    if c % groups:
        raise ShapeError(f"channel_shuffle: Number of channels must be divisible by groups. Got {c} channels and {groups} groups.")
    x = reshape(input, (n, groups, c // groups, *rest))
    return reshape(permute(x, (0, 2, 1, *range(3, x.ndim))), (n, c, *rest))
