"""`torch.library`: ops of one's own under a name, with a gradient if one is registered; called as `torch.ops.namespace.name`.

>>> import minigrad
>>> @custom_op("house::twice", mutates_args=())
... def twice(x: minigrad.Tensor) -> minigrad.Tensor:
...     return x * 2
>>> twice.register_autograd(lambda ctx, g: g * 2)
>>> x = minigrad.ones(2, requires_grad=True)
>>> twice(x).sum().backward()
>>> x.grad
tensor([2., 2.])
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from .autograd.function import Function
from .engine.mode import no_grad
from .errors import ArgumentError, describe

_ops: dict[str, dict[str, CustomOpDef]] = {}         # namespace -> name -> op


class CustomOpDef:
    """An op of one's own. What is registered for PyTorch's compiler, `register_fake` and `register_vmap`, is accepted and not needed."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._qualname = name
        self._function = function
        self._signature = inspect.signature(function)
        self._recorded: type[Function] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if self._recorded is not None:
            return self._recorded.apply(*bound.args)
        with no_grad():
            return self._function(*bound.args, **bound.kwargs)

    default = __call__                               # the one overload that an op has

    def register_autograd(self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None) -> None:
        """backward(ctx, *gradients of outputs) -> gradients of inputs; setup_context(ctx, inputs, output) keeps what it needs."""
        members = {"forward": staticmethod(lambda *args: self._function(*args)), "backward": staticmethod(backward),
                   "setup_context": staticmethod(setup_context or (lambda ctx, inputs, output: None))}
        self._recorded = type(self._qualname.rpartition("::")[2], (Function,), members)

    def register_kernel(self, device_types: Any, fn: Callable[..., Any] | None = None, /) -> Any:
        """Another function for devices of these types ("cpu", or None for all); for others it is not used."""
        def use(fn: Callable[..., Any]) -> Callable[..., Any]:
            if device_types is None or "cpu" in ([device_types] if isinstance(device_types, str) else device_types):
                self._function = fn
            return fn
        return use if fn is None else use(fn)

    def register_fake(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """Return `fn`: shapes are never asked for without the values."""
        return fn

    register_vmap = register_fake


def custom_op(name: str, fn: Callable[..., Any] | None = None, /, *, mutates_args: str | Iterable[str], device_types: Any = None,
              schema: str | None = None, tags: Any = None) -> Any:
    """Make a function an op called `namespace::name`; without `fn`, a decorator. Raises ValueError for another form of name."""
    namespace, _, short = name.partition("::")
    if not short:
        raise ArgumentError(f"custom_op: a name looks like namespace::name; got {name!r}")

    def define(fn: Callable[..., Any]) -> CustomOpDef:
        op = _ops.setdefault(namespace, {})[short] = CustomOpDef(name, fn)
        return op
    return define if fn is None else define(fn)


triton_op = custom_op


def _op(op: Any) -> CustomOpDef:
    if isinstance(op, CustomOpDef):
        return op
    namespace, _, name = str(op).partition("::")
    if name.removesuffix(".default") not in _ops.get(namespace, {}):
        raise ArgumentError(f"library: there is no op {op if isinstance(op, str) else describe(op)}; make it with custom_op first")
    return _ops[namespace][name.removesuffix(".default")]


def register_autograd(op: Any, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None,
                      lib: Any = None) -> None:
    """`CustomOpDef.register_autograd` of an op or of its name."""
    _op(op).register_autograd(backward, setup_context=setup_context)


def register_kernel(op: Any, device_types: Any, func: Callable[..., Any] | None = None, /, *, lib: Any = None) -> Any:
    """`CustomOpDef.register_kernel` of an op or of its name."""
    return _op(op).register_kernel(device_types, func)


def register_fake(op: Any, func: Callable[..., Any] | None = None, /, *, lib: Any = None, allow_override: bool = False) -> Any:
    """Return `func`; without it, a decorator that does so."""
    return (lambda func: func) if func is None else func


register_vmap = register_fake
