"""Samples of ops/elementwise.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples

LOG_2 = np.log(2)


def one(draw: Callable[[Draw], Any] = lambda r: r, complex_too: bool = True) -> Callable[[Draw], Iterator[S]]:
    """Samples of an op of one input; `draw` picks the range."""
    def make(r: Draw) -> Iterator[S]:
        d = draw(r)
        yield S(d(3, 4))
        yield S(d())                                 # 0-d
        yield S(d(0, 3))                             # empty
        if complex_too:
            yield S(r.complex(2, 3))
    return make


def two(draw: Callable[[Draw], Any] = lambda r: r, numbers: bool = False, complex_too: bool = False) -> Callable[[Draw], Iterator[S]]:
    """Samples of an op of two inputs that broadcast; `numbers`: either may be a number."""
    def make(r: Draw) -> Iterator[S]:
        d = draw(r)
        yield S(d(3, 4), d(3, 4))
        yield S(d(3, 1), d(4))                       # broadcasting
        yield S(d(), d(2))                           # 0-d
        yield S(d(0, 3), d(3))                       # empty
        if numbers:
            yield S(d(3), 1.5)
            yield S(2, d(2, 2))
        if complex_too:
            yield S(r.complex(2, 2), r.complex(2))
            if numbers:
                yield S(r.complex(2), 1 + 2j)
    return make


def above_one(r: Draw) -> Any:
    return lambda *shape: np.asarray(r.positive(*shape) + 1)


def inside_one(r: Draw) -> Any:
    return lambda *shape: np.asarray(r(*shape) / 2.5)


def with_alpha(r: Draw) -> Iterator[S]:
    yield from two(numbers=True, complex_too=True)(r)
    yield S(r(3), r(2, 3), alpha=2.5)
    yield S(r.complex(3), r.complex(3), alpha=2 - 1j)
    yield S(r.ints(3), r.ints(3), alpha=2).constant("integer input")


samples("add", oracle=lambda x, y, alpha=1: x + alpha * y)(with_alpha)
samples("sub", oracle=lambda x, y, alpha=1: x - alpha * y)(with_alpha)
samples("mul", oracle=np.multiply)(two(numbers=True, complex_too=True))
samples("true_divide", oracle=np.true_divide)(two(numbers=True, complex_too=True))
samples("zeros_as", oracle=np.zeros_like)(one())

# signs
samples("neg", oracle=np.negative)(one())
samples("abs", oracle=np.abs)(one())
samples("sign", oracle=np.sign)(one(complex_too=False))
samples("sgn", oracle=np.sign)(one())
samples("copysign", oracle=np.copysign)(two())


@samples("signbit", oracle=np.signbit)
def signbit(r: Draw) -> Iterator[S]:
    yield S(r(3, 4)).constant("bool output")
    yield S(np.array([0.0, -0.0])).constant("bool output")


# roots, exponentials, logarithms
samples("reciprocal", oracle=lambda x: 1 / x)(one())
samples("square", oracle=np.square)(one())
samples("sqrt", oracle=np.sqrt)(one(lambda r: r.positive))
samples("rsqrt", oracle=lambda x: 1 / np.sqrt(x))(one(lambda r: r.positive))
samples("exp", oracle=np.exp)(one())
samples("exp2", oracle=lambda x: np.exp(x * LOG_2))(one())
samples("expm1", oracle=np.expm1)(one())
samples("log", oracle=np.log)(one(lambda r: r.positive))
samples("log2", oracle=np.log2)(one(lambda r: r.positive))
samples("log10", oracle=np.log10)(one(lambda r: r.positive))
samples("log1p", oracle=np.log1p)(one(lambda r: r.positive))
samples("sigmoid", oracle=lambda x: 1 / (1 + np.exp(-x)))(one())
samples("logaddexp", oracle=lambda x, y: np.log(np.exp(x) + np.exp(y)))(two(complex_too=True))
samples("logaddexp2", oracle=lambda x, y: np.log2(np.exp2(x) + np.exp2(y)))(two())

# trigonometry
samples("sin", oracle=np.sin)(one())
samples("cos", oracle=np.cos)(one())
samples("tan", oracle=np.tan)(one(inside_one))
samples("deg2rad", oracle=np.deg2rad)(one(complex_too=False))
samples("rad2deg", oracle=np.rad2deg)(one(complex_too=False))
samples("asin", oracle=np.arcsin)(one(inside_one))
samples("acos", oracle=np.arccos)(one(inside_one))
samples("atan", oracle=np.arctan)(one())
samples("sinh", oracle=np.sinh)(one())
samples("cosh", oracle=np.cosh)(one())
samples("tanh", oracle=np.tanh)(one())
samples("asinh", oracle=np.arcsinh)(one())
samples("acosh", oracle=np.arccosh)(one(above_one))
samples("atanh", oracle=np.arctanh)(one(inside_one))
samples("atan2", oracle=np.arctan2)(two())
samples("hypot", oracle=np.hypot)(two())
