"""The short call paths of views. Nothing is computed and nothing saved whose memory must be watched, so the call is all there is."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import MinigradError
from . import node as nodes
from .inplace import node_of
from .mode import local
from .node import COUNT, Node, Pick, TensorBase, new, stamp
from .spec import Op

Call = Callable[..., Any]


def is_plain(op: Op) -> bool:
    """True for a view of one tensor whose rule asks for options and the input's shape only."""
    return op.view and op.tensors == [0] and not (op.kept or op.returns or op.promotes) and all(
        kind == "option" or (kind, i) == ("shape", 0) for kind, i in op.slots)


def saver(op: Op) -> Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]:
    """`save(shape, options)` -> what the node keeps; most often one of them."""
    slots = op.slots
    if slots == [("shape", 0)]:
        return lambda shape, options: (shape,)
    if not slots:
        return lambda shape, options: ()
    if slots == [("option", i + 1) for i in range(len(op.names) - 1)]:
        return lambda shape, options: options
    at = [-1 if kind == "shape" else i - 1 for kind, i in slots]
    return lambda shape, options: tuple([shape if i < 0 else options[i] for i in at])


def one_view(op: Op, slow: Call) -> Call:
    """transpose, getitem, unsqueeze, ..."""
    forward, records, count, defaults, save = op.forward, bool(op.inputs), len(op.names) - 1, op.defaults[1:], saver(op)

    def call(input: Any, *options: Any, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None or not isinstance(input, TensorBase):
            if mode.arrays and mode.watch is None and not isinstance(input, TensorBase):
                return forward(input, *options, **named)     # a rule at work on arrays
            return slow(input, *options, **named)
        x = input.array
        try:
            out = forward(x, *options)
        except MinigradError:
            raise
        except Exception:
            return slow(input, *options)             # has the message
        t = new(nodes.Tensor)
        t.array = out
        t.cell = cell = input.cell
        t._grad = t.node = None
        t.seen = cell[COUNT]
        base = input.base
        if base is None:
            t.base = input
            parent = input.node
        else:
            t.base = base
            parent = node_of(input)
        if parent is not None and records and mode.recording:
            if len(options) < count:
                options += defaults[len(options):]
            t.node = n = new(Node)
            n.op = op
            n.parents = (parent,)
            n.hooks = None
            n.cells = ()
            shape = x.shape
            n.shapes = (shape,)
            n.shape, n.dtype = out.shape, out.dtype
            n.options = options
            n.saved = save(shape, options)
            stamp(n, mode)
        return t
    return call


def several_views(op: Op, slow: Call) -> Call:
    """split, unbind: one node for the op, and one per view that picks its gradient."""
    forward, records, count, defaults, save = op.forward, bool(op.inputs), len(op.names) - 1, op.defaults[1:], saver(op)

    def call(input: Any, *options: Any, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None or not isinstance(input, TensorBase):
            if mode.arrays and mode.watch is None and not isinstance(input, TensorBase):
                return forward(input, *options, **named)     # a rule at work on arrays
            return slow(input, *options, **named)
        x = input.array
        try:
            outs = forward(x, *options)
        except MinigradError:
            raise
        except Exception:
            return slow(input, *options)             # has the message
        parent = node_of(input)
        node: Any = None
        if parent is not None and records and mode.recording and outs:
            if len(options) < count:
                options += defaults[len(options):]
            node = new(Node)
            node.op = op
            node.parents = (parent,)
            node.hooks = None
            node.cells = ()
            node.shapes = (x.shape,)
            node.shape, node.dtype = tuple([out.shape for out in outs]), (x.dtype,) * len(outs)
            node.options = options
            node.saved = save(x.shape, options)
            stamp(node, mode)
        cell, base = input.cell, input if input.base is None else input.base
        seen = cell[COUNT]
        views = []
        for i, out in enumerate(outs):
            t = new(nodes.Tensor)
            t.array, t.cell, t.base, t.seen = out, cell, base, seen
            t._grad = None
            t.node = None if node is None else Pick(node, i, out)
            views.append(t)
        return tuple(views)
    return call
