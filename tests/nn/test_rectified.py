"""A convolution and the ReLU behind it in one pass: nobody can tell, but by the clock."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn, viz
from minigrad.engine.mode import local


def net(inplace: bool = False) -> nn.Sequential:
    minigrad.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace), nn.Conv2d(8, 4, 3), nn.ReLU(inplace), nn.MaxPool2d(2))
    model(minigrad.zeros(1, 3, 8, 8))                # its first call takes the long way
    return model


def one_by_one(model: nn.Sequential, x: minigrad.Tensor) -> minigrad.Tensor:
    for layer in model:
        x = layer(x)
    return x


def gradients(model: nn.Sequential, run: Any, x: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    model.zero_grad()
    t = minigrad.tensor(x, requires_grad=True)
    y = run(model, t)
    (y * y).sum().backward()
    return [y.detach().numpy(), t.grad.numpy(), *[p.grad.numpy().copy() for p in model.parameters()]]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 12, 12), (3, 12, 12)])
def test_values_and_gradients_are_the_same_bits(inplace: bool, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype("f4")
    together = gradients(net(inplace), lambda model, t: model(t), x)
    apart = gradients(net(inplace), one_by_one, x)
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_array_equal(a, b)
    assert local.mode.epilogue is None


def test_nan_stays_nan() -> None:
    x = np.ones((1, 3, 8, 8), "f4")
    x[0, 0, 4, 4] = np.nan
    assert np.isnan(nn.Sequential(*list(net())[:2])(minigrad.tensor(x)).detach().numpy()).any()


def test_the_picture_is_the_same() -> None:
    model, x = net(), minigrad.ones(1, 3, 8, 8)

    def picture(run: Any) -> str:
        return viz.draw_graph(run(model, x).sum()).source
    names = picture(lambda model, t: model(t))
    assert names.count("<b>relu</b>") == picture(one_by_one).count("<b>relu</b>") == 2


def test_hooks_see_what_lies_between() -> None:
    model, seen = net(), []
    handle = model[0].register_forward_hook(lambda module, args, out: seen.append(out.detach().numpy().min()))
    x = minigrad.tensor(np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype("f4"))
    model(x)
    assert seen[0] < 0
    handle.remove()
    handle = model[1].register_forward_pre_hook(lambda module, args: seen.append(args[0].detach().numpy().min()))
    model(x)
    assert seen[1] < 0
    handle.remove()


def test_an_error_in_the_convolution_leaves_nothing_behind() -> None:
    with pytest.raises(RuntimeError, match="channels"):
        net()(minigrad.ones(1, 2, 8, 8))
    assert local.mode.epilogue is None
    x = minigrad.tensor([-1.0, 1.0])
    assert minigrad.relu(x).tolist() == [0, 1]
