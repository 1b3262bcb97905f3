"""Workloads in JAX, compiled with `jax.jit`."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from . import given
from .family import Step, Workloads
from .models import RATE


def called(function: Callable[..., Any], inputs: given.Arrays) -> Step:
    compiled, there = jax.jit(function), [jnp.asarray(x) for x in inputs]
    return lambda: jax.block_until_ready(compiled(*there))


FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "x + y": (jnp.add, 2),
    "x * y": (jnp.multiply, 2),
    "exp": (jnp.exp, 1),
    "log": (jnp.log, 1),
    "tanh": (jnp.tanh, 1),
    "sigmoid": (jax.nn.sigmoid, 1),
    "relu": (jax.nn.relu, 1),
    "gelu": (lambda x: jax.nn.gelu(x, approximate=False), 1),
    "x * sigmoid(x) + x": (lambda x: x * jax.nn.sigmoid(x) + x, 1),
    "sum": (jnp.sum, 1),
    "sum of columns": (lambda x: x.sum(0), 1),
    "var of rows": (lambda x: x.var(1, ddof=1), 1),
}


def mlp(weights: given.Arrays, x: Any) -> Any:
    (w1, b1), (w2, b2) = given.pairs(weights)
    return jax.nn.relu(x @ w1.T + b1) @ w2.T + b2


def train(weights: given.Arrays, x: Any, t: Any) -> Step:
    @jax.jit
    def update(weights: given.Arrays, x: Any, t: Any) -> Any:
        def loss(weights: given.Arrays) -> Any:
            return -jnp.take_along_axis(jax.nn.log_softmax(mlp(weights, x)), t[:, None], 1).mean()
        value, gradients = jax.value_and_grad(loss)(weights)
        return value, gradients[0], [w - RATE * g for w, g in zip(weights, gradients, strict=True)]
    now, x, t = [jnp.asarray(w) for w in weights], jnp.asarray(x), jnp.asarray(t)

    def step() -> Any:
        nonlocal now
        value, gradient, now = jax.block_until_ready(update(now, x, t))
        return value, gradient
    return step


def deep_convnet(weights: given.Arrays, x: Any) -> Any:
    *convolutions, (w1, b1), (w2, b2) = given.pairs(weights)
    for i, ((w, b), p) in enumerate(zip(convolutions, given.PADDINGS, strict=True)):
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, w, (1, 1), [(p, p), (p, p)]) + b[:, None, None])
        if i % 2:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return jax.nn.relu(x.reshape(len(x), -1) @ w1.T + b1) @ w2.T + b2


def workloads(family: str) -> Workloads:
    if family == "matmul":
        return given.products(lambda inputs: called(jnp.matmul, inputs))
    if family == "elementwise":
        return given.elementwise(FUNCTIONS, called)
    if family == "models":
        return given.networks(train, lambda weights, x, t: called(lambda x, *w: mlp(list(w), x), [x, *weights]),
                              lambda weights, x, t: called(lambda x, *w: deep_convnet(list(w), x), [x, *weights]))
    return {}
