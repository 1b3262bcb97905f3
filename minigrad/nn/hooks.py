"""Hooks of modules: functions that see, and may change, what goes into a module and what comes out, forward and backward."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..autograd.function import Function
from ..engine import hooks as engine_hooks
from ..engine.hooks import RemovableHandle
from ..engine.inplace import node_of
from ..engine.mode import local
from ..engine.node import COUNT, TensorBase
from ..errors import ArgumentTypeError, GraphError

Hook = Callable[..., Any]

# Hooks of all modules, called before a module's own. `everywhere` is true once there has been one.
GLOBAL: dict[str, OrderedDict[int, Hook]] = {kind: OrderedDict() for kind in
                                             ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")}
GLOBAL_OPTIONS: dict[int, dict[str, Any]] = {}
everywhere = False


def register(module: Any, kind: str, hook: Hook, prepend: bool = False, **options: Any) -> RemovableHandle:
    """Add a hook to one of a module's dictionaries of hooks."""
    handle = engine_hooks.register(getattr(module, kind), hook)
    if any(options.values()):
        module._hook_options[handle.id] = options
    if prepend:
        getattr(module, kind).move_to_end(handle.id, last=False)
    if kind in GLOBAL:
        module.__dict__["_attention"] = True
    return handle


def register_global(kind: str, hook: Hook, **options: Any) -> RemovableHandle:
    """Add a hook of all modules."""
    global everywhere
    everywhere = True
    handle = engine_hooks.register(GLOBAL[kind], hook)
    GLOBAL_OPTIONS[handle.id] = options
    return handle


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call hook(module, args) before the forward of every module."""
    return register_global("_forward_pre_hooks", hook)


def register_module_forward_hook(hook: Hook, *, with_kwargs: bool = False, always_call: bool = False) -> RemovableHandle:
    """Call hook(module, args, output) after the forward of every module."""
    return register_global("_forward_hooks", hook, with_kwargs=with_kwargs, always_call=always_call)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call hook(module, grad_output) before the backward of every module."""
    return register_global("_backward_pre_hooks", hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call hook(module, grad_input, grad_output) after the backward of every module."""
    return register_global("_backward_hooks", hook)


def hooks_of(module: Any, kind: str) -> list[tuple[int, Hook, dict[str, Any]]]:
    """All hooks of one kind for a module, with their options: the global ones first."""
    return ([(i, hook, GLOBAL_OPTIONS[i]) for i, hook in GLOBAL[kind].items()]
            + [(i, hook, module._hook_options.get(i, {})) for i, hook in getattr(module, kind).items()])


# ---------------------------------------------------------------- forward
def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of a module with all its hooks."""
    called: set[int] = set()
    try:
        return _call(module, args, kwargs, called)
    except Exception:
        for i, hook, options in hooks_of(module, "_forward_hooks"):
            if options.get("always_call") and i not in called:
                _run_quietly(hook, options, module, args, kwargs)
        raise


def _call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], called: set[int]) -> Any:
    for _, hook, options in hooks_of(module, "_forward_pre_hooks"):
        if options.get("with_kwargs"):
            changed = hook(module, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise GraphError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
                args, kwargs = changed
        else:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    backward = Backward.of(module)
    if backward is not None:
        args = backward.watch_inputs(args)
    result = module.forward(*args, **kwargs)
    for i, hook, options in hooks_of(module, "_forward_hooks"):
        called.add(i)
        changed = hook(module, args, kwargs, result) if options.get("with_kwargs") else hook(module, args, result)
        if changed is not None:
            result = changed
    return result if backward is None else backward.watch_outputs(result)


def _run_quietly(hook: Hook, options: dict[str, Any], module: Any, args: Any, kwargs: Any) -> None:
    """A hook that is called although forward failed: its own failure must not hide that."""
    try:
        hook(module, args, kwargs, None) if options.get("with_kwargs") else hook(module, args, None)
    except Exception as error:
        warnings.warn(f"module forward hook with ``always_call=True`` raised an exception that was silenced as another error was raised "
                      f"in forward: {error}", stacklevel=2)


# ---------------------------------------------------------------- backward
class Tap(Function):
    """Tensors as they are; their gradients pass through a handler."""

    @staticmethod
    def forward(ctx: Any, handler: Callable[[tuple[Any, ...]], Any], *tensors: Any) -> Any:
        ctx.handler = handler
        return tensors

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return None, *ctx.handler(grad_outputs)


def tap(values: tuple[Any, ...], handler: Callable[[tuple[Any, ...]], Any]) -> tuple[tuple[Any, ...], list[int]]:
    """`values` with its tensors tapped, and where among the values they stand; none if no gradient will pass."""
    at = [i for i, v in enumerate(values) if isinstance(v, TensorBase)]
    if not local.mode.recording or not any(node_of(values[i]) is not None for i in at):
        return values, []
    tapped = list(values)
    for i, t in zip(at, Tap.apply(handler, *[values[i] for i in at])):
        x = values[i]
        if t is not x:                               # a view: a write into it reaches x, and is refused as such
            t.base = x if x.base is None else x.base
            t.seen = t.cell[COUNT]
        tapped[i] = t
    return tuple(tapped), at


def spread(found: Any, at: list[int], n: int) -> tuple[Any, ...]:
    """n places, those `at` filled with what was found."""
    places: list[Any] = [None] * n
    for i, value in zip(at, found):
        places[i] = value
    return tuple(places)


class Backward:
    """One call of a module whose backward is watched: taps around its inputs and its outputs."""

    def __init__(self, module: Any, pre_hooks: list[Hook], hooks: list[Hook]) -> None:
        self.module, self.pre_hooks, self.hooks = module, pre_hooks, hooks
        self.inputs: list[int] = []                  # positions of tensors among the arguments, and how many arguments there are
        self.n_inputs = 0
        self.outputs: list[int] = []
        self.n_outputs = 0
        self.grad_outputs: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, module: Any) -> Backward | None:
        """For a module with backward hooks; else None."""
        pre_hooks = [hook for _, hook, _ in hooks_of(module, "_backward_pre_hooks")]
        hooks = [hook for _, hook, _ in hooks_of(module, "_backward_hooks")]
        return cls(module, pre_hooks, hooks) if pre_hooks or hooks else None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, tapped."""
        self.n_inputs = len(args)
        args, self.inputs = tap(args, self.at_inputs)
        return args

    def watch_outputs(self, result: Any) -> Any:
        """The result, tapped. A result that is no tensor or tuple of tensors gets a warning."""
        if not isinstance(result, (TensorBase, tuple)):
            warnings.warn("For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                          f"{type(result)}", stacklevel=5)
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(outputs)
        outputs, self.outputs = tap(outputs, self.at_outputs)
        if not isinstance(result, tuple):
            return outputs[0]
        return type(result)(*outputs) if hasattr(result, "_fields") else outputs

    def at_outputs(self, gradients: tuple[Any, ...]) -> Any:
        """The gradient has reached the module's outputs."""
        grads = spread(gradients, self.outputs, self.n_outputs)
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = self._checked(changed, self.n_outputs, "grad_output")
        self.grad_outputs = grads
        if not self.inputs:                          # nothing below: the hooks' turn is now
            self._run(spread((), [], self.n_inputs))
        return [grads[i] for i in self.outputs]

    def at_inputs(self, gradients: tuple[Any, ...]) -> Any:
        """The gradient has reached the module's inputs."""
        if self.grad_outputs is None:
            return gradients
        grads = self._run(spread(gradients, self.inputs, self.n_inputs))
        return [grads[i] for i in self.inputs]

    def _run(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            if not self.inputs and not (isinstance(changed, tuple) and all(c is None for c in changed)):
                raise GraphError("Backward hook for Modules where no input requires gradient should always return None or None for all "
                                 "gradients.")
            grads = self._checked(changed, self.n_inputs, "grad_input")
        self.grad_outputs = None
        return grads

    @staticmethod
    def _checked(changed: Any, n: int, what: str) -> tuple[Any, ...]:
        grads = changed if isinstance(changed, tuple) else (changed,)
        if len(grads) != n:
            raise GraphError(f"Backward hook returned an invalid number of {what}, got {len(grads)}, but expected {n}")
        if any(g is not None and not isinstance(g, TensorBase) for g in grads):
            raise ArgumentTypeError(f"Backward hook must return Tensors or None as {what}")
        return grads
