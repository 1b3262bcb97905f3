"""`utils.checkpoint`: the gradients of the function itself, for less memory."""
from __future__ import annotations

import gc
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import minigrad
from minigrad import nn
from minigrad.errors import CheckpointError, GraphError, InplaceError
from minigrad.utils.checkpoint import (
    checkpoint,
    checkpoint_sequential,
    detach_variable,
    set_checkpoint_debug_enabled,
    set_checkpoint_early_stop,
)

BOTH = pytest.mark.parametrize("reentrant", [False, True])


def a_model() -> Any:
    minigrad.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3))


def gradients(model: Any, run: Callable[[Any], Any]) -> list[Any]:
    """Of a leaf and of all parameters, with dropout masks from one seed."""
    minigrad.manual_seed(1)
    x = minigrad.randn(5, 4, requires_grad=True)
    model.zero_grad()
    run(x).square().sum().backward()
    return [p.grad.clone() for p in (x, *model.parameters())]


def same(a: list[Any], b: list[Any]) -> bool:
    return all(minigrad.allclose(x, y, atol=1e-6) for x, y in zip(a, b, strict=True))


@BOTH
def test_gradients_are_those_of_the_function_itself_dropout_masks_included(reentrant: bool) -> None:
    m = a_model()
    expected = gradients(m, m)
    assert same(gradients(m, lambda x: checkpoint(m, x, use_reentrant=reentrant)), expected)
    assert same(gradients(m, lambda x: checkpoint_sequential(m, 3, x, use_reentrant=reentrant)), expected)
    assert not same(gradients(m, lambda x: checkpoint(m, x, use_reentrant=reentrant, preserve_rng_state=False)), expected)


@pytest.mark.filterwarnings("ignore:checkpoint. None of the inputs have requires_grad")     # the inner one's, in the outer one's first run
@BOTH
@pytest.mark.parametrize("early_stop", [False, True])
def test_nested(reentrant: bool, early_stop: bool) -> None:
    m = a_model()

    def part(layers: Any) -> Callable[[Any], Any]:
        return lambda x: checkpoint(layers, x, use_reentrant=reentrant)

    with set_checkpoint_early_stop(early_stop):
        found = gradients(m, part(lambda x: part(m[3:])(part(m[:3])(x))))
    assert same(found, gradients(m, m))


def test_the_state_of_the_random_stream_afterwards_is_that_of_the_first_run_alone() -> None:
    x = minigrad.ones(8, requires_grad=True)
    after = []
    for run in (nn.Dropout(), lambda x: checkpoint(nn.Dropout(), x, use_reentrant=False)):
        minigrad.manual_seed(3)
        run(x).sum().backward()
        after.append(minigrad.rand(3))
    assert minigrad.equal(*after)


def test_second_gradients() -> None:
    def f(a: Any) -> Any:
        return (a.exp() * a).sin()

    def second(run: Callable[[Any], Any]) -> Any:
        a = minigrad.tensor([0.3, 0.5], requires_grad=True)
        g, = minigrad.autograd.grad(run(a).sum(), a, create_graph=True)
        return minigrad.autograd.grad(g.square().sum(), a)[0]

    assert minigrad.allclose(second(lambda a: checkpoint(f, a, use_reentrant=False)), second(f))
    with pytest.raises(GraphError, match="use_reentrant=False"):
        second(lambda a: checkpoint(f, a, use_reentrant=True))

    def by_backward(a: Any) -> None:
        checkpoint(f, a, use_reentrant=True).sum().backward(create_graph=True)
    with pytest.raises(GraphError, match="no second gradients; set use_reentrant=False"):
        by_backward(minigrad.ones(2, requires_grad=True))


