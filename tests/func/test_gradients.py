"""Function transforms against PyTorch: alone, nested in each other and in vmap, and beside ordinary gradients."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, linearize, stack_module_state, vjp, vmap
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
X = rng.standard_normal((5, 3))
W = rng.standard_normal((4, 3))
Y = rng.standard_normal((5, 4))


def layer(s: Side, x: Any) -> Any:
    return (s.tensor(W) @ x).tanh()


# ---------------------------------------------------------------- every transform, and every pair
@pytest.mark.parametrize("program", [
    lambda s: s.func.grad(lambda x: (x.sin() * x).sum())(s.tensor(X)),
    lambda s: s.func.grad(lambda x, y: (x * y).sum(), argnums=(1, 0))(s.tensor(X), s.tensor(X + 1)),
    lambda s: s.func.grad(lambda x, y: (x * y).sum(), argnums=-1)(s.tensor(X), s.tensor(X + 1)),
    lambda s: s.func.grad(lambda x: ((x ** 2).sum(), {"twice": x * 2}), has_aux=True)(s.tensor(X)),
    lambda s: s.func.grad_and_value(lambda p: (p["a"] ** 2).sum() * p["b"])({"a": s.tensor(X), "b": s.tensor(3.0).double()}),
    lambda s: s.func.grad_and_value(lambda x: ((x ** 2).sum(), x.cos()), has_aux=True)(s.tensor(X)),
    lambda s: s.func.grad(lambda x, y: x.sum())(s.tensor(X), s.tensor(Y)),
    lambda s: s.func.grad(lambda x, y: x.sum(), argnums=1)(s.tensor(X), s.tensor(Y)),
    lambda s: s.func.vjp(lambda x, w: {"a": (x @ w.T).exp(), "b": x * 2}, s.tensor(X), s.tensor(W))[1](
        {"a": s.tensor(Y), "b": s.tensor(X)}),
    lambda s: s.func.vjp(lambda x: x.sin(), s.tensor(X))[1](s.tensor(X)),
    lambda s: s.func.vjp(lambda x: (x.sin(), x.cos()), s.tensor(X))[1]((s.tensor(X), s.tensor(X))),
    lambda s: s.func.vjp(lambda x: (x.sin(), x), s.tensor(X), has_aux=True)[2],
    lambda s: s.func.jvp(lambda x, w: (x @ w.T).exp(), (s.tensor(X), s.tensor(W)), (s.tensor(X), s.tensor(W))),
    lambda s: s.func.jvp(lambda x: {"a": x * x, "b": s.tensor(W)}, (s.tensor(X),), (s.tensor(X + 1),)),
    lambda s: s.func.jvp(lambda x: (x * x, x), (s.tensor(X),), (s.tensor(X + 1),), has_aux=True),
    lambda s: s.func.linearize(lambda x: layer(s, x), s.tensor(X[0]))[1](s.tensor(X[1])),
    lambda s: s.func.jacrev(lambda x: layer(s, x))(s.tensor(X[0])),
    lambda s: s.func.jacrev(lambda x: layer(s, x), chunk_size=3)(s.tensor(X[0])),
    lambda s: s.func.jacfwd(lambda x: layer(s, x))(s.tensor(X[0])),
    lambda s: s.func.jacrev(lambda x, w: {"a": w @ x, "b": x.sum()}, argnums=(0, 1))(s.tensor(X[0]), s.tensor(W)),
    lambda s: s.func.jacfwd(lambda x, w: (w @ x, x.sum()), argnums=(0, 1))(s.tensor(X[0]), s.tensor(W)),
    lambda s: s.func.jacrev(lambda x: (x * x, x), has_aux=True)(s.tensor(X[0])),
    lambda s: s.func.jacfwd(lambda x: (x * x, x), has_aux=True)(s.tensor(X[0])),
    lambda s: s.func.hessian(lambda x: layer(s, x).prod())(s.tensor(X[0])),
    lambda s: s.func.hessian(lambda x, y: (x.exp() * y ** 2).sum(), argnums=(0, 1))(s.tensor(X[0]), s.tensor(X[1])),
])
def test_a_transform(program: Any) -> None:
    agree(program)


@pytest.mark.parametrize("program", [
    lambda s: s.func.grad(lambda y: s.func.grad(lambda x: (x ** 3 * y).sum())(y).sum())(s.tensor(X)),
    lambda s: s.func.grad(lambda x: x * s.func.grad(lambda y: x * y * y)(x))(s.tensor(3.0)),
    lambda s: s.func.vmap(s.func.grad(s.func.grad(s.func.grad(lambda x: x.sin() * x))))(s.tensor(X[0])),
    lambda s: s.func.vmap(s.func.grad(lambda x, w: ((w @ x).tanh() ** 2).sum()), in_dims=(0, None))(s.tensor(X), s.tensor(W)),
    lambda s: s.func.vmap(s.func.grad(lambda x, w: ((w @ x).tanh() ** 2).sum(), argnums=(0, 1)), in_dims=(0, None))(
        s.tensor(X), s.tensor(W)),
    lambda s: s.func.grad(lambda w: s.func.vmap(lambda x: (w @ x).sin().sum())(s.tensor(X)).prod())(s.tensor(W)),
    lambda s: s.func.jacrev(s.func.jacrev(lambda x: layer(s, x).prod()))(s.tensor(X[0])),
    lambda s: s.func.jacfwd(s.func.jacfwd(lambda x: layer(s, x).prod()))(s.tensor(X[0])),
    lambda s: s.func.jacrev(s.func.jacfwd(lambda x: layer(s, x).prod()))(s.tensor(X[0])),
    lambda s: s.func.vmap(s.func.hessian(lambda x: layer(s, x).prod()))(s.tensor(X)),
    lambda s: s.func.vmap(s.func.jacrev(lambda x: layer(s, x).softmax(0)))(s.tensor(X)),
    lambda s: s.func.vmap(s.func.jacfwd(lambda x: layer(s, x).softmax(0)))(s.tensor(X)),
    lambda s: s.func.jacrev(s.func.vmap(lambda x: layer(s, x).softmax(0)))(s.tensor(X)),
    lambda s: s.func.jacfwd(s.func.vmap(lambda x: layer(s, x).softmax(0)))(s.tensor(X)),
    lambda s: s.func.vmap(s.func.vmap(s.func.jacrev(lambda a, b: a * b.sin(), argnums=(0, 1)), in_dims=(0, None)), in_dims=(None, 0))(
        s.tensor(X), s.tensor(X[:, 0])),
    lambda s: s.func.vmap(s.func.vjp(lambda x: layer(s, x), s.tensor(X[0]))[1])(s.tensor(Y)),
    lambda s: s.func.vmap(lambda t: s.func.jvp(lambda x: x.sin(), (s.tensor(X[0]),), (t,))[1])(s.tensor(X)),
    lambda s: s.func.vmap(lambda x, t: s.func.jvp(lambda v: v.sin() * v.sum(), (x,), (t,))[1])(s.tensor(X), s.tensor(X + 1)),
    lambda s: s.func.jvp(s.func.grad(lambda x: (x ** 3).sum()), (s.tensor(X[0]),), (s.tensor(X[1]),)),
    lambda s: s.func.vjp(s.func.grad(lambda x: (x ** 3).sum()), s.tensor(X[0]))[1](s.tensor(X[1])),
    lambda s: s.func.vmap(lambda c: s.func.vmap(s.func.vjp(lambda x: layer(s, x) * c, s.tensor(X[0]))[1])(s.tensor(Y)))(s.tensor(Y)),
])
def test_transforms_nest(program: Any) -> None:
    agree(program)


def test_jacobians_of_a_network() -> None:
    """Rules of convolution, pooling and normalization run on batched seeds."""
    x = rng.standard_normal((2, 3, 6, 6))
    w = rng.standard_normal((4, 3, 3, 3))

    def network(s: Side, x: Any, w: Any) -> Any:
        y = s.F.max_pool2d(s.F.gelu(s.F.conv2d(x, w, stride=1, padding=1)), 2)
        y = s.F.group_norm(s.F.avg_pool2d(y, 3), 2)
        return s.F.layer_norm(y.flatten(1), (4,)).log_softmax(-1)[:, :2]
    for transform in ("jacrev", "jacfwd"):
        def program(s: Side, transform: str = transform) -> Any:
            return getattr(s.func, transform)(lambda a, b: network(s, a, b), argnums=(0, 1))(s.tensor(x), s.tensor(w))
        agree(program)


# ---------------------------------------------------------------- beside ordinary gradients
def test_a_gradient_can_be_differentiated_by_what_it_depends_on_outside() -> None:
    def program(s: Side) -> Any:
        x, w = s.tensor(X, requires_grad=True), s.tensor(X + 1, requires_grad=True)
        g = s.func.grad(lambda v: (v ** 3 * w).sum())(x)
        (g * x).sum().backward()
        return x.grad, w.grad
    agree(program)


def test_without_such_a_thing_results_have_no_graph() -> None:
    x = mg.tensor(X)
    g, value = mg.func.grad_and_value(lambda v: (v ** 3).sum())(x)
    out, pull = vjp(lambda v: v ** 3, x)
    results = [g, value, out, *pull(x), *jvp(lambda v: v ** 3, (x,), (x,)), jacrev(lambda v: v ** 2)(x[0]), jacfwd(lambda v: v ** 2)(x[0])]
    assert not any(r.requires_grad for r in results)
    with mg.no_grad():
        assert not grad(lambda v: (v * x.requires_grad_()).sum())(mg.tensor(X)).requires_grad
    assert grad(lambda v: (v * x).sum())(mg.tensor(X)).requires_grad


def test_no_grad_inside_is_respected() -> None:
    def f(s: Side, x: Any) -> Any:
        with s.library.no_grad():
            c = x * 2
        return (x * c).sum()
    agree(lambda s: s.func.grad(lambda x: f(s, x))(s.tensor(X)))
    agree(lambda s: s.func.jvp(lambda x: f(s, x), (s.tensor(X),), (s.tensor(X),)) if s is SIDES[0] else
          (f(s, s.tensor(X)), 2 * (s.tensor(X) ** 2).sum()))


def test_the_graph_of_vjp_serves_many_times() -> None:
    x = mg.tensor(X)
    _, pull = vjp(lambda v: v.exp().sum(), x)
    first, = pull(mg.tensor(1.0).double())
    np.testing.assert_array_equal(first.numpy(), pull(mg.tensor(1.0).double())[0].numpy())
    _, push = linearize(lambda v: v.exp(), x)
    np.testing.assert_allclose(push(2 * x).numpy(), 2 * push(x).numpy())


# ---------------------------------------------------------------- modules
def mlp(s: Side) -> Any:
    nn = s.library.nn
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).double()
    numbers = np.random.default_rng(3)
    with s.library.no_grad():
        for p in net.parameters():
            p.copy_(s.tensor(numbers.standard_normal(tuple(p.shape))))
    return net


def test_gradients_per_sample_of_a_module() -> None:
    labels = rng.integers(0, 2, 5)

    def program(s: Side) -> Any:
        net = mlp(s)
        params = {k: v.detach() for k, v in net.named_parameters()}

        def loss(p: Any, x: Any, t: Any) -> Any:
            return s.F.cross_entropy(s.func.functional_call(net, p, (x.unsqueeze(0),)), t.unsqueeze(0))
        return s.func.vmap(s.func.grad(loss), in_dims=(None, 0, 0))(params, s.tensor(X), s.tensor(labels))
    agree(program)


def test_an_ensemble() -> None:
    def program(s: Side) -> Any:
        nets = [mlp(s), mlp(s)]
        with s.library.no_grad():
            nets[1][0].weight.mul_(2)
        params, buffers = s.func.stack_module_state(nets)
        return s.func.vmap(lambda p, b, x: s.func.functional_call(nets[0], (p, b), x), in_dims=(0, 0, None))(params, buffers, s.tensor(X))
    agree(program)


def test_functional_call_leaves_the_module_as_it_was() -> None:
    net = mlp(SIDES[0])
    before = net[0].weight
    out = functional_call(net, {"0.weight": mg.zeros(8, 3).double()}, mg.tensor(X))
    assert net[0].weight is before
    np.testing.assert_allclose(out.detach().numpy(), np.broadcast_to(net(mg.zeros(3).double()).detach().numpy(), (5, 2)))
    with pytest.raises(AttributeError, match="functional_call: Sequential has no attribute 'nothing'"):
        functional_call(net, {"nothing": mg.zeros(1)}, mg.tensor(X))
    assert net[0].weight is before
    same_error(lambda s: s.func.functional_call(mlp(s), {"0.weight": s.tensor(W)}, s.tensor(X), strict=True), r"Missing key\(s\): 0\.bias")
    same_error(lambda s: s.func.functional_call(mlp(s), ({"0.bias": s.tensor(W)}, {"0.bias": s.tensor(W)}), s.tensor(X)),
               "appeared in multiple dictionaries")


def test_tied_weights_are_replaced_under_all_names() -> None:
    def program(s: Side) -> Any:
        nn = s.library.nn
        net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)).double()
        net[1].weight = net[0].weight
        new = {"0.weight": s.tensor(W[:3])}
        return s.func.functional_call(net, new, s.tensor(X))
    agree(program)


def test_stack_module_state_refuses_what_does_not_stack() -> None:
    same_error(lambda s: s.func.stack_module_state([]), "Expected at least one model, got 0")
    same_error(lambda s: s.func.stack_module_state([mlp(s), mlp(s).eval()]), "same training/eval mode")
    same_error(lambda s: s.func.stack_module_state([mlp(s), s.library.nn.Linear(3, 2)]), "same class")
    params, _ = stack_module_state([mlp(SIDES[0])])
    assert all(p.requires_grad and p.is_leaf for p in params.values())


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(("program", "match"), [
    (lambda s: s.func.grad(lambda x: x)(s.tensor(X)), "to return a scalar tensor, got tensor with 2 dims"),
    (lambda s: s.func.grad(lambda x: (x.sum(),))(s.tensor(X)), "to return a tensor, got tuple"),
    (lambda s: s.func.grad(lambda x: x.sum(), argnums=1)(s.tensor(X)), "Got argnum=1, but only 1 positional inputs"),
    (lambda s: s.func.grad(lambda x: x.sum(), argnums=(0, 0))(s.tensor(X)), "argnums elements must be unique"),
    (lambda s: s.func.grad(lambda x: x.sum(), argnums=())(s.tensor(X)), "argnums must be non-empty"),
    (lambda s: s.func.grad(lambda x: x.sum())(s.tensor([1, 2])), "only Tensors of floating point"),
    (lambda s: s.func.grad(lambda x: x.sum(), has_aux=True)(s.tensor(X)), r"should be a tuple: \(output, aux\) if has_aux is True"),
    (lambda s: s.func.jvp(lambda x: x, s.tensor(X), (s.tensor(X),)), "Expected primals to be a tuple"),
    (lambda s: s.func.jvp(lambda x: x, (s.tensor(X),), ()), "same python structure"),
    (lambda s: s.func.vjp(lambda x: (x, x), s.tensor(X))[1](s.tensor(X)), "pytree structure of cotangents"),
    (lambda s: s.func.jacrev(lambda x: x, chunk_size=0)(s.tensor(X)), "chunk_size should be greater than 0"),
])
def test_errors(program: Any, match: str) -> None:
    same_error(program, match)


def test_hessian_of_a_quadratic() -> None:
    a = mg.tensor([[2.0, 1.0], [1.0, 3.0]])
    np.testing.assert_allclose(hessian(lambda x: x @ a @ x / 2)(mg.ones(2)).numpy(), a.numpy())
    np.testing.assert_allclose(vmap(hessian(lambda x: x @ a @ x / 2))(mg.ones(3, 2)).numpy(), np.broadcast_to(a.numpy(), (3, 2, 2)))
