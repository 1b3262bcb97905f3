"""Recurrent networks over sequences: RNN, LSTM, GRU."""
from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from .. import creation
from .._tensor import Tensor
from ..engine.mode import local
from ..errors import ArgumentError, ArgumentTypeError, OutOfRangeError, RefusedArgumentError, ShapeError, describe
from ..ops.recurrent_layers import layers
from . import init
from .factory import parameter
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence, permuted

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: the parameters, the checks, and the way through the layers.

    Per layer k, and once more with the suffix `_reverse` if bidirectional: weight_ih_l{k} (gates * hidden_size, features), weight_hh_l{k},
    bias_ih_l{k}, bias_hh_l{k}, and weight_hr_l{k} (proj_size, hidden_size) with a projection; uniform within 1 / sqrt(hidden_size).
    """

    def __init__(self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._check_sizes(dropout)
        self._names: list[list[str]] = []            # of the parameters of each layer and direction
        rows = GATES[mode] * hidden_size
        out = proj_size or hidden_size
        directions = 2 if bidirectional else 1
        for k in range(num_layers):
            for suffix in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, out * directions if k else input_size), "weight_hh": (rows, out)}
                if bias:
                    shapes.update(bias_ih=(rows,), bias_hh=(rows,))
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    setattr(self, f"{name}_l{k}{suffix}", parameter(*shape, device=device, dtype=dtype))
                self._names.append([f"{name}_l{k}{suffix}" for name in shapes])
        self.reset_parameters()

    def _check_sizes(self, dropout: Any) -> None:
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= self.dropout <= 1:
            raise ArgumentError("dropout should be a number in range [0, 1] representing the probability of an element being zeroed; "
                                f"got {dropout!r}")
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn("dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater "
                          f"than 1, but got dropout={dropout} and num_layers={self.num_layers}", stacklevel=4)
        for name, kind in (("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int)):
            if not isinstance(getattr(self, name), kind):
                raise ArgumentTypeError(f"{name} should be of type {kind.__name__}, got: {type(getattr(self, name)).__name__}")
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ArgumentError(f"{name} must be greater than zero; got {getattr(self, name)}")
        if self.proj_size < 0:
            raise ArgumentError(f"proj_size should be a positive integer or zero to disable projections; got {self.proj_size}")
        if self.proj_size >= self.hidden_size:
            raise ArgumentError(f"proj_size has to be smaller than hidden_size; got {self.proj_size} and {self.hidden_size}")

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def flatten_parameters(self) -> None:
        """For GPU libraries that want the weights in one block; nothing to do here."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [p for group in self.all_weights for p in group]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0),
                            ("bidirectional", False)):
            if getattr(self, name) != usual:
                text += f", {name}={getattr(self, name)}"
        return text

    # ------------------------------------------------------------ running
    def _run(self, input: Any, states: Any) -> tuple[Any, tuple[Tensor, ...], bool]:
        """The output, the last states and whether there was a batch; states: None or the tensors that were given."""
        kind = type(self).__name__
        packed = isinstance(input, PackedSequence)
        if packed:
            x, sizes = input.data, tuple(input.batch_sizes.tolist())
            batch, batched = sizes[0], True
            self.check_input(x, input.batch_sizes)
            states = None if states is None else [permuted(s, input.sorted_indices) for s in states]
        else:
            if input.dim() not in (2, 3):
                raise ArgumentError(f"{kind}: Expected input to be 2D or 3D, got {input.dim()}D instead; got {describe(input)}")
            batched = input.dim() == 3
            x = input if batched else input.unsqueeze(1)
            self.check_input(x, None)
            states = None if states is None else [self._with_batch(s, batched, len(states)) for s in states]
            x = x.transpose(0, 1) if self.batch_first and batched else x
            length, batch = x.shape[0], x.shape[1]
            if not length:
                raise ShapeError(f"{kind}: Expected sequence length to be larger than 0 in RNN; got input {describe(input)}")
            x, sizes = x.reshape((length * batch, self.input_size)), (batch,) * length
        if states is None:
            states = self._zeros(x, batch)
        self._check_states(states, batch)
        directions = 2 if self.bidirectional else 1
        y, last = layers(self.mode, x, states, self.all_weights, sizes, directions, self.dropout, self.training)
        if packed:
            output = PackedSequence(y, input.batch_sizes, input.sorted_indices, input.unsorted_indices)
            return output, tuple([permuted(s, input.unsorted_indices) for s in last]), True
        y = y.reshape((len(sizes), batch, y.shape[-1]))
        y = y.transpose(0, 1) if self.batch_first and batched else y
        return (y, last, True) if batched else (y.squeeze(1), tuple([s.squeeze(1) for s in last]), False)

    def _zeros(self, x: Tensor, batch: int) -> list[Tensor]:
        """The states that a sequence begins with."""
        sizes = [self._state_size(batch, i) for i in range(2 if self.mode == "LSTM" else 1)]
        return [creation.zeros(size, dtype=x.dtype, device=x.device) for size in sizes]

    def _with_batch(self, state: Tensor, batched: bool, count: int) -> Tensor:
        """A state as (layers * directions, N, H), checked."""
        if state.dim() != (3 if batched else 2):
            names, got = ("hx and cx", f"({state.dim()}-D, {state.dim()}-D) tensors") if count == 2 else ("hx", f"{state.dim()}-D tensor")
            raise RefusedArgumentError(f"{type(self).__name__}: For {'batched 3-D' if batched else 'unbatched 2-D'} input, {names} should "
                                       f"also be {'3-D' if batched else '2-D'} but got {got}")
        return state if batched else state.unsqueeze(1)

    # ------------------------------------------------------------ checks, under the names of PyTorch, whose subclasses override them
    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise unless a batch (batch_sizes None), or the data of a PackedSequence, fits the weights in dtype, dimensions and features."""
        kind = type(self).__name__
        weight = self.all_weights[0][0]
        if input.array.dtype != weight.array.dtype and local.mode.autocast is None:
            raise ArgumentError(f"{kind}: RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})")
        if input.dim() != (3 if batch_sizes is None else 2):
            raise ShapeError(f"{kind}: input must have {3 if batch_sizes is None else 2} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise ShapeError(f"{kind}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}; "
                             f"got input {describe(input)}")

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(layers * directions, N, H): of the states that go with an input."""
        return self._state_size(self._batch_of(input, batch_sizes), 0)

    def check_hidden_size(self, hx: Tensor, expected_hidden_size: tuple[int, int, int],
                          msg: str = "Expected hidden size {}, got {}") -> None:
        """Raise ShapeError for states of another size."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise ShapeError(f"{type(self).__name__}: {msg.format(expected_hidden_size, list(hx.shape))}")

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raise unless input and states, the pair of an LSTM or one tensor, fit each other and the weights."""
        self.check_input(input, batch_sizes)
        self._check_states(hidden if isinstance(hidden, (tuple, list)) else [hidden], self._batch_of(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """States, the pair of an LSTM or one tensor, with their sequences in another order."""
        return tuple(permuted(s, permutation) for s in hx) if isinstance(hx, (tuple, list)) else permuted(hx, permutation)

    def _batch_of(self, input: Tensor, batch_sizes: Tensor | None) -> int:
        return input.shape[0 if self.batch_first else 1] if batch_sizes is None else int(batch_sizes[0])

    def _state_size(self, batch: int, which: int) -> tuple[int, int, int]:
        """Of the hidden state (0), or of the cell's (1)."""
        n = self.num_layers * (2 if self.bidirectional else 1)
        return n, batch, self.hidden_size if which else self.proj_size or self.hidden_size

    def _check_states(self, states: Any, batch: int) -> None:
        for i, s in enumerate(states):
            name = f"hidden[{i}]" if len(states) == 2 else "hidden"
            self.check_hidden_size(s, self._state_size(batch, i), f"Expected {name} size {{}}, got {{}}")


class _OneState(RNNBase):
    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        output, (last,), _ = self._run(input, None if hx is None else [hx])
        return output, last


class RNN(_OneState):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) along a sequence, in layers: input (L, N, input_size) -> output (L, N, hidden_size) and the
    last states (layers, N, hidden_size).

    nonlinearity: "tanh" or "relu". bias: both biases or none. batch_first: (N, L, ...) in input and output. dropout: between
    layers. bidirectional: a second direction from the end, its features beside the first's. One sequence alone is (L, input_size);
    sequences of different lengths come as a PackedSequence, and go out as one. Raises ShapeError where sizes do not fit.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
                 **named: Any) -> None:
        refuse_projection(named)
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0,
                         device, dtype)
        self.nonlinearity = nonlinearity


