"""Hooks of modules: when they run, what they may change, forward and backward."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.nn import hooks as module_hooks

torch = pytest.importorskip("torch")
WORLDS = pytest.mark.parametrize(("m", "n"), [(minigrad, nn), (torch, torch.nn)], ids=["ours", "theirs"])


def scaled(m, n, factor: float = 2.0):
    class Scaled(n.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = n.Parameter(m.tensor(factor))

        def forward(self, x, extra=0):
            return x * self.factor + extra
    return Scaled()


# ---------------------------------------------------------------- forward
@WORLDS
def test_forward_hooks_see_and_change_what_passes(m, n) -> None:
    module = scaled(m, n)
    seen = []
    module.register_forward_pre_hook(lambda mod, args: seen.append(("pre", mod is module, len(args))))
    module.register_forward_pre_hook(lambda mod, args: args[0] + 1)
    module.register_forward_hook(lambda mod, args, out: seen.append(("post", args[0].item(), out.item())))
    handle = module.register_forward_hook(lambda mod, args, out: out * 10)
    assert module(m.tensor(1.0)).item() == 40
    assert seen == [("pre", True, 1), ("post", 2.0, 4.0)]
    handle.remove()
    handle.remove()
    assert module(m.tensor(1.0)).item() == 4


@WORLDS
def test_hooks_with_keyword_arguments(m, n) -> None:
    module = scaled(m, n)
    module.register_forward_pre_hook(lambda mod, args, kwargs: (args, {"extra": kwargs["extra"] + 1}), with_kwargs=True)
    seen = []
    module.register_forward_hook(lambda mod, args, kwargs, out: seen.append(kwargs["extra"]), with_kwargs=True)
    assert module(m.tensor(1.0), extra=5).item() == 8
    assert seen == [6]
    module.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"forward pre-hook must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        module(m.tensor(1.0), extra=5)


@WORLDS
def test_order_of_hooks(m, n) -> None:
    module = scaled(m, n)
    order = []
    module.register_forward_hook(lambda *_: order.append("b"))
    module.register_forward_hook(lambda *_: order.append("a"), prepend=True)
    module.register_forward_hook(lambda *_: order.append("c"))
    with module.register_forward_hook(lambda *_: order.append("d")):
        module(m.tensor(1.0))
    module(m.tensor(1.0))
    assert order == list("abcdabc")


@WORLDS
def test_a_hook_that_is_always_called(m, n) -> None:
    class Failing(n.Module):
        def forward(self, x):
            raise ValueError("failed")
    module = Failing()
    seen = []
    module.register_forward_hook(lambda mod, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda mod, args, out: seen.append("not me"))
    with pytest.raises(ValueError, match="failed"):
        module(m.tensor(1.0))
    assert seen == [None]


def test_a_hook_may_be_added_after_the_first_call() -> None:
    module = scaled(minigrad, nn)
    module(minigrad.tensor(1.0))
    module.register_forward_hook(lambda mod, args, out: out + 1)
    assert module(minigrad.tensor(1.0)).item() == 3


def test_hooks_of_all_modules() -> None:
    chain = nn.Sequential(scaled(minigrad, nn), scaled(minigrad, nn, 3.0))
    chain(minigrad.tensor(1.0))
    seen: list[str] = []
    handles = [module_hooks.register_module_forward_pre_hook(lambda mod, args: seen.append(f"> {type(mod).__name__}")),
               module_hooks.register_module_forward_hook(lambda mod, args, out: seen.append(f"< {type(mod).__name__}")),
               module_hooks.register_module_full_backward_hook(lambda mod, gi, go: seen.append(f"b {type(mod).__name__}"))]
    try:
        chain(minigrad.tensor(1.0, requires_grad=True)).backward()
    finally:
        for handle in handles:
            handle.remove()
        module_hooks.everywhere = False
    assert seen == ["> Sequential", "> Scaled", "< Scaled", "> Scaled", "< Scaled", "< Sequential", "b Scaled", "b Scaled", "b Sequential"]
    chain(minigrad.tensor(1.0))
    assert len(seen) == 9


# ---------------------------------------------------------------- backward
@WORLDS
def test_backward_hooks_see_and_change_gradients(m, n) -> None:
    module = scaled(m, n, 3.0)
    seen = []
    module.register_full_backward_hook(lambda mod, gi, go: seen.append((mod is module, gi[0].item(), go[0].item())))
    module.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 10,))
    x = m.tensor(2.0, requires_grad=True)
    (module(x * 1) * 5).backward()
    assert seen == [(True, 15.0, 5.0)]
    assert x.grad.item() == 150
    assert module.factor.grad.item() == 10           # parameters are not the hook's business


@WORLDS
def test_backward_pre_hooks_change_what_comes_in(m, n) -> None:
    module = scaled(m, n, 3.0)
    seen = []
    module.register_full_backward_pre_hook(lambda mod, go: (go[0] * 2,))
    module.register_full_backward_hook(lambda mod, gi, go: seen.append((gi[0].item(), go[0].item())))
    x = m.tensor(2.0, requires_grad=True)
    module(x).backward()
    assert seen == [(6.0, 2.0)]
    assert (x.grad.item(), module.factor.grad.item()) == (6, 4)


@WORLDS
def test_gradients_of_several_inputs_and_outputs(m, n) -> None:
    class Pair(n.Module):
        def forward(self, x, number, y):
            return x * y * number, x + y
    module = Pair()
    seen = []
    module.register_full_backward_hook(lambda mod, gi,
        go: seen.append(([None if g is None else g.item() for g in gi], [g.item() for g in go])))
    x, y = m.tensor(2.0, requires_grad=True), m.tensor(3.0, requires_grad=True)
    a, b = module(x, 7, y)
    (a * 2 + b).backward()
    assert seen == [([43.0, None, 29.0], [2.0, 1.0])]
    assert (x.grad.item(), y.grad.item()) == (43, 29)


def test_the_old_backward_hook_is_the_full_one() -> None:
    class Twice(nn.Module):
        def forward(self, x):
            return (x * 3) * 2
    module = Twice()
    seen = []
    module.register_backward_hook(lambda mod, gi, go: seen.append((gi[0].item(), go[0].item())))
    module(minigrad.tensor(1.0, requires_grad=True)).backward()
    assert seen == [(6.0, 1.0)]                      # not 2, which the last multiplication alone would give


@WORLDS
def test_inputs_without_gradient(m, n) -> None:
    module = scaled(m, n, 3.0)
    seen = []
    module.register_full_backward_hook(lambda mod, gi, go: seen.append((gi, go[0].item())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module(m.tensor(2.0)).backward()
    assert seen == [((None,), 1.0)]
    assert module.factor.grad.item() == 2


@WORLDS
def test_wrong_returns_of_backward_hooks(m, n) -> None:
    module = scaled(m, n)
    handle = module.register_full_backward_hook(lambda mod, gi, go: (gi[0], gi[0]))
    with pytest.raises(RuntimeError, match=r"Backward hook returned an invalid number of grad_input, got 2, but expected 1"):
        module(m.tensor(1.0, requires_grad=True)).backward()
    handle.remove()
    module(m.tensor(1.0, requires_grad=True)).backward()


@WORLDS
def test_an_output_that_is_no_tensor_gets_a_warning(m, n) -> None:
    class Listing(n.Module):
        def forward(self, x):
            return [x]
    module = Listing()
    module.register_full_backward_hook(lambda mod, gi, go: None)
    with pytest.warns(UserWarning,
        match="For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received"):
        module(m.tensor(1.0, requires_grad=True))


def test_second_derivatives_pass_through_the_hooks() -> None:
    module = scaled(minigrad, nn, 3.0)
    calls = []
    module.register_full_backward_hook(lambda mod, gi, go: calls.append(gi[0].item()))
    x = minigrad.tensor(2.0, requires_grad=True)
    y = module(x) * module(x)
    g, = minigrad.autograd.grad(y, x, create_graph=True)
    assert g.item() == 36
    g.backward()
    assert x.grad.item() == 18
    assert calls[:2] == [18.0, 18.0]


def test_writing_into_a_watched_input_is_refused() -> None:
    class InPlace(nn.Module):
        def forward(self, x):
            return x.mul_(2)
    module = InPlace()
    module.register_full_backward_hook(lambda mod, gi, go: None)
    x = minigrad.ones(2, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="mul_"):
        module(x)


def test_nothing_is_watched_without_recording() -> None:
    module = scaled(minigrad, nn)
    module.register_full_backward_hook(lambda mod, gi, go: None)
    with minigrad.no_grad():
        assert module(minigrad.ones(1, requires_grad=True)).grad_fn is None
    module(minigrad.ones(1, requires_grad=True)).sum().backward()
    np.testing.assert_array_equal(module.factor.grad.numpy(), 1)
