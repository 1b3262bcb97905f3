"""Networks by name."""
from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ...errors import ArgumentError
from ...nn.module import Module

F = TypeVar("F", bound=Callable[..., Module])

BUILDERS: dict[str, Callable[..., Module]] = {}


def register_model(function: F) -> F:
    """Make a network known under the name of the function that builds it."""
    BUILDERS[function.__name__] = function
    return function


def get_model_builder(name: str) -> Callable[..., Module]:
    """The function that builds a network. Raises ValueError for an unknown name."""
    if name.lower() not in BUILDERS:
        meant = "".join(f"; {known}?" for known in difflib.get_close_matches(name.lower(), BUILDERS, 1))
        raise ArgumentError(f"get_model: Unknown model {name}; there are {', '.join(list_models())}{meant}")
    return BUILDERS[name.lower()]


def get_model(name: str, **config: Any) -> Module:
    """Build a network by its name: get_model("resnet18", num_classes=10)."""
    return get_model_builder(name)(**config)


def list_models(module: Any = None, include: Iterable[str] | str | None = None, exclude: Iterable[str] | str | None = None) -> list[str]:
    """The names of all networks, or of those in a module as `models.segmentation`; include, exclude: patterns such as "resnet*".

    >>> list_models(include="resnet*", exclude=["*50", "*1*"])
    ['resnet34']
    """
    def matches(name: str, patterns: Iterable[str] | str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns))
    names = [name for name, build in BUILDERS.items() if module is None or f"{build.__module__}.".startswith(f"{module.__name__}.")]
    return [name for name in sorted(names)
            if (include is None or matches(name, include)) and not (exclude is not None and matches(name, exclude))]
