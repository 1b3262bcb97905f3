"""Draws from continuous distributions: a generator and a shape in, an array out.

Arrays are filled in C order. A complex dtype gets its real and imaginary parts drawn in turn.
"""
from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DtypeError, RandomError
from .gaussian import BLOCK, box_muller32, box_muller64, box_muller_pairs, fma64
from .generator import Generator, uniform53

Array = NDArray[Any]
Shape = tuple[int, ...]
DtypeLike = Any                          # a NumPy dtype or scalar type

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


def uniform(generator: Generator, shape: Shape, dtype: DtypeLike, low: float = 0.0, high: float = 1.0) -> Array:
    """Uniform numbers of [low, high): one word each, two for float64.

    Raises RandomError when a bound or the width does not fit the dtype, or low > high.
    """
    real, parts = _real(shape, dtype, "uniform_")
    _check_bounds(low, high, real)
    u = _unit(generator, prod(parts), real)
    if (low, high) != (0.0, 1.0):
        a, b = (low, high) if real == F64 else (float(np.float32(low)), float(np.float32(high)))
        width = b - a if real == F64 else float(np.float32(b) - np.float32(a))
        u = fma64(u, width, a) if real == F64 else u * np.float64(width) + a      # exact product, rounded once
    out = narrow(u, real)
    out[out == real.type(high)] = real.type(low)       # rounding may reach `high`, which does not belong to the range
    return _as(out, shape, dtype)


def normal(generator: Generator, shape: Shape, dtype: DtypeLike, mean: float = 0.0, std: float = 1.0,
           one_by_one: bool = False) -> Array:
    """Normal numbers.

    Below 16 elements, and with `one_by_one` (PyTorch: when the memory to fill is not contiguous), they are made in
    pairs in float64, and the generator keeps an odd one for later. From 16 on they are made in blocks of 16 in the
    dtype's precision; the last 16 are drawn again when 16 does not divide the size. Raises RandomError when
    std is not >= 0.
    """
    _check(std >= 0, "normal", "std must be >= 0", "std", std)
    real, parts = _real(shape, dtype, "normal")
    if np.dtype(dtype).kind == "c":
        std = std / sqrt(2)                            # the variance is shared by the two parts
    n = prod(parts)
    if n < BLOCK or one_by_one:
        return _as(narrow(fma64(_serial(generator, n), std, mean), real), shape, dtype)
    with generator.lock:
        working = F64 if real == F64 else F32
        whole, tail = n // BLOCK * BLOCK, n % BLOCK
        u = _unit(generator, n, working)
        if tail:
            again = _unit(generator, BLOCK, working)
    transform: Any = box_muller64 if real == F64 else box_muller32
    if not tail:
        return _as(narrow(transform(u, mean, std), real), shape, dtype)
    out = np.empty(n, working)
    out[:whole] = transform(u[:whole], mean, std)
    out[-BLOCK:] = transform(again, mean, std)
    return _as(narrow(out, real), shape, dtype)


def log_normal(generator: Generator, shape: Shape, dtype: DtypeLike, mean: float = 1.0, std: float = 2.0) -> Array:
    """exp of normal numbers with this mean and standard deviation. Raises RandomError unless std > 0."""
    _check(std > 0, "log_normal_", "std must be > 0", "std", std)
    real, parts = _real(shape, dtype, "log_normal_", complex_too=False)
    with np.errstate(over="ignore"):
        return _as(narrow(np.exp(fma64(_serial(generator, prod(parts)), std, mean)), real), shape, dtype)


def cauchy(generator: Generator, shape: Shape, dtype: DtypeLike, median: float = 0.0, sigma: float = 1.0) -> Array:
    """median + sigma * tan(pi * (u - 1/2)). Raises RandomError unless sigma > 0."""
    _check(sigma > 0, "cauchy_", "sigma must be > 0", "sigma", sigma)
    real, parts = _real(shape, dtype, "cauchy_", complex_too=False)
    u = uniform53(generator.words(2 * prod(parts)))
    return _as(narrow(fma64(np.tan(np.pi * (u - 0.5)), sigma, median), real), shape, dtype)


def exponential(generator: Generator, shape: Shape, dtype: DtypeLike, lambd: float = 1.0) -> Array:
    """-log(1 - u) / lambd. Raises RandomError unless lambd > 0."""
    _check(lambd > 0, "exponential_", "lambd must be > 0", "lambd", lambd)
    real, parts = _real(shape, dtype, "exponential_", complex_too=False)
    u = uniform53(generator.words(2 * prod(parts)))
    return _as(narrow(-1.0 / lambd * np.log1p(-u), real), shape, dtype)


def narrow(x: Array, dtype: np.dtype[Any]) -> Array:
    """float64 to the dtype, silently and for float16 by way of float32, as C rounds it."""
    with np.errstate(over="ignore"):
        return x.astype(F32, copy=False).astype(dtype) if dtype == np.float16 else x.astype(dtype, copy=False)


def _unit(generator: Generator, n: int, dtype: np.dtype[Any]) -> Array:
    """n uniform numbers of [0, 1): float64 of 53 bits, for other dtypes float32 of the word's low 24 bits."""
    if dtype == F64:
        return uniform53(generator.words(2 * n))
    return (generator.words(n) & np.uint32(0xFFFFFF)).astype(F32) * np.float32(2.0 ** -24)


def _serial(generator: Generator, n: int) -> NDArray[np.float64]:
    """n standard normals, made in pairs; a spare one comes from the last call and may be left for the next."""
    with generator.lock:
        if n == 0:
            return np.empty(0)
        kept = [] if generator.spare_normal is None else [generator.spare_normal]
        missing = n - len(kept)
        made = box_muller_pairs(uniform53(generator.words(4 * ((missing + 1) // 2))))
        generator.spare_normal = float(made[-1]) if missing % 2 else None
        return np.concatenate((np.array(kept), made))[:n]


def _real(shape: Shape, dtype: DtypeLike, op: str, complex_too: bool = True) -> tuple[np.dtype[Any], Shape]:
    """The dtype and shape of the real numbers to draw: twice as many for a complex dtype."""
    kind = np.dtype(dtype)
    if kind.kind == "c" and complex_too:
        return np.dtype(f"f{kind.itemsize // 2}"), (*shape, 2)
    if kind.kind != "f":
        raise DtypeError(f"{op}: draws floating-point numbers; got {kind} {tuple(shape)}; make the tensor float32 first")
    return kind, shape


def _as(x: Array, shape: Shape, dtype: DtypeLike) -> Array:
    kind = np.dtype(dtype)
    return (x.view(kind) if kind.kind == "c" else x).reshape(shape)


def _check(holds: bool, op: str, rule: str, name: str, value: float) -> None:
    if not holds:
        raise RandomError(f"{op}: {rule}; got {name}={value}")


def _check_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    largest = float(np.finfo(dtype).max)
    for name, bound in (("from", low), ("to", high)):
        _check(abs(bound) <= largest, "uniform_", f"`{name}` must fit {dtype}", name, bound)
    if low > high:
        raise RandomError(f"uniform_: `from` must not exceed `to`; got from={low}, to={high}; swap them?")
    _check(high - low <= largest, "uniform_", f"to - from must fit {dtype}", "to - from", high - low)
