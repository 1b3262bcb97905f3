"""Nodes of the graph, and the slots that a tensor needs to take part in it.

The graph holds nodes, never tensors: a node keeps arrays and its parents' nodes; a leaf's node holds its leaf
weakly. So a graph dies by reference counting alone, and no cycle is ever made.
"""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator
from linecache import getline
from sys import _getframe
from types import CodeType
from typing import Any

import numpy as np

from .mode import Mode, Scope

Array = Any
new = object.__new__

# One clock stamps nodes when they are made and memory when it is written: a saved value is stale when its memory
# was written after its node was made.
tick = itertools.count(1).__next__


# What is known of a block of memory that tensors share: [time of the last write, number of writes, line of the last
# write]. A list, as a small class would cost 60 ns per op; the names below say which is which.
Cell = list[Any]
TIME, COUNT, LINE = range(3)


class TensorBase:
    """The slots of a tensor.

    array: its values. node: where its gradient goes, None without one. cell: shared by all views of one memory.
    base: the tensor that it is a view of. seen: the write count that its node belongs to (views only).
    """
    __slots__ = ("array", "node", "cell", "_grad", "base", "seen", "__weakref__", "__dict__")
    __array_priority__ = 1000                        # ndarray * Tensor asks Tensor.__rmul__
    array: Array
    node: Node | None
    cell: Cell
    _grad: Any
    base: Any
    seen: int


class Node:
    """One op that ran: what its rules need, and where their gradients go."""
    __slots__ = ("op", "time", "parents", "saved", "cells", "shapes", "shape", "dtype", "options", "code", "lasti",
                 "scope", "hooks", "__weakref__")
    op: Any                                          # an Op; None for a leaf
    time: int                                        # creation number: the backward pass runs from high to low
    parents: tuple[Any, ...]                         # per input with a rule: Node, None, or a tuple of these
    saved: tuple[Any, ...] | None                    # values in the order of op.slots; None once freed
    cells: tuple[Any, ...]                           # of saved values that are a tensor's memory: Cell, None, or a tuple of these
    shapes: tuple[Any, ...] | None                   # of the inputs; None: all as the output
    shape: tuple[Any, ...]                           # of the output, or the shapes of several
    dtype: Any
    options: tuple[Any, ...]
    code: CodeType | None                            # the line that made it, decoded only when shown
    lasti: int
    scope: Scope | None                              # the module call that it was made under
    hooks: dict[int, Callable[[Any], Any]] | None

    def name(self) -> str:
        """PyTorch's name of it: `MulBackward0`."""
        return str(self.op.node_name)

    def inputs(self) -> Iterator[Node | None]:
        """The nodes of its inputs, those of a sequence one by one."""
        for parent in self.parents:
            if type(parent) is tuple:
                yield from parent
            else:
                yield parent

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes of its inputs, each with the index of the output that was used."""
        return tuple((p.parents[0], p.index) if isinstance(p, Pick) else (p, 0) for p in self.inputs())

    def where(self) -> str:
        """The user's line that made it, with its text, and the module path."""
        path = self.scope.path if self.scope is not None else ""
        code, lasti = user_place(self)
        return f"{quoted_line(code, lasti) if code is not None else '?'}{f' in {path}' if path else ''}"

    def register_hook(self, fn: Callable[..., Any]) -> Any:
        """Call `fn(grad_inputs, grad_outputs)`, both tuples, after the rules; a tuple that it returns takes the place of `grad_inputs`."""
        from .node_hooks import add_posthook
        return add_posthook(self, fn)

    def register_prehook(self, fn: Callable[..., Any]) -> Any:
        """Call `fn(grad_outputs)` before the rules; a tuple that it returns takes the place of `grad_outputs`."""
        from .node_hooks import add_prehook
        return add_prehook(self, fn)

    @property
    def metadata(self) -> dict[Any, Any]:
        """What a user notes down about the node."""
        return _METADATA.setdefault(self, {})

    def _sequence_nr(self) -> int:
        """Its creation number."""
        return self.time

    def __getattr__(self, name: str) -> Any:
        """`_saved_self`, `_saved_result`, ...: what the rules keep, as tensors at their place in the graph."""
        if name.startswith("_saved_") and self.op is not None:
            from .run import saved_by_name
            return saved_by_name(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self))}>"


