"""Ops that are one function of the array library: a name, a rule and a sentence each."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import direct, op
from .large import FUNCTIONS, each

if TYPE_CHECKING:
    from .._tensor import Tensor


def unary(name: str, rule: Callable[..., Any], doc: str, of: str = "") -> Callable[[Tensor], Tensor]:
    """An op that is one function of the array library, called `of` there if not `name`. Integers become the default dtype."""
    function = of or name

    def forward(input: Tensor) -> Tensor:
        return getattr(backend_of(input).xp, function)(input)

    def in_place(input: Tensor) -> Tensor:
        return getattr(backend_of(input).xp, function)(input, input)
    return registered(name, doc, rule, forward, in_place)


def compiled(name: str, rule: Callable[..., Any], doc: str, large: tuple[int, Any] | None = None) -> Callable[[Tensor], Tensor]:
    """A `unary` op that has a loop of our own for large arrays; and, as `large`, perhaps one for its gradient."""
    def forward(input: Tensor) -> Tensor:
        x: Any = input
        done = each(name, x) if x.size >= FUNCTIONS else None
        return getattr(backend_of(x).xp, name)(x) if done is None else done

    def in_place(input: Tensor) -> Tensor:
        x: Any = input
        done = each(name, x, out=x) if x.size >= FUNCTIONS else None
        return getattr(backend_of(x).xp, name)(x, x) if done is None else done
    return registered(name, doc, rule, forward, in_place, large)


def registered(name: str, doc: str, rule: Callable[..., Any], forward: Callable[[Tensor], Tensor],
               in_place: Callable[[Tensor], Tensor], large: tuple[int, Any] | None = None) -> Callable[[Tensor], Tensor]:
    """An op under its name."""
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    call = op(x=rule, promotes="to_float", large={"x": large} if large else None)(forward)
    direct(call)(in_place)
    return call
