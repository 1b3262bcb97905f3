"""Draws by rejection, one by one: how many uniform numbers each takes depends on their values. Gamma and binomial numbers."""
from __future__ import annotations

from math import ceil, cos, floor, inf, log, log1p, nan, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from .continuous import F64, Array, narrow
from .generator import Generator, Tape

# Of the gamma algorithm, both rounded to float32, as in PyTorch, so that float64 numbers are the same.
THIRD = 0.3333333432674408
SQUEEZE = 0.03310000151395798            # below 1 - SQUEEZE x^4 no logarithm is needed
TRANSFORMED_REJECTION = 10.0             # binomial means from here on
WEIGHT = 64                              # a compiled loop gains here what it gains over so many numbers that NumPy draws
INNER = 0.07                             # distance from the edges that allows early acceptance

# log k! minus Stirling's approximation, for k = 0 ... 9.
TAILS = (0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
         0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287)


class Normals:
    """Standard normals one by one, made in pairs; the generator keeps a spare one."""
    __slots__ = ("_generator", "_uniform")

    def __init__(self, generator: Generator, uniform: Tape) -> None:
        self._generator, self._uniform = generator, uniform

    def __call__(self) -> float:
        spare = self._generator.spare_normal
        if spare is not None:
            self._generator.spare_normal = None
            return spare
        angle = 2 * pi * self._uniform()
        radius = sqrt(-2 * log1p(-self._uniform()))
        self._generator.spare_normal = radius * sin(angle)
        return radius * cos(angle)


def standard_gamma(generator: Generator, shape: Array) -> NDArray[np.float64]:
    """A gamma number of rate 1 for each shape parameter, in float64."""
    with generator.lock:
        if shape.size:
            spare = generator.spare_normal
            out = np.concatenate((shape.reshape(-1), (spare is not None, spare or 0.0)), dtype=F64)
            if generator.fill("gamma", out, weight=WEIGHT):
                generator.spare_normal = float(out[-1]) if out[-2] else None
                return out[:-2].reshape(shape.shape)
        uniform = Tape(generator, expected=4 * shape.size)
        normal = Normals(generator, uniform)
        drawn = [_gamma(a, uniform, normal) for a in shape.reshape(-1).tolist()]
        uniform.close()
    return np.array(drawn, F64).reshape(shape.shape)


def _gamma(a: float, uniform: Tape, normal: Normals) -> float:
    """G. Marsaglia and W. Tsang (2000), A simple method for generating gamma variables; below 1 from that of a + 1."""
    if not 0 < a < inf:
        return 0.0 if a == 0 else nan
    scale = 1.0
    if a < 1:
        scale = (1 - uniform()) ** (1 / a)
        a += 1
    d = a - THIRD
    c = 1 / sqrt(9 * d)
    while True:
        x = normal()
        root = 1 + c * x
        if root <= 0:
            continue
        v = root * root * root
        u = 1 - uniform()
        x2 = x * x
        if u < 1 - SQUEEZE * x2 * x2 or log(u) < 0.5 * x2 + d * (1 - v + log(v)):
            return scale * d * v


def binomial(generator: Generator, count: Array, prob: Array) -> Array:
    """A binomial number for each number of trials and each probability, arrays of one shape and dtype."""
    out = np.concatenate((count.reshape(-1), prob.reshape(-1)), dtype=F64)
    if generator.fill("binomial", out, weight=WEIGHT):
        return narrow(out[:count.size], count.dtype).reshape(count.shape)
    with generator.lock:
        uniform = Tape(generator, expected=4 * count.size)
        drawn = [_binomial(n, p, uniform) for n, p in zip(count.reshape(-1).tolist(), prob.reshape(-1).tolist())]
        uniform.close()
    return narrow(np.array(drawn, F64), count.dtype).reshape(count.shape)


def _binomial(n: float, p: float, uniform: Tape) -> float:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if p > 0.5:
        return n - _binomial(n, 1 - p, uniform)
    if p != p:
        return nan
    return _binomial_by_rejection(n, p, uniform) if n * p >= TRANSFORMED_REJECTION else _binomial_by_gaps(n, p, uniform)


def _binomial_by_gaps(n: float, p: float, uniform: Tape) -> float:
    """The gaps between successes are geometric numbers: how many fit into n trials."""
    trials, successes, log_failure = 0.0, 0, log1p(-p)
    while True:
        u = uniform()
        trials += ceil(log(u) / log_failure) if u else inf
        if trials > n:
            return float(successes)
        successes += 1


def _binomial_by_rejection(n: float, p: float, uniform: Tape) -> float:
    """W. Hoermann (1993), The generation of binomial random variates: algorithm BTRS."""
    spread = sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    center = n * p + 0.5
    squeeze = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * spread
    mode = floor((n + 1) * p)
    while True:
        u, v = uniform() - 0.5, uniform()
        edge = 0.5 - abs(u)
        k = floor((2 * a / edge + b) * u + center) if edge else -1
        if k < 0 or k > n:
            continue
        if edge >= INNER and v <= squeeze:
            return float(k)
        bound = ((mode + 0.5) * log((mode + 1) / (odds * (n - mode + 1))) + (n + 1) * log((n - mode + 1) / (n - k + 1))
                 + (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + _tail(mode) + _tail(n - mode) - _tail(k) - _tail(n - k))
        if v == 0 or log(v * alpha / (a / (edge * edge) + b)) <= bound:
            return float(k)


def _tail(k: float) -> float:
    """log k! minus Stirling's approximation."""
    if k <= 9:
        return TAILS[int(k)]
    squared = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / squared) / squared) / (k + 1)
