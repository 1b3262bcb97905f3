"""Recurrent cells against PyTorch: biases, chains, what needs no gradient, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
CELLS = [("gru_cell", 3), ("rnn_tanh_cell", 1), ("rnn_relu_cell", 1)]
BIASES = [(True, True), (False, False), (True, False), (False, True)]


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def lstm(part: int, biased: tuple[bool, bool] = (True, True), steps: int = 1) -> Any:
    """h or c after some steps; the biases come last, those that there are."""
    def run(lib: Any, x: Any, h: Any, c: Any, w: Any, u: Any, *biases: Any) -> Any:
        given = list(biases)
        b = [given.pop(0) if there else None for there in biased]
        for _ in range(steps):
            h, c = lib.lstm_cell(x, (h, c), w, u, *b)
        return (h, c)[part]
    return run


def cell(name: str, biased: tuple[bool, bool]) -> Any:
    def run(lib: Any, x: Any, h: Any, w: Any, u: Any, *biases: Any) -> Any:
        given = list(biases)
        return getattr(lib, name)(x, h, w, u, *[given.pop(0) if there else None for there in biased])
    return run


@pytest.mark.parametrize("biased", BIASES)
def test_lstm(biased: tuple[bool, bool]) -> None:
    operands = [draw(3, 4), draw(3, 5), draw(3, 5), draw(20, 4), draw(20, 5), *[draw(20) for b in biased if b]]
    for part in (0, 1):                              # only one output is used: the other's gradient is zero
        same(lstm(part, biased), *operands, second=True)
    same(lstm(0, biased, steps=3), *operands, second=True)
    same(lstm(0, biased), *[a.astype("f4") for a in operands], rtol=1e-5)


@pytest.mark.parametrize(("name", "gates"), CELLS)
@pytest.mark.parametrize("biased", BIASES)
def test_cells(name: str, gates: int, biased: tuple[bool, bool]) -> None:
    operands = [draw(3, 4), draw(3, 5), draw(gates * 5, 4), draw(gates * 5, 5), *[draw(gates * 5) for b in biased if b]]
    same(cell(name, biased), *operands, second=True)
    same(cell(name, biased), *[a.astype("f4") for a in operands], rtol=1e-5)


def test_only_what_needs_a_gradient_gets_one() -> None:
    x, h, c = (mg.tensor(draw(*s)) for s in ((3, 4), (3, 5), (3, 5)))
    w, u = (mg.tensor(draw(*s), requires_grad=True) for s in ((20, 4), (20, 5)))
    same(lambda lib, w, u: lib.lstm_cell(lib.tensor(x.numpy()), (lib.tensor(h.numpy()), lib.tensor(c.numpy())), w, u)[0],
         w.detach().numpy(), u.detach().numpy(), second=True)
    mg.lstm_cell(x, (h, c), w, u)[0].sum().backward()
    assert x.grad is h.grad is c.grad is None
    assert w.grad is not None
    assert u.grad is not None


def test_an_empty_batch() -> None:
    same(lstm(0), draw(0, 4), draw(0, 5), draw(0, 5), draw(20, 4), draw(20, 5), draw(20), draw(20))


def test_refusals() -> None:
    good = [draw(3, 4), draw(3, 5), draw(3, 5), draw(20, 4), draw(20, 5), draw(20), draw(20)]

    def wrong(i: int, a: np.ndarray) -> list[np.ndarray]:
        return [a if k == i else b for k, b in enumerate(good)]
    same_error(lstm(0), *wrong(0, draw(3, 6)), match="input has inconsistent input_size: got 6 expected 4; got input float64")
    same_error(lstm(0), *wrong(1, draw(2, 5)), match="Input batch size 3 doesn't match hidden0 batch size 2")
    same_error(lstm(0), *wrong(2, draw(3, 4)), match=r"hidden1 has inconsistent hidden_size: expected \[3, 5\]; got float64 \(3, 4\)")
    same_error(lstm(0), *wrong(4, draw(15, 5)), match="weight_hh first dim must be 4 \\* hidden_size = 20, but got 15")
    same_error(lstm(0), *wrong(5, draw(19)), match=r"biases must be of size \(20,\) to match the rows of w_ih; got float64 \(19,\)")
    same_error(lstm(0), *wrong(0, draw(3, 4).astype("f4")), match="expected all operands to have the same dtype; got float32 \\(3, 4\\)")
    same_error(lambda lib, x: lib.lstm_cell(x, (x,), x, x), draw(3, 4), match="lstm_cell expects two hidden states; got 1")
    same_error(cell("gru_cell", (False, False)), draw(3, 4), draw(3, 5), draw(20, 4), draw(20, 5), match="weight_ih first dim must be 3")
    same_error(lambda lib, x: lib.gru_cell(x, [1.0], x, x), draw(3, 4), match="gru_cell: hx must be a Tensor; got list of 1")
    with pytest.raises(RuntimeError, match="all must be matrices: input \\(N, I\\), hx \\(N, H\\); unsqueeze\\(0\\) for a single sample"):
        mg.gru_cell(mg.ones(4), mg.ones(5), mg.ones(15, 4), mg.ones(15, 5))
