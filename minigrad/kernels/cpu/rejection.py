"""The loops of rng/rejection.py and of Poisson numbers (rng/discrete.py), one by one from the words of a Mersenne Twister's state.

The same numbers from the same words as the ones in Python, whose constants and remarks hold here, too.
"""
from __future__ import annotations

from math import ceil, cos, exp, floor, inf, isfinite, lgamma, log, log1p, nan, pi, sin, sqrt
from typing import Any

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from ...rng.discrete import OUTER
from ...rng.rejection import INNER, SQUEEZE, TAILS, THIRD, TRANSFORMED_REJECTION
from ...rng.twister import WORDS as STATE
from .draws import HALF_WAY, LOW_21, renew, tempered, words_at
from .jit import jit, part

U, D = np.uint32, np.float64
STIRLING = np.array(TAILS)


@part
def word(s: Any) -> Any:
    at = int(s[STATE])
    if at == STATE:
        renew(s)
        at = 0
    s[STATE] = U(at + 1)
    return np.uint64(tempered(s[at]))


@part
def uniform(s: Any) -> Any:
    """A number of [0, 1), of 53 bits."""
    high = word(s) & LOW_21
    return D(np.int64((high << HALF_WAY) | word(s))) * 2.0 ** -53


@part(fastmath=False)
def normal(s: Any, spare: Any) -> Any:
    """A standard normal; spare: whether one is left over, and which."""
    if spare[0]:
        spare[0] = 0.0
        return spare[1]
    angle = 2 * pi * uniform(s)
    radius = sqrt(-2 * log1p(-uniform(s)))
    spare[0], spare[1] = 1.0, radius * sin(angle)
    return radius * cos(angle)


@part(fastmath=False)
def one_gamma(s: Any, spare: Any, a: float) -> Any:
    if not isfinite(a) or a <= 0:
        return 0.0 if a == 0 else nan
    scale = 1.0
    if a < 1:
        scale = (1 - uniform(s)) ** (1 / a)
        a += 1
    d = a - THIRD
    c = 1 / sqrt(9 * d)
    while True:
        x = normal(s, spare)
        root = 1 + c * x
        if root <= 0:
            continue
        v = root * root * root
        u = 1 - uniform(s)
        x2 = x * x
        if u < 1 - SQUEEZE * x2 * x2 or log(u) < 0.5 * x2 + d * (1 - v + log(v)):
            return scale * d * v


@jit(fastmath=False)
def gamma(address: int, out: Any) -> None:
    """out: shape parameters, in whose place the numbers come; and at the end the spare normal, as `normal` has it."""
    s = carray(words_at(address), STATE + 1)
    n = out.size - 2
    spare = out[n:]
    for i in range(n):
        out[i] = one_gamma(s, spare, out[i])


@part(fastmath=False)
def tail(k: float) -> Any:
    if k <= 9:
        return STIRLING[int(k)]
    squared = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / squared) / squared) / (k + 1)


@part(fastmath=False)
def by_gaps(s: Any, n: float, p: float) -> Any:
    trials, successes, log_failure = 0.0, 0.0, log1p(-p)
    while True:
        u = uniform(s)
        trials += ceil(log(u) / log_failure) if u > 0 else inf
        if trials > n:
            return successes
        successes += 1


@part(fastmath=False)
def by_rejection(s: Any, n: float, p: float) -> Any:
    spread = sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    center, squeeze, odds = n * p + 0.5, 0.92 - 4.2 / b, p / (1 - p)
    alpha = (2.83 + 5.1 / b) * spread
    mode = D(floor((n + 1) * p))
    while True:
        u = uniform(s) - 0.5
        v = uniform(s)
        edge = 0.5 - abs(u)
        k = D(floor((2 * a / edge + b) * u + center)) if edge > 0 else -1.0
        if k < 0 or k > n:
            continue
        if edge >= INNER and v <= squeeze:
            return k
        bound = ((mode + 0.5) * log((mode + 1) / (odds * (n - mode + 1))) + (n + 1) * log((n - mode + 1) / (n - k + 1))
                 + (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + tail(mode) + tail(n - mode) - tail(k) - tail(n - k))
        if v == 0 or log(v * alpha / (a / (edge * edge) + b)) <= bound:
            return k


@part(fastmath=False)
def one_binomial(s: Any, n: float, p: float) -> Any:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if p != p:
        return nan
    q = 1 - p if p > 0.5 else p
    k = by_rejection(s, n, q) if n * q >= TRANSFORMED_REJECTION else by_gaps(s, n, q)
    return n - k if p > 0.5 else k


@jit(fastmath=False)
def binomial(address: int, out: Any) -> None:
    """out: numbers of trials, in whose place the numbers of successes come; and then as many probabilities."""
    s = carray(words_at(address), STATE + 1)
    n = out.size // 2
    for i in range(n):
        out[i] = one_binomial(s, out[i], out[n + i])


@part(fastmath=False)
def few(s: Any, rate: float) -> Any:
    """A Poisson number of a small rate."""
    if rate == 0:
        return 0.0
    count, product, limit = -1.0, 1.0, exp(-rate)
    while count < 0 or product > limit:
        product *= uniform(s)
        count += 1
    return count


@part(fastmath=False)
def many(s: Any, rate: float) -> Any:
    """A Poisson number of a large rate."""
    b = 0.931 + 2.53 * sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha, squeeze, log_rate = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2), log(rate)
    while True:
        x = uniform(s) - 0.5
        v = uniform(s)
        edge = 0.5 - abs(x)
        count = D(floor((2 * a / edge + b) * x + rate + 0.43)) if edge > 0 else -1.0
        if edge >= INNER and v <= squeeze:
            return count
        if count < 0 or (edge < OUTER and v > edge):
            continue
        if v == 0 or (log(v) + log(inverse_alpha) - log(a / (edge * edge) + b)
                      <= -rate + count * log_rate - lgamma(count + 1.0)):
            return count


@jit(fastmath=False)
def poisson(address: int, out: Any) -> None:
    """out: rates, in whose place the numbers come."""
    s = carray(words_at(address), STATE + 1)
    for i in range(out.size):
        out[i] = many(s, out[i]) if out[i] >= TRANSFORMED_REJECTION else few(s, out[i])


LOOPS: dict[str, Any] = {"gamma": gamma, "binomial": binomial, "poisson": poisson}
