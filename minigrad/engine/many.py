"""The short call paths of ops with three and more tensors, or with a sequence of them; `fast.py` has those of one and two."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import is_array
from ..dtypes import FLOATS
from ..errors import MinigradError
from .inplace import node_of
from .mode import local
from .node import Node, TensorBase, new, stamp, wrap
from .spec import EMPTY, Op, getter

ndarray = np.ndarray
asarray = np.asarray
Call = Callable[..., Any]

Tensor: Any = TensorBase                             # `call.bind` puts the real class here


# ---------------------------------------------------------------- three tensors, the last of which may be None
def ternary(op: Op, slow: Call) -> Call:
    """linear and its like: every slot is an input."""
    forward = op.forward
    lacking = len(op.names)                          # the place of None behind the three
    keeps = [getter([i if users & {k for k in range(3) if live >> k & 1} else lacking for (_, i), users in zip(op.slots, op.users)])
             for live in range(8)]                   # by which inputs need a gradient, as bits

    def call(input: Any = EMPTY, weight: Any = EMPTY, bias: Any = None, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None:
            return slow(*[a for a in (input, weight, bias) if a is not EMPTY], **named)
        if not isinstance(input, TensorBase) or not isinstance(weight, TensorBase) or not (bias is None or isinstance(bias, TensorBase)):
            return slow(input, weight, bias) if weight is not EMPTY else slow(input)
        x, w, b = input.array, weight.array, None if bias is None else bias.array
        if x.dtype is not w.dtype or (b is not None and b.dtype is not x.dtype):
            return slow(input, weight, bias)
        try:
            out = forward(x, w, b)
        except MinigradError:
            raise
        except Exception as error:
            raise op.explain(error, (x, w, b)) from error
        if type(out) is not ndarray and not is_array(out):
            out = asarray(out)
        t = new(Tensor)
        t.array = out
        t.cell = [0, 0, None]
        t._grad = t.base = t.node = None
        if mode.recording:
            xn = input.node if input.base is None else node_of(input)
            wn = weight.node if weight.base is None else node_of(weight)
            bn = None if bias is None else bias.node if bias.base is None else node_of(bias)
            live = (xn is not None) + 2 * (wn is not None) + 4 * (bn is not None)
            if live and out.dtype.kind in "fc":
                t.node = n = new(Node)
                n.op = op
                n.parents = (xn, wn, bn)
                n.hooks = None
                n.options = ()
                n.saved = keeps[live]((x, w, b, None))
                n.cells = keeps[live]((input.cell, weight.cell, None if bias is None else bias.cell, None))
                n.shapes = (x.shape, w.shape, () if b is None else b.shape)
                n.shape, n.dtype = out.shape, out.dtype
                stamp(n, mode)
        return t
    return call


# ---------------------------------------------------------------- several tensors, then options
def several_inputs(op: Op, slow: Call) -> Call:
    """linear, addmm, gather, ...: on CPU arrays of one dtype. Sequences, numbers that promote and the rest are for `slow`."""
    forward, kept, returns, inputs = op.forward, bool(op.kept), op.returns, op.inputs
    names, defaults, positional, total, tensors = frozenset(op.names), op.defaults, op.positional, len(op.names), op.tensors
    numbers = op.takes_number
    options_at = [i for i in range(total) if i not in tensors]
    promoted = frozenset(op.promoted) if op.promotes is not None else frozenset()
    floats_only = op.promotes == "to_float" or op.check is not None
    shaped = inputs if op.broadcast else op.tensors
    kinds = {kind for kind, _ in op.slots}
    shapes_kept, dtypes_kept = "shape" in kinds, "dtype" in kinds
    start = {"input": 0, "option": 0, "shape": total, "dtype": total * (1 + shapes_kept)}
    start["out"] = total * (1 + shapes_kept + dtypes_kept)
    start["kept"] = start["out"] + 1
    plans: dict[tuple[int, ...], tuple[Call, list[int]]] = {}

    def plan(live: tuple[int, ...]) -> tuple[Call, list[int]]:
        """For one set of inputs that need a gradient: what to keep, and whose memory that is (-1: nobody's, total: the output's)."""
        used = [bool(users.intersection(live)) for users in op.users]
        keep = getter([start[kind] + i if u else -1 for (kind, i), u in zip(op.slots, used)])
        cells = [i if u and kind == "input" else total if u and kind == "out" else -1 for (kind, i), u in zip(op.slots, used)]
        found = plans[live] = keep, cells
        return found

    def call(*args: Any, **named: Any) -> Any:
        mode = local.mode
        given = len(args)
        if mode.watch is not None or given > positional:
            return slow(*args, **named)
        arrays = list(args)
        dtype: Any = None
        found = number = False
        for i in tensors:
            if i >= given:
                break
            value = args[i]
            if isinstance(value, TensorBase):
                arrays[i] = value = value.array
                found = True
            elif value is None:
                continue
            elif i in numbers and type(value) in (float, int):
                number = number or i in promoted
                continue
            elif not mode.arrays:
                return slow(*args, **named)
            if type(value) is not ndarray:
                return slow(*args, **named)
            if i in promoted and value.dtype is not dtype:
                if dtype is not None or floats_only and value.dtype not in FLOATS:
                    return slow(*args, **named)
                dtype = value.dtype
        if number and dtype not in FLOATS:           # a number may change the dtype of others
            return slow(*args, **named)
        for name, value in named.items():
            if isinstance(value, TensorBase) or name not in names:
                return slow(*args, **named)
        try:
            out = forward(*arrays, **named)
        except MinigradError:
            raise
        except TypeError:
            return slow(*args, **named)              # a better message
        except Exception as error:
            raise op.explain(error, arrays) from error
        extra: Any = ()
        if kept:
            out, *extra = out
        if not found:                                # a rule at work on arrays
            return out
        if type(out) is not ndarray:
            out = asarray(out)
        t = new(Tensor)
        t.array = out
        t.cell = cell = [0, 0, None]
        t._grad = t.base = t.node = None
        if mode.recording and out.dtype.kind in "fc":
            live: tuple[int, ...] = ()
            parents = []
            for i in inputs:
                parent = None
                if i < given:
                    value = args[i]
                    if isinstance(value, TensorBase):
                        parent = value.node if value.base is None else node_of(value)
                        if parent is not None:
                            live += (i,)
                parents.append(parent)
            if live:
                if named:
                    arrays += [named.get(name, d) for name, d in zip(op.names[given:], defaults[given:])]
                elif given < total:
                    arrays += defaults[given:]
                keep, cells_at = plans.get(live) or plan(live)
                t.node = n = new(Node)
                n.op = op
                n.parents = tuple(parents)
                n.hooks = None
                shapes = [getattr(a, "shape", ()) for a in arrays] if shapes_kept else ()
                dtypes = [getattr(a, "dtype", None) for a in arrays] if dtypes_kept else ()
                n.saved = keep((*arrays, *shapes, *dtypes, out, *extra, None))
                n.cells = tuple([getattr(args[i], "cell", None) if 0 <= i < given else cell if i == total else None for i in cells_at])
                n.shapes = tuple([getattr(arrays[i], "shape", ()) for i in shaped])
                n.shape, n.dtype = out.shape, out.dtype
                n.options = tuple([arrays[i] for i in options_at])
                stamp(n, mode)
        return t if returns is None else returns(t, *[wrap(e) for e in extra])
    return call


# ---------------------------------------------------------------- a sequence of tensors and options
def one_sequence(op: Op, slow: Call) -> Call:
    """cat, stack: CPU arrays of one dtype, in a list or tuple, with options by position or name."""
    forward, names, defaults, count = op.forward, op.names[1:], op.defaults[1:], len(op.names) - 1
    known = frozenset(names)
    simple = all(kind in ("shape", "option") for kind, _ in op.slots)      # nothing saved whose memory must be watched
    start = {"shape": 0, "option": 0}
    keep = getter([start[kind] + i for kind, i in op.slots]) if simple else None

    def call(tensors: Any, *options: Any, **named: Any) -> Any:
        mode = local.mode
        if keep is None or mode.watch is not None or type(tensors) not in (list, tuple) or not tensors or not known.issuperset(named):
            return slow(tensors, *options, **named)
        arrays = []
        parents = []
        alive = False
        first = tensors[0]
        dtype = first.array.dtype if isinstance(first, TensorBase) else getattr(first, "dtype", None)
        for value in tensors:
            if isinstance(value, TensorBase):
                array = value.array
                parent = value.node if value.base is None else node_of(value)
                alive = alive or parent is not None
                parents.append(parent)
            elif mode.arrays:
                array = value
                parents.append(None)
            else:
                return slow(tensors, *options, **named)
            if type(array) is not ndarray or array.dtype is not dtype:
                return slow(tensors, *options, **named)
            arrays.append(array)
        try:
            out = forward(arrays, *options, **named)
        except MinigradError:
            raise
        except Exception:
            return slow(tensors, *options, **named)  # the general path has the message
        if not isinstance(first, TensorBase) and not any(isinstance(v, TensorBase) for v in tensors):
            return out                               # a rule at work on arrays
        t = new(Tensor)
        t.array = out
        t.cell = [0, 0, None]
        t._grad = t.base = t.node = None
        if alive and mode.recording and out.dtype.kind in "fc":
            if named:
                options += tuple([named.get(k, d) for k, d in zip(names[len(options):], defaults[len(options):])])
            elif len(options) < count:
                options += defaults[len(options):]
            shapes = tuple([a.shape for a in arrays])
            t.node = n = new(Node)
            n.op = op
            n.parents = (tuple(parents),)
            n.hooks = None
            n.shapes = (shapes,)
            n.shape, n.dtype = out.shape, dtype
            n.options = options
            n.saved = keep((shapes, *options))
            n.cells = ()
            stamp(n, mode)
        return t
    return call
