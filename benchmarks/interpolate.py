"""Interpolation: nearest, linear, cubic, with and without antialiasing."""
from __future__ import annotations

from typing import Any

from .family import Family, Workloads, both_ways

FAMILY = Family("Interpolation", "Forward under `no_grad`, and backward alone: (batch, channels, size) to the size of the result.")
CASES: tuple[tuple[str, tuple[int, ...], tuple[int, ...], dict[str, Any]], ...] = (
    ("nearest", (8, 32, 56, 56), (112, 112), {}), ("bilinear", (8, 32, 56, 56), (112, 112), {}),
    ("bilinear", (8, 3, 224, 224), (96, 96), {}), ("bilinear", (8, 3, 224, 224), (96, 96), {"antialias": True}),
    ("bicubic", (8, 3, 128, 128), (224, 224), {}), ("bicubic", (8, 3, 224, 224), (96, 96), {"antialias": True}),
    ("linear", (16, 32, 1000), (1600,), {}), ("trilinear", (2, 8, 16, 32, 32), (32, 64, 64), {}))


def workloads(lib: Any) -> Workloads:
    resize = lib.nn.functional.interpolate
    works: Workloads = {}
    for mode, shape, size, options in CASES:
        extra = ", antialias" if options else ""
        works |= both_ways(lib, f"{mode}{extra} {shape} to {size}",
                           lambda x, mode=mode, size=size, options=options: resize(x, size, mode=mode, **options),
                           lambda shape=shape: (lib.randn(*shape, requires_grad=True),))                         # type: ignore[misc]
    return works
