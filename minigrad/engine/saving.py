"""What stands between an op and the values that its node keeps: pack hooks when they are kept, unpack hooks when they are needed.

While hooks are set (`autograd.graph.saved_tensors_hooks`), a watch looks at each new node and puts a `Parcel` in the place of every
array that it saved. The backward pass opens them. Without hooks nothing of this is in the way.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..backend import is_array
from ..errors import ArgumentTypeError, GraphError, InplaceError
from . import mode as modes
from .mode import local, no_grad, on_tensors_only
from .node import COUNT, Cell, Node, Pick, TensorBase, tick, wrap


class Packed(tuple[Any, ...]):
    """What a node saved, with parcels in the place of arrays; a type of its own, so that an ordinary pass need not look inside."""
    __slots__ = ()


class Parcel:
    """What a pack hook made of a saved tensor, and the hook that turns it back."""
    __slots__ = ("_content", "_unpack")

    def __init__(self, tensor: Any, hooks: Hooks) -> None:
        count = tensor.cell[COUNT]
        with no_grad(), on_tensors_only():
            self._content = hooks.pack(tensor)
        if tensor.cell[COUNT] != count:
            raise InplaceError("saved_tensors_hooks: A saved tensor pack hook is modifying its input in place; return a new value instead")
        self._unpack = hooks.unpack

    def open(self) -> Any:
        """The array."""
        with no_grad(), on_tensors_only():
            found = self._unpack(self._content)
        if not isinstance(found, TensorBase):
            raise ArgumentTypeError("saved_tensors_hooks: Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                                    f"type {type(found).__name__}")
        return found.array


class Hooks:
    """A pair of hooks as a context: they take what ops inside keep for their gradients, in this thread. The innermost pair counts."""
    disabled: str | None = None                      # why none may be set

    def __init__(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        self.pack, self.unpack = pack, unpack
        self._before: list[tuple[Hooks | None, Any]] = []

    def __enter__(self) -> Hooks:
        if Hooks.disabled is not None:
            raise GraphError(Hooks.disabled)
        mode = local.mode
        self._before.append((mode.saving, mode.watch))
        mode.saving, mode.watch = self, modes.in_front(watch, modes.without(watch, mode.watch))
        return self

    def __exit__(self, *error: object) -> None:
        mode = local.mode
        mode.saving, mode.watch = self._before.pop()


def watch(op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In front of every op while hooks are set: pack what the nodes that it makes have saved."""
    now = tick()
    result = call(*args, **kwargs)
    for t in result if isinstance(result, tuple) else (result,):
        node = t.node if isinstance(t, TensorBase) else None
        if isinstance(node, Pick):
            node = node.parents[0]
        if node is not None and node.time > now and type(node.saved) is tuple and local.mode.saving is not None:
            pack(node, [*tensors_in((*args, *kwargs.values()))], local.mode.saving)
    return result


def tensors_in(values: Any) -> Iterator[Any]:
    """The tensors among arguments, those of sequences too."""
    for value in values:
        if isinstance(value, TensorBase):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(value)


def pack(node: Node, operands: list[Any], hooks: Hooks) -> None:
    """Let hooks take the arrays that a node saved. They see the operands themselves, and results without their place in the graph."""
    def parcel(value: Any, cell: Cell | None) -> Any:
        if not is_array(value):
            return value
        found = next((t for t in operands if t.array is value), None)
        if found is None and kind == "input" and not value.shape and all(t.array.shape for t in operands):
            return value                             # a number
        return Parcel(wrap(value, None, cell) if found is None else found, hooks)

    saved, cells = [], node.cells or (None,) * len(node.op.slots)
    for (kind, _), value, cell in zip(node.op.slots, node.saved or (), cells):
        if kind in ("shape", "dtype"):
            saved.append(value)
        elif type(value) in (list, tuple):
            each = cell if type(cell) is tuple and len(cell) == len(value) else (None,) * len(value)
            saved.append(type(value)([parcel(v, c) for v, c in zip(value, each)]))
        else:
            saved.append(parcel(value, cell))
    node.saved, node.cells = Packed(saved), (None,) * len(node.op.slots)


def opened(node: Node) -> tuple[Any, ...]:
    """What a node saved, parcels opened. Raises GraphError if a pass has freed it."""
    if node.saved is None:
        raise GraphError(
            f"backward: trying to backward through the graph a second time: {node.op.name}, made at {node.where()}, has freed "
            "what it kept; pass retain_graph=True the first time, or run the forward again")
    return tuple([opened_value(v) for v in node.saved])


def opened_value(value: Any) -> Any:
    """An array of a parcel, of a sequence each; anything else as it is."""
    if type(value) is Parcel:
        return value.open()
    return type(value)([opened_value(v) for v in value]) if type(value) in (list, tuple) else value


def kept(tensor: Any) -> Any:
    """What to keep of a tensor for later: its array, or what the hooks that are set make of it."""
    hooks = local.mode.saving
    return tensor.array if hooks is None else Parcel(tensor, hooks)
