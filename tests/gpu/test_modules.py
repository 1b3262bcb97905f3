"""Layers on a GPU against the same layers on the CPU: results and gradients."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

IMAGE, SIGNAL, VECTORS, WORDS, STEPS = (2, 4, 9, 8), (2, 4, 10), (5, 12), (3, 6), (7, 2, 12)
LAYERS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Conv1d(4, 6, 3, padding=1), SIGNAL), (lambda: nn.Conv2d(4, 6, 3, 2, 1, 2, 2, padding_mode="reflect"), IMAGE),
    (lambda: nn.Conv3d(4, 2, 2), (2, 4, 3, 5, 4)), (lambda: nn.ConvTranspose2d(4, 3, 3, 2, 1, 1), IMAGE),
    (lambda: nn.ConvTranspose1d(4, 3, 2), SIGNAL), (lambda: nn.Conv2d(4, 8, 3, groups=4), IMAGE), (lambda: nn.MaxPool1d(2), SIGNAL),
    (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), IMAGE), (lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), IMAGE),
    (lambda: nn.LPPool2d(2, 2), IMAGE), (lambda: nn.AdaptiveAvgPool2d(3), IMAGE), (lambda: nn.AdaptiveMaxPool2d(3), IMAGE),
    (lambda: nn.BatchNorm2d(4), IMAGE), (lambda: nn.GroupNorm(2, 4), IMAGE), (lambda: nn.InstanceNorm2d(4, affine=True), IMAGE),
    (lambda: nn.LayerNorm(12), VECTORS), (lambda: nn.RMSNorm(12), VECTORS), (lambda: nn.LocalResponseNorm(2), IMAGE),
    (lambda: nn.Linear(12, 5), VECTORS), (lambda: nn.LSTM(12, 6, 2, bidirectional=True), STEPS), (lambda: nn.GRU(12, 6), STEPS),
    (lambda: nn.RNN(12, 6), STEPS), (lambda: nn.TransformerEncoderLayer(12, 3, 16, 0.0), STEPS),
    (lambda: nn.Embedding(10, 4), WORDS), (lambda: nn.EmbeddingBag(10, 4), WORDS),
    (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE), (lambda: nn.Upsample((80, 90), mode="bicubic"), IMAGE),
    (lambda: nn.PixelShuffle(2), IMAGE), (lambda: nn.Unfold(3), IMAGE), (lambda: nn.ReflectionPad2d(2), IMAGE),
    *[(kind, VECTORS) for kind in (nn.ReLU, nn.GELU, nn.SiLU, nn.Mish, nn.ELU, nn.SELU, nn.Softplus, nn.Tanh, nn.Sigmoid,
                                   lambda: nn.LogSoftmax(1),
                                   nn.Hardswish, nn.LeakyReLU, nn.PReLU, nn.Softsign, nn.LogSigmoid)],
]


NAMES = [f"{i} {type(build()).__name__}" for i, (build, _) in enumerate(LAYERS)]


def first(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


@pytest.mark.parametrize(("build", "shape"), LAYERS, ids=NAMES)
def test_layer(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    check_layer(build, shape)


def check_layer(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    """Results, gradients and buffers of a layer on the device are those on the CPU, and none leaves the device."""
    mg.manual_seed(0)
    here, results = build(), []
    state = here.state_dict()
    x = mg.randint(10, shape) if shape is WORDS else mg.randn(shape)
    for device in ("cpu", "cuda"):
        layer = build().to(device)
        layer.load_state_dict(state)
        given = x.detach().to(device)
        if shape is not WORDS:
            given.requires_grad_()
        out = first(layer(given))
        (out * out.detach().cos()).sum().backward()
        tensors = [out, *([given.grad] if shape is not WORDS else []), *[p.grad for p in layer.parameters()], *layer.buffers()]
        assert all(t.device.type == device for t in tensors)
        results.append([t.detach().cpu().numpy() for t in tensors])
    for found, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)
