"""Functions of several ops that autocast knows by name."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from .mode import local

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}        # all of them, by name


def autocasts(function: F) -> F:
    """Let autocast see a function as it sees an op: its operands get the dtype that the list for its name asks for."""
    name = function.__name__

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        mode = local.mode
        if mode.watch is None or mode.autocast is None:
            return function(*args, **kwargs)
        return mode.autocast.run_function(name, function, args, kwargs)
    FUNCTIONS[name] = call
    return cast(F, call)
