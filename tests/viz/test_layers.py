"""`summary`: right totals, also where parameters are shared or frozen, and memory as the allocator sees it."""
from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, rng
from minigrad.engine.mode import local
from minigrad.viz import summary


class Tied(nn.Module):
    """An embedding whose table is also the last layer's weight, a frozen body that runs twice, a layer that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(10, 4)
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).requires_grad_(False)
        self.out = nn.Linear(4, 10)
        self.out.weight = self.emb.weight
        self.unused = nn.Linear(2, 2)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return self.out(self.body(self.body(self.emb(x)))).exp()


def test_totals_of_shared_and_frozen_parameters() -> None:
    found = summary(Tied(), mg.arange(7))
    rows = {layer.path: layer for layer in found.layers}
    assert (found.total_params, found.trainable_params, found.frozen_params) == (40 + 20 + 10 + 6, 40 + 10 + 6, 20)
    assert found.parameter_bytes == 4 * 76
    assert (rows["emb"].params, rows["out"].params, rows["out"].shared) == (40, 10, 40)
    assert (rows["body.0"].calls, rows["body.0"].macs, rows["out"].macs) == (2, 2 * 7 * 16, 7 * 40)
    assert found.total_macs == 2 * 7 * 16 + 7 * 40
    assert rows[""].shape == "(7, 10)"
    assert rows["unused"].calls == 0
    text = str(found)
    assert "out: Linear" in text
    assert "10 (+40 shared)" in text
    assert "20 (frozen)" in text
    assert "not called" in text
    assert "parameters   76: 56 trainable, 20 frozen; 304 B" in text


@pytest.mark.parametrize("model", [
    lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.Sigmoid(),
                          nn.Flatten(), nn.Linear(8 * 14 * 14, 10), nn.Dropout(0.5)),
    lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 30 * 30, 16), nn.LayerNorm(16), nn.GELU(),
                          nn.Softmax(1)),
])
def test_what_is_kept_is_what_the_allocator_sees(model: Any) -> None:
    net, x = model(), mg.ones(64, 3, 32, 32)
    expected = summary(net, x).kept_bytes
    gc.collect()
    tracemalloc.start()
    try:
        y = net(x).sum()
        held = tracemalloc.get_traced_memory()[0]
        y.backward()
    finally:
        tracemalloc.stop()
    assert expected == pytest.approx(held, rel=0.02)


def test_activations_are_the_results_that_are_no_views() -> None:
    found = summary(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Unflatten(1, (2, 2)), nn.Flatten()), (5, 3))
    assert [layer.activations for layer in found.layers] == [0, 80, 80, 0, 0]
    assert found.activation_bytes == 160


def test_nothing_is_changed() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    before, stream = {k: v.clone() for k, v in net.state_dict().items()}, rng.default_generator.state_array()
    summary(net, mg.randn(4, 3, generator=mg.Generator().manual_seed(1)))
    assert all((before[k] == v).all() for k, v in net.state_dict().items())
    assert (stream == rng.default_generator.state_array()).all()
    assert not any(module._forward_hooks for module in net.modules())
    assert local.mode.watch is None
    assert all(p.grad is None for p in net.parameters())


def test_inputs_in_every_form() -> None:
    class Two(nn.Module):
        def forward(self, a: mg.Tensor, b: mg.Tensor) -> mg.Tensor:
            return a @ b
    for given in ([(2, 3), (3, 4)], ((2, 3), [3, 4]), (mg.zeros(2, 3), mg.zeros(3, 4)), {"a": (2, 3), "b": mg.zeros(3, 4)}):
        found = summary(Two(), given)
        assert found.input == "float32 (2, 3), float32 (3, 4)"
        assert found.total_macs == 24
    assert summary(nn.Embedding(5, 2), (3,), dtype=mg.int64).layers[0].shape == "(3, 2)"
    with mg.no_grad():                               # recording all the same
        assert summary(nn.ReLU(), mg.ones(2, requires_grad=True)).kept_bytes == 8


def test_errors_are_the_models_own() -> None:
    net = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(RuntimeError, match="linear") as info:
        summary(net, (2, 5))
    assert any("minigrad: in 0 (Linear)" in note for note in info.value.__notes__)
    assert not net[0]._forward_hooks
    with pytest.raises(TypeError, match=r"summary: model must be an nn\.Module; got function"):
        summary(lambda x: x, (1,))                   # type: ignore[arg-type]


def test_lazy_layers_count_once_they_know() -> None:
    assert summary(nn.Sequential(nn.LazyLinear(4)), (2, 3)).total_params == 16


def test_recurrent_layers() -> None:
    found = summary(nn.LSTMCell(3, 4), (2, 3))
    assert found.total_macs == 2 * 16 * 7
    assert found.layers[0].shape == "(2, 4), (2, 4)"
    assert np.isclose(found.total_params, 16 * 7 + 32)
