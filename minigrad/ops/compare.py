"""Comparison, logic, and questions about numbers: ops whose results are bools."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, describe
from .dims import Number
from .elementwise import refuse
from .operands import need_tensors
from .raw import shown
from .rounding import without_derivative

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- comparison
def comparison(name: str, doc: str, ordered: bool = True) -> Callable[..., Tensor]:
    """An op that is Python's operator of the same name. ordered: complex numbers, which have no order, are refused."""
    compare: Any = getattr(operator, name)

    def forward(input: Tensor, other: Tensor | Number) -> Tensor:
        if ordered:
            refuse(name, input, "c", "; take abs() or .real")
        return compare(input, other)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(promotes="comparison", broadcast=True)(forward)


eq = comparison("eq", "True where input == other; nan equals nothing.", ordered=False)
ne = comparison("ne", "True where input != other; nan differs from everything.", ordered=False)
lt = comparison("lt", "True where input < other.")
le = comparison("le", "True where input <= other.")
gt = comparison("gt", "True where input > other.")
ge = comparison("ge", "True where input >= other.")
not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


@op(promotes="same", broadcast=True)
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """True where |input - other| <= atol + rtol * |other|; an infinity is close to itself only, nan to nan with equal_nan.

    Raises DtypeError for different dtypes, RefusedArgumentError for negative tolerances.
    """
    x: Any = input
    y: Any = other
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RefusedArgumentError(f"isclose: {name} must be greater than or equal to zero, but got {value}")
    xp = backend_of(x).xp
    close = x == y
    if equal_nan:
        close |= (x != x) & (y != y)
    if x.dtype.kind == "b" or not rtol and not atol:
        return close
    distance = abs(x - y) if x.dtype.kind != "u" else xp.where(x > y, x - y, y - x)    # unsigned differences wrap
    return close | xp.isfinite(distance) & (distance <= atol + rtol * abs(y))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """True if all elements are close, as `isclose` says."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """True if both have the same shape and the same elements.

    >>> import minigrad
    >>> equal(minigrad.tensor([1, 2]), minigrad.tensor([1.0, 2.0]))
    True
    """
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, TensorBase):
            raise ArgumentTypeError(f"equal: {name} must be a Tensor; got {describe(value)}")
    return input.array.shape == other.array.shape and bool(eq(input, other).array.all())


# ---------------------------------------------------------------- logic
def logical(name: str, doc: str) -> Callable[[Tensor, Tensor], Tensor]:
    """A binary op that is the array library's function `logical_...`; of numbers, all but 0 are true."""
    def forward(input: Tensor, other: Tensor) -> Tensor:
        return getattr(backend_of(input).xp, name)(input, other)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(broadcast=True, casts_out=True)(forward)


logical_and = logical("logical_and", "True where both are true, that is not 0.")
logical_or = logical("logical_or", "True where one or both are true, that is not 0.")
logical_xor = logical("logical_xor", "True where one, and not both, is true, that is not 0.")


@op(casts_out=True)
def logical_not(input: Tensor) -> Tensor:
    """True where the input is 0."""
    return input == 0


# ---------------------------------------------------------------- questions
def question(name: str, doc: str, otherwise: bool) -> Callable[[Tensor], Tensor]:
    """An op that is the array library's function of the same name; of whole numbers the answer is `otherwise`."""
    def forward(input: Tensor) -> Tensor:
        x: Any = input
        xp = backend_of(x).xp
        return getattr(xp, name)(x) if x.dtype.kind in "fc" else xp.full(x.shape, otherwise)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op()(forward)


isnan = question("isnan", "True where the input is nan, in its real or imaginary part.", False)
isinf = question("isinf", "True where the input is infinite, in its real or imaginary part.", False)
isfinite = question("isfinite", "True where the input is neither infinite nor nan.", True)


@op()
def isposinf(input: Tensor) -> Tensor:
    """True where the input is +inf."""
    return infinite("isposinf", input, float("inf"))


@op()
def isneginf(input: Tensor) -> Tensor:
    """True where the input is -inf."""
    return infinite("isneginf", input, float("-inf"))


def infinite(name: str, x: Any, value: float) -> Any:
    """Where x is one infinity."""
    if x.dtype.kind == "c":
        raise DtypeError(f"{name}: does not support complex inputs; got {shown(x)}")
    return x == value


@op()
def isreal(input: Tensor) -> Tensor:
    """True where the imaginary part is 0."""
    x: Any = input
    return x.imag == 0 if x.dtype.kind == "c" else backend_of(x).xp.full(x.shape, True)


@op(promotes="same", broadcast=True,
    x=lambda g: without_derivative("heaviside", "detach() its inputs"),
    values=lambda g: without_derivative("heaviside", "detach() its inputs"))
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where the input is negative (or nan), 1 where it is positive, `values` where it is 0."""
    x: Any = input
    refuse("heaviside", x, "c")
    return backend_of(x).xp.where(x == 0, values, (x > 0).astype(x.dtype))


def is_nonzero(input: Tensor) -> bool:
    """True if the one element is not 0."""
    need_tensors("is_nonzero", input=input)
    if input.array.size != 1:
        count = "no values" if not input.array.size else "more than one value"
        raise ShapeError(f"is_nonzero: Boolean value of Tensor with {count} is ambiguous; got {describe(input)}")
    return bool(input.array.item() != 0)
