"""Exponentials and logarithms of float32 that LLVM can vectorise: polynomials, where the C library has one call per number.

Each is within 2 units in the last place, and has the right limits at infinity, nan, 0 and among numbers below the normal
ones. Polynomials are least-squares fits with the weights moved until the relative error is even.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from .jit import part
from .vectors import fused, made_by

inlined = part(forceinline=True)          # a call would keep a loop from being vectorised

F = np.float32                        # a float64 constant would turn the arithmetic around it into float64
ZERO, HALF, ONE, TWO, TWENTY = F(0), F(0.5), F(1), F(2), F(20)
NAN, INFINITY = F(np.nan), F(np.inf)

# exp(r) = 1 + r + r**2 (E0 + E1 r + ...) for |r| <= log(2) / 2, within 8e-9.
E0, E1, E2, E3, E4 = map(F, (0.5, 0.16666577, 0.04166685, 0.00836314, 0.00139013))
LOG2_E = F(1.4426950408889634)
LOG_2, LOG_2_REST = F(0.693145751953125), F(1.428606765330187e-06)       # the first has 7 bits to spare: its multiples are exact
ROUND, ROUND_BITS = F(12582912), np.int32(0x4B400000)                    # 1.5 * 2**23: adding it rounds to a whole number
HIGH, LOW, TINY, FLAT = F(89), F(-104), F(-18), F(9.5)                   # exp is inf, exp 0, exp - 1 is -1, tanh 1 from here on

VANISHED = F(-88)                     # its exponential is below 2**-126: n is -127

# log(1 + f) = f - f**2 / 2 + f**3 (L0 + L1 f + ...) for |f| <= 1/3, within 2e-8.
L0, L1, L2, L3, L4, L5, L6, L7 = map(F, (0.33333319425582886, -0.24999971687793732, 0.2000381052494049, -0.1667134016752243,
                                         0.14117565751075745, -0.1232440173625946, 0.13430239260196686, -0.12238366901874542))
TWO_THIRDS, ONE_BITS, SIGN, EXPONENT = np.int32(0x3F2AAAAB), np.int32(0x3F800000), np.int32(-2 ** 31), np.int32(23)
NORMAL, LIFT, LIFTED = F(2.0 ** -126), F(2.0 ** 23), F(23)               # the least normal number; what brings others up to it


def _bits(_: Any, x: Any) -> Any:
    """A float32 seen as an int32."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.IntType(32))

    return types.int32(types.float32), codegen