_METADATA: weakref.WeakKeyDictionary[Node, dict[Any, Any]] = weakref.WeakKeyDictionary()


class Leaf(Node):
    """Collects into `.grad` of its tensor, which it holds weakly."""
    __slots__ = ("tensor", "after")

    def __init__(self, tensor: TensorBase) -> None:
        self.op = None
        self.parents = self.saved = self.cells = self.options = ()
        self.shapes = self.hooks = self.code = self.scope = None
        self.lasti = 0
        self.time = tick()
        self.shape, self.dtype = tensor.array.shape, tensor.array.dtype
        self.tensor = weakref.ref(tensor)
        self.after: dict[int, Callable[[Any], Any]] | None = None      # hooks that run once .grad is up to date

    def name(self) -> str:
        return "AccumulateGrad"

    @property
    def variable(self) -> Any:
        """The leaf tensor; None when it is gone."""
        return self.tensor()


class Pick(Node):
    """One output of an op with several: hands its gradient to that op's node at one index."""
    __slots__ = ("index",)

    def __init__(self, node: Node, index: int, array: Array) -> None:
        self.op = node.op
        self.parents = (node,)
        self.saved = self.cells = self.options = ()
        self.shapes = self.hooks = None
        self.time = tick()
        self.index = index
        self.shape, self.dtype = array.shape, array.dtype
        self.code, self.lasti, self.scope = node.code, node.lasti, node.scope

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        return self.parents[0].next_functions


class _Files(dict[str, bool]):
    """File name -> is it part of this package? Filled as names come by; a look-up costs 40 ns, `startswith` 90."""

    def __missing__(self, name: str) -> bool:
        self[name] = ours = name.startswith(_ROOT) and not name.startswith(_MODELS)
        return ours


_ROOT = __file__[:-len("engine/node.py")]
_MODELS = _ROOT + "vision/models"                    # those are programs, as a user's are: their lines say something
OURS = _Files()


def stamp(node: Node, mode: Mode) -> None:
    """When, where and under which module. Where: the caller of the op, two frames up, or who called that if it is
    one of our adapters; what runs deeper inside our layers is found through the scope (`source_line`)."""
    frame = _getframe(2)
    if OURS[frame.f_code.co_filename]:
        frame = frame.f_back or frame
        if OURS[frame.f_code.co_filename]:
            frame = frame.f_back or frame
    node.time = tick()
    node.code = frame.f_code
    node.lasti = frame.f_lasti
    node.scope = mode.scope


def user_frame() -> Any:
    """The innermost running frame outside this package."""
    frame: Any = _getframe(1)
    while OURS[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    return frame


def line_of(code: CodeType, lasti: int) -> str:
    """`file:line` of an instruction."""
    line = next((p[0] for p in itertools.islice(code.co_positions(), lasti // 2, None)), None)
    return f"{code.co_filename}:{line}"


def quoted_line(code: CodeType, lasti: int) -> str:
    """`file:line` of an instruction and, where the source can be read, the text of that line."""
    place = line_of(code, lasti)
    text = getline(code.co_filename, int(place.rpartition(":")[2])).strip() if not place.endswith("None") else ""
    return f"{place} `{text}`" if text else place


def user_place(node: Node) -> tuple[CodeType | None, int]:
    """The innermost instruction outside this package that led to the node: its own, or a module call's around it."""
    code, lasti, scope = node.code, node.lasti, node.scope
    while code is not None and OURS[code.co_filename] and scope is not None:
        code, lasti, scope = scope.code, scope.lasti, scope.parent
    return code, lasti


def source_line(node: Node) -> str:
    """`file:line` of that instruction."""
    code, lasti = user_place(node)
    return line_of(code, lasti) if code is not None else "?"


Tensor: Any = TensorBase                             # `bind` puts the real class here


def wrap(array: Array, node: Node | None = None, cell: Cell | None = None, base: Any = None) -> Any:
    """A tensor over an array. NumPy scalars, which 0-d results turn into, become arrays again."""
    t = new(Tensor)
    t.array = array if hasattr(array, "strides") and not isinstance(array, np.generic) else np.asarray(array)
    t.node = node
    t.cell = cell or [0, 0, None]
    t._grad = None
    t.base = base
    if base is not None:
        t.seen = t.cell[COUNT]
    return t
