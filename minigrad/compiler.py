"""`torch.compile` and `torch.compiler`: accepted, and nothing is compiled, since there is no graph compiler here."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import AssertedArgumentError, RefusedArgumentError, describe

MODES = ("default", "lite", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def compile(model: Any = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: str | Callable[..., Any] = "inductor",
            mode: str | None = None, options: Mapping[str, Any] | None = None, disable: bool = False) -> Any:
    """Return `model` itself, which already runs on compiled kernels; without `model`, a decorator that does so.

    Takes PyTorch's options and checks `mode`. Raises RuntimeError for an unknown mode, or for a mode together with options.
    A model keeps its class and its `state_dict` keys (PyTorch wraps it and puts `_orig_mod.` before each key).

    >>> @compile(mode="max-autotune")
    ... def double(x):
    ...     return x + x
    >>> double(2)
    4
    """
    if mode is not None and options is not None:
        raise RefusedArgumentError("compile: either mode or options can be given; got both; leave one out")
    if mode is not None and mode not in MODES:
        raise RefusedArgumentError(f"compile: mode must be one of {', '.join(MODES)}; got {mode!r}")
    if model is None:
        return lambda model: compile(model, mode=mode, options=options)
    if not callable(model):
        raise AssertedArgumentError(f"compile: a module or a function is expected; got {describe(model)}")
    return model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """Return `fn` itself; without it, a decorator that does so."""
    return fn if fn is not None else lambda fn: fn


def allow_in_graph(fn: Any) -> Any:
    """Return `fn` itself."""
    return fn


def is_compiling() -> bool:
    """False: code always runs as it stands."""
    return False


def is_dynamo_compiling() -> bool:
    """False: code always runs as it stands."""
    return False


def is_exporting() -> bool:
    """False: code always runs as it stands."""
    return False


def reset() -> None:
    """Nothing is kept of compilations."""


def cudagraph_mark_step_begin() -> None:
    """Nothing is captured."""


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """Compilers to choose from: none."""
    return []


class set_stance:
    """Accepted, at once and as a context manager or decorator: code always runs as it stands."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        if stance not in STANCES:
            raise RefusedArgumentError(f"set_stance: stance must be one of {', '.join(STANCES)}; got {stance!r}")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        return function


STANCES = ("default", "eager_then_compile", "aot_eager_then_compile", "force_eager", "eager_on_recompile", "fail_on_recompile")


def assume_constant_result(fn: Any) -> Any:
    """Return `fn` itself."""
    return fn


def substitute_in_graph(original_fn: Any, *args: Any, **kwargs: Any) -> Any:
    """A decorator that returns the function itself."""
    return lambda fn: fn


def nested_compile_region(fn: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Return `fn` itself; without it, a decorator that does so."""
    return fn if fn is not None else lambda fn: fn
