"""Samples of ops/recurrent.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import expit

from tests.ops.samples import Draw, S, samples


def along(operands: Any, states: int, sizes: Any, reverse: bool, cell: Callable[..., Any]) -> tuple[np.ndarray, ...]:
    """One sequence after the other, one step after the other; cell(what x adds, what h adds, w_hr or None, states)."""
    x, w_ih, w_hh, *rest = operands[0], *operands[1 + states:]
    b_ih, b_hh = rest[:2] if len(rest) > 1 else (0, 0)
    w_hr = rest[-1] if len(rest) % 2 else None
    kept = [s.copy() for s in operands[1:1 + states]]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    y = np.zeros((len(x), kept[0].shape[1]))
    for b in range(sizes[0]):
        times = [t for t, n in enumerate(sizes) if n > b]
        for t in times[::-1] if reverse else times:
            new = cell(w_ih @ x[starts[t] + b] + b_ih, w_hh @ kept[0][b] + b_hh, w_hr, *[s[b] for s in kept])
            for s, v in zip(kept, new, strict=True):
                s[b] = v
            y[starts[t] + b] = new[0]
    return y, *kept


def lstm(operands: Any, needs: Any, sizes: Any, reverse: bool) -> tuple[np.ndarray, ...]:
    def cell(z: Any, s: Any, w_hr: Any, h: Any, c: Any) -> Any:
        i, f, g, o = np.split(z + s, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        y = expit(o) * np.tanh(c)
        return (y if w_hr is None else w_hr @ y), c
    return along(operands, 2, sizes, reverse, cell)


def gru(operands: Any, needs: Any, sizes: Any, reverse: bool) -> tuple[np.ndarray, ...]:
    def cell(z: Any, s: Any, _: Any, h: Any) -> Any:
        (xr, xu, xn), (hr, hu, hn) = np.split(z, 3), np.split(s, 3)
        u, n = expit(xu + hu), np.tanh(xn + expit(xr + hr) * hn)
        return ((1 - u) * n + u * h,)
    return along(operands, 1, sizes, reverse, cell)


def plain(operands: Any, needs: Any, sizes: Any, reverse: bool, relu: bool) -> tuple[np.ndarray, ...]:
    return along(operands, 1, sizes, reverse, lambda z, s, *_: ((np.maximum if relu else lambda v, _: np.tanh(v))(z + s, 0),))


CASES = [((2, 2, 2), False), ((3, 2, 1), False), ((3, 2, 1), True), ((2, 2), True)]


@samples("lstm_scan", oracle=lstm)
def _lstm(r: Draw) -> Iterator[S]:
    for sizes, reverse in CASES:
        n = sizes[0]
        for bias in ([], [r(8), r(8)]):
            for operands in ([r(sum(sizes), 3), r(n, 2), r(n, 2), r(8, 3), r(8, 2), *bias],
                             [r(sum(sizes), 3), r(n, 1), r(n, 2), r(8, 3), r(8, 1), *bias, r(1, 2)]):
                yield S(operands, (True,) * len(operands), sizes, reverse)


@samples("gru_scan", oracle=gru)
def _gru(r: Draw) -> Iterator[S]:
    for sizes, reverse in CASES:
        for bias in ([], [r(6), r(6)]):
            operands = [r(sum(sizes), 3), r(sizes[0], 2), r(6, 3), r(6, 2), *bias]
            yield S(operands, (True,) * len(operands), sizes, reverse)


@samples("rnn_scan", oracle=plain)
def _plain(r: Draw) -> Iterator[S]:
    for sizes, reverse in CASES:
        for relu in (False, True):
            for bias in ([], [r(2), r(2)]):
                operands = [r(sum(sizes), 3), r(sizes[0], 2), r(2, 3), r(2, 2), *bias]
                yield S(operands, (True,) * len(operands), sizes, reverse, relu)
