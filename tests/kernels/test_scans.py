"""Recurrent layers: the compiled scans against the array forms, and products by panels."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.backend import NUMPY
from minigrad.kernels import cpu
from minigrad.kernels.cpu import threads
from minigrad.nn.utils.rnn import pack_padded_sequence

from .both import compiled

pytestmark = compiled

NAMES = "lstm_scan", "lstm_scan_input", "gru_scan", "gru_scan_input", "rnn_scan", "rnn_scan_input"


def outcome(kind: str, dtype: Any, batch: int, hidden: int, lengths: Any, options: dict[str, Any]) -> list[np.ndarray]:
    """Outputs, last states and all gradients of a layer."""
    rng = np.random.default_rng(batch * hidden)
    layer = getattr(nn, kind)(5, hidden, dtype=dtype, **options)
    for p in layer.parameters():
        p.data = minigrad.tensor(rng.normal(size=p.shape) / 3).to(dtype)
    x = minigrad.tensor(rng.normal(size=(max(lengths), batch, 5))).to(dtype).requires_grad_()
    rows = layer.num_layers * (2 if layer.bidirectional else 1)
    sizes = [layer.proj_size or hidden, hidden][:2 if kind == "LSTM" else 1]
    states = [minigrad.tensor(rng.normal(size=(rows, batch, n))).to(dtype).requires_grad_() for n in sizes]
    given = pack_padded_sequence(x, minigrad.tensor(lengths), enforce_sorted=False) if len(set(lengths)) > 1 else x
    y, last = layer(given, tuple(states) if kind == "LSTM" else states[0])
    outs = [y if given is x else y.data, *(last if kind == "LSTM" else [last])]
    loss = sum((out * minigrad.tensor(rng.normal(size=out.shape)).to(dtype)).sum() for out in outs)
    loss.backward()
    return [t.detach().numpy() for t in outs] + [t.grad.numpy() for t in (x, *states, *layer.parameters())]


@pytest.mark.parametrize(("kind", "options"), [
    ("LSTM", {}), ("LSTM", {"bias": False, "bidirectional": True}), ("LSTM", {"proj_size": 3, "num_layers": 2, "bidirectional": True}),
    ("GRU", {}), ("GRU", {"bias": False, "bidirectional": True, "num_layers": 2}), ("RNN", {"bidirectional": True}),
    ("RNN", {"nonlinearity": "relu", "bias": False})])
@pytest.mark.parametrize(("batch", "hidden", "lengths"), [
    (1, 9, [4]), (2, 8, [3, 1]), (7, 19, [5] * 7), (11, 24, [6, 6, 6, 5, 5, 5, 5, 2, 1, 1, 1]), (37, 13, [3] * 37)])
def test_scans_as_on_arrays(kind: str, options: dict[str, Any], batch: int, hidden: int, lengths: Any,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    calls = set()

    def spied(name: str, kernel: Any) -> Any:
        return lambda *args: calls.add(name) or kernel(*args)

    for name in NAMES:
        monkeypatch.setattr(NUMPY.kernels, name, spied(name, getattr(cpu, name)))
    got = outcome(kind, minigrad.float32, batch, hidden, lengths, options)
    assert calls == {f"{kind.lower()}_scan", f"{kind.lower()}_scan_input"}
    for a, b in zip(got, outcome(kind, minigrad.float64, batch, hidden, lengths, options), strict=True):     # scans are for float32
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=3e-5, atol=3e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_without_a_way_back_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    layer, x = getattr(nn, kind)(6, 20), minigrad.randn(7, 5, 6)
    with minigrad.no_grad():
        quiet = layer(x)[0]
    assert minigrad.equal(quiet, layer(x)[0])


def test_input_is_left_alone_and_nan_stays_in_its_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        layer, x = kind(6, 20), minigrad.randn(7, 5, 6)
        x[3, 2] = float("nan")
        before = x.clone()
        y = layer(x)[0]
        np.testing.assert_array_equal(x.numpy(), before.numpy())
        bad = y.isnan().any(-1)
        assert bad[3:, 2].all()
        assert int(bad.sum()) == 4


def test_second_gradients_of_a_compiled_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    found = []
    for dtype in (minigrad.float32, minigrad.float64):
        minigrad.manual_seed(0)
        layer, x = nn.LSTM(4, 8, dtype=dtype), minigrad.linspace(-1, 1, 5 * 3 * 4, dtype=dtype).reshape(5, 3, 4).requires_grad_()
        for i, p in enumerate(layer.parameters()):
            p.data = minigrad.linspace(-0.5, 0.5 + 0.1 * i, p.numel(), dtype=dtype).reshape(p.shape)
        g, = minigrad.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
        found.append(minigrad.autograd.grad(g.square().sum(), [x, *layer.parameters()]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("rows", "terms", "columns"), [(1, 5, 3), (3, 40, 130), (4, 300, 8), (6, 7, 100), (64, 600, 41), (9, 256, 33)])
@pytest.mark.parametrize("turned", [False, True])
def test_products_by_panels(rows: int, terms: int, columns: int, turned: bool) -> None:
    from minigrad.kernels.cpu.panels import add_product, panels
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, terms + 2)).astype(np.float32)
    w = rng.normal(size=(columns, terms)).astype(np.float32).T if turned else rng.normal(size=(terms, columns)).astype(np.float32)
    packed, wide, line = panels(w, rows)
    out = np.ones((rows, line), np.float32)
    add_product(out.reshape(-1), line, x.reshape(-1), 1, terms + 2, 1, rows, packed, wide, line, terms)
    np.testing.assert_allclose(out[:, :columns], 1 + x[:, 1:-1] @ w, rtol=1e-4, atol=1e-4)
    assert (out[:, columns:] == 1).all()
    out[:] = 1
    add_product(out.reshape(-1), line, x.T.copy().reshape(-1), rows, 1, rows, rows, packed, wide, line, terms)       # x in columns
    np.testing.assert_allclose(out[:, :columns], 1 + x[:, 1:-1] @ w, rtol=1e-4, atol=1e-4)
