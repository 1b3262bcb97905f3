"""Samples of ops/gates.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.special

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.activation import activation, sigmoid, small, with_options

activation("mish", lambda x: x * np.tanh(np.log1p(np.exp(x))))
activation("hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6)


@samples("silu", oracle=lambda x: x * sigmoid(x))
def silu(r: Draw) -> Iterator[S]:
    yield from small(with_options())(r)
    yield S(r.complex(3))


@samples("gelu", oracle=lambda x, approximate="none": x * scipy.special.ndtr(x) if approximate == "none" else
         x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))))
def gelu(r: Draw) -> Iterator[S]:
    yield from small(with_options())(r)
    yield S(r(3, 4), approximate="tanh")
    yield S(r(3, 4) * 2, approximate="tanh")


def gelu_slope(g: np.ndarray, x: np.ndarray, approximate: str = "none") -> np.ndarray:
    """From finite differences of the oracle above: an independent derivative."""
    eps = 1e-6
    def gelu(v: np.ndarray) -> np.ndarray:
        if approximate == "none":
            return v * scipy.special.ndtr(v)
        return v / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v ** 3)))
    return g * (gelu(x + eps) - gelu(x - eps)) / (2 * eps)


@samples("gelu_input", oracle=gelu_slope)
def gelu_input(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), r(3, 4))
    yield S(r(3, 4), r(3, 4), "tanh")
    yield S(r(), r())
    yield S(r(0, 3), r(0, 3), approximate="tanh")


@samples("glu", oracle=lambda x, dim=-1: np.multiply(np.split(x, 2, dim)[0], sigmoid(np.split(x, 2, dim)[1])))
def glu(r: Draw) -> Iterator[S]:
    yield S(r(3, 4))
    yield S(r(4, 3), 0)
    yield S(r(2, 4, 3), dim=-2)
    yield S(r(0, 4))
