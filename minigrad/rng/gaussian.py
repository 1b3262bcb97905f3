"""The Box-Muller transform, from uniform numbers to normal ones, rounded as PyTorch rounds it.

In float32 the logarithm, sine and cosine are the polynomials of the Cephes library (S. Moshier: logf.c, sinf.c)
as PyTorch evaluates them on x86, eight lanes at a time with fused multiply-add. Only additions, products and
square roots occur, so the numbers are the same on every machine and bit for bit PyTorch's.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = np.float32
F64 = np.float64
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

BLOCK = 16                               # eight numbers u1, then eight u2, make eight cosine and eight sine normals
ROWS = 1024                              # blocks handled at once: the temporaries stay in the cache


def _float32(*numbers: float) -> tuple[float, ...]:
    return tuple(float(F32(x)) for x in numbers)


LOG = _float32(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
               -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
SIN = _float32(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COS = _float32(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
LN2 = F32(-2.12194440e-4), F32(0.693359375)                                                 # small part, large part
QUARTER_PI = F32(-0.78515625), F32(-2.4187564849853515625e-4), F32(-3.77489497744594108e-8)  # -pi/4 in three parts
SQRT_HALF, FOUR_OVER_PI, TWO_PI = F32(0.707106781186547524), F32(1.27323954473516), F32(2 * np.pi)


def box_muller32(u: Floats, mean: float, std: float) -> Floats:
    """(n,) uniform float32 of [0, 1), n a multiple of 16 -> (n,) normal float32."""
    rows = u.reshape(-1, BLOCK)
    out = np.empty_like(rows)
    m, s = F64(F32(mean)), F64(F32(std))
    for i in range(0, len(rows), ROWS):
        part = rows[i:i + ROWS]
        radius = np.sqrt(F32(-2) * _log(F32(1) - part[:, :8]))          # 1 - u lies in (0, 1], where log is finite
        sine, cosine = _sincos(TWO_PI * part[:, 8:])
        out[i:i + ROWS, :8] = _fma32(radius * cosine, s, m)
        out[i:i + ROWS, 8:] = _fma32(radius * sine, s, m)
    return out.reshape(-1)


def box_muller64(u: Doubles, mean: float, std: float) -> Doubles:
    """(n,) uniform float64 of [0, 1), n a multiple of 16 -> (n,) normal float64."""
    rows = u.reshape(-1, BLOCK)
    radius = np.sqrt(-2 * np.log(1 - rows[:, :8]))
    theta = 2 * np.pi * rows[:, 8:]
    return fma64(np.concatenate((radius * np.cos(theta), radius * np.sin(theta)), axis=1).reshape(-1), std, mean)


def box_muller_pairs(u: Doubles) -> Doubles:
    """(2n,) uniform float64 -> (2n,) standard normals; each pair of numbers makes a pair of normals."""
    radius = np.sqrt(-2 * np.log1p(-u[1::2]))
    theta = 2 * np.pi * u[0::2]
    return np.stack((radius * np.cos(theta), radius * np.sin(theta)), axis=1).reshape(-1)


def fma64(x: Doubles, scale: float, shift: float) -> Doubles:
    """x * scale + shift rounded once, as a fused multiply-add does.

    The product is split without error (Dekker), and what is left over is added by rounding to odd, so that the last rounding sees it:
    S. Boldo and G. Melquiond (2008), Emulation of a FMA and correctly rounded sums.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        product = x * scale
        if shift == 0 or scale == 1:
            return product + shift       # one of the two roundings does nothing
        x_high, s_high = _upper_half(x), _upper_half(np.array(scale, F64))
        x_low, s_low = x - x_high, scale - s_high
        lost = ((x_high * s_high - product) + x_high * s_low + x_low * s_high) + x_low * s_low
        added, little = _exact_sum(lost, shift)
        total, error = _exact_sum(product, added)
        fused = total + _odd_sum(little, error)
        return np.where(np.isfinite(fused), fused, product + shift)


def _exact_sum(x: Any, y: Any) -> tuple[Any, Any]:
    """x + y rounded, and what the rounding lost. D. Knuth, The art of computer programming, 4.2.2."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def _odd_sum(x: Doubles, y: Doubles) -> Doubles:
    """x + y rounded to odd: where it is not exact, to the neighbour whose last bit is 1."""
    total, error = _exact_sum(x, y)
    even = (total.view(np.uint64) & np.uint64(1)) == 0
    return np.where((error != 0) & even, np.nextafter(total, np.copysign(np.inf, error)), total)


def _upper_half(x: Doubles) -> Doubles:
    """x with the lower 27 bits of its significand cleared."""
    upper: Doubles = (x.view(np.uint64) & np.uint64(0xFFFFFFFFF8000000)).view(F64)
    return upper


def _fma32(x: Any, y: Any, z: Any) -> Floats:
    """x * y + z in float32, rounded once: the product of two float32 is exact in float64."""
    wide = np.multiply(x, y, dtype=F64)
    wide += z
    rounded: Floats = wide.astype(F32)
    return rounded


def _horner(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    """The polynomial at x, highest coefficient first, every step fused and rounded to float32."""
    wide, y = x.astype(F64), np.full_like(x, coefficients[0])
    step = np.empty_like(wide)
    for c in coefficients[1:]:
        np.multiply(wide, y, out=step)
        step += c
        y[...] = step
    return y


def _log(x: Floats) -> Floats:
    """log x for x of (0, 1]."""
    f, exponent = np.frexp(x)            # f in [0.5, 1), moved to [sqrt(1/2), sqrt(2)) and then around 0
    low = (f < SQRT_HALF).astype(F32)
    e = exponent.astype(F32) - low
    f += f * low
    f -= F32(1)
    z = f * f
    y = _fma32(_horner(f, LOG) * f, z, e * LN2[0])
    y -= z * F32(0.5)
    y += f
    y += e * LN2[1]
    return y


def _sincos(x: Floats) -> tuple[Floats, Floats]:
    """sin x and cos x for x of [0, 2 pi]."""
    octant = (x * FOUR_OVER_PI).astype(np.int32) + 1
    octant &= ~1                         # the nearest multiple of pi/2, counted in eighths of the circle
    turns = octant.astype(F32)
    for part in QUARTER_PI:
        x = x + turns * part
    z = x * x
    cosine = _fma32(_horner(z, COS) * z, z, z * F32(-0.5)) + F32(1)
    sine = _fma32(_horner(z, SIN) * z, x, x)
    swapped = (octant & 2).astype(bool)
    bits = octant.view(np.uint32)
    s = np.where(swapped, cosine, sine).view(np.uint32) ^ (bits & 4) << 29           # bit 2 of the octant: the sign
    c = np.where(swapped, sine, cosine).view(np.uint32) ^ ((bits + 2) & 4) << 29
    return s.view(F32), c.view(F32)
