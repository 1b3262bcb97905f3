"""Whole programs on arrays that refuse NumPy, with the GPU's kernels run on the CPU."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.engine.node import wrap
from minigrad.nn import functional as F
from tests.kernels.gpu import host
from tests.strict_arrays import StrictArray
from tests.strict_arrays import host as on_host_array

pytestmark = pytest.mark.usefixtures("on_host")


def moved(module: nn.Module) -> nn.Module:
    """The module on the device."""
    return module._apply(lambda t: wrap(StrictArray(t.array.copy())))


def convnet() -> nn.Module:
    mg.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=4),
                         nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 10))


def transformer() -> nn.Module:
    mg.manual_seed(0)
    return nn.Sequential(nn.Embedding(10, 8), nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True),
                         nn.LayerNorm(8), nn.Flatten(), nn.Linear(8 * 6, 10))


def train(model: nn.Module, x: Any, t: Any, make: Callable[..., optim.Optimizer]) -> list[float]:
    optimizer, losses = make(model.parameters()), []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


IMAGES = np.random.default_rng(0).standard_normal((6, 1, 8, 8)).astype("f")
WORDS = np.random.default_rng(0).integers(0, 10, (6, 6))
LABELS = np.arange(6)


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, 1e-2), lambda p: optim.AdamW(p, 1e-2),
                                  lambda p: optim.RMSprop(p, 1e-2)], ids=["SGD", "Adam", "AdamW", "RMSprop"])
@pytest.mark.parametrize(("build", "data"), [(convnet, IMAGES), (transformer, WORDS)], ids=["convnet", "transformer"])
def test_training_on_a_device_is_training_on_the_cpu(build: Callable[[], nn.Module], data: Any, make: Any) -> None:
    expected = train(build(), mg.tensor(data), mg.tensor(LABELS), make)
    model = moved(build())
    found = train(model, wrap(StrictArray(data)), wrap(StrictArray(LABELS)), make)
    np.testing.assert_allclose(found, expected, rtol=2e-4)
    assert found[2] < found[0]
    assert all(type(p.array) is StrictArray and type(p.grad.array) is StrictArray for p in model.parameters())


def test_a_step_of_adam_is_one_launch(compiler: host.Host) -> None:
    model = moved(convnet())
    optimizer = optim.Adam(model.parameters())
    F.cross_entropy(model(wrap(StrictArray(IMAGES))), wrap(StrictArray(LABELS))).backward()
    optimizer.step()
    before = compiler.launches
    optimizer.step()
    assert compiler.launches - before == 1


def test_dropout_counts_out_its_masks_on_the_device() -> None:
    x = wrap(StrictArray(np.ones((50, 40), "f")))
    state = mg.get_rng_state()
    mg.cuda.manual_seed(3)
    first, second = F.dropout(x, 0.25), F.dropout(x, 0.25)
    assert (mg.get_rng_state() == state).all()       # the host's stream is not touched
    mg.cuda.manual_seed(3)
    again = F.dropout(x, 0.25)
    a, b, c = (on_host_array(t.array) for t in (first, second, again))
    np.testing.assert_array_equal(a, c)
    assert (a != b).any()
    assert set(np.unique(a)) == {0, np.float32(1 / 0.75)}
    assert abs((a == 0).mean() - 0.25) < 0.05


def test_manual_seed_seeds_devices_too() -> None:
    x = wrap(StrictArray(np.ones(1000, "f")))
    mg.manual_seed(5)
    with mg.random.fork_rng():
        first = on_host_array(F.dropout(x).array)
    np.testing.assert_array_equal(on_host_array(F.dropout(x).array), first)
