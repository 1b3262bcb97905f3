"""Stacked and bidirectional recurrent layers over packed sequences: LSTM, GRU and plain networks."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .dropout import dropout
from .join import cat, stack
from .linear import linear
from .recurrent import Sizes, gru_scan, lstm_scan, needed, rnn_scan

if TYPE_CHECKING:
    from .._tensor import Tensor


def one_direction(mode: str, x: Tensor, states: Sequence[Any], weights: Sequence[Any], biased: bool, sizes: Sizes,
                  reverse: bool) -> tuple[Any, ...]:
    """One direction of one layer: x (total, features), each state (N, H) -> outputs (total, H), and the last states.

    weights: w_ih, w_hh, then b_ih, b_hh if biased, then w_hr of an LSTM with projection.
    """
    w_ih, w_hh, *rest = weights
    biases, projection = (rest[:2], rest[2:]) if biased else ([], rest)
    if mode == "GRU":                                # the reset gate scales b_hh too
        operands = [linear(x, w_ih, *biases[:1]), *states, w_hh, *biases[1:]]
        return gru_scan(operands, needed(operands), sizes, reverse)
    operands = [linear(x, w_ih, biases[0] + biases[1] if biased else None), *states, w_hh, *projection]
    if mode == "LSTM":
        return lstm_scan(operands, needed(operands), sizes, reverse)
    return rnn_scan(operands, needed(operands), sizes, reverse, mode == "RNN_RELU")


def layers(mode: str, x: Tensor, states: Sequence[Tensor], weights: Sequence[Sequence[Tensor]], biased: bool, sizes: Sizes, directions: int,
           drop: float, training: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All layers: x (total, features), each of states (layers * directions, N, H) -> outputs (total, directions * H), the last states.

    weights: per layer and direction. drop: between layers, in training.
    """
    last: list[tuple[Any, ...]] = []
    for k in range(0, len(weights), directions):
        if k and drop:
            x = dropout(x, drop, training)
        outs = []
        for d in range(directions):
            y, *ends = one_direction(mode, x, [s[k + d] for s in states], weights[k + d], biased, sizes, d == 1)
            outs.append(y)
            last.append(tuple(ends))
        x = outs[0] if directions == 1 else cat(outs, 1)
    return x, tuple([stack(ends, 0) for ends in zip(*last)])
