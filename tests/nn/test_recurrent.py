"""RNN, LSTM and GRU against PyTorch: the same weights, outputs, last states and gradients; packed sequences; errors."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
X = rng.standard_normal((5, 2, 3))                   # (L, N, input_size)


def network(s: Side, kind: str, *args: Any, **options: Any) -> Any:
    """A network with the same random weights on both sides."""
    net = getattr(s.library.nn, kind)(*args, **options).double()
    numbers = np.random.default_rng(1)
    with s.library.no_grad():
        for p in net.parameters():
            p.copy_(s.tensor(numbers.standard_normal(tuple(p.shape)) * 0.5))
    return net


def everything(s: Side, net: Any, x: Any, hx: Any = None) -> Any:
    """The output, the last states, and the gradients of a weighted sum of them."""
    states = [] if hx is None else list(hx) if isinstance(hx, tuple) else [hx]
    output, last = net(x, hx)
    data = output.data if hasattr(output, "batch_sizes") else output
    ends = list(last) if isinstance(last, tuple) else [last]
    total = sum((t * s.library.arange(t.numel()).reshape(t.shape).double().cos()).sum() for t in [data, *ends])
    total.backward()
    leaf = x.data if hasattr(x, "batch_sizes") else x
    grads = [leaf.grad, *[h.grad for h in states]] if leaf.is_leaf else [h.grad for h in states]
    return data, ends, grads, {k: p.grad for k, p in net.named_parameters()}


KINDS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {}), ("LSTM", {"proj_size": 2})]
SHAPES = [{}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "bias": False}, {"batch_first": True}]


def states(s: Side, kind: str, options: Any, batch: int | None) -> Any:
    """States to begin with."""
    numbers = np.random.default_rng(2)
    n = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    lead = (n,) if batch is None else (n, batch)
    h = s.tensor(numbers.standard_normal((*lead, options.get("proj_size", 0) or 4)), requires_grad=True)
    return (h, s.tensor(numbers.standard_normal((*lead, 4)), requires_grad=True)) if kind == "LSTM" else h


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_outputs_and_gradients(kind: str, options: Any, shape: Any) -> None:
    both = {**options, **shape}

    def program(s: Side, given: bool) -> Any:
        x = s.tensor(X.swapaxes(0, 1).copy() if both.get("batch_first") else X, requires_grad=True)
        return everything(s, network(s, kind, 3, 4, **both), x, states(s, kind, both, 2) if given else None)
    agree(lambda s: program(s, True), rtol=1e-9)
    agree(lambda s: program(s, False), rtol=1e-9)


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_a_sequence_alone(kind: str, options: Any) -> None:
    agree(lambda s: everything(s, network(s, kind, 3, 4, **options), s.tensor(X[:, 0].copy(), requires_grad=True),
                               states(s, kind, options, None)), rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_packed_sequences(kind: str, options: Any, shape: Any) -> None:
    both = {**options, **shape}

    def program(s: Side) -> Any:
        pack = s.library.nn.utils.rnn.pack_padded_sequence
        x = s.tensor(X.swapaxes(0, 1).copy() if both.get("batch_first") else X, requires_grad=True)
        packed = pack(x, [3, 5], both.get("batch_first", False), enforce_sorted=False)
        found = everything(s, network(s, kind, 3, 4, **both), packed, states(s, kind, both, 2))
        return found, x.grad
    agree(program, rtol=1e-9)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_gradients(kind: str) -> None:
    def program(s: Side) -> Any:
        net = network(s, kind, 3, 2, 2)
        x = s.tensor(X[:3], requires_grad=True)
        g, = s.library.autograd.grad((net(x)[0] ** 2).sum(), x, create_graph=True)
        (g ** 2).sum().backward()
        return x.grad, {k: p.grad for k, p in net.named_parameters()}
    agree(program, rtol=1e-8)


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_what_a_network_says_of_itself(kind: str, options: Any) -> None:
    """Names and shapes of parameters, representation, initial values of the same seed."""
    both = {"num_layers": 2, "bidirectional": True, "dropout": 0.25, "batch_first": True, **options}
    nets = []
    for s in SIDES:
        s.library.manual_seed(3)
        nets.append(getattr(s.library.nn, kind)(3, 4, **both))
    ours, theirs = nets
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [[tuple(p.shape) for p in g] for g in ours.all_weights] == [[tuple(p.shape) for p in g] for g in theirs.all_weights]
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    assert ours.mode == theirs.mode
    assert ours._flat_weights[-1] is ours.all_weights[-1][-1]


def test_dropout_stands_between_layers_in_training() -> None:
    def program(s: Side) -> Any:
        net = network(s, "LSTM", 3, 4, num_layers=3, dropout=0.5)
        s.library.manual_seed(5)
        return net(s.tensor(X))[0], net.eval()(s.tensor(X))[0]
    agree(program, rtol=1e-9)


def test_dropout_of_a_single_layer_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        mg.nn.LSTM(3, 4, dropout=0.5)


def test_a_network_without_gradients_keeps_nothing() -> None:
    net = network(SIDES[0], "LSTM", 3, 4)
    with mg.no_grad():
        assert not net(mg.tensor(X))[0].requires_grad
    for p in net.parameters():
        p.requires_grad_(False)
    x = mg.tensor(X, requires_grad=True)
    net(x)[0].sum().backward()
    assert x.grad is not None
    assert all(p.grad is None for p in net.parameters())


# ---------------------------------------------------------------- packing
def test_packing_and_padding() -> None:
    def program(s: Side, batch_first: bool, **options: Any) -> Any:
        r = s.library.nn.utils.rnn
        x = s.tensor(X.swapaxes(0, 1).copy() if batch_first else X)
        p = r.pack_padded_sequence(x, s.tensor([2, 4]), batch_first, enforce_sorted=False)
        padded, lengths = r.pad_packed_sequence(p, batch_first, **options)
        return p.data, p.batch_sizes, p.sorted_indices, p.unsorted_indices, padded, lengths
    agree(lambda s: program(s, False))
    agree(lambda s: program(s, True))
    agree(lambda s: program(s, True, total_length=7, padding_value=-1.0))


def test_sequences_packed_and_unpacked() -> None:
    def program(s: Side) -> Any:
        r = s.library.nn.utils.rnn
        each = [s.tensor(X[:n, 0].copy()) for n in (2, 4, 1)]
        p = r.pack_sequence(each, enforce_sorted=False)
        return p.data, p.batch_sizes, r.unpack_sequence(p), r.unpad_sequence(r.pad_sequence(each), s.tensor([2, 4, 1]))
    agree(program)
    p = mg.nn.utils.rnn.pack_sequence([mg.ones(3), mg.ones(2)])
    assert p.sorted_indices is None
    assert p.double().data.dtype == mg.float64
    assert p.cpu() is p
    assert not p.is_cuda


def test_gradients_pass_through_padding() -> None:
    def program(s: Side) -> Any:
        r = s.library.nn.utils.rnn
        x = s.tensor(X, requires_grad=True)
        padded, _ = r.pad_packed_sequence(r.pack_padded_sequence(x, [2, 4], enforce_sorted=False))
        (padded ** 2).sum().backward()
        return x.grad
    agree(program)


@pytest.mark.parametrize(("program", "match"), [
    (lambda r, x: r.pack_padded_sequence(x, [3, 5]), "must be sorted in decreasing order"),
    (lambda r, x: r.pack_padded_sequence(x, [5, 0]), "Length of all samples has to be greater than 0"),
    (lambda r, x: r.pack_padded_sequence(x, [5, 3, 1]), r"got 3 \(batch_size=2\)"),
    (lambda r, x: r.pad_packed_sequence(r.pack_padded_sequence(x, [5, 3]), total_length=4), "at least the length of the longest sequence"),
])
def test_errors_of_packing(program: Any, match: str) -> None:
    same_error(lambda s: program(s.library.nn.utils.rnn, s.tensor(X)), match)


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(("program", "match"), [
    (lambda s: s.library.nn.LSTM(3, 4, dropout=1.5), "dropout should be a number in range"),
    (lambda s: s.library.nn.LSTM(3, 4, proj_size=4), "proj_size has to be smaller than hidden_size"),
    (lambda s: s.library.nn.LSTM(3, 4, proj_size=-1), "proj_size should be a positive integer or zero"),
    (lambda s: s.library.nn.GRU(3, 4, proj_size=2), "proj_size argument is only supported for LSTM"),
    (lambda s: s.library.nn.LSTM(3, 4.0), "hidden_size should be of type int, got: float"),
    (lambda s: s.library.nn.LSTM(3, 0), "hidden_size must be greater than zero"),
    (lambda s: s.library.nn.LSTM(3, 4, 0), "num_layers must be greater than zero"),
    (lambda s: s.library.nn.RNN(3, 4, nonlinearity="x"), "Unknown nonlinearity 'x'"),
    (lambda s: s.library.nn.LSTM(3, 4)(s.library.ones(3)), "Expected input to be 2D or 3D, got 1D instead"),
    (lambda s: s.library.nn.LSTM(3, 4)(s.library.ones(5, 2, 4)), "must be equal to input_size. Expected 3, got 4"),
    (lambda s: s.library.nn.GRU(3, 4)(s.library.ones(5, 2, 3).double()), "RNN input dtype .* does not match weight dtype"),
    (lambda s: s.library.nn.GRU(3, 4)(s.library.ones(0, 2, 3)), "Expected sequence length to be larger than 0"),
    (lambda s: s.library.nn.LSTM(3, 4)(s.library.ones(5, 2, 3), (s.library.ones(1, 3, 4), s.library.ones(1, 2, 4))),
     r"Expected hidden\[0\] size \(1, 2, 4\), got \[1, 3, 4\]"),
    (lambda s: s.library.nn.GRU(3, 4)(s.library.ones(5, 2, 3), s.library.ones(1, 3, 4)), r"Expected hidden size \(1, 2, 4\), got"),
    (lambda s: s.library.nn.GRU(3, 4)(s.library.ones(5, 2, 3), s.library.ones(2, 4)), "hx should also be 3-D but got 2-D tensor"),
    (lambda s: s.library.nn.LSTM(3, 4)(s.library.ones(5, 3), (s.library.ones(1, 2, 4),) * 2), "hx and cx should also be 2-D but got"),
    (lambda s: s.library.nn.LSTM(3, 4)(s.library.ones(5, 2, 3), s.library.ones(1, 2, 4)), "hx"),
])
def test_errors(program: Any, match: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if match == "hx":
            with pytest.raises(IndexError, match=r"hx must be a pair \(h, c\)"):
                program(SIDES[0])
        else:
            same_error(program, match)


# ---------------------------------------------------------------- checks that subclasses override
@pytest.mark.parametrize("options", [{}, {"batch_first": True, "num_layers": 2, "bidirectional": True}])
def test_sizes_that_states_must_have(options: dict[str, Any]) -> None:
    for s in SIDES:
        net = s.library.nn.LSTM(3, 5, proj_size=2, **options)
        x = s.library.zeros(4, 7, 3)
        n, batch = (4, 4) if options else (1, 7)
        assert tuple(net.get_expected_hidden_size(x, None)) == (n, batch, 2)
        assert tuple(net.get_expected_cell_size(x, None)) == (n, batch, 5)
        assert tuple(net.get_expected_hidden_size(x[0], s.library.tensor([3, 2, 2]))) == (n, 3, 2)
        states = s.library.zeros(n, batch, 2), s.library.zeros(n, batch, 5)
        net.check_forward_args(x, states, None)
        h, c = net.permute_hidden(states, s.library.arange(batch - 1, -1, -1))
        assert (h.shape, c.shape) == (states[0].shape, states[1].shape)
        assert net.permute_hidden(states, None)[0] is states[0]
    for message, act in (
            (r"Expected hidden\[1\] size \(1, 7, 5\)", lambda net, z: net.check_forward_args(z(4, 7, 3), (z(1, 7, 2), z(1, 7, 2)), None)),
            ("input must have 2 dimensions, got 3", lambda net, z: net.check_input(z(4, 7, 3), z(2))),
            ("Expected 3, got 4", lambda net, z: net.check_input(z(4, 7, 4), None)),
            ("no: .1, 2, 3. of .2.", lambda net, z: net.check_hidden_size(z(2), (1, 2, 3), "no: {} of {}"))):
        same_error(lambda s, act=act: act(s.library.nn.LSTM(3, 5, proj_size=2), s.library.zeros), message)
