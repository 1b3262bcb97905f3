"""Recurrent layers and cells: one direction of a layer is one op here, as ONNX's LSTM, GRU and RNN are."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from .graph import Graph, Ref
from .table import Converter, linear

LSTM_GATES = (0, 3, 1, 2)                            # ours: input forget cell output; ONNX's: input output forget cell
GRU_GATES = (1, 0, 2)                                # ours: reset update new; ONNX's: update reset new


def reordered(k: Graph, w: Ref, order: Sequence[int]) -> Ref:
    """The blocks of a matrix or vector, one per gate, in ONNX's order."""
    if len(order) == 1:
        return w
    parts = k.Split(w, outputs=len(order), axis=0, num_outputs=len(order))
    found: Ref = k.Concat(*[parts[i] for i in order], axis=0)
    return found


def scan(k: Graph, op_type: str, order: Sequence[int], operands: list[Ref], states: int, sizes: Any, reverse: bool,
         **attributes: Any) -> tuple[Ref, ...]:
    """A whole layer in one direction: x (T * N, features) -> y (T * N, H) and the last states (N, H)."""
    if isinstance(sizes, str):
        raise UnsupportedError(f"{sizes} (a packed sequence) have no counterpart in ONNX; pad them, and do without packing")
    times, batch = sizes
    x, w_ih, w_hh, *biases = operands[0], *operands[1 + states:]
    assert w_hh.shape is not None
    assert x.shape is not None
    gates, hidden = w_hh.shape
    bias = k.Concat(*[reordered(k, b, order) for b in biases], axis=0) if biases else k.constant(np.zeros(2 * gates), x.dtype)
    one = k.ints(0)
    outs = k.add(op_type, [
        k.reshape(x, [times, batch, x.shape[-1]]), k.Unsqueeze(reordered(k, w_ih, order), one), k.Unsqueeze(reordered(k, w_hh, order), one),
        k.Unsqueeze(bias, one), None, *[k.Unsqueeze(s, one) for s in operands[1:1 + states]]], states + 1,
        {"hidden_size": hidden, "direction": "reverse" if reverse else "forward", **attributes})
    return k.Reshape(outs[0], k.ints(-1, hidden)), *[k.Squeeze(s, one) for s in outs[1:]]


def lstm(k: Graph, operands: list[Ref], needs: Any, sizes: Any, reverse: bool) -> tuple[Ref, ...]:
    if len(operands) % 2 == 0:
        raise UnsupportedError("an LSTM with proj_size has no counterpart in ONNX; use a Linear behind it")
    return scan(k, "LSTM", LSTM_GATES, operands, 2, sizes, reverse)


def gru(k: Graph, operands: list[Ref], needs: Any, sizes: Any, reverse: bool) -> tuple[Ref, ...]:
    return scan(k, "GRU", GRU_GATES, operands, 1, sizes, reverse, linear_before_reset=1)


def rnn(k: Graph, operands: list[Ref], needs: Any, sizes: Any, reverse: bool, relu: bool) -> tuple[Ref, ...]:
    return scan(k, "RNN", (0,), operands, 1, sizes, reverse, activations=["Relu" if relu else "Tanh"])


# ---------------------------------------------------------------- cells
def added(k: Graph, operands: list[Ref], states: int, biased: Any) -> tuple[Ref, Ref]:
    """What the input and the state add to the gates."""
    x, h, w_ih, w_hh, *biases = operands[0], operands[1], *operands[1 + states:]
    b_ih = biases.pop(0) if biased[0] else None
    return linear(k, x, w_ih, b_ih), linear(k, h, w_hh, biases[0] if biased[1] else None)


def lstm_cell(k: Graph, operands: list[Ref], needs: Any, biased: Any) -> tuple[Ref, Ref]:
    of_x, of_h = added(k, operands, 2, biased)
    i, f, g, o = k.Split(of_x + of_h, outputs=4, axis=1, num_outputs=4)
    c = k.Sigmoid(f) * operands[2] + k.Sigmoid(i) * k.Tanh(g)
    return k.Sigmoid(o) * k.Tanh(c), c


def gru_cell(k: Graph, operands: list[Ref], needs: Any, biased: Any) -> Ref:
    of_x, of_h = added(k, operands, 1, biased)
    xr, xu, xn = k.Split(of_x, outputs=3, axis=1, num_outputs=3)
    hr, hu, hn = k.Split(of_h, outputs=3, axis=1, num_outputs=3)
    new, u = k.Tanh(xn + k.Sigmoid(xr + hr) * hn), k.Sigmoid(xu + hu)
    y: Ref = new + u * (operands[1] - new)
    return y


def rnn_cell(op_type: str) -> Converter:
    def convert(k: Graph, operands: list[Ref], needs: Any, biased: Any) -> Ref:
        of_x, of_h = added(k, operands, 1, biased)
        found: Ref = k.add(op_type, [of_x + of_h], 1, {})
        return found
    return convert


TABLE: dict[str, Converter] = {
    "lstm_scan": lstm, "gru_scan": gru, "rnn_scan": rnn, "lstm_step": lstm_cell, "gru_step": gru_cell,
    "rnn_tanh_step": rnn_cell("Tanh"), "rnn_relu_step": rnn_cell("Relu"),
}
