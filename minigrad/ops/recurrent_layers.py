"""Stacked and bidirectional recurrent layers over packed sequences: LSTM, GRU and plain networks."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .composed import needed
from .dropout import dropout
from .join import cat, stack
from .recurrent import Sizes, gru_scan, lstm_scan, rnn_scan

if TYPE_CHECKING:
    from .._tensor import Tensor


def one_direction(mode: str, operands: Sequence[Any], sizes: Sizes, reverse: bool) -> tuple[Any, ...]:
    """One direction of one layer: x (total, features), the states (N, H) and the weights -> outputs (total, H), and the last states."""
    needs = needed(operands)
    if mode == "LSTM":
        return lstm_scan(operands, needs, sizes, reverse)
    if mode == "GRU":
        return gru_scan(operands, needs, sizes, reverse)
    return rnn_scan(operands, needs, sizes, reverse, mode == "RNN_RELU")


def layers(mode: str, x: Tensor, states: Sequence[Tensor], weights: Sequence[Sequence[Tensor]], sizes: Sizes, directions: int, drop: float,
           training: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All layers: x (total, features), each of states (layers * directions, N, H) -> outputs (total, directions * H), the last states.

    weights: per layer and direction w_ih, w_hh, perhaps both biases, perhaps w_hr. drop: between layers, in training.
    """
    last: list[tuple[Any, ...]] = []
    for k in range(0, len(weights), directions):
        if k and drop:
            x = dropout(x, drop, training)
        outs = []
        for d in range(directions):
            y, *ends = one_direction(mode, [x, *[s[k + d] for s in states], *weights[k + d]], sizes, d == 1)
            outs.append(y)
            last.append(tuple(ends))
        x = outs[0] if directions == 1 else cat(outs, 1)
    return x, tuple([stack(ends, 0) for ends in zip(*last)])
