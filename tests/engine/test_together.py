"""Ops that make all gradients of a node in one visit: the same as by their rules, each handed out once."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.engine.call import make_call
from minigrad.engine.op import OPS, op

RNG = np.random.default_rng(0)
NORMS: dict[str, Callable[..., Any]] = {
    "batch": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "batch in eval": lambda x, w, b: F.batch_norm(x, mg.linspace(-1, 1, 6), mg.linspace(1, 2, 6), w, b),
    "group": lambda x, w, b: F.group_norm(x, 3, w, b),
    "instance": lambda x, w, b: F.instance_norm(x, None, None, w, b),
    "layer": lambda x, w, b: F.layer_norm(x.swapaxes(1, 2), (6,), w, b),
    "RMS": lambda x, w, b: F.rms_norm(x.swapaxes(1, 2), (6,), w) * b,
}


@pytest.fixture
def asked() -> Iterator[list[int]]:
    """An op that triples the first input and doubles the second. Counted: calls of the rule for x, of that for y, of both together."""
    counts = [0, 0, 0]

    def count(i: int, value: Any) -> Any:
        counts[i] += 1
        return value

    @op(x=lambda g, x_shape: count(0, 3 * g), y=lambda g: count(1, 2 * g), together=lambda g, x_shape: count(2, [3 * g, 2 * g]))
    def tripled_and_doubled(input: mg.Tensor, other: mg.Tensor) -> mg.Tensor:
        return 3 * input + 2 * other
    yield counts
    del OPS["tripled_and_doubled"]


def leaves(shape: tuple[int, ...], needs: tuple[bool, ...], dtype: Any = np.float32) -> list[Any]:
    rng = np.random.default_rng(1)
    return [mg.tensor((rng.normal(size=s) + 2).astype(dtype), requires_grad=n) for s, n in zip((shape, shape[1:2], shape[1:2]), needs)]


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("places", [3, 40])
def test_frozen_inputs_change_no_gradient(name: str, places: int) -> None:
    weights = None
    expected: list[Any] = []
    for needs in product((True, False), repeat=3):
        inputs = leaves((4, 6, places), needs)
        if not any(needs):
            continue
        y = NORMS[name](*inputs)
        weights = mg.tensor(RNG.normal(size=y.shape).astype("f4")) if weights is None else weights
        (y * weights).sum().backward()
        expected = expected or [t.grad.numpy() for t in inputs]
        for t, e, need in zip(inputs, expected, needs):
            assert (t.grad is not None) == need
            if need:
                np.testing.assert_allclose(t.grad.numpy(), e, rtol=1e-4, atol=1e-4 * abs(e).max())


@pytest.mark.parametrize("name", NORMS)
def test_with_and_without_a_graph_of_the_gradients(name: str) -> None:
    """Under create_graph the rules run, on tensors."""
    inputs = leaves((3, 6, 12), (True, True, True), np.float64 if name != "batch in eval" else np.float32)
    y = NORMS[name](*inputs)
    weights = mg.arange(y.numel(), dtype=y.dtype).reshape(y.shape) / y.numel()
    plain = mg.autograd.grad((y * weights).sum(), inputs, retain_graph=True)
    graph = mg.autograd.grad((y * weights).sum(), inputs, create_graph=True)
    for a, b in zip(plain, graph, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
    assert all(g.requires_grad for g in graph[:2])


def test_asked_once_where_every_input_needs_a_gradient(asked: list[int]) -> None:
    f = make_call(OPS["tripled_and_doubled"])
    x, y = (mg.ones(3, requires_grad=True) for _ in range(2))
    for _ in range(2):
        f(x, y).sum().backward()
    assert asked == [0, 0, 2]
    np.testing.assert_array_equal(x.grad.numpy(), 6)
    np.testing.assert_array_equal(y.grad.numpy(), 4)
    f(x, mg.ones(3)).sum().backward()
    f(mg.ones(3), y).sum().backward()
    assert asked == [1, 1, 2]
    out = f(x, y).sum()
    mg.autograd.grad(out, (x, y), create_graph=True)
    assert asked == [2, 2, 2]
    out.backward(retain_graph=True)
    out.backward()
    assert asked == [2, 2, 4]


def test_together_asks_for_what_rules_ask_for() -> None:
    with pytest.raises(TypeError, match="`together` asks for 'out', which no rule asks for"):
        @op(x=lambda g: g, together=lambda g, out: [g])
        def careless(input: mg.Tensor) -> mg.Tensor:
            return input
    assert "careless" not in OPS


def test_gradients_made_together_are_nobody_elses_memory() -> None:
    inputs = leaves((4, 6, 40), (True, True, True))
    y = F.group_norm(inputs[0], 2, *inputs[1:])
    y.sum().backward(retain_graph=True)
    first = [t.grad.numpy().copy() for t in inputs]
    y.sum().backward()
    for t, g in zip(inputs, first, strict=True):
        np.testing.assert_allclose(t.grad.numpy(), 2 * g, rtol=1e-6)
        assert t.grad.numpy().flags.c_contiguous
