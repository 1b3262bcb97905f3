"""Tangents along a computation, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
X, T, W = rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal((2, 3))


def tools(s: Side) -> Any:
    from minigrad.autograd import forward_ad
    return forward_ad if s is SIDES[0] else torch.autograd.forward_ad


@pytest.mark.parametrize("f", [lambda s, x: (s.tensor(W) @ x).tanh(), lambda s, x: x.sin() * x.sum(), lambda s, x: x,
                               lambda s, x: x * 0 + 1])
def test_tangents(f: Any) -> None:
    def program(s: Side) -> Any:
        with tools(s).dual_level():
            y = tools(s).unpack_dual(f(s, tools(s).make_dual(s.tensor(X), s.tensor(T))))
        return tuple(y)
    agree(program)


def test_several_duals_and_tensors_without_a_tangent() -> None:
    def program(s: Side) -> Any:
        with tools(s).dual_level():
            x, w = tools(s).make_dual(s.tensor(X), s.tensor(T)), tools(s).make_dual(s.tensor(W), s.tensor(W + 1))
            return tuple(tools(s).unpack_dual((w @ x).exp()))
    agree(program)
    for s in SIDES:
        with tools(s).dual_level():
            tools(s).make_dual(s.tensor(X), s.tensor(T))
            assert tools(s).unpack_dual(s.tensor(X) * 2).tangent is None
        assert tools(s).unpack_dual(s.tensor(X)).tangent is None


def test_a_tangent_can_be_differentiated() -> None:
    def program(s: Side) -> Any:
        x = s.tensor(X, requires_grad=True)
        with tools(s).dual_level():
            y = tools(s).unpack_dual((tools(s).make_dual(x, s.tensor(T)) ** 3).sum())
            y.tangent.backward()
        return x.grad
    agree(program)


def test_without_other_inputs_nothing_records() -> None:
    fa = tools(SIDES[0])
    with fa.dual_level():
        y = fa.unpack_dual(fa.make_dual(mg.tensor(X), mg.tensor(T)).exp())
    assert not y.primal.requires_grad
    assert not y.tangent.requires_grad


def test_errors() -> None:
    same_error(lambda s: tools(s).make_dual(s.tensor(X), s.tensor(T)), "no level exists")

    def inside(s: Side, f: Any) -> Any:
        with tools(s).dual_level():
            return f()
    same_error(lambda s: inside(s, lambda: tools(s).make_dual(s.tensor([1, 2]), s.tensor([1, 2]))), "to be floating point")
    same_error(lambda s: inside(s, lambda: tools(s).make_dual(s.tensor(X), s.tensor(T[:2]))), "has a different size")
    same_error(lambda s: inside(s, tools(s).enter_dual_level), "Nested forward mode AD is not supported")
