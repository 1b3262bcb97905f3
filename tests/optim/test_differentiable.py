"""differentiable=True: steps that the graph records, and a learning rate that is learned through steps.

PyTorch is the oracle of one step. Over several its momentum begins outside the graph, and most optimizers write over what they need.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import optim

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
P, GRADIENTS, ROOT = rng.standard_normal((3, 4)), rng.standard_normal((3, 3, 4)), rng.standard_normal((3, 4))

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}), ("SGD", {"momentum": 0.9, "weight_decay": 0.1}), ("SGD", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {}), ("Adam", {"amsgrad": True, "weight_decay": 0.1}), ("AdamW", {"weight_decay": 0.3}), ("Adam", {"maximize": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True, "weight_decay": 0.1}), ("RMSprop", {}),
    ("Adagrad", {"initial_accumulator_value": 0.1, "lr_decay": 0.1, "weight_decay": 0.1}), ("Adadelta", {"weight_decay": 0.1}),
    ("Adamax", {"weight_decay": 0.1}), ("NAdam", {"weight_decay": 0.1}), ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"weight_decay": 0.1}), ("RAdam", {"betas": (0.5, 0.6), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("ASGD", {"t0": 1, "weight_decay": 0.1}), ("Rprop", {}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options in CASES]


def stepped(library: Any, name: str, options: dict[str, Any], first: Any, *gradients: Any) -> Any:
    """The parameter after a step along each gradient."""
    p = first.clone()
    optimizer = getattr(library.optim, name)([p], **{"lr": 0.1, **options}, differentiable=True)
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
    return p


@pytest.mark.parametrize(("name", "options"), [c for c in CASES if "momentum" not in c[1] and "amsgrad" not in c[1]])
def test_a_step_has_pytorchs_gradients(name: str, options: dict[str, Any]) -> None:
    found = []
    for library in (minigrad, torch):
        leaves = [library.tensor(x, requires_grad=True) for x in (P, GRADIENTS[0])]
        p = stepped(library, name, options, *leaves)
        grads = library.autograd.grad((p ** 2 * library.tensor(ROOT)).sum(), leaves, allow_unused=True)
        found.append([x.detach().numpy() for x in (p, *grads) if x is not None and x.any()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, 2e-5, 5e-6)     # PyTorch counts steps, and corrects for them, in float32


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_gradients_of_three_steps(name: str, options: dict[str, Any], dtype: str) -> None:
    """Against central differences, for the first value and for all three gradients."""
    kind = getattr(minigrad, dtype)
    leaves = [minigrad.tensor(x, dtype=kind) * (1 + 0.5j if kind.is_complex else 1) for x in (P, *GRADIENTS)]
    for leaf in leaves:
        leaf.requires_grad_()
    assert minigrad.autograd.gradcheck(lambda *given: stepped(minigrad, name, options, *given), leaves, atol=2e-5)


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_the_same_steps_as_without(name: str, options: dict[str, Any]) -> None:
    q = minigrad.nn.Parameter(minigrad.tensor(P))
    optimizer = getattr(optim, name)([q], **{"lr": 0.1, **options})
    for g in GRADIENTS:
        q.grad = minigrad.tensor(g)
        optimizer.step()
    p = stepped(minigrad, name, options, minigrad.tensor(P), *map(minigrad.tensor, GRADIENTS))
    np.testing.assert_allclose(p.numpy(), q.detach().numpy(), 1e-12)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"weight_decay": 0.1}), ("SGD", {"momentum": 0.9}), ("Adam", {}), ("AdamW", {}),
                                               ("RMSprop", {}), ("Adagrad", {}), ("Adamax", {}), ("NAdam", {}), ("RAdam", {})])
def test_the_gradient_of_the_learning_rate(name: str, options: dict[str, Any]) -> None:
    """Against central differences: PyTorch turns the rate into a number in most of its optimizers."""
    def loss(lr: Any) -> Any:
        p = minigrad.tensor(P).clone()
        optimizer = getattr(optim, name)([p], lr=lr, **options, differentiable=True)
        for g in GRADIENTS:
            p.grad = minigrad.tensor(g)
            optimizer.step()
        return (p ** 2).sum()
    lr = minigrad.tensor(0.05, dtype=minigrad.float64, requires_grad=True)
    loss(lr).backward()
    with minigrad.no_grad():
        expected = (loss(lr + 1e-6) - loss(lr - 1e-6)).item() / 2e-6
    assert lr.grad.item() == pytest.approx(expected, rel=1e-5)


def test_learning_to_learn() -> None:
    """A learning rate is learned through inner steps whose gradients are computed from the stepped parameters themselves."""
    target = minigrad.tensor(P)
    log_rate = minigrad.tensor(-6.0, dtype=minigrad.float64, requires_grad=True)
    outer = optim.Adam([log_rate], lr=0.3)
    losses = []
    for _ in range(40):
        w = minigrad.zeros(3, 4, dtype=minigrad.float64, requires_grad=True).clone()
        inner = optim.Adam([w], lr=log_rate.exp(), differentiable=True)
        for _ in range(4):
            w.grad, = minigrad.autograd.grad(((w - target) ** 2).sum(), w, create_graph=True)
            inner.step()
        outer.zero_grad()
        loss = ((w - target) ** 2).sum()
        loss.backward()
        outer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    assert log_rate.item() > -3


def test_a_leaf_that_requires_grad_is_refused() -> None:
    p = minigrad.nn.Parameter(minigrad.ones(3))
    p.grad = minigrad.ones(3)
    with pytest.raises(RuntimeError, match=r"differentiable=True .* leaf that requires grad cannot be; got .*; optimize a copy"):
        optim.Adam([p], differentiable=True).step()
    theirs = torch.nn.Parameter(torch.ones(3))
    theirs.grad = torch.ones(3)
    with pytest.raises(RuntimeError):
        torch.optim.Adam([theirs], differentiable=True).step()
    with pytest.raises(RuntimeError, match="`fused` does not support `differentiable`"):
        optim.Adam([p], differentiable=True, fused=True)


def test_half_precision_and_old_values() -> None:
    p = minigrad.tensor(P, dtype=minigrad.float16, requires_grad=True).clone()
    before = p * 1
    loss = (p * p).sum()                             # keeps the old values of p, which the step leaves alone
    p.grad = minigrad.ones(3, 4, dtype=minigrad.float16)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.9, differentiable=True)
    optimizer.step()
    assert p.dtype == minigrad.float16
    assert p.requires_grad
    np.testing.assert_allclose(p.detach().numpy(), before.detach().numpy() - 0.5, 1e-3)
    loss.backward()
    assert optimizer.state[p]["momentum_buffer"].dtype == minigrad.float16
