"""The short call paths of ops with one or two tensors: the same as `general.py` where nothing unusual is asked, at a third of the cost."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import is_array
from ..dtypes import FLOATS
from ..errors import MinigradError
from .inplace import node_of
from .mode import local
from .node import COUNT, Node, TensorBase, new, stamp, wrap
from .spec import EMPTY, Op, getter

ndarray = np.ndarray
asarray = np.asarray
Call = Callable[..., Any]

Tensor: Any = TensorBase                             # `call.bind` puts the real class here


# ---------------------------------------------------------------- one tensor and nothing else
def unary(op: Op, slow: Call) -> Call:
    forward, to_float, records = op.forward, op.promotes == "to_float", bool(op.inputs)
    keep = op.slots[0][0] if op.slots else ""        # "", "input", "out", "shape" or "dtype"

    def call(input: Any, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None or not isinstance(input, TensorBase):
            if mode.arrays and (is_array(input) or isinstance(input, np.generic)) and input.dtype.kind in "fc":
                return forward(input)                # a rule at work on arrays
            return slow(input, **named)
        x = input.array
        if to_float and x.dtype.kind not in "fc":
            return slow(input)
        try:
            out = forward(x)
        except MinigradError:
            raise
        except Exception as error:
            raise op.explain(error, (x,)) from error
        if type(out) is not ndarray and not is_array(out):
            out = asarray(out)
        t = new(Tensor)
        t.array = out
        t.cell = cell = [0, 0, None]
        t._grad = t.base = t.node = None
        parent = input.node if input.base is None else node_of(input)
        if records and parent is not None and mode.recording:
            t.node = n = new(Node)
            n.op = op
            n.parents = (parent,)
            n.hooks = n.shapes = None
            n.options = ()
            n.shape, n.dtype = out.shape, out.dtype
            if keep == "out":
                n.saved, n.cells = (out,), (cell,)
            elif keep == "input":
                n.saved, n.cells = (x,), (input.cell,)
            else:
                n.saved, n.cells = (getattr(x, keep),) if keep else (), ()
            stamp(n, mode)
        return t
    return call


# ---------------------------------------------------------------- two tensors, or a tensor and a number
def binary(op: Op, slow: Call) -> Call:
    """Slots are always (x, y, out, options...), so a saved value needs no look-up."""
    forward, broadcast, records = op.forward, op.broadcast, bool(op.inputs)
    promotes, floats_only = op.promotes is not None, op.promotes == "to_float"
    users = dict(zip(op.slot_names, op.users))
    for_x, for_y = users[op.short[0]], users[op.short[1]]
    x_for_x, x_for_y, y_for_x, y_for_y = 0 in for_x, 1 in for_x, 0 in for_y, 1 in for_y
    out_for_x, out_for_y = 0 in users["out"], 1 in users["out"]
    number_x, number_y = 0 in op.takes_number, 1 in op.takes_number
    tail = tuple(op.defaults[i] for kind, i in op.slots if kind == "option")

    def call(input: Any = EMPTY, other: Any = EMPTY, *more: Any, **named: Any) -> Any:
        mode = local.mode
        if named or more or mode.watch is not None:
            return slow(*[a for a in (input, other, *more) if a is not EMPTY], **named)
        if isinstance(input, TensorBase):
            x = input.array
            xn = input.node if input.base is None else node_of(input)
            if isinstance(other, TensorBase):
                y = other.array
                yn = other.node if other.base is None else node_of(other)
                if x.dtype is not y.dtype and promotes or floats_only and x.dtype not in FLOATS:
                    return slow(input, other)
            elif number_y and x.dtype in FLOATS and (type(other) is float or type(other) is int):
                y = other
                yn = None
            else:
                return slow(input, other)
        elif number_x and isinstance(other, TensorBase) and other.array.dtype in FLOATS and (type(input) is float or type(input) is int):
            x = input
            y = other.array
            xn = None
            yn = other.node if other.base is None else node_of(other)
        elif mode.arrays and type(input) is type(other) and input.dtype is other.dtype:
            return forward(input, other)             # a rule at work on arrays
        else:
            return slow(input, other)
        try:
            out = forward(x, y)
        except MinigradError:
            raise
        except TypeError:
            return slow(input, other)                # a better message
        except Exception as error:
            raise op.explain(error, (x, y)) from error
        if type(out) is not ndarray and not is_array(out):
            out = asarray(out)
        t = new(Tensor)
        t.array = out
        t.cell = cell = [0, 0, None]
        t._grad = t.base = t.node = None
        if records and (xn is not None or yn is not None) and mode.recording:
            keep_x = x_for_x and xn is not None or x_for_y and yn is not None
            keep_y = y_for_x and xn is not None or y_for_y and yn is not None
            keep_out = out_for_x and xn is not None or out_for_y and yn is not None
            t.node = n = new(Node)
            n.op = op
            n.parents = (xn, yn)
            n.hooks = None
            n.options = ()
            n.shape, n.dtype = out.shape, out.dtype
            n.cells = ()
            if keep_x or keep_y or keep_out:
                n.saved = (x if keep_x else None, y if keep_y else None, out if keep_out else None, *tail)
                n.cells = (input.cell if keep_x and isinstance(input, TensorBase) else None,
                           other.cell if keep_y and isinstance(other, TensorBase) else None, cell if keep_out else None)
            else:
                n.saved = (None, None, None, *tail) if tail else ()
            xs = x.shape if isinstance(input, TensorBase) else ()
            ys = y.shape if isinstance(other, TensorBase) else ()
            n.shapes = None if xs == ys and broadcast else (xs, ys)
            stamp(n, mode)
        return t
    return call


# ---------------------------------------------------------------- one tensor and options
def one_input(op: Op, slow: Call) -> Call:
    """sum, reshape, softmax, dropout, ... Options are never tensors here."""
    forward, view, kept, records, to_float = op.forward, op.view, bool(op.kept), bool(op.inputs), op.promotes == "to_float"
    names, defaults, count = op.names[1:], op.defaults[1:], len(op.names) - 1
    kinds = {kind for kind, _ in op.slots}
    keep_x, keep_out = "input" in kinds, "out" in kinds
    start = {"input": 0, "shape": 1, "dtype": 2, "out": 3, "option": 3, "kept": 4 + count}
    keep = getter([start[kind] + i for kind, i in op.slots])
    returns = op.returns
    cells_at = [kind for kind, _ in op.slots] if keep_x or keep_out else []

    def call(input: Any, *options: Any, **named: Any) -> Any:
        mode = local.mode
        if mode.watch is not None or len(options) > count or "out" in named:
            return slow(input, *options, **named)
        if not isinstance(input, TensorBase):
            if mode.arrays:                          # a rule at work on arrays
                out = forward(input, *options, **named)
                return out[0] if kept else out
            return slow(input, *options, **named)
        x = input.array
        if to_float and x.dtype.kind not in "fc":
            return slow(input, *options, **named)
        extra: Any = ()
        try:
            out = forward(x, *options, **named)
        except MinigradError:
            raise
        except TypeError:
            return slow(input, *options, **named)    # other spellings of arguments, or a better message
        except Exception as error:
            raise op.explain(error, (x,)) from error
        if kept:
            out, *extra = out
        if type(out) is not ndarray and not is_array(out):
            out = asarray(out)
        t = new(Tensor)
        t.array = out
        t._grad = t.base = t.node = None
        if view:
            t.cell = cell = input.cell
            t.base = input if input.base is None else input.base
            t.seen = cell[COUNT]
        else:
            t.cell = cell = [0, 0, None]
        parent = input.node if input.base is None else node_of(input)
        if records and parent is not None and mode.recording and out.dtype.kind in "fc":
            if named:
                options += tuple([named.get(k, d) for k, d in zip(names[len(options):], defaults[len(options):])])
            elif len(options) < count:
                options += defaults[len(options):]
            t.node = n = new(Node)
            n.op = op
            n.parents = (parent,)
            n.hooks = None
            n.shapes = (x.shape,)
            n.shape, n.dtype = out.shape, out.dtype
            n.options = options
            n.saved = keep((x, x.shape, x.dtype, out, *options, *extra))
            n.cells = tuple([input.cell if k == "input" else cell if k == "out" else None for k in cells_at]) if cells_at else ()
            stamp(n, mode)
        return t if returns is None else returns(t, *[wrap(e) for e in extra])
    return call
