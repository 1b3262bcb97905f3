"""Workloads in tinygrad, compiled with `TinyJit`. Its CPU device needs clang."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad import Device, Tensor, TinyJit

from . import given
from .family import Step, Workloads
from .models import RATE


def called(function: Callable[..., Any], inputs: given.Arrays) -> Step:
    there = [Tensor(x).realize() for x in inputs]
    compiled = TinyJit(lambda: function(*there).realize())

    def step() -> Any:
        y = compiled()
        Device[Device.DEFAULT].synchronize()
        return y
    return warm(step)


def warm(step: Step) -> Step:
    """The second call of a `TinyJit` records, the third replays."""
    for _ in range(2):
        step()
    return step


FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "x + y": (lambda x, y: x + y, 2),
    "x * y": (lambda x, y: x * y, 2),
    "exp": (Tensor.exp, 1),
    "log": (Tensor.log, 1),
    "tanh": (Tensor.tanh, 1),
    "sigmoid": (Tensor.sigmoid, 1),
    "relu": (Tensor.relu, 1),
    "x * sigmoid(x) + x": (lambda x: x * x.sigmoid() + x, 1),
    "sum": (Tensor.sum, 1),
    "sum of columns": (lambda x: x.sum(0), 1),
    "var of rows": (lambda x: x.var(1), 1),
}


def mlp(x: Any, *weights: Any) -> Any:
    (w1, b1), (w2, b2) = given.pairs(list(weights))
    return x.linear(w1.T, b1).relu().linear(w2.T, b2)


def train(weights: given.Arrays, x: Any, t: Any) -> Step:
    parameters = [Tensor(w).realize() for w in weights]
    images, labels = Tensor(x).realize(), Tensor(t).realize()

    @TinyJit
    def update() -> Any:
        loss = mlp(images, *parameters).sparse_categorical_crossentropy(labels)
        gradients = loss.gradient(*parameters)
        for p, g in zip(parameters, gradients, strict=True):
            p.assign(p - RATE * g)
        return loss.realize(gradients[0], *parameters), gradients[0]

    def step() -> Any:
        values = update()
        Device[Device.DEFAULT].synchronize()
        return values
    return step


def deep_convnet(x: Any, *weights: Any) -> Any:
    *convolutions, (w1, b1), (w2, b2) = given.pairs(list(weights))
    for i, ((w, b), p) in enumerate(zip(convolutions, given.PADDINGS, strict=True)):
        x = x.conv2d(w, b, padding=p).relu()
        if i % 2:
            x = x.max_pool2d(2)
    return x.flatten(1).linear(w1.T, b1).relu().linear(w2.T, b2)


def workloads(family: str) -> Workloads:
    if family == "matmul":
        return given.products(lambda inputs: called(Tensor.matmul, inputs))
    if family == "elementwise":
        return given.elementwise(FUNCTIONS, called)
    if family == "models":
        return given.networks(train, lambda weights, x, t: called(mlp, [x, *weights]),
                              lambda weights, x, t: called(deep_convnet, [x, *weights]))
    return {}
