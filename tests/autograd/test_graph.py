"""`autograd.graph`: hooks on saved values, nodes and edges, and on several gradients at once."""
from __future__ import annotations

from typing import Any

import pytest

import minigrad
from minigrad.autograd import graph

VALUES = [0.5, 1.5, 2.0]


def leaf(*values: float) -> Any:
    return minigrad.tensor(values or VALUES, requires_grad=True)


def by_halves(t: Any) -> Any:
    return (t * 2).detach()


def halved(t: Any) -> Any:
    return t / 2


# ---------------------------------------------------------------- what ops keep
def test_every_kept_value_goes_through_the_hooks() -> None:
    def f(x: Any) -> Any:
        a = x.exp() * x + x.pow(3).tanh()
        b = minigrad.cat([a, x]).reshape(2, 3) @ minigrad.stack([x, a], 1)
        return minigrad.nn.functional.softmax(b, 1).log().sum() + minigrad.var(x) + x.max(0).values + x[minigrad.tensor([0, 0])].prod()

    x = leaf(0.1, 0.2, 0.3)
    expected, = minigrad.autograd.grad(f(x), x)
    packed, unpacked = [], []
    with graph.saved_tensors_hooks(lambda t: packed.append(t.shape) or by_halves(t) if t.dtype.is_floating_point else t,
                                   lambda t: unpacked.append(t.shape) or (t / 2 if t.dtype.is_floating_point else t)):
        y = f(x)
    assert len(packed) > 10
    assert not unpacked
    found, = minigrad.autograd.grad(y, x)
    assert unpacked
    assert minigrad.allclose(found, expected)


def test_second_gradients_go_through_them_too() -> None:
    def second(x: Any, y: Any) -> Any:
        g, = minigrad.autograd.grad(y, x, create_graph=True)
        return minigrad.autograd.grad(g.sum(), x)[0]

    x = leaf()
    expected = second(x, (x.exp() * x.tanh()).sum())
    with graph.saved_tensors_hooks(by_halves, halved):
        y = (x.exp() * x.tanh()).sum()
    assert minigrad.allclose(second(x, y), expected)


def test_hooks_see_what_pytorchs_see() -> None:
    torch = pytest.importorskip("torch")
    seen: list[list[Any]] = []
    for library in (torch, minigrad):
        x = library.tensor(VALUES, requires_grad=True)
        notes: list[Any] = []

        def pack(t: Any, x: Any = x, notes: list[Any] = notes) -> Any:
            notes.append((t is x, tuple(t.shape)))
            return t
        with library.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            x * x
            x.exp()
            library.log_softmax(x, 0)
        seen.append(notes)
    assert seen[0] == seen[1]


def test_the_innermost_hooks_count_and_they_end_with_their_block() -> None:
    x, notes = leaf(), []
    with graph.saved_tensors_hooks(lambda t: notes.append("outer") or t, lambda t: t):
        with graph.saved_tensors_hooks(lambda t: notes.append("inner") or t, lambda t: t):
            x.exp()
        x.exp()
    x.exp()
    assert notes == ["inner", "outer"]


def test_wrong_hooks() -> None:
    x = leaf()
    with graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x.exp().sum()
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor but got result of type int"):
        y.backward()
    with graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t), pytest.raises(RuntimeError, match="modifying its input in place"):
        x.exp()
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), graph.save_on_cpu():
            pass
    with graph.save_on_cpu(), pytest.raises(RuntimeError, match="none inside"), graph.disable_saved_tensors_hooks("none inside"):
        pass


