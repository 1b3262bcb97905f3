"""Samples of ops/rounding.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.elementwise import one

samples("floor", oracle=np.floor)(one(complex_too=False))
samples("ceil", oracle=np.ceil)(one(complex_too=False))
samples("trunc", oracle=np.trunc)(one(complex_too=False))
samples("frac", oracle=lambda x: np.fmod(x, 1))(one(complex_too=False))


@samples("round", oracle=np.round)
def round(r: Draw) -> Iterator[S]:
    yield from one(complex_too=False)(r)
    yield S(r(5), decimals=2)
    yield S(r(5) * 100, decimals=-1)
    yield S(np.array([0.5, 1.5, 2.5, -0.5])).constant("at the jumps; halves go to even numbers")
    yield S(r.ints(3)).constant("integer input")


def divisions(r: Draw) -> Iterator[S]:
    """Quotients that are not near whole numbers."""
    yield S(np.array([[1.3, -1.3], [7.1, -7.1]]), np.array([[0.7, 0.7], [-2.0, -2.0]]))
    yield S(np.array([[1.3], [-1.3]]), np.array([0.7, -2.1]))        # broadcasting
    yield S(np.array(5.3), np.array([2.0]))
    yield S(r(0, 3), r(3))
    yield S(np.array([1.3, -1.3]), 0.7)
    yield S(np.array([7, -7, 7, -7]), np.array([2, 2, -2, -2])).constant("integer input")


def divisions_with_numbers(r: Draw) -> Iterator[S]:
    yield from divisions(r)
    yield S(1.3, np.array([0.7, -0.7]))


samples("divide_and_floor", oracle=np.floor_divide)(divisions_with_numbers)
samples("divide_and_truncate", oracle=lambda x, y: (np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y))))(divisions_with_numbers)
samples("remainder", oracle=np.remainder)(divisions_with_numbers)
samples("fmod", oracle=np.fmod)(divisions)


@samples("floor_divide", oracle=np.floor_divide)
def floor_divide(r: Draw) -> Iterator[S]:
    for sample in divisions_with_numbers(r):
        yield sample.constant("has no derivative, as in PyTorch")
