"""Ops on large float32 and float16 arrays, element by element: one pass without temporaries, on both cores.

Each op is a function of numbers; a loop over arrays is made of it when it is first used. What an op means is said in `ops`,
where the same stands in array form: here it is only said faster.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..reference import Array
from .functions import ONE, TWENTY, TWO, ZERO, log1p_of_fraction, pick
from .functions import exp as exponential
from .functions import expm1 as exponential_less_1
from .functions import log as logarithm
from .functions import sigmoid as logistic
from .functions import tanh as hyperbolic_tangent
from .half import FAST, bits
from .jit import part, run
from .loops import (
    one,
    one_in_place,
    one_with,
    one_with_in_place,
    three,
    two,
    two_across,
    two_across_in_place,
    two_in_place,
    two_with,
    two_with_in_place,
)
from .threads import threads_for

F32, F16 = np.dtype("f4"), np.dtype("f2")


class Op(NamedTuple):
    """function: of numbers, one from each array and then the options. kinds: the arrays' dtypes. flops: what an element is worth.

    alone: whether it is worth it on one core, too; NumPy is as fast for a single sum or product.
    """
    function: Any
    kinds: str
    numbers: bool
    flops: int
    alone: bool


OPS: dict[str, Op] = {}


def op(kinds: str, numbers: bool = False, flops: int = 3, alone: bool = True) -> Callable[[Any], Any]:
    """Give a function of numbers a loop over arrays. `numbers`: three more arguments follow, which are the same for all."""
    def register(function: Any) -> Any:
        OPS[function.__name__] = Op(part(forceinline=True)(function), kinds, numbers, flops, alone)
        return OPS[function.__name__].function

    return register


def each(name: str, arrays: tuple[Array, ...], numbers: tuple[float, ...] = (), out: Array | None = None) -> Array | None:
    """The op of this name for every element; into `out` if given, which may be the first array and none of the others.

    None where that would not pay or is not possible: arrays of other dtypes or shapes, not in C order. The second of two may
    have fewer dimensions, as a row or a number for each channel has. Floating-point arrays are all float32 or all float16; the
    latter are computed in float32 and rounded once.
    """
    op, x = OPS[name], arrays[0]
    to = float_of(op.kinds, arrays)
    if to is None:
        return None
    threads = threads_for(op.flops * x.size)
    shape = x.shape
    if len(arrays) == 2 and not op.numbers and arrays[1].shape != shape:
        return each_across(name, x, arrays[1], threads, out)
    if threads == 1 and not op.alone and to is not F16:              # which NumPy takes 20 times as long for
        return None
    flat: list[Any] = []
    for a in arrays:
        if a.shape != shape:
            return None
        flat.append(bits(a).reshape(-1))
    if out is not None and not (out is x and x.flags.carray):
        return None
    result = np.empty(shape, to) if out is None else out
    if op.numbers:
        flat += (*numbers, 0.0, 0.0)[:3]
    run(loop(name, out is not None), threads, x.size, bits(result).reshape(-1), *flat)
    return result


def each_across(name: str, x: Array, y: Array, threads: int, out: Array | None) -> Array | None:
    """The same where y broadcasts: one number for each of x's rows, or one row for all of them."""
    cut = across(x.shape, y.shape)
    if cut is None or out is not None and not (out is x and x.flags.carray):
        return None
    result = np.empty_like(x) if out is None else out
    outer, n, inner = cut
    rows = (outer * n, inner) if inner > 1 else (outer, n)
    run(loop_across(name, out is not None), threads, rows[0], bits(result).reshape(rows), bits(x).reshape(rows), bits(y).reshape(-1),
        inner > 1)
    return result


def across(shape: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int, int] | None:
    """The shape as (outer, n, inner), where the other one has (1, n, 1); None where it has something else."""
    if len(other) > len(shape):
        return None
    other = (1,) * (len(shape) - len(other)) + other
    at = [d for d, n in enumerate(other) if n != 1]
    if not at or other[at[0]:at[-1] + 1] != shape[at[0]:at[-1] + 1]:
        return None
    return prod(shape[:at[0]]), prod(shape[at[0]:at[-1] + 1]), prod(shape[at[-1] + 1:])


def float_of(kinds: str, arrays: tuple[Array, ...]) -> Any:
    """float32 or float16, as the floating-point ones among arrays are; None where they are anything else, or not in C order."""
    found = None
    for a, kind in zip(arrays, kinds):
        if type(a) is not np.ndarray or not a.flags.c_contiguous:
            return None
        if kind == "f" and (found is None or a.dtype is found):
            found = a.dtype
        elif kind == "f" or a.dtype.char != kind:
            return None
    return found if found is F32 or found is F16 and FAST else None


# The ops -----------------------------------------------------------------------------------------------------------------
# g is a gradient, x an input, y the output that belongs to it. Where x is nan comparisons are false: it passes.

@op("ff", alone=False)
def add(x: Any, y: Any) -> Any:
    return x + y


@op("ff", alone=False)
def sub(x: Any, y: Any) -> Any:
    return x - y


@op("ff", alone=False)
def mul(x: Any, y: Any) -> Any:
    return x * y


@op("ff", alone=False)
def div(x: Any, y: Any) -> Any:
    return x / y


@op("f", True, alone=False)
def add_number(x: Any, a: Any, b: Any, c: Any) -> Any:
    return x + a


@op("f", True, alone=False)
def mul_number(x: Any, a: Any, b: Any, c: Any) -> Any:
    return x * a


