"""`out=` of functions that are made of several ops."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ..engine.general import into
from ..errors import ArgumentTypeError, describe

F = TypeVar("F", bound=Callable[..., Any])


def deliver(name: str, out: Any, result: Any) -> Any:
    """The result, or `out` with the result written into it; several results go into as many tensors."""
    if out is None:
        return result
    if not isinstance(result, tuple):
        return into(name, out, result)
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise ArgumentTypeError(f"{name}: out must be a tuple of {len(result)} tensors; got {describe(out)}")
    delivered = [into(name, o, r) for o, r in zip(out, result, strict=True)]
    return type(result)(*delivered) if hasattr(result, "_fields") else tuple(delivered)


def takes_out(function: F) -> F:
    """Give a function the keyword `out`, which every op has."""
    @wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        return deliver(function.__name__, out, function(*args, **kwargs))
    return cast(F, call)
