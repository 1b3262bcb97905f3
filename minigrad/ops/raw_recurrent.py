"""LSTM, GRU and plain recurrent networks as PyTorch's own namespace has them: all weights in one list.

    lstm(input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    lstm(data, batch_sizes, (h, c), params, has_biases, num_layers, dropout, train, bidirectional)      # a PackedSequence's parts
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.node import TensorBase
from ..errors import RefusedArgumentError, ShapeError, operand
from .recurrent_layers import layers

if TYPE_CHECKING:
    from .._tensor import Tensor


def by_layer(name: str, params: Sequence[Tensor], num_layers: int, bidirectional: bool, has_biases: bool,
             projected: bool) -> list[Sequence[Tensor]]:
    """The weights of each layer and direction."""
    count, each = num_layers * (1 + bidirectional), (4 if has_biases else 2) + projected
    if len(params) != count * each:
        raise RefusedArgumentError(f"{name}: got an incorrect number of RNN parameters: {count} layers and directions take {each} each; "
                                   f"got {len(params)}")
    return [params[i * each:(i + 1) * each] for i in range(count)]


def recur(name: str, mode: str, x: Tensor, states: Sequence[Tensor], sizes: tuple[int, ...], params: Sequence[Tensor], has_biases: bool,
          num_layers: int, dropout: float, train: bool, bidirectional: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Packed steps through all layers."""
    projected = len(states) == 2 and states[0].shape[-1] != states[1].shape[-1]
    weights = by_layer(name, params, num_layers, bidirectional, has_biases, projected)
    if x.shape[-1] != weights[0][0].shape[-1]:
        raise ShapeError(f"{name}: input.size(-1) must be equal to the input size of the weights, {weights[0][0].shape[-1]}; got "
                         f"x {operand(x)}")
    return layers(mode, x, states, weights, sizes, 1 + bidirectional, dropout, train)


def network(name: str, mode: str, doc: str) -> Callable[..., tuple[Tensor, ...]]:
    """One kind of recurrent network, for padded and for packed input."""
    def padded(input: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float, train: bool,
               bidirectional: bool, batch_first: bool) -> tuple[Tensor, ...]:
        x = input.transpose(0, 1) if batch_first else input
        if x.ndim != 3 or not x.shape[0]:
            raise ShapeError(f"{name}: input must be (L, N, features) with L > 0; got {operand(input)}")
        length, batch = x.shape[0], x.shape[1]
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        y, last = recur(name, mode, x.reshape((length * batch, x.shape[2])), states, (batch,) * length, params, has_biases, num_layers,
                        dropout, train, bidirectional)
        y = y.reshape((length, batch, y.shape[-1]))
        return (y.transpose(0, 1) if batch_first else y), *last

    def packed(data: Tensor, batch_sizes: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
               train: bool, bidirectional: bool) -> tuple[Tensor, ...]:
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        y, last = recur(name, mode, data, states, tuple(batch_sizes.tolist()), params, has_biases, num_layers, dropout, train,
                        bidirectional)
        return y, *last

    def call(*args: Any, **named: Any) -> tuple[Tensor, ...]:
        is_packed = "batch_sizes" in named or len(args) > 3 and isinstance(args[3], (tuple, list)) and isinstance(args[1], TensorBase)
        return (packed if is_packed else padded)(*args, **named)
    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


lstm = network("lstm", "LSTM", "`nn.LSTM` with its weights in one list: output, h, c.")
gru = network("gru", "GRU", "`nn.GRU` with its weights in one list: output, h.")
rnn_tanh = network("rnn_tanh", "RNN_TANH", "`nn.RNN` with its weights in one list: output, h.")
rnn_relu = network("rnn_relu", "RNN_RELU", "`nn.RNN` of relu with its weights in one list: output, h.")