@op("f", True, alone=False)
def div_number(x: Any, a: Any, b: Any, c: Any) -> Any:
    return x / a


@op("ff", True)
def add_multiple(x: Any, y: Any, a: Any, b: Any, c: Any) -> Any:
    return x + a * y


@op("?ff")
def where(mask: Any, x: Any, y: Any) -> Any:
    return pick(mask, x, y)


@op("f?")
def masked(x: Any, mask: Any) -> Any:
    return pick(mask, x, ZERO)


@op("f", True)
def clamp(x: Any, low: Any, high: Any, c: Any) -> Any:
    x = pick(x < low, low, x)
    return pick(x > high, high, x)


@op("ff", True)
def clamp_input(g: Any, x: Any, low: Any, high: Any, c: Any) -> Any:
    return pick((x >= low) & (x <= high), g, ZERO)


@op("ff", True)
def hardtanh_input(g: Any, x: Any, low: Any, high: Any, c: Any) -> Any:
    return pick((x <= low) | (x >= high), ZERO, g)


@op("f")
def relu(x: Any) -> Any:
    return pick(x <= ZERO, ZERO, x + ZERO)           # the sum keeps LLVM from a masked write, slow on some processors


@op("ff")
def relu_input(g: Any, y: Any) -> Any:
    return pick(y == ZERO, ZERO, g)


@op("f", True)
def leaky_relu(x: Any, slope: Any, b: Any, c: Any) -> Any:
    return pick(x > ZERO, x, x * slope)


@op("ff", True)
def leaky_relu_input(g: Any, x: Any, slope: Any, b: Any, c: Any) -> Any:
    return pick(x > ZERO, g, g * slope)


@op("ff")
def abs_input(g: Any, x: Any) -> Any:
    return pick(x > ZERO, g, pick(x < ZERO, -g, g * ZERO))


@op("f", flops=12)
def exp(x: Any) -> Any:
    return exponential(x)


@op("f", flops=12)
def expm1(x: Any) -> Any:
    return exponential_less_1(x)


@op("f", flops=20)
def log(x: Any) -> Any:
    return logarithm(x)


@op("f", flops=12)
def tanh(x: Any) -> Any:
    return hyperbolic_tangent(x)


@op("ff")
def tanh_input(g: Any, y: Any) -> Any:
    return g * (ONE - y * y)


@op("f", flops=12)
def sigmoid(x: Any) -> Any:
    return logistic(x)


@op("ff")
def sigmoid_input(g: Any, y: Any) -> Any:
    return g * (y * (ONE - y))


@op("f", flops=12)
def silu(x: Any) -> Any:
    return x * logistic(x)


@op("ff", flops=12)
def silu_input(g: Any, x: Any) -> Any:
    s = logistic(x)
    return g * (s * (x * (ONE - s) + ONE))


@op("f", flops=12)
def mish(x: Any) -> Any:
    n = exponential(pick(x > TWENTY, TWENTY, x))
    w = n * (n + TWO)
    return x * (w / (w + TWO))


@op("ff", flops=12)
def mish_input(g: Any, x: Any) -> Any:
    n = exponential(pick(x > TWENTY, TWENTY, x))
    w = n * (n + TWO)
    r = ONE / (w + TWO)
    return pick(x < TWENTY, g * (w * r + x * (TWO * TWO * n * (n + ONE)) * r * r), g)


@op("f", True, flops=12)
def elu(x: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    low = pick(x > ZERO, ZERO, x)
    return pick(x > ZERO, x * scale, exponential_less_1(low * input_scale) * (alpha * scale))


@op("ff", True, flops=12)
def elu_input(g: Any, x: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    low = pick(x > ZERO, ZERO, x)
    return pick(x <= ZERO, g * exponential(low * input_scale) * (alpha * scale * input_scale), g * scale)


@part(forceinline=True)
def log_of_1_and_exp(x: Any) -> Any:
    """log(1 + exp(-|x|))"""
    return log1p_of_fraction(exponential(-abs(x)))


@op("f", True, flops=36)
def softplus(x: Any, beta: Any, threshold: Any, over_beta: Any) -> Any:
    z = x * beta
    return pick(z > threshold, x, (log_of_1_and_exp(z) + pick(z > ZERO, z, ZERO)) * over_beta)


@op("ff", True, flops=12)
def softplus_input(g: Any, x: Any, beta: Any, threshold: Any, c: Any) -> Any:
    z = x * beta
    return pick(z > threshold, g, g * logistic(z))


@op("f", flops=36)
def logsigmoid(x: Any) -> Any:
    return pick(x > ZERO, ZERO, x) - log_of_1_and_exp(x)


@op("ff", flops=12)
def logsigmoid_input(g: Any, x: Any) -> Any:
    return g * logistic(-x)


# Loops -------------------------------------------------------------------------------------------------------------------

@cache
def loop_across(name: str, in_place: bool) -> Any:
    """The loop of an op of two arrays, the second of which broadcasts."""
    return (two_across_in_place if in_place else two_across)(OPS[name].function)


@cache
def loop(name: str, in_place: bool) -> Any:
    """The loop of an op."""
    op = OPS[name]
    makers = {(1, False): (one, one_in_place), (2, False): (two, two_in_place), (3, False): (three, three),
              (1, True): (one_with, one_with_in_place), (2, True): (two_with, two_with_in_place)}
    return makers[len(op.kinds), op.numbers][in_place](op.function)
