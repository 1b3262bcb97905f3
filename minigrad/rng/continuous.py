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
from .generator import Generator, blockwise, uniform53
from .twister import Words

Array = NDArray[Any]
Shape = tuple[int, ...]
DtypeLike = Any                          # a NumPy dtype or scalar type

F16, F32, F64 = np.dtype("f2"), np.dtype("f4"), np.dtype("f8")
WORDS = {F16: 1, F32: 1, F64: 2}         # words of the stream per uniform number
LARGEST = {F16: 65504.0, F32: float(np.finfo("f4").max), F64: float(np.finfo("f8").max)}


def uniform(generator: Generator, shape: Shape, dtype: DtypeLike, low: float = 0.0, high: float = 1.0) -> Array:
    """Uniform numbers of [low, high): one word each, two for float64.

    Raises RandomError when a bound or the width does not fit the dtype, or low > high.
    """
    real, parts = _real(shape, dtype, "uniform_")
    _check_bounds(low, high, real)
    if (low, high) == (0.0, 1.0) and real != F16:
        return _as(unit(generator, prod(parts), real), shape, dtype)
    if real != F64:
        low, high = float(np.float32(low)), float(np.float32(high))
    width = high - low if real == F64 else float(np.float32(high - low))
    out = np.empty(prod(parts), real)
    if real != F16 and generator.fill("uniform", out, low, high, width):
        return _as(out, shape, dtype)

    def stretch(words: Words) -> Array:
        # the product of two float32 is exact in float64, so only float64 needs help to round once
        out = fma64(uniform53(words), width, low) if real == F64 else _unit24(words) * np.float64(width) + low
        out = narrow(out, real)
        out[out == real.type(high)] = real.type(low)   # rounding may reach `high`, which is not in the range
        return out

    return _as(blockwise(generator, prod(parts), real, WORDS[real], stretch), shape, dtype)


def normal(generator: Generator, shape: Shape, dtype: DtypeLike, mean: float = 0.0, std: float = 1.0) -> Array:
    """Normal numbers, as they are drawn into contiguous memory.

    From 16 elements on they are made in blocks of 16, in the dtype's precision (float32 for float16), and the last
    16 are drawn again when 16 does not divide the size; smaller arrays go through `normal_in_pairs`.
    Raises RandomError unless std >= 0.
    """
    real, parts = _real(shape, dtype, "normal")
    n = prod(parts)
    if n < BLOCK:
        return normal_in_pairs(generator, shape, dtype, mean, std)
    std = _part_of_std(std, dtype)
    if real == F32:
        out = np.empty(n, real)
        if generator.fill("normal", out, float(mean), float(std)):
            return _as(out, shape, dtype)
    transform: Any = box_muller64 if real == F64 else box_muller32
    whole, tail = n // BLOCK * BLOCK, n % BLOCK
    with generator.lock:
        u = unit(generator, whole if real == F16 else n, real)       # PyTorch draws float16 block by block
        again = unit(generator, BLOCK if tail else 0, real)
    if not tail:
        return _as(narrow(transform(u, mean, std), real), shape, dtype)
    out = np.empty(n, real)
    out[:whole] = narrow(transform(u[:whole], mean, std), real)
    out[-BLOCK:] = narrow(transform(again, mean, std), real)
    return _as(out, shape, dtype)


def normal_in_pairs(generator: Generator, shape: Shape, dtype: DtypeLike,
                    mean: float = 0.0, std: float = 1.0) -> Array:
    """Normal numbers, as they are drawn into less than 16 elements or memory that is not contiguous.

    They are made in pairs in float64; the generator keeps an odd one for the next such draw.
    Raises RandomError unless std >= 0.
    """
    real, parts = _real(shape, dtype, "normal")
    std = _part_of_std(std, dtype)
    drawn = _serial(generator, prod(parts))
    return _as(narrow(drawn if (mean, std) == (0.0, 1.0) else fma64(drawn, std, mean), real), shape, dtype)


def log_normal(generator: Generator, shape: Shape, dtype: DtypeLike, mean: float = 1.0, std: float = 2.0) -> Array:
    """exp of normal numbers with this mean and standard deviation. Raises RandomError unless std > 0."""
    if not std > 0:
        raise RandomError(f"log_normal_: std must be > 0; got std={std}")
    real, parts = _real(shape, dtype, "log_normal_", complex_too=False)
    with np.errstate(over="ignore"):
        return _as(narrow(np.exp(fma64(_serial(generator, prod(parts)), std, mean)), real), shape, dtype)


