"""`torch._dynamo` and `torch._inductor`: settings and switches of PyTorch's compiler. They are accepted; nothing is compiled."""
from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from .compiler import allow_in_graph as allow_in_graph
from .compiler import assume_constant_result as assume_constant_result
from .compiler import compile as compile
from .compiler import disable as disable
from .compiler import is_compiling as is_compiling
from .compiler import list_backends as list_backends
from .compiler import reset as reset


class Settings:
    """Attributes that can be set to anything; those that nobody has set are None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def patch(self, *args: Any, **settings: Any) -> _Patch:
        """A context manager and decorator: other settings inside."""
        return _Patch(self, {**(args[0] if args and isinstance(args[0], dict) else dict([args] if args else [])), **settings})


class _Patch:
    def __init__(self, settings: Settings, changes: dict[str, Any]) -> None:
        self._settings, self._changes = settings, changes

    def __enter__(self) -> None:
        self._before = dict(vars(self._settings))
        vars(self._settings).update(self._changes)

    def __exit__(self, *error: object) -> None:
        vars(self._settings).clear()
        vars(self._settings).update(self._before)

    def __call__(self, function: Any) -> Any:
        from functools import wraps

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with _Patch(self._settings, self._changes):
                return function(*args, **kwargs)
        return run


config = Settings()


def graph_break(msg: str = "") -> None:
    """There is no graph to break."""


def mark_dynamic(t: Any, index: Any = None, *args: Any, **kwargs: Any) -> None:
    """Sizes are looked at anew in every call."""


maybe_mark_dynamic = mark_static = mark_dynamic


def mark_static_address(t: Any, guard: bool = True) -> None:
    """Nothing depends on addresses."""


def optimize(backend: Any = "inductor", **options: Any) -> Any:
    """A decorator that returns the function itself."""
    return lambda fn: fn


def is_dynamo_supported() -> bool:
    """False: there is no compiler of graphs."""
    return False


class TransformGetItemToIndex(nullcontext[None]):
    """Context: `x[i]` takes an index `i` that `vmap` batches. Here it does so everywhere."""
