"""Hooks on a node, `tensor.grad_fn.register_hook`: what goes into its rules, and what comes out of them."""
from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from ..errors import ArgumentTypeError, describe
from .hooks import RemovableHandle, add_hook, check_changed, register
from .mode import on_tensors_only
from .node import Leaf, Node, Pick, TensorBase, wrap
from .run import sum_to

Hook = Callable[..., Any]


class HookedOp:
    """What an op is to one node with hooks: its rules all run at the first one's turn, between the hooks; then each has its result.

    before: hook(grad_outputs). after: hook(grad_inputs, grad_outputs), an entry per input, None where no gradient is wanted.
    """

    def __init__(self, node: Node) -> None:
        self.before: dict[int, Hook] = {}
        self.after: dict[int, Hook] = {}
        op = copy(node.op)                           # it refers to this, not this to it: no cycle
        op.pulls, op.together, op.hooked = tuple([self._turn(i) for i in range(len(node.op.pulls))]), None, self
        self._several, self._pulls, self._live = node.op.several, node.op.pulls, [i for i, p in enumerate(node.parents) if p is not None]
        self._shapes, self._count = node.shapes if op.broadcast else None, [len(p) if type(p) is tuple else 0 for p in node.parents]
        self._made: dict[int, Any] = {}
        node.op = op

    def _turn(self, i: int) -> Callable[[Any, tuple[Any, ...]], Any]:
        def pull(g: Any, saved: tuple[Any, ...]) -> Any:
            if i not in self._made:
                self._run(g, saved)
            return self._made.pop(i)
        return pull

    def _run(self, g: Any, saved: tuple[Any, ...]) -> None:
        gs = changed_by(self.before, g if self._several else (g,))
        g = gs if self._several else gs[0]
        made: list[Any] = []                         # one per input, those of a sequence one by one
        for i, n in enumerate(self._count):
            pg = self._pulls[i](g, saved) if i in self._live else None
            if n:
                made += list(pg) if pg is not None else [None] * n
            else:
                made.append(pg if pg is None or self._shapes is None or pg.shape == self._shapes[i] else sum_to(pg, self._shapes[i]))
        made = list(changed_by(self.after, tuple(made), gs))
        for i, n in enumerate(self._count):
            part, made = made[:n or 1], made[n or 1:]
            if i in self._live:
                self._made[i] = part if n else part[0]


def changed_by(hooks: dict[int, Hook], gs: tuple[Any, ...], *more: tuple[Any, ...]) -> tuple[Any, ...]:
    """Gradients after every hook had its turn; hooks see tensors and return a tuple of as many, or None."""
    for hook in list(hooks.values()):
        with on_tensors_only():
            found = hook(*[tuple([as_tensor(g) for g in each]) for each in (gs, *more)])
        if found is None:
            continue
        if not isinstance(found, tuple) or len(found) != len(gs):
            raise ArgumentTypeError(f"register_hook: expected a tuple of {len(gs)} gradients, but hook "
                                    f"{getattr(hook, '__name__', type(hook).__name__)!r} returned {describe(found)}")
        for new, g in zip(found, gs):
            if g is not None and new is not None:
                check_changed(hook, new, g)
        gs = tuple([new if new is None or g is None or isinstance(g, TensorBase) else new.array for new, g in zip(found, gs)])
    return gs


def as_tensor(g: Any) -> Any:
    return g if g is None or isinstance(g, TensorBase) else wrap(g)


def add_prehook(node: Node, hook: Hook) -> RemovableHandle:
    """Call `hook(grad_outputs)` before the rules of a node; a tuple that it returns takes their place."""
    if node.op is not None and node.op.several:
        return register(hooked(node).before, hook)

    def one(g: Any) -> Any:
        found = hook((g,))
        if found is not None and (not isinstance(found, tuple) or len(found) != 1):
            raise ArgumentTypeError(f"register_prehook: expected a tuple of 1 gradient, but the hook returned {describe(found)}")
        return None if found is None else found[0]
    one.__name__ = getattr(hook, "__name__", type(hook).__name__)
    return add_hook(node, one)


def add_posthook(node: Node, hook: Hook) -> RemovableHandle:
    """Call `hook(grad_inputs, grad_outputs)` after the rules of a node; a tuple that it returns takes the place of `grad_inputs`."""
    if not isinstance(node, Leaf):
        return register(hooked(node).after, hook)
    came: list[Any] = []
    first = add_hook(node, came.append)
    if node.after is None:
        node.after = {}
    handle = register(node.after, lambda tensor: hook((), (came.pop(),)))
    return Handles((first, handle))


def hooked(node: Node) -> HookedOp:
    """The hooks of a node, of one with several outputs those of the op."""
    node = node.parents[0] if isinstance(node, Pick) else node
    found: HookedOp | None = getattr(node.op, "hooked", None)
    if found is None:
        found = HookedOp(node)
    return found


class Handles(RemovableHandle):
    """Several handles as one."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()
