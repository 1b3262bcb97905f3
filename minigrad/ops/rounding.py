"""Rounding, and division that rounds."""
from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import GraphError, RefusedArgumentError, UnsupportedDtypeError
from .dims import Number
from .elementwise import refuse, true_divide, zeros_as
from .raw import shown

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- rounding
def rounding(name: str, doc: str) -> Callable[[Tensor], Tensor]:
    """An op that rounds with the array library's function of the same name. Integers stay as they are."""
    def forward(input: Tensor) -> Tensor:
        refuse(name, input, "bc")
        x: Any = input
        return getattr(backend_of(x).xp, name)(x) if x.dtype.kind == "f" else x.copy()
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(x=lambda g: zeros_as(g))(forward)


floor = rounding("floor", "The greatest whole number that is not greater.")
ceil = rounding("ceil", "The least whole number that is not less.")
trunc = rounding("trunc", "The whole number next to it towards zero.")
fix = trunc


@op(x=lambda g: zeros_as(g))
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest whole number, halves to even ones; or with so many decimals, of which negative ones are tens."""
    x: Any = input
    refuse("round", x, "bc")
    if x.dtype.kind != "f":
        if decimals:
            raise UnsupportedDtypeError(f"round: decimals are not implemented for {x.dtype}; got decimals {decimals}, {shown(x)}")
        return x.copy()
    xp = backend_of(x).xp
    if not decimals:
        return xp.rint(x)
    ten = 10.0 ** builtins.abs(decimals)
    return xp.rint(x * ten) / ten if decimals > 0 else xp.rint(x / ten) * ten


@op(x=lambda g: g)
def frac(input: Tensor) -> Tensor:
    """What `trunc` cuts off, with the input's sign."""
    x: Any = input
    refuse("frac", x, "biuc")
    return x - backend_of(x).xp.trunc(x)


# ---------------------------------------------------------------- division
def check_divisor(name: str, x: Any, y: Any) -> None:
    """What does not divide: bools, complex numbers, and whole numbers by zero."""
    kind = y.dtype.kind if hasattr(y, "dtype") else "f"
    if kind in "bc":
        refuse(name, y, "bc")
    if kind in "iu" and (y == 0).any():
        raise RefusedArgumentError(f"{name}: ZeroDivisionError: a whole number divided by zero; got {shown(x)}, {shown(y)}")


def floored(name: str, x: Any, y: Any) -> Any:
    """The greatest whole number below x / y."""
    check_divisor(name, x, y)
    return x // y


def truncated(name: str, x: Any, y: Any) -> Any:
    """x / y without its decimals."""
    check_divisor(name, x, y)
    array = x if hasattr(x, "dtype") else y          # one of them may be a number
    xp = backend_of(array).xp
    return xp.trunc(x / y) if array.dtype.kind == "f" else (x - xp.fmod(x, y)) // y


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: zeros_as(g),
    y=lambda g: zeros_as(g))
def divide_and_floor(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`div` with rounding_mode="floor"."""
    return floored("div", input, other)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: zeros_as(g),
    y=lambda g: zeros_as(g))
def divide_and_truncate(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`div` with rounding_mode="trunc"."""
    return truncated("div", input, other)


def div(input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """input / other: the quotient, integers in the default dtype; or with rounding_mode "floor" or "trunc" a whole number, in
    the operands' dtype and with a gradient of zero.

    >>> import minigrad
    >>> div(minigrad.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None and out is None:
        return true_divide(input, other)
    if rounding_mode not in DIVISIONS:
        raise RefusedArgumentError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}")
    call = DIVISIONS[rounding_mode]
    return call(input, other) if out is None else call(input, other, out=out)


DIVISIONS: dict[str | None, Any] = {None: true_divide, "floor": divide_and_floor, "trunc": divide_and_truncate}
divide = div


def without_derivative(name: str, remedy: str) -> Any:
    """The rule of an op that PyTorch does not differentiate either."""
    raise GraphError(f"{name}: the derivative is not implemented; {remedy}")


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: without_derivative("floor_divide", "detach() its inputs, or use div(rounding_mode='floor'), whose gradient is zero"),
    y=lambda g: without_derivative("floor_divide", "detach() its inputs, or use div(rounding_mode='floor'), whose gradient is zero"))
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input // other: the quotient rounded down, in the operands' dtype.

    Raises RefusedArgumentError for a whole number divided by zero, GraphError in a backward pass, as PyTorch does.
    """
    return floored("floor_divide", input, other)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    y=lambda g, x, y: g * -divide_and_floor(x, y))
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input - other * floor(input / other): the remainder with the sign of other, Python's %."""
    check_divisor("remainder", input, other)
    return input % other                             # type: ignore[operator, return-value]


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    y=lambda g, x, y: g * -divide_and_truncate(x, y))
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """input - other * trunc(input / other): the remainder with the sign of input, C's %."""
    check_divisor("fmod", input, other)
    return backend_of(input).xp.fmod(input, other)
