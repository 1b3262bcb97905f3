"""Recurrent cells: the compiled loops over gates against the array forms."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.backend import NUMPY
from minigrad.kernels import cpu
from minigrad.kernels.cpu import threads

from .both import compiled

pytestmark = compiled


def outcome(kind: str, bias: bool, rows: int, dtype: Any, seed: int = 0) -> list[np.ndarray]:
    """Values and all gradients of two steps of a cell."""
    rng = np.random.default_rng(seed)
    cell = getattr(nn, kind)(5, 19, bias=bias, dtype=dtype)
    for p in cell.parameters():
        p.data = minigrad.tensor(rng.normal(size=p.shape)).to(dtype)
    x, h, c = (minigrad.tensor(rng.normal(size=(rows, n))).to(dtype).requires_grad_() for n in (5, 19, 19))
    state: Any = (h, c) if kind == "LSTMCell" else h
    for _ in range(2):
        state = cell(x, state)
    outs = state if kind == "LSTMCell" else (state,)
    loss = sum((out * minigrad.tensor(rng.normal(size=out.shape)).to(dtype)).sum() for out in outs)
    loss.backward()
    inputs = [x, h, *([c] if kind == "LSTMCell" else []), *cell.parameters()]
    return [out.detach().numpy() for out in outs] + [t.grad.numpy() for t in inputs]


@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 7])
def test_steps_as_on_arrays(kind: str, bias: bool, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    calls = []

    def spied(name: str, kernel: Any) -> Any:
        return lambda *args: calls.append(name) or kernel(*args)

    for name in ("lstm", "lstm_input", "gru", "gru_input"):
        monkeypatch.setattr(NUMPY.kernels, name, spied(name, getattr(cpu, name)))
    got = outcome(kind, bias, rows, minigrad.float32)
    assert sorted(set(calls)) == [kind[:-4].lower(), f"{kind[:-4].lower()}_input"]
    for a, b in zip(got, outcome(kind, bias, rows, minigrad.float64), strict=True):          # loops are for float32
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell"])
def test_one_bias_of_two(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    step, gates = (minigrad.lstm_cell, 4) if kind == "LSTMCell" else (minigrad.gru_cell, 3)
    rng = np.random.default_rng(0)
    results = []
    for dtype in ("f4", "f8"):
        x, h, c, w, u, b = (minigrad.tensor(rng.normal(size=s).astype(dtype)).requires_grad_() for s in
                            ((2, 3), (2, 4), (2, 4), (gates * 4, 3), (gates * 4, 4), (gates * 4,)))
        state = (h, c) if gates == 4 else h
        for biases in ((b, None), (None, b)):
            out = step(x, state, w, u, *biases)
            (out[0] if gates == 4 else out).sum().backward()
        results.append([t.grad.numpy() for t in (x, h, w, u, b)])
        rng = np.random.default_rng(0)
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_arrays_that_loops_cannot_take() -> None:
    z, c = np.zeros((2, 8), np.float32), np.zeros((2, 2), np.float32)
    assert cpu.lstm(z.astype("f8"), z, None, c) is None
    assert cpu.lstm(z, np.zeros((8, 2), np.float32).T, None, c) is None
    assert cpu.gru(np.zeros((2, 6), np.float32), np.zeros((2, 6), np.float32), None, None, c.astype("f8")) is None
    assert cpu.gru_input(np.zeros((2, 4), np.float32)[:, ::2], z, c) is None
