"""Draws from discrete distributions: a generator in, an array out."""
from __future__ import annotations

from functools import cache
from math import ceil, exp, floor, ldexp, lgamma, log, log1p, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DtypeError, RandomError, ShapeError
from .continuous import F64, Array, DtypeLike, Shape, exponential, narrow, unit
from .generator import Generator, Tape, blockwise, uniform53
from .twister import Words

INT64_MIN = -2 ** 63
ONE_WORD = 2 ** 28                       # ranges below it are filled from one word, wider ones from two
TRANSFORMED_REJECTION = 10.0             # Poisson rates from here on
ONE_BY_ONE = 16                          # a compiled loop gains with a Poisson number what it gains with so many that NumPy draws
INNER, OUTER = 0.07, 0.013               # distances from 0 and 1 that allow early acceptance, rejection


def integers(generator: Generator, shape: Shape, dtype: DtypeLike, low: int = 0, high: int | None = None) -> Array:
    """Integers of low ... high - 1 in any real dtype: word modulo range, so slightly uneven for wide ranges.

    Without `high` up to the largest integer of the dtype (for floats the largest up to which all are exact).
    Raises RandomError when the range is empty or does not fit the dtype.
    """
    kind, n = np.dtype(dtype), prod(shape)
    _check_real(kind, "random_")
    if high is None and low == INT64_MIN and (kind == np.int64 or kind in (np.float32, np.float64)):
        return blockwise(generator, n, kind, 2,
                         lambda words: _pairs(words).view(np.int64).astype(kind)).reshape(shape)
    bottom, top, largest = _limits(kind)
    stop = largest + 1 if high is None else high
    if low >= stop:
        raise RandomError(f"random_: `from` must be less than `to`; got from={low}, to={stop}; `to` is exclusive")
    if not bottom <= low <= top:
        raise RandomError(f"random_: `from` is out of bounds for {kind}; got from={low}; its least value is {bottom}")
    if not bottom <= stop - 1 <= top:
        raise RandomError(f"random_: to - 1 is out of bounds for {kind}; got to={stop}; its largest value is {top}")
    if kind.kind == "f":
        low, stop = _representable(low, stop, kind)
    span, shift = stop - low, np.int64(low)
    if span < ONE_WORD and kind.kind == "i":
        out = np.empty(n, np.int64)
        if generator.fill("integers", out, low, span):
            return out.astype(kind, copy=False).reshape(shape)

    def from_one(words: Words) -> Array:
        return ((words % np.uint32(span)).astype(np.int64) + shift).astype(kind)

    def from_two(words: Words) -> Array:
        return ((_pairs(words) % np.uint64(span)).view(np.int64) + shift).astype(kind)      # wraps, as it should

    wide = span >= ONE_WORD
    return blockwise(generator, n, kind, 1 + wide, from_two if wide else from_one).reshape(shape)


def any_integers(generator: Generator, shape: Shape, dtype: DtypeLike) -> Array:
    """Integers of 0 ... the largest of the dtype, as `random_()` without bounds draws them.

    Unlike `integers` with a range as wide, int32 takes one word each; only int64 and float64 take two.
    """
    kind, n = np.dtype(dtype), prod(shape)
    _check_real(kind, "random_")
    span = _limits(kind)[2] + 1
    if kind in (np.int64, np.float64):
        return blockwise(generator, n, kind, 2,
                         lambda words: (_pairs(words) % np.uint64(span)).astype(kind)).reshape(shape)
    return blockwise(generator, n, kind, 1, lambda words: (words % np.uint32(span)).astype(kind)).reshape(shape)


def permutation(generator: Generator, n: int, dtype: DtypeLike = np.int64) -> Array:
    """The numbers 0 ... n - 1 in random order (Fisher and Yates, from the front).

    Raises RandomError when the dtype cannot hold n - 1.
    """
    kind = np.dtype(dtype)
    _check_real(kind, "randperm")
    if n < 0:
        raise RandomError(f"randperm: n must not be negative; got {n}")
    if n - 1 > _limits(kind)[2]:
        raise RandomError(f"randperm: {kind} cannot hold 0 ... n - 1; got n={n}; use int64")
    out = np.arange(n)
    if n > 1 and generator.fill("shuffled", out):
        return out.astype(kind, copy=False)
    order = list(range(n))               # a list: swapping single elements of an array is five times slower
    steps = (generator.words(max(n - 1, 0)) % np.arange(n, 1, -1, dtype=np.uint32)).tolist()
    for i, step in enumerate(steps):
        j = i + step
        order[i], order[j] = order[j], order[i]
    return np.array(order, kind)


