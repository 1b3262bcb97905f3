"""Pooling, forward and backward."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Workloads, both_ways

FAMILY = Family("Pooling", "Forward under `no_grad`, and backward alone.")


def workloads(lib: Any) -> Workloads:
    F = lib.nn.functional
    cases: tuple[tuple[str, tuple[int, ...], Callable[[Any], Any]], ...] = (
        ("max 2x2", (100, 16, 28, 28), lambda x: F.max_pool2d(x, 2)),
        ("max 2x2", (100, 64, 8, 8), lambda x: F.max_pool2d(x, 2)),
        ("max 3x3, stride 2", (16, 64, 112, 112), lambda x: F.max_pool2d(x, 3, stride=2, padding=1)),
        ("max 3x3, stride 1", (16, 64, 28, 28), lambda x: F.max_pool2d(x, 3, stride=1, padding=1)),
        ("average 2x2", (100, 16, 28, 28), lambda x: F.avg_pool2d(x, 2)),
        ("average 3x3, stride 2", (16, 64, 56, 56), lambda x: F.avg_pool2d(x, 3, stride=2, padding=1)),
        ("average to 1x1", (16, 512, 7, 7), lambda x: F.adaptive_avg_pool2d(x, 1)),
        ("average to 7x7", (16, 64, 56, 56), lambda x: F.adaptive_avg_pool2d(x, 7)),
    )
    works: Workloads = {}
    for name, shape, function in cases:
        works |= both_ways(lib, f"{name} of {shape}", function, lambda shape=shape: (lib.randn(*shape, requires_grad=True),))
    return works
