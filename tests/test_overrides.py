"""`__torch_function__` of objects that are no tensors."""
from __future__ import annotations

from typing import Any

import pytest

import minigrad
from minigrad import overrides


class Wrapped:
    """Keeps a tensor, and the names of what was done with it."""

    def __init__(self, tensor: Any, log: Any = ()) -> None:
        self.tensor, self.log = tensor, list(log)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        log = [name for a in args if isinstance(a, Wrapped) for name in a.log]
        plain = [[v.tensor if isinstance(v, Wrapped) else v for v in a] if isinstance(a, (list, tuple)) else
                 a.tensor if isinstance(a, Wrapped) else a for a in args]
        return cls(func(*plain, **(kwargs or {})), [*log, func.__name__])


class Deeper(Wrapped):
    pass


class Stubborn:
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return NotImplemented


def test_ops_ask_it() -> None:
    w = Wrapped(minigrad.ones(2, 2))
    assert minigrad.exp(w).log == ["exp"]
    assert minigrad.sum(minigrad.exp(w), dim=1).log == ["exp", "sum"]
    assert minigrad.add(minigrad.ones(2, 2), w).tensor.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert minigrad.cat([w, minigrad.zeros(1, 2)]).tensor.shape == (3, 2)
    assert minigrad.nn.functional.linear(w, minigrad.ones(3, 2)).tensor.tolist() == [[2.0] * 3] * 2
    assert minigrad.nn.functional.relu(w).log == ["relu"]


def test_the_subclass_is_asked_first() -> None:
    found = minigrad.add(Wrapped(minigrad.ones(1)), Deeper(minigrad.ones(1)))
    assert type(found) is Deeper


def test_nobody_answers() -> None:
    with pytest.raises(TypeError, match="no implementation found for it on types that implement __torch_function__: Stubborn"):
        minigrad.exp(Stubborn())
    with pytest.raises(TypeError, match="exp: input must be a Tensor"):
        minigrad.exp(object())


def test_functions_of_ones_own() -> None:
    def area(a: Any, b: Any) -> Any:
        if overrides.has_torch_function((a, b)):
            return overrides.handle_torch_function(area, (a, b), a, b)
        return a * b

    assert area(Wrapped(minigrad.ones(1)), minigrad.full((1,), 3.0)).log == ["area"]
    assert area(2, 3) == 6

    @overrides.wrap_torch_function(lambda a: (a,))
    def double(a: Any) -> Any:
        return a * 2

    assert double(4) == 8
    assert double(Wrapped(4)).tensor == 8
    with pytest.raises(TypeError, match="none of the arguments"):
        overrides.handle_torch_function(area, (1,), 1, 2)


def test_questions() -> None:
    assert overrides.is_tensor_like(minigrad.ones(1))
    assert overrides.is_tensor_like(Wrapped(1))
    assert not overrides.is_tensor_like(3)
    assert overrides.has_torch_function_unary(Wrapped(1))
    assert not overrides.has_torch_function_variadic(minigrad.ones(1), 3)
    assert overrides.is_tensor_method_or_property(minigrad.Tensor.exp)


def test_a_mode_sees_the_ops_inside_and_nested_ones_the_inner_first() -> None:
    seen: list[str] = []

    class Named(minigrad.overrides.TorchFunctionMode):
        def __init__(self, name: str) -> None:
            self.name = name

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(f"{self.name} {func.__name__}")
            return minigrad.zeros(2) if func.__name__ == "exp" else func(*args, **(kwargs or {}))

    x = minigrad.ones(2, requires_grad=True)
    with Named("outer"), Named("inner") as mode:
        y = (x + x.exp()).sum()
    assert mode.name == "inner"
    assert seen == ["inner exp", "inner add", "outer add", "inner sum", "outer sum"]
    y.backward()
    assert x.grad.tolist() == [1, 1]
    seen.clear()
    with mode, mode:                                 # entered twice, asked twice
        x * 2
    x * 2
    assert seen == ["inner mul", "inner mul"]


def test_a_mode_without_the_method_says_so() -> None:
    class Empty(minigrad.overrides.TorchFunctionMode):
        pass

    with Empty(), pytest.raises(NotImplementedError, match="Empty: a TorchFunctionMode needs a __torch_function__"):
        minigrad.ones(2) * 2
    assert (minigrad.ones(2) * 2).tolist() == [2, 2]


def test_a_mode_does_not_see_how_tensors_begin() -> None:
    class Count(minigrad.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            raise AssertionError(func)

    with Count():
        x = minigrad.zeros(3)
        minigrad.nn.init.ones_(x)
    assert x.tolist() == [1, 1, 1]