def _real(_: Any, n: Any) -> Any:
    """An int32 seen as a float32."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.FloatType())

    return types.float32(types.int32), codegen


def _pick(_: Any, condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, else y: both are computed. Of a branch LLVM makes vector code only sometimes."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(*values)

    return x(types.boolean, x, x), codegen


bits: Any = intrinsic(_bits)
real: Any = intrinsic(_real)
pick: Any = intrinsic(_pick)


@inlined
def two_to(n: Any) -> Any:
    """2**n for a whole int32 of -126 ... 127."""
    return real(np.int32((n << EXPONENT) + ONE_BITS))


@inlined
def reduced(x: Any) -> Any:
    """n and r with x = n log(2) + r and |r| <= log(2) / 2."""
    whole = x * LOG2_E + ROUND                       # its last bits are n
    n = np.int32(bits(whole) - ROUND_BITS)
    whole -= ROUND
    return n, (x - whole * LOG_2) - whole * LOG_2_REST


@inlined
def grown(r: Any) -> Any:
    """exp(r) - 1 for |r| <= log(2) / 2."""
    return ((((E4 * r + E3) * r + E2) * r + E1) * r + E0) * (r * r) + r


@inlined
def exp(x: Any) -> Any:
    """e to the power of x."""
    x = pick(x > HIGH, HIGH, x)
    x = pick(x < LOW, LOW, x)
    n, r = reduced(x)
    half = np.int32(n >> 1)                          # in two steps: 2**n itself may be no float32
    return (grown(r) + ONE) * two_to(half) * two_to(np.int32(n - half))


@inlined
def expm1(x: Any) -> Any:
    """exp(x) - 1, exact near 0 too."""
    y = pick(x > HIGH, HIGH, x)
    y = pick(y < TINY, TINY, y)
    n, r = reduced(y)
    half = two_to(np.int32(n - 1))                   # 2**n itself may be no float32
    return pick(x == ZERO, x, TWO * (grown(r) * half + (half - HALF)))


@inlined
def tanh(x: Any) -> Any:
    """(exp(2 x) - 1) / (exp(2 x) + 1), for |x|; the sign comes back at the end."""
    y = abs(x)
    y = pick(y > FLAT, FLAT, y)
    n, r = reduced(y + y)
    power = two_to(n)
    e = grown(r) * power + (power - ONE)
    return real(np.int32(bits(e / (e + TWO)) | (bits(x) & SIGN)))


@inlined
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return ONE / (ONE + exp(-x))


@inlined
def log(x: Any) -> Any:
    """The natural logarithm."""
    small = x < NORMAL
    y = pick(small, x * LIFT, x)
    n = np.int32((bits(y) - TWO_THIRDS) >> EXPONENT)                     # y = 2**n (1 + f), 2/3 <= 1 + f < 4/3
    f = real(np.int32(bits(y) - (n << EXPONENT))) - ONE
    tail = (((((((L7 * f + L6) * f + L5) * f + L4) * f + L3) * f + L2) * f + L1) * f + L0) * f - HALF
    k = F(n) - pick(small, LIFTED, ZERO)
    out = k * LOG_2 + ((tail * (f * f) + k * LOG_2_REST) + f)
    out = pick(x < INFINITY, out, x)                 # nan too
    out = pick(x == ZERO, -INFINITY, out)
    return pick(x < ZERO, NAN, out)


@inlined
def log1p_of_fraction(x: Any) -> Any:
    """log(1 + x) for 0 <= x <= 1: the logarithm of the rounded sum, and what the rounding lost."""
    y = ONE + x
    return log(y) + (x - (y - ONE)) / y


@inlined
def flushed_exp(x: Any) -> Any:
    """e to the power of x <= 0; 0 below -88, where the bits of 2**n are those of 0."""
    n, r = reduced(pick(x < VANISHED, VANISHED, x))
    return grown(r) * two_to(n) + two_to(n)


def _flushed_exp_lanes(_: Any, x: Any) -> Any:
    """`flushed_exp` of each lane of a register of float32."""
    def build(b: Any, x: Any) -> Any:
        def all_lanes(number: Any) -> Any:
            return ir.Constant(x.type, [float(number)] * x.type.count)

        whole_numbers = ir.VectorType(ir.IntType(32), x.type.count)
        x = b.select(b.fcmp_ordered("<", x, all_lanes(VANISHED)), all_lanes(VANISHED), x)
        whole = fused(b, x, all_lanes(LOG2_E), all_lanes(ROUND))         # its last bits are n
        shift, one = (ir.Constant(whole_numbers, [int(n)] * x.type.count) for n in (EXPONENT, ONE_BITS))
        power = b.bitcast(b.add(b.shl(b.bitcast(whole, whole_numbers), shift), one), x.type)
        whole = b.fsub(whole, all_lanes(ROUND))
        r = fused(b, whole, all_lanes(-LOG_2_REST), fused(b, whole, all_lanes(-LOG_2), x))
        tail = all_lanes(E4)
        for e in (E3, E2, E1, E0):
            tail = fused(b, tail, r, all_lanes(e))
        return fused(b, fused(b, tail, b.fmul(r, r), r), power, power)
    return made_by(build)(_, x)


flushed_exp_lanes: Any = intrinsic(_flushed_exp_lanes)


# Of float64 too, which the C library computes ----------------------------------------------------------------------------

def exp_of_negative(x: Any) -> Any:
    """e to the power of x <= 0."""
    return math.exp(x)


def log_of_any(x: Any) -> Any:
    """The natural logarithm."""
    return math.log(x)


def _exp_of_negative(x):                             # type: ignore[no-untyped-def]   # Numba compares the signatures
    return (lambda x: flushed_exp(x)) if x == types.float32 else (lambda x: math.exp(x))


def _log_of_any(x):                                  # type: ignore[no-untyped-def]
    return (lambda x: log(x)) if x == types.float32 else (lambda x: math.log(x))


overload(exp_of_negative, jit_options={"forceinline": True, "error_model": "numpy"})(_exp_of_negative)
overload(log_of_any, jit_options={"forceinline": True, "error_model": "numpy"})(_log_of_any)
