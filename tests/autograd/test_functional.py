"""autograd.functional, and gradients for many seeds at once, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import Side, agree, same_error

rng = np.random.default_rng(0)
X, Y, V = rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal((2, 3))


def functional(s: Side) -> Any:
    return s.library.autograd.functional


def one(x: Any) -> Any:
    return (x ** 3).sum() * x.prod()


def two(x: Any, y: Any) -> Any:
    return x.exp() * y.sum(), (x * y ** 2).sum()


def number(x: Any, y: Any) -> Any:
    return (x.exp() * y ** 2).sum() * y[0]


@pytest.mark.parametrize("program", [
    lambda s: functional(s).vjp(lambda x: x.exp(), s.tensor(X), s.tensor(Y)),
    lambda s: functional(s).vjp(one, s.tensor(X)),
    lambda s: functional(s).vjp(two, (s.tensor(X), s.tensor(Y)), (s.tensor(Y), s.tensor(2.0).double())),
    lambda s: functional(s).vjp(lambda x, y: x * 2, (s.tensor(X), s.tensor(Y)), s.tensor(X)),
    lambda s: functional(s).jvp(lambda x: x.exp(), s.tensor(X), s.tensor(Y)),
    lambda s: functional(s).jvp(two, (s.tensor(X), s.tensor(Y)), (s.tensor(Y), s.tensor(X))),
    lambda s: functional(s).jvp(lambda x: s.tensor(Y), s.tensor(X), s.tensor(Y)),
    lambda s: functional(s).hvp(one, s.tensor(X), s.tensor(Y)),
    lambda s: functional(s).vhp(one, s.tensor(X), s.tensor(Y)),
    lambda s: functional(s).hvp(number, (s.tensor(X), s.tensor(Y)), (s.tensor(Y), s.tensor(X))),
    lambda s: functional(s).vhp(number, (s.tensor(X), s.tensor(Y)), (s.tensor(Y), s.tensor(X))),
    lambda s: functional(s).vhp(lambda x: x.sum(), s.tensor(X), s.tensor(Y)),
])
def test_products(program: Any) -> None:
    agree(program)


@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}])
@pytest.mark.parametrize("program", [
    lambda s, o: functional(s).jacobian(lambda x: (s.tensor(V) @ x).sin(), s.tensor(X), **o),
    lambda s, o: functional(s).jacobian(two, (s.tensor(X), s.tensor(Y)), **o),
    lambda s, o: functional(s).jacobian(lambda x: (x,), s.tensor(V), **o),
    lambda s, o: functional(s).jacobian(lambda x: s.tensor(Y), s.tensor(X), **o),
    lambda s, o: functional(s).jacobian(lambda x, y: x * 2, (s.tensor(X), s.tensor(Y)), **o),
    lambda s, o: functional(s).jacobian(one, s.tensor(X), **o),
])
def test_jacobians(program: Any, options: Any) -> None:
    agree(lambda s: program(s, options))


@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}])
def test_hessians(options: Any) -> None:
    agree(lambda s: functional(s).hessian(one, s.tensor(X), **options))
    agree(lambda s: functional(s).hessian(number, (s.tensor(X), s.tensor(Y)), **options))
    agree(lambda s: functional(s).hessian(lambda x: x.sum(), s.tensor(X), **options))


@pytest.mark.parametrize("name", ["vjp", "jvp", "hvp", "vhp", "jacobian", "hessian"])
def test_results_have_a_graph_if_asked(name: str) -> None:
    def program(s: Side) -> Any:
        x = s.tensor(X, requires_grad=True)
        v = () if name in ("jacobian", "hessian") else (s.tensor(2.0).double() if name == "vjp" else s.tensor(Y),)
        result = getattr(functional(s), name)(one, x, *v, create_graph=True)
        last = result[1] if isinstance(result, tuple) else result
        (last ** 2).sum().backward()
        return x.grad
    agree(program)
    x = mg.tensor(X, requires_grad=True)
    v = () if name in ("jacobian", "hessian") else (mg.tensor(2.0).double() if name == "vjp" else mg.tensor(Y),)
    result = getattr(mg.autograd.functional, name)(one, x, *v)
    assert not any(t.requires_grad for t in (result if isinstance(result, tuple) else (result,)))


@pytest.mark.parametrize(("program", "match"), [
    (lambda s: functional(s).vjp(lambda x: x * 2, s.tensor(X)), "The vector v can only be None if the user-provided function returns"),
    (lambda s: functional(s).vjp(lambda x: x * 2, s.tensor(X), s.tensor(V)), "v has invalid size: should be"),
    (lambda s: functional(s).vjp(lambda x: 2, s.tensor(X)), "outputs of the user-provided function given to vjp must be either a Tensor"),
    (lambda s: functional(s).vjp(lambda x: x, 2), "inputs given to vjp must be either a Tensor or a tuple of Tensors"),
    (lambda s: functional(s).jvp(lambda x: x * 2, s.tensor(X)), "v can only be None if the input to the user-provided function is"),
    (lambda s: functional(s).hvp(lambda x: x * 2, s.tensor(X), s.tensor(X)), "should contain a single element"),
    (lambda s: functional(s).hessian(lambda x: (x.sum(), x.sum()), s.tensor(X)), "should return a single Tensor"),
    (lambda s: functional(s).jacobian(lambda x: s.tensor(Y), s.tensor(X), strict=True), "Output 0 .* does not require gradients"),
    (lambda s: functional(s).jacobian(lambda x, y: x * 2, (s.tensor(X), s.tensor(Y)), strict=True), "is independent of input 1"),
    (lambda s: functional(s).hessian(lambda x: x.sum(), s.tensor(X), strict=True), "with respect to input 0 is independent of the input"),
    (lambda s: functional(s).jacobian(one, s.tensor(X), strategy="sideways"), "to be either \"forward-mode\" or \"reverse-mode\""),
    (lambda s: functional(s).jacobian(one, s.tensor(X), strategy="forward-mode"), "only implemented for `vectorize=True`"),
    (lambda s: functional(s).jacobian(one, s.tensor(X), strict=True, vectorize=True), "are not supported together"),
    (lambda s: functional(s).jacobian(lambda x: [x], s.tensor(X)), "must be either a Tensor or a tuple of Tensors"),
])
def test_errors(program: Any, match: str) -> None:
    same_error(program, match)


# ---------------------------------------------------------------- grad(is_grads_batched=True)
def test_gradients_for_many_seeds_at_once() -> None:
    def program(s: Side) -> Any:
        x, y = s.tensor(X, requires_grad=True), s.tensor(Y, requires_grad=True)
        out = (s.tensor(V) @ (x * y).sin()).softmax(0)
        return s.library.autograd.grad(out, (x, y), s.library.eye(2).double(), is_grads_batched=True, retain_graph=True)
    agree(program)


def test_gradients_of_what_is_not_used() -> None:
    def program(s: Side, **options: Any) -> Any:
        x, y = s.tensor(X, requires_grad=True), s.tensor(Y, requires_grad=True)
        return s.library.autograd.grad(x * 2, (x, y), s.library.eye(3).double(), is_grads_batched=True, **options)
    agree(lambda s: program(s, materialize_grads=True))
    agree(lambda s: program(s, allow_unused=True)[0])
    same_error(program, "not have been used in the graph")
