"""`out=` of functions that are made of several ops."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ..engine.general import into
from ..errors import ArgumentTypeError, describe

F = TypeVar("F", bound=Callable[..., Any])


def deliver(name: str, out: Any, result: Any, casts: bool = False) -> Any:
    """The result, or `out` with the result written into it; several results go into as many tensors.

    casts: `out` may have another dtype than the result.
    """
    if out is None:
        return result
    if not isinstance(result, tuple):
        return into(name, out, result, casts)
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise ArgumentTypeError(f"{name}: out must be a tuple of {len(result)} tensors; got {describe(out)}")
    delivered = [into(name, o, r, casts) for o, r in zip(out, result, strict=True)]
    return type(result)(*delivered) if hasattr(result, "_fields") else tuple(delivered)


def takes_out(function: F) -> F:
    """Give a function the keyword `out`, which every op has; it must have the result's dtype."""
    return delivering(function, casts=False)


def casts_out(function: F) -> F:
    """`takes_out` with an `out` of any dtype that the result fits into."""
    return delivering(function, casts=True)


def delivering(function: F, casts: bool) -> F:
    @wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        return deliver(function.__name__, out, function(*args, **kwargs), casts)
    return cast(F, call)