def test_values_of_user_functions_too() -> None:
    class Square(minigrad.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x * x
            ctx.save_for_backward(x, out)
            return out

        @staticmethod
        def backward(ctx: Any, *g: Any) -> Any:
            x, _ = ctx.saved_tensors
            return 2 * x * g[0]

    x, count = leaf(), []
    with graph.saved_tensors_hooks(lambda t: count.append(1) or by_halves(t), halved):
        y = Square.apply(x)
    y.sum().backward()
    assert len(count) == 2
    assert minigrad.allclose(x.grad, 2 * x)


def test_save_on_cpu_changes_nothing_here() -> None:
    x = leaf()
    with graph.save_on_cpu(pin_memory=False):
        y = (x.exp() * x).sum()
    y.backward()
    assert minigrad.allclose(x.grad, x.exp() * (1 + x))


def test_mutation_of_saved_values_where_it_is_allowed() -> None:
    x = leaf()
    with graph.allow_mutation_on_saved_tensors():
        b = x.clone()
        y = (b ** 2).sum()
        b.zero_()
        y.backward()
        with pytest.raises(RuntimeError, match="cannot be nested"), graph.allow_mutation_on_saved_tensors():
            pass
    assert minigrad.allclose(x.grad, 2 * x)


def test_increment_version() -> None:
    x = leaf()
    b = x * 2
    y = b.square().sum()
    graph.increment_version([b])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    with pytest.raises(RuntimeError, match="got int 3"):
        graph.increment_version(3)


# ---------------------------------------------------------------- nodes and edges
def test_hooks_of_a_node() -> None:
    x, seen = leaf(1.0, 2.0), []
    y = x * x + 1
    mul = y.grad_fn.next_functions[0][0]
    handle = mul.register_hook(lambda grad_inputs, grad_outputs: seen.append((len(grad_inputs), grad_outputs[0].tolist()))
                               or (grad_inputs[0] * 3, grad_inputs[1]))
    pre = mul.register_prehook(lambda grad_outputs: (grad_outputs[0] * 2,))
    assert minigrad.autograd.grad(y.sum(), x, retain_graph=True)[0].tolist() == [8.0, 16.0]
    assert seen == [(2, [2.0, 2.0])]
    handle.remove()
    assert minigrad.autograd.grad(y.sum(), x, retain_graph=True)[0].tolist() == [4.0, 8.0]
    pre.remove()
    assert minigrad.autograd.grad(y.sum(), x, create_graph=True)[0].tolist() == [2.0, 4.0]
    assert isinstance(mul, graph.Node)
    assert not isinstance(x, graph.Node)
    mul.metadata["note"] = 1
    assert mul.metadata == {"note": 1}


def test_hooks_of_nodes_with_several_outputs_broadcasting_and_leaves() -> None:
    x, seen = leaf(1.0, 2.0), []
    a, _ = x.unbind()
    a.grad_fn.register_prehook(lambda g: seen.append([v.item() for v in g]))
    a.grad_fn.register_hook(lambda gi, go: seen.append(gi[0].tolist()))
    a.backward()
    assert seen == [[1.0, 0.0], [1.0, 0.0]]
    b = leaf(1.0)
    (minigrad.ones(3) * b).sum().backward()
    z = minigrad.ones(3) * b
    z.grad_fn.register_hook(lambda gi, go: seen.append([None if g is None else tuple(g.shape) for g in gi]))
    z.sum().backward()
    assert seen[-1] == [None, (1,)]
    accumulate = (b * 1).grad_fn.next_functions[0][0]
    accumulate.register_hook(lambda gi, go: seen.append((gi, go[0].tolist(), b.grad.tolist())))
    (b * 2).sum().backward()
    assert seen[-1] == ((), [2.0], [8.0])


def test_wrong_results_of_hooks_of_a_node() -> None:
    x = leaf()
    y = x * x
    y.grad_fn.register_hook(lambda gi, go: gi[0])
    with pytest.raises(TypeError, match="expected a tuple of 2 gradients"):
        y.sum().backward()


def test_saved_values_of_a_node() -> None:
    x = leaf()
    y = x.exp() * x
    assert minigrad.equal(y.grad_fn._saved_other, x)
    assert minigrad.equal(y.grad_fn._saved_self, x.exp())
    assert y.grad_fn._saved_self.grad_fn is not None
    assert minigrad.equal(x.exp().grad_fn._saved_result, x.exp())
    with pytest.raises(AttributeError, match="has no attribute '_saved_foo'; it has _saved_x, _saved_y"):
        print(y.grad_fn._saved_foo)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        print(y.grad_fn._saved_self)


def test_edges_stand_for_tensors() -> None:
    x = leaf()
    y = x * 2
    edge = graph.get_gradient_edge(y)
    assert edge.node is y.grad_fn
    assert edge.output_nr == 0
    assert minigrad.autograd.grad(y.square().sum(), edge, retain_graph=True)[0].tolist() == (2 * y).tolist()
    assert minigrad.autograd.grad(edge, x, grad_outputs=minigrad.ones(3))[0].tolist() == [2.0] * 3
    z = x.exp().sum()
    minigrad.autograd.backward(graph.get_gradient_edge(z))
    assert minigrad.allclose(x.grad, x.exp())
    _a, b = x[:2].unbind()
    assert graph.get_gradient_edge(b).output_nr == 1
    assert minigrad.autograd.grad([graph.get_gradient_edge(b)], x)[0].tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(RuntimeError, match="does not require gradients"):
        graph.get_gradient_edge(minigrad.ones(2))


# ---------------------------------------------------------------- several gradients
def test_multi_grad_hook_of_all() -> None:
    a, b, c, d = (minigrad.rand(2, requires_grad=True) for _ in range(4))
    seen: list[Any] = []
    e, f = a * b, a * c
    handle = graph.register_multi_grad_hook([e, f, c, d], lambda grads: seen.append([g is not None for g in grads]))
    e.sum().backward(retain_graph=True)
    f.sum().backward(retain_graph=True)
    (e + f).sum().backward(retain_graph=True)
    (e + f).sum().backward(inputs=(a,), retain_graph=True)
    assert seen == [[True, False, False, False], [False, True, True, False], [True, True, True, False], [True, True, False, False]]
    handle.remove()
    (e + f).sum().backward()
    assert len(seen) == 4


def test_multi_grad_hook_of_any() -> None:
    a, b = (minigrad.rand(2, requires_grad=True) for _ in range(2))
    seen: list[Any] = []
    graph.register_multi_grad_hook([a, b, minigrad.ones(1)], lambda g: seen.append(tuple(g.shape)), mode="any")
    for _ in range(2):
        (a * b).sum().backward()
    assert seen == [(2,), (2,)]
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        graph.register_multi_grad_hook([a], print, mode="some")
    with pytest.raises(AssertionError, match="every tensor must require a gradient"):
        graph.register_multi_grad_hook([minigrad.ones(1)], print)


def test_nothing_is_held_by_hooks() -> None:
    import gc
    import weakref
    gc.disable()
    try:
        x = leaf()
        y = x.exp()
        y.grad_fn.register_hook(lambda gi, go: None)
        graph.register_multi_grad_hook([y], lambda grads: None)
        watched = weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert watched() is None
    finally:
        gc.enable()


def test_inputs_in_a_dictionary_and_the_old_options() -> None:
    x = minigrad.ones(2, requires_grad=True)
    y = (x * x).sum()
    found = minigrad.autograd.grad(y, {"x": x}, retain_graph=True)
    assert list(found) == ["x"]
    assert found["x"].tolist() == [2, 2]
    g, = minigrad.autograd.grad(outputs=y, inputs=x, grad_outputs=minigrad.ones(()), create_graph=True, retain_graph=True, only_inputs=True)
    assert g.requires_grad
    with pytest.warns(FutureWarning, match="only_inputs is deprecated"):
        minigrad.autograd.grad(y, x, None, True, False, False)
    minigrad.autograd.backward(y, retain_graph=True, inputs={"x": x})
    with pytest.warns(FutureWarning, match="write grad_tensors"):
        minigrad.autograd.backward([y], None, True, False, [minigrad.ones(())])
    assert x.grad.tolist() == [4, 4]
    with pytest.raises(RuntimeError, match="give grad_tensors alone"):
        minigrad.autograd.backward(y, minigrad.ones(()), grad_variables=minigrad.ones(()))
