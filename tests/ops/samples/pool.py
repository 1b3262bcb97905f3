"""Samples of ops/pool.py."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.adjoint import transposed

NONE = (0, 0), (0, 0)
EDGE = (1, 1), (1, 1)


def window_places(shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, i: int, j: int) -> list[tuple[int, int, int]]:
    """(tap, row, column) of what window (i, j) sees inside the plane."""
    places = []
    for ky, kx in np.ndindex(*kernel):
        y, x = i * stride[0] + ky * dilation[0] - padding[0][0], j * stride[1] + kx * dilation[1] - padding[1][0]
        if 0 <= y < shape[-2] and 0 <= x < shape[-1]:
            places.append((ky * kernel[1] + kx, y, x))
    return places


def largest(x: np.ndarray, kernel: Any, stride: Any, padding: Any, dilation: Any, size: Any) -> tuple[Any, Any, Any]:
    """Values, places in the plane, taps."""
    values, places, taps = np.zeros((*x.shape[:2], *size)), np.zeros((*x.shape[:2], *size), int), np.zeros((*x.shape[:2], *size), np.uint8)
    for at in np.ndindex(*x.shape[:2]):
        for i, j in np.ndindex(*size):
            seen = window_places(x.shape, kernel, stride, padding, dilation, i, j)
            tap, row, column = max(seen, key=lambda p: (x[(*at, *p[1:])], -p[0]))
            values[(*at, i, j)], places[(*at, i, j)], taps[(*at, i, j)] = x[(*at, row, column)], row * x.shape[-1] + column, tap
    return values, places, taps


CALLS = [((2, 2), (2, 2), NONE, (1, 1), (2, 2)), ((3, 2), (2, 1), EDGE, (1, 2), (3, 5))]


@samples("max_pool", oracle=lambda *args: largest(*args)[0])
def max_pool(r: Draw) -> Iterator[S]:
    for options in CALLS:
        yield S(r.distinct(2, 2, 5, 5), *options)
    yield S(r(0, 2, 5, 5), *CALLS[0])


@samples("max_pool_with_indices", oracle=lambda *args: largest(*args)[:2])
def max_pool_with_indices(r: Draw) -> Iterator[S]:
    for options in CALLS:
        yield S(r.distinct(2, 2, 5, 5), *options)


def gathered(x: np.ndarray, taps: np.ndarray, kernel: Any, stride: Any, padding: Any, dilation: Any) -> np.ndarray:
    out = np.zeros(taps.shape)
    for at in np.ndindex(*taps.shape):
        found = {tap: (y, c) for tap, y, c in window_places(x.shape, kernel, stride, padding, dilation, *at[2:])}
        out[at] = x[(*at[:2], *found[taps[at]])]
    return out


@samples("max_pool_gather", oracle=gathered)
def max_pool_gather(r: Draw) -> Iterator[S]:
    for options in CALLS:
        yield S(r(2, 2, 5, 5), largest(r.distinct(2, 2, 5, 5), *options)[2], *options[:-1])


@samples("max_pool_input", oracle=lambda g, taps, shape, *options: transposed(lambda x: gathered(x, taps, *options), shape, g))
def max_pool_input(r: Draw) -> Iterator[S]:
    for options in CALLS:
        taps = largest(r.distinct(2, 2, 5, 5), *options)[2]
        yield S(r(*taps.shape), taps, (2, 2, 5, 5), *options[:-1])


def means(x: np.ndarray, kernel: Any, stride: Any, padding: Any, size: Any, include_pad: bool, divisor: Any) -> np.ndarray:
    out = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        seen = window_places(x.shape, kernel, stride, padding, (1, 1), i, j)
        padded = [min(start * s - p[0] + k, n + p[1]) - (start * s - p[0])
                  for start, s, p, k, n in zip((i, j), stride, padding, kernel, x.shape[-2:], strict=True)]
        total = sum(x[..., y, c] for _, y, c in seen)
        out[..., i, j] = total / (divisor or (np.prod(padded) if include_pad else len(seen)))
    return out


AVERAGES = [((2, 2), (2, 2), NONE, (2, 2), True, None), ((3, 2), (2, 1), EDGE, (3, 6), True, None),
            ((3, 2), (2, 1), EDGE, (3, 6), False, None), ((3, 3), (2, 2), EDGE, (3, 3), True, 5),
            ((2, 2), (2, 2), NONE, (3, 3), True, None)]     # the last reaches beyond the end


@samples("avg_pool", oracle=means)
def avg_pool(r: Draw) -> Iterator[S]:
    for options in AVERAGES:
        yield S(r(2, 2, 5, 5), *options)
    yield S(r(0, 2, 5, 5), *AVERAGES[0])


@samples("avg_pool_input", oracle=lambda g, shape, *options: transposed(lambda x: means(x, *options), shape, g))
def avg_pool_input(r: Draw) -> Iterator[S]:
    for options in AVERAGES:
        yield S(r(1, 2, *options[3]), (1, 2, 5, 5), *options)
