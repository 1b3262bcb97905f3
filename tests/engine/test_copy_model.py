"""Views and writes against a model that has neither: memory is a value, a view is a list of positions in it.

In the model a read takes positions from the value, and a write makes a new value, both by ordinary ops; so its gradients are those of a
program without views and in-place ops.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.errors import InplaceError

# Both on a tensor and on the array of positions.
VIEWS: dict[str, tuple[Callable[[Any], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "x[0]": (lambda t: t[0], lambda at: at[0]),
    "x[1:]": (lambda t: t[1:], lambda at: at[1:]),
    "x[..., -1]": (lambda t: t[..., -1], lambda at: at[..., -1]),
    "x[..., ::2]": (lambda t: t[..., ::2], lambda at: at[..., ::2]),
    "x[None]": (lambda t: t[None], lambda at: at[None]),
    "transpose": (lambda t: t.transpose(0, -1), lambda at: at.swapaxes(0, -1)),
    "permute": (lambda t: t.permute(tuple(range(t.ndim))[::-1]), lambda at: at.transpose()),
    "narrow": (lambda t: t.narrow(-1, 0, 1), lambda at: at[..., :1]),
    "select": (lambda t: t.select(-1, 0), lambda at: at[..., 0]),
    "diagonal": (lambda t: t.diagonal(0, 0, -1), lambda at: np.diagonal(at, 0, 0, -1)),
    "movedim": (lambda t: t.movedim(0, -1), lambda at: np.moveaxis(at, 0, -1)),
    "unfold": (lambda t: t.unfold(0, 2, 2), lambda at: np.lib.stride_tricks.sliding_window_view(at, 2, 0)[::2]),
    "view": (lambda t: t.view(-1), lambda at: at.reshape(-1)),
    "squeeze": (lambda t: t.squeeze(), lambda at: at.squeeze()),
}
# What a write makes of the old values; y is a vector that takes a gradient. None of their rules needs what is overwritten.
WRITES: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "add_": (lambda t, y: t.add_(y.sum()), lambda v, y: v + y.sum()),
    "sub_ alpha": (lambda t, y: t.sub_(y[0], alpha=2), lambda v, y: v - y[0] * 2),
    "mul_": (lambda t, y: t.mul_(-1.5), lambda v, y: v * -1.5),
    "neg_": (lambda t, y: t.neg_(), lambda v, y: -v),
    "fill_": (lambda t, y: t.fill_(0.75), lambda v, y: v * 0 + 0.75),
    "zero_": (lambda t, y: t.zero_(), lambda v, y: v * 0),
    "copy_": (lambda t, y: t.copy_(y[1]), lambda v, y: v * 0 + y[1]),
    "[...] =": (lambda t, y: t.__setitem__(..., y.sum() * 2), lambda v, y: v * 0 + y.sum() * 2),
    "div_": (lambda t, y: t.div_(4), lambda v, y: v / 4),
    "iadd": (lambda t, y: t.__iadd__(y[2]), lambda v, y: v + y[2]),
}
STEPS = st.lists(st.tuples(st.sampled_from(["view", "view", "write", "write", "read", "new"]), st.integers(0, 9),
                           st.integers(0, 99)), min_size=1, max_size=14)


def choose(table: dict[str, Any], i: int) -> Any:
    return list(table.values())[i % len(table)]


class Memory:
    """A value that views of the model share."""

    def __init__(self, value: Any) -> None:
        self.value = value                           # a vector

    def read(self, at: np.ndarray) -> Any:
        return self.value[mg.tensor(at.reshape(-1))].reshape(at.shape)

    def write(self, at: np.ndarray, new: Any) -> None:
        self.value = mg.index_put(self.value, (mg.tensor(at.reshape(-1)),), new.reshape(-1))


@settings(max_examples=150)
@given(STEPS)
def test_as_without_views(steps: list[tuple[str, int, int]]) -> None:
    start, vector = np.linspace(0.1, 1.2, 12).reshape(3, 4), np.array([0.3, -0.2, 0.7])
    x, y = mg.tensor(start).requires_grad_(), mg.tensor(vector).requires_grad_()
    mx, my = mg.tensor(start).requires_grad_(), mg.tensor(vector).requires_grad_()
    tensors = [x * 1.0]
    model = [(Memory((mx * 1.0).reshape(-1)), np.arange(12).reshape(3, 4))]
    total, expected = x.sum() * 0, mx.sum() * 0
    for kind, which, how in steps:
        i = which % len(tensors)
        t, (memory, at) = tensors[i], model[i]
        if kind == "view":
            ours, theirs = choose(VIEWS, how)
            try:
                positions = theirs(at)
            except (IndexError, ValueError):         # too few dimensions or elements for this view
                continue
            try:
                tensors.append(ours(t))
            except RuntimeError:
                if list(VIEWS)[how % len(VIEWS)] not in ("view", "unfold"):
                    raise
                continue                             # view(-1) of memory in another order; unfold of too little
            model.append((memory, positions))
        elif kind == "write":
            ours, theirs = choose(WRITES, how)
            ours(t, y)
            memory.write(at, theirs(memory.read(at), my))
        elif kind == "new":
            tensors.append(t * 2.0)
            model.append((Memory((memory.read(at) * 2.0).reshape(-1)), np.arange(at.size).reshape(at.shape)))
        else:
            weights = mg.tensor(np.cos(np.arange(at.size)).reshape(at.shape))
            total, expected = total + (t * weights).sum(), expected + (memory.read(at) * weights).sum()
    for k, (t, (memory, at)) in enumerate(zip(tensors, model, strict=True)):
        np.testing.assert_allclose(t.detach().numpy(), memory.read(at).detach().numpy(), rtol=1e-12)
        total, expected = total + t.sum() * (k + 1), expected + memory.read(at).sum() * (k + 1)
    ours, theirs = mg.autograd.grad(total, (x, y), allow_unused=True), mg.autograd.grad(expected, (mx, my), allow_unused=True)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(0 if a is None else a.numpy(), 0 if b is None else b.numpy(), rtol=1e-9, atol=1e-12)


# Their rules need the old value or the result: a later write makes it stale, and the backward pass must say so, or be right.
NEEDY: dict[str, Callable[[Any], Any]] = {"exp": lambda t: t.exp(), "square": lambda t: t * t, "sqrt": lambda t: t.sqrt(),
                                          "sigmoid": lambda t: t.sigmoid(), "reciprocal": lambda t: t.reciprocal()}


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["view", "write", "keep", "keep"]), st.integers(0, 9), st.integers(0, 99)), min_size=2,
                max_size=9))
def test_stale_or_right(steps: list[tuple[str, int, int]]) -> None:
    start = np.linspace(0.1, 1.2, 12).reshape(3, 4)
    x, mx = mg.tensor(start).requires_grad_(), mg.tensor(start).requires_grad_()
    tensors, model = [x * 1.0], [(Memory((mx * 1.0).reshape(-1)), np.arange(12).reshape(3, 4))]
    total, expected = x.sum() * 0, mx.sum() * 0
    kept: list[Memory] = []
    may_be_stale = False
    for kind, which, how in steps:
        i = which % len(tensors)
        t, (memory, at) = tensors[i], model[i]
        if kind == "view" and at.ndim > 1:
            tensors.append(t[0])
            model.append((memory, at[0]))
        elif kind == "write":
            t.mul_(0.5)
            memory.write(at, memory.read(at) * 0.5)
            may_be_stale = may_be_stale or memory in kept
        elif kind == "keep":
            op = choose(NEEDY, how)
            total, expected = total + op(t).sum(), expected + op(memory.read(at)).sum()
            kept.append(memory)
    try:
        found = mg.autograd.grad(total, x, allow_unused=True)[0]
    except InplaceError:
        if not may_be_stale:
            raise
        return
    theirs = mg.autograd.grad(expected, mx, allow_unused=True)[0]
    np.testing.assert_allclose(0 if found is None else found.numpy(), 0 if theirs is None else theirs.numpy(), rtol=1e-9, atol=1e-12)