def bernoulli(generator: Generator, p: float | Array, shape: Shape, dtype: DtypeLike) -> Array:
    """Ones with probability p, else zeros, in any dtype; an array p is broadcast to the shape.

    A number p or a float64 array is compared with 53 random bits, other arrays with 24. Dropout draws its mask here
    with p = 1 - dropout. Raises RandomError when p leaves [0, 1].
    """
    if not isinstance(p, np.ndarray):
        if not 0 <= p <= 1:
            raise RandomError(f"bernoulli_: p must lie in [0, 1]; got p={p}")
        return coins(generator, float(p), shape, dtype)
    if p.dtype.kind != "f":
        raise DtypeError(f"bernoulli: p must be floating-point; got {p.dtype} {p.shape}; write p.float()")
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise RandomError(f"bernoulli: all p must lie in [0, 1]; got {p.min()} ... {p.max()}")
    u = unit(generator, prod(shape), p.dtype).reshape(shape)
    return (u < p).astype(dtype, copy=False)


def coins(generator: Generator, p: float, shape: Shape, dtype: DtypeLike, yes: float = 1) -> Array:
    """`yes` with probability p, else 0, in any dtype."""
    kind = np.dtype(dtype)
    if kind.char in "fd":
        out = np.empty(prod(shape), kind)
        if generator.fill("coins", out, ceil(ldexp(p, 53)), float(yes)):
            return out.reshape(shape)
    drawn = blockwise(generator, prod(shape), kind, 2, lambda words: _coins(words, p).astype(kind)).reshape(shape)
    if yes != 1:
        drawn *= kind.type(yes)
    return drawn


def geometric(generator: Generator, shape: Shape, dtype: DtypeLike, p: float) -> Array:
    """The number of trials up to the first success, ceil(log u / log(1 - p)). Raises RandomError unless 0 < p < 1."""
    if not 0 < p < 1:
        raise RandomError(f"geometric_: p must lie in (0, 1); got p={p}")
    kind = np.dtype(dtype)
    _check_real(kind, "geometric_")
    if kind == np.bool_:
        raise DtypeError(f"geometric_: draws numbers of trials; got bool {tuple(shape)}; make the tensor int64 first")
    log_failure = log1p(-p)

    def trials(words: Words) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            number = np.ceil(np.log(uniform53(words)) / log_failure)
            return number.astype(np.int64).astype(kind) if kind.kind in "iu" else narrow(number, kind)

    return blockwise(generator, prod(shape), kind, 2, trials).reshape(shape)


