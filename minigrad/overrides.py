"""`torch.overrides`: objects that are no tensors and say themselves, by `__torch_function__`, what an op on them is.

>>> import minigrad
>>> class Logged:
...     def __init__(self, tensor):
...         self.tensor = tensor
...     @classmethod
...     def __torch_function__(cls, func, types, args=(), kwargs=None):
...         print(func.__name__)
...         return cls(func(*[a.tensor if isinstance(a, cls) else a for a in args], **(kwargs or {})))
>>> minigrad.exp(Logged(minigrad.zeros(2))).tensor
exp
tensor([1., 1.])
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Self

from .engine.mode import local, watching
from .engine.node import TensorBase
from .engine.overriding import has_override, overridden, overriding
from .errors import ArgumentTypeError, UnsupportedError


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """True if one of the arguments says itself what functions of it are."""
    return any(True for _ in overriding(relevant_args))


def has_torch_function_unary(tensor: Any) -> bool:
    """`has_torch_function` of one argument."""
    return has_override(tensor)


def has_torch_function_variadic(*args: Any) -> bool:
    """`has_torch_function` of these arguments."""
    return has_torch_function(args)


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """What the first of the relevant arguments that has `__torch_function__` makes of `public_api(*args, **kwargs)`.

    Raises TypeError where none does.
    """
    found = overridden(public_api, relevant_args, args, kwargs)
    if found is NotImplemented:
        raise ArgumentTypeError(f"handle_torch_function: none of the arguments of {getattr(public_api, '__name__', public_api)} has "
                                "__torch_function__; ask has_torch_function first")
    return found


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: let what `dispatcher(*args, **kwargs)` returns, the relevant arguments, override the function."""
    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            found = overridden(call, dispatcher(*args, **kwargs), args, kwargs)
            return function(*args, **kwargs) if found is NotImplemented else found
        return call
    return wrap


class TorchFunctionMode:
    """Context manager: derive from it, and `__torch_function__` says what every op inside is.

    It is asked for ops, with their functions (`minigrad.mul` also where `*` was written), not for what makes tensors from numbers.
    While it runs, ops are those outside again.

    >>> import minigrad
    >>> class Count(TorchFunctionMode):
    ...     names = []
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         self.names.append(func.__name__)
    ...         return func(*args, **(kwargs or {}))
    >>> with Count() as count:
    ...     x = minigrad.ones(2) * 3
    >>> count.names
    ['mul']
    """

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise UnsupportedError(f"{type(self).__name__}: a TorchFunctionMode needs a __torch_function__; define it in the class")

    def __enter__(self) -> Self:
        outside = local.mode.watch

        def see(op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            mode = local.mode
            if mode.arrays:                          # a rule at work on arrays
                return call(*args, **kwargs)
            before, mode.watch = mode.watch, outside
            try:
                return self.__torch_function__(op.call, (), args, kwargs)
            finally:
                mode.watch = before
        entered: list[watching] = vars(self).setdefault("_entered", [])      # classes below need not call __init__
        entered.append(watching(see))
        entered[-1].__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        vars(self)["_entered"].pop().__exit__(*error)


def is_tensor_like(inp: Any) -> bool:
    """True for a tensor, and for what has `__torch_function__`."""
    return isinstance(inp, TensorBase) or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """True for a method of tensors."""
    from ._tensor import Tensor
    return any(func is member for member in vars(Tensor).values())


def resolve_name(f: Callable[..., Any]) -> str | None:
    """The name under which users find a function."""
    name = getattr(f, "__name__", None)
    return None if name is None else f"torch.{name}"