def test_several_passes_run_the_function_once_each() -> None:
    runs = []

    def f(a: Any) -> Any:
        runs.append(1)
        return (a.exp() * a).sin()

    x = minigrad.ones(3, requires_grad=True)
    y = checkpoint(f, x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    once = x.grad.clone()
    y.backward()
    assert len(runs) == 3
    assert minigrad.allclose(x.grad, 2 * once)
    with pytest.raises(GraphError, match="second time"):
        y.backward()


def test_early_stop_leaves_out_what_no_gradient_needs() -> None:
    calls = []

    def f(a: Any) -> Any:
        b = a.exp()
        calls.append("exp")
        c = b + 1                                    # keeps nothing
        calls.append("add")
        return c

    for early, expected in ((True, []), (False, ["exp", "add"])):
        y = checkpoint(f, minigrad.ones(2, requires_grad=True), use_reentrant=False, early_stop=early)
        calls.clear()
        y.sum().backward()
        assert calls == expected


def kept_after_forward(run: Callable[[Any, Any], Any], model: Any, x: Any) -> int:
    """Bytes that a graph holds once its output is there."""
    gc.collect()
    tracemalloc.start()
    try:
        out = run(model, x)
        kept = tracemalloc.get_traced_memory()[0]
        out.sum().backward()
    finally:
        tracemalloc.stop()
    return kept


@BOTH
def test_memory(reentrant: bool) -> None:
    layers = [layer for _ in range(8) for layer in (nn.Linear(64, 64), nn.Tanh())]
    model = nn.Sequential(*layers)
    x = minigrad.randn(256, 64, requires_grad=True)
    one = x.numel() * x.element_size()               # the values of one layer
    model(x).sum().backward()                        # gradients have their memory before anything is counted
    plain = kept_after_forward(lambda m, x: m(x), model, x)
    less = kept_after_forward(lambda m, x: checkpoint(m, x, use_reentrant=reentrant), model, x)
    parts = kept_after_forward(lambda m, x: checkpoint_sequential(m, 4, x, use_reentrant=reentrant), model, x)
    assert plain > 8 * one
    assert less < 2 * one
    assert parts < 8 * one


@BOTH
def test_no_memory_is_held_once_the_output_is_gone(reentrant: bool) -> None:
    import weakref
    m = a_model()
    minigrad.ones(1)
    gc.collect()
    gc.disable()
    try:
        x = minigrad.randn(5, 4, requires_grad=True)
        watched = weakref.ref(x)
        y = checkpoint(m, x, use_reentrant=reentrant)
        y.sum().backward()
        del x, y
        assert watched() is None
        x = minigrad.randn(5, 4, requires_grad=True)
        watched = weakref.ref(x)
        y = checkpoint(m, x, use_reentrant=reentrant)
        del x, y
        assert watched() is None
    finally:
        gc.enable()


def test_keywords_structures_and_parameters_that_the_function_closes_over() -> None:
    w = minigrad.full((3,), 2.0, requires_grad=True)
    a = minigrad.ones(3, requires_grad=True)
    found = checkpoint(lambda a, *, k: {"z": (a * w * k).exp(), "n": 3}, a, k=0.5, use_reentrant=False)
    assert found["n"] == 3
    g, = minigrad.autograd.grad(found["z"].sum(), w)
    assert minigrad.allclose(g, minigrad.full((3,), minigrad.e / 2))


@BOTH
def test_autocast_is_as_it_was(reentrant: bool) -> None:
    lin = nn.Linear(4, 4)
    x = minigrad.ones(2, 4, requires_grad=True)
    with minigrad.autocast("cpu", dtype=minigrad.float16):
        y = checkpoint(lin, x, use_reentrant=reentrant)
    assert y.dtype == minigrad.float16
    y.float().sum().backward()
    found = lin.weight.grad.clone()
    lin.zero_grad()
    with minigrad.autocast("cpu", dtype=minigrad.float16):
        y = lin(x)
    y.float().sum().backward()
    assert minigrad.equal(found, lin.weight.grad)
    assert not minigrad.is_autocast_enabled("cpu")


def test_user_functions_and_recurrent_layers() -> None:
    class Square(minigrad.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, *g: Any) -> Any:
            x, = ctx.saved_tensors
            return 2 * x * g[0]

    a = minigrad.ones(3, requires_grad=True)
    checkpoint(lambda a: Square.apply(Square.apply(a * 3)), a, use_reentrant=False).sum().backward()
    assert a.grad.tolist() == [324.0] * 3
    lstm = nn.LSTM(4, 4)
    x = minigrad.randn(3, 2, 4, requires_grad=True)
    checkpoint(lstm, x, use_reentrant=False)[0].sum().backward()
    found, x.grad = x.grad.clone(), None
    lstm(x)[0].sum().backward()
    assert minigrad.allclose(found, x.grad)


def test_a_second_run_that_differs_is_an_error() -> None:
    runs = []

    def more(a: Any) -> Any:
        runs.append(1)
        return (a.exp() * 2).sin() if len(runs) % 2 else a.sin()

    x = minigrad.ones(3, requires_grad=True)
    with pytest.raises(CheckpointError, match=r"2 in the first run, 1 in the second.*debug=True"):
        checkpoint(more, x, use_reentrant=False).sum().backward()

    def smaller(a: Any) -> Any:
        runs.append(1)
        return (a[:2] if len(runs) % 2 else a).exp()

    with pytest.raises(CheckpointError, match=r"tensor 0 was float32 \(2,\) and is float32 \(3,\)"):
        checkpoint(smaller, x, use_reentrant=False).sum().backward()
    told = r"(?s)ops of the first run:\n  getitem .*\n  exp .*ops of the second run:\n  exp "
    with set_checkpoint_debug_enabled(True), pytest.raises(CheckpointError, match=told):
        checkpoint(smaller, x, use_reentrant=False).sum().backward()


def test_what_was_written_in_between_is_an_error() -> None:
    b = minigrad.ones(3, requires_grad=True) * 2
    y = checkpoint(lambda b: b.exp(), b, use_reentrant=False).sum()
    b.add_(1)
    with pytest.raises(InplaceError, match="an input of the checkpointed function has been modified"):
        y.backward()

    def inside(a: Any) -> Any:
        e = a.exp()
        e.add_(1)
        return e * a                                 # so that the second run gets as far as the write

    with pytest.raises(InplaceError, match="inside the checkpointed function"):
        checkpoint(inside, minigrad.ones(3, requires_grad=True), use_reentrant=False).sum().backward()


def test_context_fn_and_no_grad() -> None:
    entered = []

    class Note:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> None:
            entered.append(self.name)

        def __exit__(self, *error: object) -> None:
            pass

    x = minigrad.ones(2, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (Note("first"), Note("again")))   # type: ignore[arg-type]
    assert entered == ["first"]
    y.sum().backward()
    assert entered == ["first", "again"]
    with minigrad.no_grad():
        assert not checkpoint(lambda x: x.exp(), x, use_reentrant=False).requires_grad


def test_wrong_options() -> None:
    x = minigrad.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: foo"):
        checkpoint(minigrad.exp, x, use_reentrant=True, foo=1)
    with pytest.raises(ValueError, match="determinism_check should be one of"):
        checkpoint(minigrad.exp, x, use_reentrant=False, determinism_check="some")
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(minigrad.exp, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="Unexpected keyword arguments"):
        checkpoint_sequential([minigrad.exp], 1, x, use_reentrant=False, foo=1)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(minigrad.exp, x)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        assert not checkpoint(minigrad.exp, minigrad.ones(2), use_reentrant=True).requires_grad
    with pytest.raises(RuntimeError, match=r"incompatible with .grad"):
        minigrad.autograd.grad(checkpoint(minigrad.exp, x, use_reentrant=True).sum(), x)
    with pytest.raises(RuntimeError, match="none of output has requires_grad=True"):
        checkpoint(lambda x: x.detach() * 2, x, use_reentrant=True).sum().backward()
    with pytest.raises(RuntimeError, match="Only tuple of tensors is supported"):
        detach_variable([x])                         # type: ignore[arg-type]


def test_values_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    import torch.utils.checkpoint as theirs
    for reentrant in (True, False):
        grads = []
        for library, one in ((torch, theirs.checkpoint), (minigrad, checkpoint)):
            library.manual_seed(5)
            x = library.randn(6, 4, requires_grad=True)
            model = library.nn.Sequential(library.nn.Linear(4, 6), library.nn.Dropout(0.3), library.nn.ReLU(), library.nn.Linear(6, 2))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                one(model, x, use_reentrant=reentrant).pow(2).sum().backward()
            grads.append([p.grad.tolist() for p in (x, *model.parameters())])
        for a, b in zip(*grads, strict=True):
            assert minigrad.allclose(minigrad.tensor(a), minigrad.tensor(b), atol=1e-5)
