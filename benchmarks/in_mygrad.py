"""Workloads in MyGrad."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mygrad as mg
from mygrad.nnet import conv_nd, max_pool, relu, sigmoid, softmax_crossentropy

from . import given
from .family import Step, Workloads
from .models import RATE


def called(function: Callable[..., Any], inputs: given.Arrays) -> Step:
    there = [mg.tensor(x) for x in inputs]

    def step() -> Any:
        with mg.no_autodiff:
            return function(*there)
    return step


FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "x + y": (mg.add, 2),
    "x * y": (mg.multiply, 2),
    "exp": (mg.exp, 1),
    "log": (mg.log, 1),
    "tanh": (mg.tanh, 1),
    "sigmoid": (sigmoid, 1),
    "relu": (relu, 1),
    "x * sigmoid(x) + x": (lambda x: x * sigmoid(x) + x, 1),
    "sum": (mg.sum, 1),
    "sum of columns": (lambda x: mg.sum(x, 0), 1),
    "var of rows": (lambda x: mg.var(x, 1, ddof=1), 1),
}


def mlp(x: Any, *weights: Any) -> Any:
    (w1, b1), (w2, b2) = given.pairs(list(weights))
    return relu(x @ w1.T + b1) @ w2.T + b2


def train(weights: given.Arrays, x: Any, t: Any) -> Step:
    parameters = [mg.tensor(w) for w in weights]

    def step() -> Any:
        loss = softmax_crossentropy(mlp(x, *parameters), t)
        loss.backward()
        gradient = parameters[0].grad
        for p in parameters:
            p.data -= RATE * p.grad
            p.null_grad()
        return loss, gradient
    return step


def deep_convnet(x: Any, *weights: Any) -> Any:
    *convolutions, (w1, b1), (w2, b2) = given.pairs(list(weights))
    for i, ((w, b), p) in enumerate(zip(convolutions, given.PADDINGS, strict=True)):
        x = relu(conv_nd(x, w, stride=1, padding=p) + b.reshape(-1, 1, 1))
        if i % 2:
            x = max_pool(x, (2, 2), 2)
    return relu(x.reshape(len(x), -1) @ w1.T + b1) @ w2.T + b2


def workloads(family: str) -> Workloads:
    if family == "matmul":
        return given.products(lambda inputs: called(mg.matmul, inputs))
    if family == "elementwise":
        return given.elementwise(FUNCTIONS, called)
    if family == "models":
        return given.networks(train, lambda weights, x, t: called(mlp, [x, *weights]),
                              lambda weights, x, t: called(deep_convnet, [x, *weights]))
    return {}
