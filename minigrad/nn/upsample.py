"""Layers that make maps larger."""
from __future__ import annotations

from collections.abc import Sequence

from .._tensor import Tensor
from . import functional as F
from .factory import Ints
from .module import Module


class Upsample(Module):
    """Maps of another size: (N, C, ...) -> (N, C, *size).

    Give size or scale_factor. mode: "nearest", "linear", "bilinear", "bicubic", "trilinear". align_corners: the corners stay.
    """

    def __init__(self, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
                 align_corners: bool | None = None, recompute_scale_factor: bool | None = None) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor = (tuple([float(f) for f in scale_factor]) if isinstance(scale_factor, (tuple, list))
                             else float(scale_factor) if scale_factor else None)    # type: ignore[arg-type]
        self.mode, self.align_corners, self.recompute_scale_factor = mode, align_corners, recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners,
                             recompute_scale_factor=self.recompute_scale_factor)

    def extra_repr(self) -> str:
        what = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images of another size, each pixel the nearest one."""

    def __init__(self, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Images of another size, interpolated; the corners stay."""

    def __init__(self, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
