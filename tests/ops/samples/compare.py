"""Samples of ops/compare.py. Their outputs are bools."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.ops.samples import Draw, S, samples

NAN, INF = float("nan"), float("inf")


def pairs(r: Draw) -> Iterator[S]:
    for x, y in ((r(3, 4), r(3, 4)), (r(3, 1), r(4)), (r.ints(3), r.ints(3)), (r.ints(5), r(5)), (r(), r(2)), (r(0, 3), r(3)),
                 (np.array([NAN, INF, 1.0]), np.array([NAN, INF, 1.0])), (r.bools(5), r.bools(5))):
        yield S(x, y).constant("bool output")


def with_numbers(r: Draw) -> Iterator[S]:
    yield from pairs(r)
    yield S(r.ints(5), 2).constant("bool output")
    yield S(np.array([0.5, 1.5]), 0.5).constant("bool output")


def with_complex(r: Draw) -> Iterator[S]:
    yield from with_numbers(r)
    yield S(np.array([1 + 2j, 1 - 2j]), np.array([1 + 2j])).constant("bool output")


samples("eq", oracle=np.equal)(with_complex)
samples("ne", oracle=np.not_equal)(with_complex)
samples("lt", oracle=np.less)(with_numbers)
samples("le", oracle=np.less_equal)(with_numbers)
samples("gt", oracle=np.greater)(with_numbers)
samples("ge", oracle=np.greater_equal)(with_numbers)
samples("logical_and", oracle=np.logical_and)(pairs)
samples("logical_or", oracle=np.logical_or)(pairs)
samples("logical_xor", oracle=np.logical_xor)(pairs)


@samples("isclose", oracle=np.isclose)
def isclose(r: Draw) -> Iterator[S]:
    x = r(3, 4)
    yield S(x, x * (1 + 1e-6)).constant("bool output")
    yield S(x, x + 1e-3, 1e-4, 1e-4).constant("bool output")
    yield S(np.array([NAN, INF, -INF, 1.0]), np.array([NAN, INF, INF, INF])).constant("bool output")
    yield S(np.array([NAN, 1.0]), np.array([NAN, 2.0]), equal_nan=True).constant("bool output")
    yield S(r.ints(5), r.ints(5), 0.5).constant("bool output")
    yield S(r.complex(3), r.complex(3)).constant("bool output")


def questions(r: Draw) -> Iterator[S]:
    for x in (np.array([NAN, INF, -INF, 0.0, -0.0, 1.0]), r.ints(3), r.bools(3), r(), r(0, 2)):
        yield S(x).constant("bool output")


def complex_questions(r: Draw) -> Iterator[S]:
    yield from questions(r)
    yield S(np.array([complex(NAN, 1), complex(1, INF), complex(2, 0), 0j])).constant("bool output")


samples("logical_not", oracle=np.logical_not)(complex_questions)
samples("isnan", oracle=np.isnan)(complex_questions)
samples("isinf", oracle=np.isinf)(complex_questions)
samples("isfinite", oracle=np.isfinite)(complex_questions)
samples("isreal", oracle=np.isreal)(complex_questions)
samples("isposinf", oracle=lambda x: x == INF)(questions)
samples("isneginf", oracle=lambda x: x == -INF)(questions)


@samples("heaviside", oracle=np.heaviside)
def heaviside(r: Draw) -> Iterator[S]:
    yield S(np.array([-1.0, 0.0, 2.0]), np.array([0.5])).constant("has no derivative, as in PyTorch")
    yield S(np.array([-1, 0, 2]), np.array([5, 6, 7])).constant("integer input")