def cauchy(generator: Generator, shape: Shape, dtype: DtypeLike, median: float = 0.0, sigma: float = 1.0) -> Array:
    """median + sigma * tan(pi * (u - 1/2)). Raises RandomError unless sigma > 0."""
    if not sigma > 0:
        raise RandomError(f"cauchy_: sigma must be > 0; got sigma={sigma}")
    real, parts = _real(shape, dtype, "cauchy_", complex_too=False)

    def bend(words: Words) -> Array:
        return narrow(fma64(np.tan(np.pi * (uniform53(words) - 0.5)), sigma, median), real)

    return _as(blockwise(generator, prod(parts), real, 2, bend), shape, dtype)


def exponential(generator: Generator, shape: Shape, dtype: DtypeLike, lambd: float = 1.0) -> Array:
    """-log(1 - u) / lambd. Raises RandomError unless lambd > 0."""
    if not lambd > 0:
        raise RandomError(f"exponential_: lambd must be > 0; got lambd={lambd}")
    real, parts = _real(shape, dtype, "exponential_", complex_too=False)
    scale = -1.0 / lambd
    out = np.empty(prod(parts), real)
    if real != F16 and generator.fill("exponential", out, scale):
        return _as(out, shape, dtype)

    def decay(words: Words) -> Array:
        return narrow(scale * np.log1p(-uniform53(words)), real)

    return _as(blockwise(generator, prod(parts), real, 2, decay), shape, dtype)


def narrow(x: Array, dtype: np.dtype[Any]) -> Array:
    """float64 to the dtype, silently and for float16 by way of float32, as C rounds it."""
    with np.errstate(over="ignore"):
        return x.astype(F32, copy=False).astype(dtype) if dtype == np.float16 else x.astype(dtype, copy=False)


def unit(generator: Generator, n: int, dtype: np.dtype[Any]) -> Array:
    """n uniform numbers of [0, 1): float64 of 53 bits, for other dtypes float32 of 24."""
    out = np.empty(n, F64 if dtype == F64 else F32)
    if generator.fill("unit", out):
        return out
    return blockwise(generator, n, out.dtype, WORDS[dtype], uniform53 if dtype == F64 else _unit24)


def _unit24(words: Words) -> NDArray[np.float32]:
    """The low 24 bits of each word over 2**24."""
    return (words & np.uint32(0xFFFFFF)).astype(F32) * np.float32(2.0 ** -24)


def _serial(generator: Generator, n: int) -> NDArray[np.float64]:
    """n standard normals, made in pairs; a spare one comes from the last call and may be left for the next."""
    with generator.lock:
        if n == 0:
            return np.empty(0)
        kept = [] if generator.spare_normal is None else [generator.spare_normal]
        missing = n - len(kept)
        made = np.empty((missing + 1) // 2 * 2)
        if not generator.fill("pairs", made):
            made = box_muller_pairs(uniform53(generator.words(2 * made.size)))
        generator.spare_normal = float(made[-1]) if missing % 2 else None
        return np.concatenate((np.array(kept), made))[:n] if kept else made[:n]


def _real(shape: Shape, dtype: DtypeLike, op: str, complex_too: bool = True) -> tuple[np.dtype[Any], Shape]:
    """The dtype and shape of the real numbers to draw: twice as many for a complex dtype."""
    kind = np.dtype(dtype)
    if kind.kind == "c" and complex_too:
        return np.dtype(f"f{kind.itemsize // 2}"), (*shape, 2)
    if kind.kind != "f":
        raise DtypeError(f"{op}: draws floating-point numbers; got {kind} {tuple(shape)}; write tensor.float()")
    return kind, shape


def _as(x: Array, shape: Shape, dtype: DtypeLike) -> Array:
    kind = np.dtype(dtype)
    return (x.view(kind) if kind.kind == "c" else x).reshape(shape)


def _part_of_std(std: float, dtype: DtypeLike) -> float:
    """The standard deviation of each real number: a complex one shares its variance between its two parts."""
    if not std >= 0:
        raise RandomError(f"normal: std must be >= 0; got std={std}")
    return std / sqrt(2) if np.dtype(dtype).kind == "c" else std


def _check_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    largest = LARGEST[dtype]
    for name, bound in (("from", low), ("to", high)):
        if not abs(bound) <= largest:
            raise RandomError(f"uniform_: `{name}` must be finite and fit {dtype}; got {name}={bound}")
    if low > high:
        raise RandomError(f"uniform_: `from` must not exceed `to`; got from={low}, to={high}; swap them?")
    if high - low > largest:
        raise RandomError(f"uniform_: to - from must fit {dtype}; got from={low}, to={high}")
