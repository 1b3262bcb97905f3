"""Random numbers drawn from a Mersenne Twister where NumPy keeps it: the same words in the same order, several at once.

A loop takes the words of a state as they come, 624 at a time, and makes numbers of them in the same pass. The words depend on
each other in order, so there is no second thread. Source: Matsumoto and Nishimura 1998, Mersenne Twister.
"""
from __future__ import annotations

from importlib import import_module
from math import cos, log1p, pi, sin, sqrt
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from ...rng import gaussian
from ...rng.twister import WORDS as STATE
from ...rng.twister import laid_out
from ..reference import Array
from .functions import bits, pick, real
from .jit import jit, part

U, F, D = np.uint32, np.float32, np.float64
LOW_21, HALF_WAY = np.uint64(0x1FFFFF), np.uint64(32)
MIDDLE = 397                          # words of the state that the recurrence reaches forward
BLOCK, LANES = gaussian.BLOCK, gaussian.BLOCK // 2
ROWS = 64                             # blocks of normals made together: their arrays stay in the first-level cache


def draw(name: str, bit_generator: Any, out: Array, *numbers: float) -> bool:
    """Let the loop of this name fill an array (1-d, C order); False where the state does not lie in memory as expected.

    words: of 32 bits. unit: of [0, 1), 24 bits as float32 or 53 as float64. uniform: unit * width + low, `high` left out.
    coins: `yes` where 53 bits are below limit, else 0. normal: 16 or more, float32. pairs: standard normals, float64, an even number.
    exponential: scale * log(1 - unit). integers: word % span + low. shuffled: the numbers that are there, each swapped with
    one behind it. gamma, binomial, poisson: in the place of their parameters (rejection.py).
    """
    if not laid_out():
        return False
    loop = LOOPS[name] if name in LOOPS else import_module(".rejection", __package__).LOOPS[name]
    loop(bit_generator.ctypes.state_address, out, *numbers)
    return True


# What is compiled ------------------------------------------------------------------------------------------------------

def _words_at(_: Any, address: Any) -> Any:
    """A pointer to words."""
    kind = types.CPointer(types.uint32)              # type: ignore[no-untyped-call]

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(kind))

    return kind(address), codegen