def multinomial(generator: Generator, weights: Array, num_samples: int, replacement: bool = False) -> NDArray[np.int64]:
    """Indices into the last axis, chosen with odds in proportion to `weights`: (m,) -> (k,), (rows, m) -> (rows, k).

    With replacement each index is found in the cumulative sums; without, or for one sample, the k largest
    w / (exponential number) win, which draws one number per weight. Raises RandomError for weights that are
    negative, not finite or all zero, or more samples than weights; DtypeError and ShapeError for a wrong array.
    """
    _check_weights(weights, num_samples, replacement)
    k = num_samples
    if replacement and k > 1:
        return _by_cumulative_sum(generator, weights, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        race = weights / exponential(generator, weights.shape, weights.dtype)
    if k == 1:
        winner: NDArray[np.int64] = race.argmax(-1, keepdims=True)
        return winner
    order: NDArray[np.int64] = np.argsort(-race, axis=-1, kind="stable")[..., :k]
    return np.ascontiguousarray(order)


def poisson(generator: Generator, rate: Array) -> Array:
    """A Poisson number for each rate: how many draws one needs depends on their values.

    Raises RandomError for a rate that is negative or not a number, DtypeError for rates that are not floats.
    """
    if rate.dtype.kind != "f":
        raise DtypeError(f"poisson: rates must be floating-point; got {rate.dtype} {rate.shape}; write input.float()")
    if rate.size and not rate.min() >= 0:
        raise RandomError(f"poisson: rates must be >= 0; got {rate.min()}")
    if rate.size and rate.max() == np.inf:
        raise RandomError("poisson: rates must be finite; got inf")
    out = rate.astype(F64).reshape(-1)
    if generator.fill("poisson", out, weight=ONE_BY_ONE):
        return narrow(out, rate.dtype).reshape(rate.shape)
    with generator.lock:
        tape = Tape(generator, expected=2 * rate.size)
        counts = [_poisson(tape, r) for r in rate.reshape(-1).tolist()]
        tape.close()
    return narrow(np.array(counts, F64), rate.dtype).reshape(rate.shape)


def _poisson(u: Tape, rate: float) -> int:
    if rate >= TRANSFORMED_REJECTION:
        return _poisson_by_rejection(u, rate)
    count, product, limit = -1, 1.0, exp(-rate)
    if rate == 0:
        return 0
    while count < 0 or product > limit:                # Knuth: uniform numbers until their product falls below e^-rate
        product *= u()
        count += 1
    return count


def _poisson_by_rejection(u: Tape, rate: float) -> int:
    """W. Hoermann (1993), The transformed rejection method for generating Poisson random variables: algorithm PTRS."""
    b = 0.931 + 2.53 * rate ** 0.5
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
    log_rate = log(rate)
    while True:
        x, v = u() - 0.5, u()
        edge = 0.5 - abs(x)
        count = floor((2 * a / edge + b) * x + rate + 0.43) if edge else -1
        if edge >= INNER and v <= squeeze:
            return count
        if count < 0 or (edge < OUTER and v > edge):
            continue
        if v == 0 or (log(v) + log(inverse_alpha) - log(a / (edge * edge) + b)
                      <= -rate + count * log_rate - lgamma(count + 1.0)):
            return count


def _coins(words: Words, p: float) -> NDArray[np.bool_]:
    """(2n,) words -> (n,) whether the 53-bit number of a pair lies below p, without making the number."""
    high_limit, low_limit = divmod(ceil(ldexp(p, 53)), 2 ** 32)
    high = words[0::2] & np.uint32(0x1FFFFF)
    below: NDArray[np.bool_] = high < high_limit
    tie = high == high_limit
    if tie.any():                                      # one pair in two million
        below |= tie & (words[1::2] < low_limit)
    return below


def _pairs(words: Words) -> NDArray[np.uint64]:
    """(2n,) words -> (n,) 64-bit numbers, the first word of a pair on top."""
    return words[0::2].astype(np.uint64) << np.uint64(32) | words[1::2]


def _representable(low: int, stop: int, kind: np.dtype[Any]) -> tuple[int, int]:
    """The bounds moved inwards where rounding to a float dtype would carry numbers across them."""
    digits = np.finfo(kind).nmant + 1
    first, last = (int(np.int64(bound).astype(kind)) for bound in (low + 1, stop - 1))
    if first < low:
        low = first + 2 ** (abs(low + 1).bit_length() - digits)
    if last >= stop:
        stop = last - 2 ** (abs(stop - 1).bit_length() - digits)
    return low, stop


@cache
def _limits(kind: np.dtype[Any]) -> tuple[int, int, int]:
    """Least and largest bound that `random_` takes for a dtype, and the largest integer that it draws by itself."""
    if kind.kind == "f":
        info = np.finfo(kind)
        return int(info.min), int(info.max), 2 ** (info.nmant + 1)
    if kind == np.bool_:
        return 0, 1, 1
    return int(np.iinfo(kind).min), int(np.iinfo(kind).max), int(np.iinfo(kind).max)


def _check_real(kind: np.dtype[Any], op: str) -> None:
    if kind.kind not in "biuf":
        raise DtypeError(f"{op}: draws integers, in real dtypes; got {kind}; draw into int64 and convert")


def _by_cumulative_sum(generator: Generator, weights: Array, k: int) -> NDArray[np.int64]:
    rows = weights.reshape(-1, weights.shape[-1])
    sums = np.cumsum(rows, axis=1, dtype=np.result_type(rows.dtype, np.float32))
    sums /= sums[:, -1:].copy()
    sums[:, -1] = 1
    u = uniform53(generator.words(2 * k * len(rows))).reshape(-1, k)
    out = np.empty((len(rows), k), np.int64)
    for i, row in enumerate(sums.astype(F64)):
        out[i] = row.searchsorted(u[i])
    return out.reshape(*weights.shape[:-1], k)


def _check_weights(weights: Array, num_samples: int, replacement: bool) -> None:
    if weights.dtype.kind != "f":
        raise DtypeError(f"multinomial: input must be floating-point; got {weights.dtype}; write input.float()")
    if weights.ndim not in (1, 2):
        raise ShapeError("multinomial: input must be 1-d or 2-d, classes last; "
                         f"got shape {weights.shape}; reshape it")
    if num_samples <= 0:
        raise RandomError(f"multinomial: num_samples must be positive; got {num_samples}")
    m = weights.shape[-1]
    if m == 0:
        raise ShapeError(f"multinomial: there is no class to choose; got shape {weights.shape}")
    if not replacement and num_samples > m:
        raise RandomError(f"multinomial: cannot draw {num_samples} of {m} without replacement; "
                               "draw fewer or pass replacement=True")
    if weights.size and not (weights.min() >= 0 and weights.max() < np.inf):
        raise RandomError("multinomial: weights must be finite and >= 0; "
                               f"got {weights.min()} ... {weights.max()}")
    if weights.size and not (weights.sum(-1) > 0).all():
        raise RandomError("multinomial: the weights of a row must not all be zero")
