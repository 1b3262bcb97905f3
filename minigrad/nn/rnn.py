"""Recurrent cells: one step in time."""
from __future__ import annotations

import math
from typing import Any

from .. import creation
from .._tensor import Tensor
from ..errors import ArgumentError, RefusedArgumentError, describe
from ..ops import rnn as ops
from . import init
from .factory import parameter
from .module import Module
from .parameter import Parameter


class RNNCellBase(Module):
    """What cells share: weight_ih (num_chunks * hidden_size, input_size), weight_hh (num_chunks * hidden_size, hidden_size) and two
    biases, which begin uniform within 1 / sqrt(hidden_size)."""
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = parameter(rows, input_size, device=device, dtype=dtype)
        self.weight_hh = parameter(rows, hidden_size, device=device, dtype=dtype)
        self.register_parameter("bias_ih", parameter(rows, device=device, dtype=dtype) if bias else None)
        self.register_parameter("bias_hh", parameter(rows, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _check(self, what: str, x: Tensor) -> None:
        if x.array.ndim not in (1, 2):
            raise ArgumentError(f"{type(self).__name__}: Expected {what} to be 1D or 2D, got {x.array.ndim}D instead; got {describe(x)}")

    def _state(self, input: Tensor, hx: Tensor | None) -> Tensor:
        """The hidden state as (N, H): given, or zeros."""
        if hx is None:
            return creation.zeros(input.array.shape[0], self.hidden_size, dtype=input.dtype, device=input.device)
        return hx if hx.array.ndim == 2 else hx.unsqueeze(0)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"


class _OneState(RNNCellBase):
    def _step(self, input: Tensor, hx: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        self._check("input", input)
        if hx is not None:
            self._check("hidden", hx)
        if input.array.ndim == 2:
            return self._step(input, self._state(input, hx))
        input = input.unsqueeze(0)
        return self._step(input, self._state(input, hx)).squeeze(0)


class RNNCell(_OneState):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh): (N, input_size), (N, hidden_size) -> (N, hidden_size); without N, too.

    nonlinearity: "tanh" or "relu".
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def _step(self, input: Tensor, hx: Tensor) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RefusedArgumentError(f"Unknown nonlinearity: {self.nonlinearity}; it must be 'tanh' or 'relu'")
        cell = ops.rnn_tanh_cell if self.nonlinearity == "tanh" else ops.rnn_relu_cell
        return cell(input, hx, *self._weights())


class GRUCell(_OneState):
    """A gated recurrent unit: (N, input_size), (N, hidden_size) -> (N, hidden_size); without N, too. Cho et al., 2014.

    r, z = sigmoid, n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); h' = (1 - z) * n + z * h.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def _step(self, input: Tensor, hx: Tensor) -> Tensor:
        return ops.gru_cell(input, hx, *self._weights())


class LSTMCell(RNNCellBase):
    """A long short-term memory: (N, input_size), (h, c) -> (h', c'), each (N, hidden_size); without N, too.

    i, f, o = sigmoid, g = tanh; c' = f * c + i * g; h' = o * tanh(c'). Hochreiter and Schmidhuber, 1997.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        self._check("input", input)
        for i, state in enumerate(hx or ()):
            self._check(f"hx[{i}]", state)
        batched = input.array.ndim == 2
        input = input if batched else input.unsqueeze(0)
        if hx is None:
            zeros = self._state(input, None)
            states = zeros, zeros
        else:
            states = self._state(input, hx[0]), self._state(input, hx[1])
        h, c = ops.lstm_cell(input, states, *self._weights())
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))
