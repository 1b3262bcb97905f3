"""The risks of the design: long chains, memory, hooks, freed buffers, what errors say."""
from __future__ import annotations

import gc
import re
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GraphError


@pytest.mark.parametrize("length", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_chain_of_a_million_ops_works_without_recursion(length: int) -> None:
    x = mg.ones(1, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y                                            # freeing it does not recurse either


def _step(x: mg.Tensor, w: mg.Tensor, create_graph: bool) -> None:
    h = (x @ w).tanh()
    a, b = h.split(w.shape[1] // 2, 1)
    c = mg.cat([a * b, b], 1)
    v = c * 1.0
    v[0].mul_(2.0)
    loss = (v * v).mean()
    loss.backward(create_graph=create_graph)
    w.grad = None


@pytest.mark.parametrize("create_graph", [False, True])
def test_memory_is_flat_with_the_garbage_collector_off(create_graph: bool) -> None:
    """Graphs die by reference counting alone, whether they ran backward or not."""
    x, w = mg.ones(3, 4), mg.ones(4, 4, requires_grad=True)
    for _ in range(10):
        _step(x, w, create_graph)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(300):
            _step(x, w, create_graph)
        unused = (x @ w).tanh()                      # a graph that never runs
        del unused
        after = len(gc.get_objects())
    finally:
        gc.enable()
    assert after - before < 30


@pytest.mark.slow
def test_ten_thousand_training_steps_hold_memory_flat() -> None:
    resource = pytest.importorskip("resource")
    x, w = mg.ones(64, 64), mg.ones(64, 64, requires_grad=True)
    gc.disable()
    try:
        for _ in range(1000):
            _step(x, w, False)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(9000):
            _step(x, w, False)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    finally:
        gc.enable()
    assert after - before < 2048                     # KiB


def test_buffers_are_freed_as_the_pass_goes() -> None:
    x = mg.ones(10, requires_grad=True)
    y = x.tanh()
    held = sys.getrefcount(y.array)
    z = (y * y).sum()
    assert sys.getrefcount(y.array) > held
    z.backward()
    assert sys.getrefcount(y.array) == held          # only y.tanh's output is left, freed with the node below it


def test_backward_twice_needs_retain_graph() -> None:
    x = mg.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 4.0]
    with pytest.raises(GraphError, match=r"second time: mul, made at .*test_graph\.py:\d+.*retain_graph=True"):
        y.backward()


def test_a_graph_that_keeps_nothing_can_run_twice() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x + 1.0
    for _ in range(2):
        y.backward(mg.ones(2))
    assert x.grad.tolist() == [2.0, 2.0]


def test_backward_on_a_non_scalar_says_what_to_do() -> None:
    x = mg.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"implicitly created only for scalar outputs; got float32 \(2, 3\), made at .*; reduce it"):
        (x * 2).backward()


def test_backward_without_a_graph() -> None:
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        mg.ones(1).backward()


def test_seed_of_another_shape() -> None:
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Mismatch in shape: grad_output float32 \(3,\) and output float32 \(2,\)"):
        (x * 2).backward(mg.ones(3))


def test_error_in_a_rule_names_op_shapes_and_line() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x * 2.0

    def hook(g: mg.Tensor) -> mg.Tensor:
        return mg.ones(5)
    y.register_hook(hook)
    z = y * mg.ones(2, requires_grad=True)
    loss = (z.exp() * 1.0).sum()
    with pytest.raises((RuntimeError, ValueError), match="shape"):
        loss.backward()


def test_a_leaf_gets_no_alias_of_another_gradient() -> None:
    a, b = mg.ones(3, requires_grad=True), mg.ones(3, requires_grad=True)
    (a + b).sum().backward()
    assert not np.shares_memory(a.grad.array, b.grad.array)
    a.grad.array[:] = 7
    assert b.grad.tolist() == [1.0, 1.0, 1.0]


def test_the_given_gradient_is_not_aliased() -> None:
    x, seed = mg.ones(3, requires_grad=True), mg.ones(3)
    (x + 0.0).backward(seed)
    x.grad.array[:] = 5
    assert seed.tolist() == [1.0, 1.0, 1.0]


def test_fan_out_adds_up_and_leaves_saved_values_alone() -> None:
    x = mg.tensor([2.0], requires_grad=True)
    y = x.exp()
    z = (y * y + y + y.tanh() * y).sum()
    z.backward()
    e = np.exp(2.0)
    expected = e * (2 * e + 1 + np.tanh(e) + (1 - np.tanh(e) ** 2) * e)
    np.testing.assert_allclose(x.grad.array, [expected], rtol=1e-5)


def test_grad_has_its_leafs_dtype() -> None:
    x = mg.ones(2, requires_grad=True)
    w = mg.tensor(np.ones(2))                        # float64
    (x * w).sum().backward()
    assert x.grad.dtype is mg.float32


def test_hooks_change_and_see_gradients() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x * 3.0
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = y.register_hook(lambda g: g * 10.0)
    y.retain_grad()
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert y.grad.tolist() == [10.0, 10.0]
    assert x.grad.tolist() == [30.0, 30.0]
    handle.remove()
    handle.remove()                                  # a second time does nothing
    x.grad = None
    (x * 3.0).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_post_accumulate_hook_sees_the_finished_grad() -> None:
    x = mg.ones(2, requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    (x * 2.0 + x * 3.0).sum().backward()
    assert seen == [[5.0, 5.0]]
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2.0).register_post_accumulate_grad_hook(print)


def test_backward_into_chosen_inputs_only() -> None:
    a, b = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    (a * b).sum().backward(inputs=[a])
    assert a.grad is not None
    assert b.grad is None


def test_grad_of_an_unused_input() -> None:
    a, b = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    y = (a * 2.0).sum()
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        mg.autograd.grad(y, b, retain_graph=True)
    assert mg.autograd.grad(y, [a, b], allow_unused=True, retain_graph=True)[1] is None
    assert mg.autograd.grad(y, [a, b], materialize_grads=True)[1].tolist() == [0.0, 0.0]


def test_grad_through_an_intermediate() -> None:
    x = mg.tensor(3.0, requires_grad=True)
    y = x * x
    z = y * y
    (gy,) = mg.autograd.grad(z, y)
    assert gy.item() == 18.0


def test_third_derivative() -> None:
    x = mg.tensor(2.0, requires_grad=True)
    y = x * x * x * x
    for expected in (32.0, 48.0, 48.0):
        (y,) = mg.autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def test_the_node_of_a_function_is_named_after_its_class() -> None:
    class STE(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g
    y = STE.apply(mg.ones(2, requires_grad=True))
    assert y.grad_fn.name() == "STEBackward"
    assert repr(y) == "tensor([1., 1.], grad_fn=<STEBackward>)"


def test_grad_fn_and_next_functions() -> None:
    x = mg.ones(2, requires_grad=True)
    y = (x * 2.0).sum()
    assert y.grad_fn.name() == "SumBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "MulBackward0"
    leaf = y.grad_fn.next_functions[0][0].next_functions[0][0]
    assert leaf.name() == "AccumulateGrad"
    assert leaf.variable is x
    assert x.grad_fn is None


def test_nodes_know_the_users_line() -> None:
    x = mg.ones(2, requires_grad=True)
    line = sys._getframe().f_lineno + 1
    y = (x * 2.0).reshape(2, 1)[0]
    for node in (y.grad_fn, y.grad_fn.parents[0], y.grad_fn.parents[0].parents[0]):
        assert re.search(rf"test_graph\.py:{line} `y = \(x \* 2\.0\)\.reshape\(2, 1\)\[0\]`$", node.where()), node.where()


def test_threads_record_independently() -> None:
    import threading
    x = mg.ones(2, requires_grad=True)
    results = []

    def other() -> None:
        results.append((x * 2.0).requires_grad)
    with mg.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert not (x * 2.0).requires_grad
    assert results == [True]


def test_no_grad_decorates_functions_and_generators() -> None:
    x = mg.ones(1, requires_grad=True)

    @mg.no_grad()
    def function() -> bool:
        return (x * 2.0).requires_grad

    @mg.no_grad()
    def generator():  # type: ignore[no-untyped-def]
        got = yield (x * 2.0).requires_grad
        yield got, (x * 2.0).requires_grad

    assert function() is False
    steps = generator()
    assert next(steps) is False
    assert (x * 2.0).requires_grad                   # between resumptions the caller's own mode holds
    assert steps.send("sent") == ("sent", False)
