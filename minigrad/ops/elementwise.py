"""Arithmetic, element by element."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from .dims import Number

if TYPE_CHECKING:
    from .._tensor import Tensor


def unary(name: str, rule: Callable[..., Any], doc: str, promotes: str | None = "to_float") -> Callable[[Tensor], Tensor]:
    """An op that is one function of the array library, of the same name."""
    def forward(input: Tensor) -> Tensor:
        return getattr(backend_of(input).xp, name)(input)    # type: ignore[no-any-return]
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(x=rule, promotes=promotes)(forward)


# ---------------------------------------------------------------- two operands
@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    y=lambda g, alpha: g if alpha == 1 else g * alpha)
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other."""
    return input + other if alpha == 1 else input + alpha * other    # type: ignore[return-value]


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    y=lambda g, alpha: -g if alpha == 1 else g * -alpha)
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other."""
    return input - other if alpha == 1 else input - alpha * other    # type: ignore[return-value]


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, y: g * y,
    y=lambda g, x: g * x)
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * other."""
    return input * other                                              # type: ignore[return-value]


@op(broadcast=True, promotes="to_float",
    x=lambda g, y: g / y,
    y=lambda g, y, out: -g * out / y)
def true_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input / other; integers become the default dtype."""
    return input / other                                              # type: ignore[return-value]


# ---------------------------------------------------------------- one operand
exp = unary("exp", lambda g, out: g * out, "e to the power of each element.")
log = unary("log", lambda g, x: g / x, "Natural logarithm of each element; -inf at 0, nan below.")
tanh = unary("tanh", lambda g, out: g * (1 - out * out), "Hyperbolic tangent of each element.")
sqrt = unary("sqrt", lambda g, out: g / (2 * out), "Square root of each element; its gradient at 0 is inf.")


@op(x=lambda g: -g)
def neg(input: Tensor) -> Tensor:
    """-input."""
    return -input
