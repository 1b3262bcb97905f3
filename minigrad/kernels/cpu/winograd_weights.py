"""Winograd's transform of weights and its adjoint, compiled."""
from __future__ import annotations

from typing import Any

import numpy as np

from .jit import jit, part
from .microkernels import POINTS, ROWS


@part
def _kernel(a: Any, b: Any, c: Any) -> Any:
    half = np.float32(0.5)
    return a, half * (a + b + c), half * (a - b + c), c


@part
def _kernel_gradient(a: Any, b: Any, c: Any, d: Any) -> Any:
    """The adjoint of _kernel."""
    half = np.float32(0.5)
    return a + half * (b + c), half * (b - c), half * (b + c) + d


@jit
def transform_weights(u: Any, w: Any, filters: int, channels: int, per_filter: int, per_channel: int, flip: bool, units: int,
                      threads: int, t: int) -> None:
    """w (3 x 3 each) -> u[group, point, block of ROWS filters, channel, filter of the block]."""
    blocks = -(-filters // ROWS)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, block = divmod(unit, blocks)
        for c in range(channels):
            for r in range(ROWS):
                f = block * ROWS + r
                to = (group * POINTS * blocks + block) * channels * ROWS + c * ROWS + r
                if f >= filters:
                    for point in range(POINTS):
                        u[to + point * blocks * channels * ROWS] = 0
                    continue
                k = w[group, f * per_filter + c * per_channel:f * per_filter + c * per_channel + 9]
                if flip:
                    k = k[::-1]
                a0, a1, a2, a3 = _kernel(k[0], k[3], k[6])
                b0, b1, b2, b3 = _kernel(k[1], k[4], k[7])
                c0, c1, c2, c3 = _kernel(k[2], k[5], k[8])
                point = 0
                for x, y, z in ((a0, b0, c0), (a1, b1, c1), (a2, b2, c2), (a3, b3, c3)):
                    for value in _kernel(x, y, z):
                        u[to + point * blocks * channels * ROWS] = value
                        point += 1


@jit
def adjoint_weights(dw: Any, parts: Any, filters: int, channels: int, units: int, threads: int, t: int) -> None:
    """The adjoint of transform_weights: parts (as u, one per thread, to be summed) -> dw (groups * filters, channels, 9)."""
    blocks = -(-filters // ROWS)
    for unit in range(units * t // threads, units * (t + 1) // threads):
        group, f = divmod(unit, filters)
        block, r = divmod(f, ROWS)
        m = np.empty(POINTS, dw.dtype)
        for c in range(channels):
            for point in range(POINTS):
                at = ((group * POINTS + point) * blocks + block) * channels * ROWS + c * ROWS + r
                total = parts[0, at]
                for other in range(1, len(parts)):
                    total += parts[other, at]
                m[point] = total
            a0, a1, a2 = _kernel_gradient(m[0], m[4], m[8], m[12])
            b0, b1, b2 = _kernel_gradient(m[1], m[5], m[9], m[13])
            c0, c1, c2 = _kernel_gradient(m[2], m[6], m[10], m[14])
            d0, d1, d2 = _kernel_gradient(m[3], m[7], m[11], m[15])
            k = dw[unit, c]
            k[0], k[1], k[2] = _kernel_gradient(a0, b0, c0, d0)
            k[3], k[4], k[5] = _kernel_gradient(a1, b1, c1, d1)
            k[6], k[7], k[8] = _kernel_gradient(a2, b2, c2, d2)
