"""Samples of ops/activation.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.ops.samples import Draw, S, samples
from tests.ops.samples.elementwise import one

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def with_options(*options: tuple[Any, ...]) -> Callable[[Draw], Iterator[S]]:
    """Samples without options, and one with each tuple of them."""
    def make(r: Draw) -> Iterator[S]:
        yield from one(complex_too=False)(r)
        yield S(r(70, 70)).first_only("large: the values are what matters")
        for each in options:
            yield S(r(3, 4) * 2, *each)
    return make


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def small(make: Callable[[Draw], Iterator[S]]) -> Callable[[Draw], Iterator[S]]:
    """Without the samples that are too large for central differences."""
    def fewer(r: Draw) -> Iterator[S]:
        for s in make(r):
            if s.no_second:
                yield S(*s.args).constant(s.no_second)
            else:
                yield s
    return fewer


def activation(name: str, oracle: Callable[..., Any], *options: tuple[Any, ...]) -> None:
    samples(name, oracle=oracle)(small(with_options(*options)))


activation("relu", lambda x: np.maximum(x, 0))
activation("hardtanh", lambda x, low=-1.0, high=1.0: np.clip(x, low, high), (0.0, 0.9))
activation("leaky_relu", lambda x, slope=0.01: np.where(x > 0, x, x * slope), (0.2,), (2.0,), (-0.5,))
activation("elu", elu, (0.7,), (-0.5,))
activation("selu", lambda x: SCALE * elu(x, ALPHA))
activation("celu", lambda x, alpha=1.0: np.maximum(x, 0) + np.minimum(alpha * np.expm1(x / alpha), 0), (0.7,))
activation("softplus", lambda x, beta=1.0, threshold=20.0: np.where(x * beta > threshold, x, np.log1p(np.exp(x * beta)) / beta),
           (2.0,), (0.5, 0.9))
activation("logsigmoid", lambda x: np.log(sigmoid(x)))
activation("hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6)
activation("hardshrink", lambda x, lambd=0.5: np.where(np.abs(x) <= lambd, 0, x), (0.9,))
activation("softshrink", lambda x, lambd=0.5: np.sign(x) * np.maximum(np.abs(x) - lambd, 0), (0.9,))


@samples("threshold", oracle=lambda x, threshold, value: np.where(x > threshold, x, value))
def threshold(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0.1, 5.0)
    yield S(r(), 0.1, -1)
    yield S(r(0, 2), 0.0, 0.0)


@samples("prelu_kernel", oracle=lambda x, w: np.where(x > 0, x, x * w))
def prelu_kernel(r: Draw) -> Iterator[S]:
    yield S(r(2, 3, 4), r(3, 1))
    yield S(r(5), r(1))
    yield S(r(), r())
    yield S(r(0, 3), r(3))


@samples("noisy_relu", unchecked="random; its range and its gradient are tested in test_activation.py")
def noisy_relu(r: Draw) -> Iterator[S]:
    yield S(r(3, 4), 0.1, 0.3)