class GRU(_OneState):
    """A gated recurrent unit along a sequence, in layers; arguments and shapes as in `RNN`. Cho et al., 2014.

    r, z = sigmoid, n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); h' = (1 - z) * n + z * h.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None, **named: Any) -> None:
        refuse_projection(named)
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)


class LSTM(RNNBase):
    """A long short-term memory along a sequence, in layers: output, (h, c); arguments and shapes as in `RNN`.

    Source: Hochreiter and Schmidhuber, 1997.

    i, f, o = sigmoid, g = tanh; c' = f * c + i * g; h' = o * tanh(c'), times W_hr (proj_size, hidden_size) with proj_size > 0.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None) -> None:
        super().__init__("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(layers * directions, N, hidden_size): of the cells that go with an input."""
        return self._state_size(self._batch_of(input, batch_sizes), 1)

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise OutOfRangeError(f"LSTM: hx must be a pair (h, c); got {describe(hx)}")
        output, (h, c), _ = self._run(input, None if hx is None else list(hx))
        return output, (h, c)


def refuse_projection(named: dict[str, Any]) -> None:
    """What only LSTM takes, and names that nothing takes."""
    if "proj_size" in named:
        raise ArgumentError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if named:
        raise ArgumentTypeError(f"got an unexpected keyword argument {next(iter(named))!r}")
