"""Looking into the graph: its nodes and edges, hooks on what they keep for their gradients, and on several gradients at once."""
from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine import saving
from ..engine.backward import GradientEdge as GradientEdge
from ..engine.hooks import RemovableHandle, add_hook
from ..engine.inplace import node_of, wrote
from ..engine.mode import local
from ..engine.node import Node as Node
from ..engine.node import Pick, TensorBase
from ..engine.node_hooks import Handles
from ..engine.run import Pass, leading_to
from ..errors import ArgumentError, AssertedArgumentError, GraphError, describe
from ..mistakes import below


# ---------------------------------------------------------------- what ops keep for their gradients
class saved_tensors_hooks(saving.Hooks):
    """Inside, `pack_hook(tensor)` takes what ops keep for their gradients, and `unpack_hook(packed)` gives it back in the backward pass.

    pack_hook may return anything (a file's name, a smaller copy); unpack_hook must return a tensor of the same values, shape and dtype.
    Of nested contexts the innermost counts. Writes in place after packing are not noticed. Raises RuntimeError for a pack hook that
    writes into its argument, TypeError for an unpack hook that returns no tensor.

    >>> import minigrad
    >>> x = minigrad.tensor(3.0, requires_grad=True)
    >>> with minigrad.autograd.graph.saved_tensors_hooks(lambda t: t.item(), lambda number: minigrad.tensor(number)):
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor(6.)
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        super().__init__(pack_hook, unpack_hook)

    @property
    def pack_hook(self) -> Callable[[Any], Any]:
        return self.pack

    @property
    def unpack_hook(self) -> Callable[[Any], Any]:
        return self.unpack


class save_on_cpu(saved_tensors_hooks):
    """Inside, what ops on a GPU keep for their gradients waits in the computer's memory; on the CPU it stays where it is.

    pin_memory: in memory that the GPU reads by itself.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Any) -> tuple[Any, Any]:
            there = tensor.device
            copied = tensor.cpu()
            return there, copied.pin_memory() if pin_memory and there.type == device_type else copied

        super().__init__(pack, lambda packed: packed[1].to(packed[0], non_blocking=pin_memory))


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, to set such hooks is a RuntimeError with this message, and so it is to come here with hooks set."""
    if local.mode.saving is not None:
        raise GraphError(error_message)
    before, saving.Hooks.disabled = saving.Hooks.disabled, error_message
    try:
        yield
    finally:
        saving.Hooks.disabled = before


class _Copies(saved_tensors_hooks):
    """What `allow_mutation_on_saved_tensors` sets."""

    def __init__(self) -> None:
        super().__init__(lambda tensor: tensor.detach().clone(), lambda copied: copied)

    def __enter__(self) -> _Copies:
        if isinstance(local.mode.saving, _Copies):
            raise GraphError("allow_mutation_on_saved_tensors: contexts cannot be nested; the outer one is enough")
        super().__enter__()
        return self


def allow_mutation_on_saved_tensors() -> _Copies:
    """Inside, tensors may be written in place although a gradient needs their old values: ops keep copies.

    >>> import minigrad
    >>> with minigrad.autograd.graph.allow_mutation_on_saved_tensors():
    ...     a = minigrad.ones(2, requires_grad=True)
    ...     b = a.clone()
    ...     y = (b ** 2).sum()
    ...     b = b.sin_()
    ...     y.backward()
    >>> a.grad
    tensor([2., 2.])
    """
    return _Copies()


# ---------------------------------------------------------------- nodes and edges
def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The place in the graph where a tensor's gradient arrives, for `grad` and `backward` in place of the tensor.

    Raises RuntimeError for a tensor that does not require a gradient.
    """
    node = node_of(tensor) if isinstance(tensor, TensorBase) else None
    if node is None:
        raise GraphError("get_gradient_edge: It is not possible to get the gradient edge for a Tensor that does not require gradients; "
                         f"got {describe(tensor)}")
    return GradientEdge(node, node.index if isinstance(node, Pick) else 0)


def increment_version(tensor: Any) -> None:
    """Count a write into the memory of a tensor, or of several, that minigrad could not see, so that stale gradients are noticed."""
    tensors = [tensor] if isinstance(tensor, TensorBase) else list(tensor) if isinstance(tensor, Iterable) else [tensor]
    if not all(isinstance(t, TensorBase) for t in tensors):
        raise GraphError(f"increment_version: expects a Tensor or an Iterable[Tensor] as input; got {describe(tensor)}")
    wrote(*[t.cell for t in tensors])


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[..., None], *, mode: str = "all") -> RemovableHandle:
    """Call a hook on the gradients of several tensors; `remove()` of what is returned takes it away.

    mode: "all" calls `fn(gradients)` once those of all tensors are there that the backward pass will reach, None for the others;
    "any" calls `fn(gradient)` at the first one. In each pass once. Raises ValueError for another mode.
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"register_multi_grad_hook: Expects mode to be one of ('all', 'any') but got {mode}")
    nodes = [node_of(t) if isinstance(t, TensorBase) else getattr(t, "node", None) for t in tensors]
    if mode == "all" and None in nodes:
        raise AssertedArgumentError("register_multi_grad_hook: Expected gradient function to be set: every tensor must require a gradient; "
                                    f"got {describe(tensors[nodes.index(None)])}")
    watch = _All(nodes, fn) if mode == "all" else _Any(fn)
    return Handles(tuple([add_hook(node, watch.hook(i)) for i, node in enumerate(nodes) if node is not None]))


class _Any:
    """The first gradient of each pass."""

    def __init__(self, fn: Callable[..., None]) -> None:
        self.fn, self.last = fn, 0

    def hook(self, i: int) -> Callable[[Any], None]:
        def came(g: Any) -> None:
            number = _running()[0]
            if number != self.last:
                self.last = number
                self.fn(g)
        return came


class _All:
    """The gradients of a pass, until those that it will reach are complete."""

    def __init__(self, nodes: list[Any], fn: Callable[..., None]) -> None:
        self.nodes, self.fn, self.last = [weakref.ref(node) for node in nodes], fn, 0     # the nodes hold this, as their hook
        self.came: list[Any] = []
        self.missing = 0

    def hook(self, i: int) -> Callable[[Any], None]:
        def came(g: Any) -> None:
            number, task = _running()
            if number != self.last:
                self.last, self.came = number, [None] * len(self.nodes)
                reached = _reached(task)
                self.missing = sum([ref() in reached for ref in self.nodes])
            self.came[i] = g
            self.missing -= 1
            if not self.missing:
                found, self.came = self.came, []
                self.fn(found)
        return came


def _running() -> tuple[int, Pass]:
    found = local.mode.running
    assert found is not None                         # hooks run in a pass only
    return found


def _reached(task: Pass) -> set[Any]:
    """The nodes whose gradients a backward pass computes."""
    if task.wanted is not None:
        return leading_to(task.roots, task.wanted) | set(task.wanted)
    return set().union(*[below(root) for root in task.roots])