def _fma(_: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z, rounded once."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(x)
        function = builder.module.declare_intrinsic("llvm.fma", [kind], ir.FunctionType(kind, [kind] * 3))
        return builder.call(function, values)

    return x(x, x, x), codegen


words_at: Any = intrinsic(_words_at)
fma: Any = intrinsic(_fma)


@part(forceinline=True)
def mixed(word: Any, after: Any, far: Any) -> Any:
    """A word of the next state."""
    y = U((word & U(0x80000000)) | (after & U(0x7FFFFFFF)))
    return U(far ^ (y >> U(1)) ^ ((U(0) - (y & U(1))) & U(0x9908B0DF)))


@part
def renew(s: Any) -> None:
    """The next state, in the place of this one."""
    for i in range(STATE - MIDDLE):
        s[i] = mixed(s[i], s[i + 1], s[i + MIDDLE])
    for i in range(STATE - MIDDLE, STATE - 1):
        s[i] = mixed(s[i], s[i + 1], s[i + MIDDLE - STATE])
    s[STATE - 1] = mixed(s[STATE - 1], s[0], s[MIDDLE - 1])


@part(forceinline=True)
def tempered(y: Any) -> Any:
    """What is given away of a word."""
    y = U(y ^ (y >> U(11)))
    y = U(y ^ ((y << U(7)) & U(0x9D2C5680)))
    y = U(y ^ ((y << U(15)) & U(0xEFC60000)))
    return U(y ^ (y >> U(18)))


@jit
def words(address: int, out: Any) -> None:
    s = carray(words_at(address), STATE + 1)
    done, at = 0, int(s[STATE])
    while done < out.size:
        if at == STATE:
            renew(s)
            at = 0
        n = min(STATE - at, out.size - done)
        ahead, given = s[at:at + n], out[done:done + n]
        for i in range(n):
            given[i] = tempered(ahead[i])
        done += n
        at += n
    s[STATE] = U(at)


@part(forceinline=True)
def unit24(word: Any) -> Any:
    """The low 24 bits over 2**24."""
    return F(np.int32(word & U(0xFFFFFF))) * F(2.0 ** -24)


@part(forceinline=True)
def low53(pair: Any) -> Any:
    """The low 53 bits of two words, the first of which is on top: it lies in the lower half of the uint64 that both make."""
    return np.int64(((pair & LOW_21) << HALF_WAY) | (pair >> HALF_WAY))


@jit(fastmath=False)
def unit(address: int, out: Any) -> None:
    some = np.empty(2 * STATE, U)
    pairs = some.view(np.uint64)
    if out.itemsize == 4:
        for start in range(0, out.size, some.size):
            part = out[start:start + some.size]
            words(address, some[:part.size])
            for i in range(part.size):
                part[i] = unit24(some[i])
    else:
        for start in range(0, out.size, STATE):
            part = out[start:start + STATE]
            words(address, some[:2 * part.size])
            for i in range(part.size):
                part[i] = D(low53(pairs[i])) * D(2.0 ** -53)


@jit(fastmath=False)
def uniform(address: int, out: Any, low: float, high: float, width: float) -> None:
    unit(address, out)
    if out.itemsize == 4:
        bottom, top = F(low), F(high)
        for i in range(out.size):
            x = F(D(out[i]) * width + low)           # the product is exact in float64
            out[i] = bottom if x == top else x       # rounding may reach `high`, which is not in the range
    else:
        for i in range(out.size):
            x = fma(D(out[i]), width, low)
            out[i] = low if x == high else x


@jit
def coins(address: int, out: Any, limit: int, yes: float) -> None:
    some = np.empty(2 * STATE, U)
    pairs, one, zero = some.view(np.uint64), out.dtype.type(yes), out.dtype.type(0)
    for start in range(0, out.size, STATE):
        part = out[start:start + STATE]
        words(address, some[:2 * part.size])
        for i in range(part.size):
            part[i] = pick(low53(pairs[i]) < limit, one, zero)


@jit(fastmath=False)
def exponential(address: int, out: Any, scale: float) -> None:
    some = np.empty(2 * STATE, U)
    pairs = some.view(np.uint64)
    for start in range(0, out.size, STATE):
        part = out[start:start + STATE]
        words(address, some[:2 * part.size])
        for i in range(part.size):
            part[i] = scale * log1p(-(D(low53(pairs[i])) * D(2.0 ** -53)))


@jit
def integers(address: int, out: Any, low: int, span: int) -> None:
    some, modulus = np.empty(2 * STATE, U), U(span)
    for start in range(0, out.size, some.size):
        part = out[start:start + some.size]
        words(address, some[:part.size])
        for i in range(part.size):
            part[i] = np.int64(some[i] % modulus) + low


@jit
def shuffled(address: int, out: Any) -> None:
    some = np.empty(2 * STATE, U)
    for start in range(0, out.size - 1, some.size):
        n = min(some.size, out.size - 1 - start)
        words(address, some[:n])
        for i in range(start, start + n):
            j = i + np.int64(some[i - start] % U(out.size - i))
            out[i], out[j] = out[j], out[i]


# The Box-Muller transform, rounded as in `rng/gaussian.py`. ---------------------------------------------------------------

LOG, SINE, COSINE = (tuple(map(F, c)) for c in (gaussian.LOG, gaussian.SIN, gaussian.COS))
LOG_2_SMALL, LOG_2_LARGE = gaussian.LN2
PART0, PART1, PART2 = gaussian.QUARTER_PI
SQRT_HALF, FOUR_OVER_PI, TWO_PI = gaussian.SQRT_HALF, gaussian.FOUR_OVER_PI, gaussian.TWO_PI
TWO_PI_EXACTLY = 2 * pi
EXPONENT, FRACTION, HALF_BITS = np.int32(23), np.int32(0x7FFFFF), np.int32(0x3F000000)
TWO, FOUR, SIGN_SHIFT = np.int32(2), np.int32(4), np.int32(29)


@part(fastmath=False, forceinline=True)
def log(x: Any) -> Any:
    """log x for x of (0, 1]."""
    n = bits(x)
    f = real(np.int32((n & FRACTION) | HALF_BITS))   # in [0.5, 1), moved to [sqrt(1/2), sqrt(2)) and then around 0
    low = pick(f < SQRT_HALF, F(1), F(0))
    e = F(np.int32((n >> EXPONENT) - np.int32(126))) - low
    f = (f + f * low) - F(1)
    z = f * f
    y = LOG[0]
    for c in LOG[1:]:
        y = fma(y, f, c)
    y = fma(y * f, z, e * LOG_2_SMALL)
    return ((y - z * F(0.5)) + f) + e * LOG_2_LARGE


@part(fastmath=False, forceinline=True)
def on_circle(x: Any) -> Any:
    """cos x and sin x for x of [0, 2 pi]."""
    octant = np.int32((np.int32(x * FOUR_OVER_PI) + np.int32(1)) & np.int32(-2))     # the nearest multiple of pi/2, in eighths
    turns = F(octant)
    x = ((x + turns * PART0) + turns * PART1) + turns * PART2
    z = x * x
    c, s = COSINE[0], SINE[0]
    for k in COSINE[1:]:
        c = fma(c, z, k)
    for k in SINE[1:]:
        s = fma(s, z, k)
    c = fma(c * z, z, z * F(-0.5)) + F(1)
    s = fma(s * z, x, x)
    swapped = np.int32(octant & TWO) != np.int32(0)
    cosine, sine = pick(swapped, s, c), pick(swapped, c, s)                         # bit 2 of the octant: the sign
    return (real(np.int32(bits(cosine) ^ np.int32(np.int32((octant + TWO) & FOUR) << SIGN_SHIFT))),
            real(np.int32(bits(sine) ^ np.int32(np.int32(octant & FOUR) << SIGN_SHIFT))))


@jit(fastmath=False)
def transform(out: Any, mean: float, std: float) -> None:
    """In place: eight numbers u1, then eight u2, become eight cosine and eight sine normals."""
    m, d = F(mean), F(std)
    radius, angle = np.empty(LANES * ROWS, F), np.empty(LANES * ROWS, F)
    for start in range(0, out.size, BLOCK * ROWS):
        part = out[start:start + BLOCK * ROWS]
        rows = part.size // BLOCK
        for r in range(rows):
            for j in range(LANES):
                radius[r * LANES + j] = F(1) - part[r * BLOCK + j]               # in (0, 1], where log is finite
                angle[r * LANES + j] = TWO_PI * part[r * BLOCK + LANES + j]
        for i in range(rows * LANES):
            size = sqrt(F(-2) * log(radius[i]))
            c, s = on_circle(angle[i])
            radius[i], angle[i] = fma(size * c, d, m), fma(size * s, d, m)
        for r in range(rows):
            for j in range(LANES):
                part[r * BLOCK + j] = radius[r * LANES + j]
                part[r * BLOCK + LANES + j] = angle[r * LANES + j]


@jit(fastmath=False)
def normal(address: int, out: Any, mean: float, std: float) -> None:
    """The last 16 are drawn again where 16 does not divide the size."""
    unit(address, out)
    whole = out.size // BLOCK * BLOCK
    transform(out[:whole], mean, std)
    if whole < out.size:
        again = out[out.size - BLOCK:]
        unit(address, again)
        transform(again, mean, std)


@jit(fastmath=False)
def pairs(address: int, out: Any) -> None:
    unit(address, out)
    for i in range(0, out.size, 2):
        radius, angle = sqrt(-2 * log1p(-out[i + 1])), TWO_PI_EXACTLY * out[i]
        out[i], out[i + 1] = radius * cos(angle), radius * sin(angle)


LOOPS: dict[str, Any] = {"words": words, "unit": unit, "uniform": uniform, "coins": coins, "exponential": exponential, "integers": integers,
         "shuffled": shuffled, "normal": normal, "pairs": pairs}
