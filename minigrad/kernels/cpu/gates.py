"""gelu and its gradient in float32, one pass over memory each.

The exponential and the tail of the normal distribution are polynomials here, so that LLVM vectorises the loops: a call to
the C library per element would take ten times as long, and SciPy's erf takes forty times.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .. import reference
from ..reference import Array
from .half import plain
from .jit import jit, part, run
from .threads import threads_for

F = np.float32                        # a float64 constant would turn the arithmetic around it into float64
ZERO, ONE, HALF, TWO = F(0), F(1), F(0.5), F(2)
FLOPS = 40                            # of an element, about

# 2**f for -1/2 <= f <= 1/2, within 2e-9: Chebyshev fit in relative error.
E0, E1, E2, E3, E4, E5, E6 = map(F, (1.000000001, 0.6931472056, 0.2402264661, 0.05550328986, 0.009618519563, 0.001339986514,
                                     0.0001533758091))
LOG2_E = F(1.4426950408889634)
LEAST = F(-127)                       # 2**-127 is 0 here: no number is below the normal ones
ROUND = F(12582912)                   # 1.5 * 2**23: adding it rounds a float32 to a whole number

# P(N > a) = t Q(t) exp(-a**2 / 2) with t = 1 / (1 + 0.23 a), for 0 <= a <= 13, within 5e-9: Chebyshev fit in relative error.
BEND = F(0.23)
Q0, Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9 = map(F, (0.09172504587, 0.09242103548, 0.08080321021, 0.1094383046, -0.04497038946,
                                                 0.287758236, -0.323219142, 0.3450549547, -0.1683109077, 0.02929965105))
DENSITY = F(0.3989422804014327)       # of the normal distribution at 0: 1 / sqrt(2 pi)
TANH_SCALE, TANH_CUBIC, TANH_SLOPE = F(0.7978845608028654), F(0.044715), F(3 * 0.044715)


def gelu(x: Array, tanh: bool) -> Array:
    """x times the normal distribution function of x, or its approximation by tanh."""
    if x.dtype != F:
        return reference.gelu(x, tanh)
    return pointwise(tanh_gelu if tanh else normal_gelu, x, x)


def gelu_input(g: Array, x: Array, tanh: bool) -> Array:
    """g times the derivative of gelu at x."""
    if x.dtype != F or g.dtype != F:
        return reference.gelu_input(g, x, tanh)
    return pointwise(tanh_gelu_input if tanh else normal_gelu_input, g, x)


def pointwise(kernel: Any, g: Array, x: Array) -> Array:
    """Run a kernel over all elements."""
    g, x = plain(g), plain(x)
    out = np.empty_like(x)
    run(kernel, threads_for(FLOPS * x.size), x.size, out.reshape(-1), g.reshape(-1), x.reshape(-1))
    return out


# What is compiled ------------------------------------------------------------------------------------------------------

def _two_to(_: Any, n: Any) -> Any:
    """2**n for a whole number n >= -127, by writing it into the exponent of a float32."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        integer = ir.IntType(32)
        biased = builder.add(builder.fptosi(values[0], integer), ir.Constant(integer, 127))
        return builder.bitcast(builder.shl(biased, ir.Constant(integer, 23)), ir.FloatType())

    return types.float32(types.float32), codegen


two_to: Any = intrinsic(_two_to)


@part
def share(x: Any, units: int, threads: int, t: int) -> Any:
    """What thread t does of an array. A loop over it starts at 0, which LLVM needs to know to vectorise."""
    return x[units * t // threads:units * (t + 1) // threads]


@part
def exp_of_negative(x: Any) -> Any:
    """exp(x) for x <= 0; 0 of nan."""
    y = max(LEAST, x * LOG2_E)
    n = (y + ROUND) - ROUND
    f = y - n
    return ((((((E6 * f + E5) * f + E4) * f + E3) * f + E2) * f + E1) * f + E0) * two_to(n)


@part
def distribution(x: Any, bell: Any) -> Any:
    """P(N < x) of a normal number N, given exp(-x**2 / 2)."""
    t = ONE / (ONE + BEND * abs(x))
    tail = t * (((((((((Q9 * t + Q8) * t + Q7) * t + Q6) * t + Q5) * t + Q4) * t + Q3) * t + Q2) * t + Q1) * t + Q0) * bell
    return ONE - tail if x > ZERO else tail


@part
def half_turn(x: Any) -> Any:
    """(1 + tanh(u)) / 2, where u is the cubic that makes it resemble the normal distribution: a sigmoid of 2 u."""
    u = TWO * TANH_SCALE * x * (ONE + TANH_CUBIC * x * x)
    e = exp_of_negative(-abs(u))
    return (ONE if u > ZERO else e) / (ONE + e)


@jit
def normal_gelu(y: Any, _: Any, x: Any, units: int, threads: int, t: int) -> None:
    y, x = share(y, units, threads, t), share(x, units, threads, t)
    for i in range(x.size):
        y[i] = x[i] * distribution(x[i], exp_of_negative(-HALF * x[i] * x[i]))


@jit
def normal_gelu_input(dx: Any, g: Any, x: Any, units: int, threads: int, t: int) -> None:
    dx, g, x = share(dx, units, threads, t), share(g, units, threads, t), share(x, units, threads, t)
    for i in range(x.size):
        bell = exp_of_negative(-HALF * x[i] * x[i])
        dx[i] = g[i] * (distribution(x[i], bell) + x[i] * bell * DENSITY)


@jit
def tanh_gelu(y: Any, _: Any, x: Any, units: int, threads: int, t: int) -> None:
    y, x = share(y, units, threads, t), share(x, units, threads, t)
    for i in range(x.size):
        y[i] = x[i] * half_turn(x[i])


@jit
def tanh_gelu_input(dx: Any, g: Any, x: Any, units: int, threads: int, t: int) -> None:
    dx, g, x = share(dx, units, threads, t), share(g, units, threads, t), share(x, units, threads, t)
    for i in range(x.size):
        h = half_turn(x[i])
        dx[i] = g[i] * (h + x[i] * h * (ONE - h) * (TWO * TANH_SCALE) * (ONE + TANH_SLOPE * x[i] * x[i]))
