"""Handles that take a hook away again, for tensors and modules alike."""
from __future__ import annotations

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..errors import ArgumentTypeError, GraphError, describe
from .mode import on_tensors_only
from .node import Leaf, Node, TensorBase, tick, wrap


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away; as a context manager, at the end of the block."""

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.id = tick()
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()


def register(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    """Put a hook into a dictionary of hooks; they run in the order of registration."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def add_hook(node: Node, hook: Callable[[Any], Any]) -> RemovableHandle:
    """Run `hook` on the gradient that reaches a node."""
    if node.hooks is None:
        node.hooks = {}
    return register(node.hooks, hook)


def run_hooks(node: Node, g: Any) -> Any:
    """The gradient after every hook of a node had its turn; hooks see tensors."""
    on_tensors = isinstance(g, TensorBase)
    with on_tensors_only():
        for hook in list((node.hooks or {}).values()):
            changed = hook(g if on_tensors else wrap(g))
            if changed is not None:
                check_changed(hook, changed, g)
                g = changed if on_tensors else changed.array
    return g


def check_changed(hook: Any, changed: Any, g: Any) -> None:
    """What a hook returns in a gradient's place must be a tensor of its shape and dtype."""
    name = f"hook {getattr(hook, '__name__', type(hook).__name__)!r}"
    if not isinstance(changed, TensorBase):
        raise ArgumentTypeError(f"{name}: expected a Tensor or None, but it returned {describe(changed)}")
    if tuple(changed.array.shape) != tuple(g.shape):
        raise GraphError(f"{name} has changed the size of value: it got a gradient of shape {tuple(g.shape)} and returned "
                         f"{describe(changed)}; return one of the same shape")
    was = getattr(g, "array", g).dtype
    if changed.array.dtype != was:
        raise GraphError(f"{name} has changed the type of value: it got {was} and returned {describe(changed)}; convert it with "
                         ".to(g.dtype)")


def retain_grad(tensor: TensorBase, node: Node) -> None:
    """Let a tensor that is no leaf collect its gradient too; the hook holds the tensor weakly."""
    weak = weakref.ref(tensor)

    def keep(g: Any) -> None:
        t = weak()
        if t is not None:
            t._grad = g.detach().clone() if t._grad is None else t._grad + g
    add_hook(node, keep)


def run_after_hooks(leaf: Leaf, tensor: TensorBase) -> None:
    """Run the hooks that wait for a leaf's `.grad`."""
    for hook in list((leaf.after or {}).values()):
        hook(tensor)
