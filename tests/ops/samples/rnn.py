"""Samples of ops/rnn.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import expit

from tests.ops.samples import Draw, S, samples

BOTH, NEITHER, FIRST, SECOND = (True, True), (False, False), (True, False), (False, True)


def projections(operands: Any, states: int, biased: tuple[bool, bool]) -> tuple[np.ndarray, np.ndarray]:
    """What input and hidden state add to the gates."""
    x, h, *rest = operands
    w_ih, w_hh, *biases = rest[states - 1:]
    biases = list(biases)
    b_ih = biases.pop(0) if biased[0] else 0
    b_hh = biases.pop(0) if biased[1] else 0
    return x @ w_ih.T + b_ih, h @ w_hh.T + b_hh


def lstm(operands: Any, needs: Any, biased: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = projections(operands, 2, biased)
    i, f, g, o = np.split(a + b, 4, 1)
    c = expit(f) * operands[2] + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c), c


def gru(operands: Any, needs: Any, biased: Any) -> np.ndarray:
    a, b = projections(operands, 1, biased)
    (xr, xz, xn), (hr, hz, hn) = np.split(a, 3, 1), np.split(b, 3, 1)
    z, n = expit(xz + hz), np.tanh(xn + expit(xr + hr) * hn)
    return np.asarray((1 - z) * n + z * operands[1])


def plain(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda operands, needs, biased: function(sum(projections(operands, 1, biased)))


def calls(gates: int, states: int) -> Callable[[Draw], Iterator[S]]:
    def make(r: Draw) -> Iterator[S]:
        for biased in (BOTH, NEITHER, FIRST, SECOND):
            biases = [r(gates * 2) for b in biased if b]
            operands = [r(2, 3), *[r(2, 2) for _ in range(states)], r(gates * 2, 3), r(gates * 2, 2), *biases]
            yield S(operands, (True,) * len(operands), biased)
    return make


samples("lstm_step", oracle=lstm)(calls(4, 2))
samples("gru_step", oracle=gru)(calls(3, 1))
samples("rnn_tanh_step", oracle=plain(np.tanh))(calls(1, 1))
samples("rnn_relu_step", oracle=plain(lambda z: np.maximum(z, 0)))(calls(1, 1))
