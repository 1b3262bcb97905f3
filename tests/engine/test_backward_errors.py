"""What goes wrong in a backward pass says which line of the forward pass it is about."""
from __future__ import annotations

import threading
from typing import Any

import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.engine.mode import around_rules, local, without


def failure(program: Any) -> tuple[BaseException, str]:
    with pytest.raises(Exception) as info:           # whatever it is
        program()
    return info.value, "\n".join(getattr(info.value, "__notes__", []))


class Wrong(autograd.Function):
    """Its backward does what `how` says."""
    how: Any = None

    @staticmethod
    def forward(ctx: Any, x: mg.Tensor) -> mg.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: mg.Tensor) -> Any:
        return Wrong.how(g)


def test_a_function_of_the_user_s_that_raises() -> None:
    def fail(g: mg.Tensor) -> mg.Tensor:
        raise KeyError("mine")
    Wrong.how = fail
    x = mg.ones(3, requires_grad=True)
    y = Wrong.apply(x)
    error, notes = failure(lambda: y.sum().backward())
    assert type(error) is KeyError                   # the user's own, with a note
    assert notes.startswith("minigrad: in the gradient of Wrong for input 0, output float32 (3,); the op ran at ")
    assert notes.endswith("`y = Wrong.apply(x)`")


@pytest.mark.parametrize(("how", "text"), [(lambda g: (g, g), "incorrect number of gradients"), (lambda g: 3, "expected Variable or None"),
                                           (lambda g: mg.ones(7), "returned an invalid gradient at index 0")])
def test_a_function_that_returns_nonsense(how: Any, text: str) -> None:
    Wrong.how = how
    y = Wrong.apply(mg.ones(3, requires_grad=True))
    error, notes = failure(lambda: y.sum().backward())
    assert text in str(error)
    assert "`y = Wrong.apply(mg.ones(3, requires_grad=True))`" in notes


def test_a_hook_that_raises() -> None:
    def fail(g: mg.Tensor) -> None:
        raise ValueError("mine")
    x = mg.ones(2, requires_grad=True)
    y = x.exp()
    y.register_hook(fail)
    error, notes = failure(lambda: y.sum().backward())
    assert str(error) == "mine"
    assert notes.startswith("minigrad: in the gradient of exp, output float32 (2,); the op ran at ")
    assert notes.endswith("`y = x.exp()`")


def test_a_rule_that_fails_names_the_input() -> None:
    x, y = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    z = x * y

    def watch(node: Any, i: int, pull: Any, g: Any, saved: Any) -> Any:
        if node.op.name == "mul" and i == 1:
            raise MemoryError("no room")
        return pull(g, saved)
    local.mode.rules = around_rules(watch, None)
    try:
        error, notes = failure(lambda: z.sum().backward())
    finally:
        local.mode.rules = without(watch, local.mode.rules)
    assert type(error) is MemoryError
    assert "minigrad: in the gradient of mul for other, output float32 (2,); the op ran at" in notes
    assert local.mode.rules is None


def test_our_own_errors_say_the_line_once() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x.exp().sum()
    y.backward()
    error, notes = failure(lambda: y.backward())
    assert "`y = x.exp().sum()`" in str(error)
    assert notes == ""


def test_a_root_that_is_no_scalar() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x.exp()
    with pytest.raises(RuntimeError, match=r"only for scalar outputs; got .*float32 \(2,\), made at .*`y = x\.exp\(\)`; reduce it with"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"only for scalar outputs; got .*float32 \(2,\); reduce it with"):
        x.backward()


def test_watches_of_rules_stand_one_around_the_other() -> None:
    seen: list[str] = []

    def watch(name: str) -> Any:
        def see(node: Any, i: int, pull: Any, g: Any, saved: Any) -> Any:
            seen.append(f"{name} {node.op.name}")
            return pull(g, saved)
        return see
    first, second, third = watch("first"), watch("second"), watch("third")
    for w in (first, second, third):
        local.mode.rules = around_rules(w, local.mode.rules)
    x = mg.ones(2, requires_grad=True)
    x.exp().backward(mg.ones(2))
    assert seen == ["third exp", "second exp", "first exp"]
    seen.clear()
    local.mode.rules = without(second, local.mode.rules)
    x.exp().backward(mg.ones(2))
    assert seen == ["third exp", "first exp"]
    local.mode.rules = without(first, without(third, local.mode.rules))
    assert local.mode.rules is None


def test_a_thread_has_watches_of_its_own() -> None:
    found: list[Any] = []
    with autograd.detect_anomaly():
        thread = threading.Thread(target=lambda: found.extend([local.mode.watch, local.mode.anomaly, mg.tensor(-1.0).log().isnan().item()]))
        thread.start()
        thread.join()
    assert found == [None, None, True]
