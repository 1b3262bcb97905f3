"""What happens when an op is called: five paths, from the shortest to the one that can do everything.

`general` is the meaning; `unary`, `binary`, `one_input` and `several_inputs` are what it comes down to when nothing unusual is asked,
and hand over to it otherwise. A general path for all would triple the cost of `mul`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import backend_of, is_array
from ..dtypes import DIMENSIONED, FLOATS, SCALAR, ZERO_DIM, get_default_numpy, result_numpy, scalar_dtype
from ..errors import ArgumentTypeError, DeviceError, DtypeError, MinigradError, describe
from . import inplace
from . import node as nodes
from .inplace import node_of
from .mode import local
from .node import COUNT, Node, Pick, TensorBase, new, stamp, wrap
from .spec import EMPTY, Op, getter

ndarray = np.ndarray
asarray = np.asarray
NUMBERS = (bool, int, float, complex, np.number, np.bool_)
Call = Callable[..., Any]

Tensor: Any = TensorBase                             # `bind` puts the real class here
cast: Call                                           # the op that changes a dtype; ops/cast.py hands it in


def bind(tensor_class: Any) -> None:
    """Take the class that tensors are made of."""
    global Tensor
    nodes.Tensor = Tensor = tensor_class


def make_call(op: Op) -> Call:
    """The function that users call, with the op's name, docstring and signature."""
    slow = general(op)
    if op.is_binary:
        call = binary(op, slow)
    elif op.is_unary and len(op.slots) < 2:
        call = unary(op, slow)
    elif op.is_one_input:
        call = one_input(op, slow)
    elif op.tensors == list(range(len(op.tensors))) and op.tensors and not (op.view or op.several or op.sequences):
        call = several_inputs(op, slow)
    else:
        call = slow
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(call, name, getattr(op.forward, name))
    call.__wrapped__ = op.forward                    # type: ignore[attr-defined]   # inspect.signature and help() look here
    call.op = op                                     # type: ignore[attr-defined]
    return call


# ---------------------------------------------------------------- one tensor and nothing else
def unary(op: Op, slow: Call) -> Call:
    forward, to_float, records = op.forward, op.promotes == "to_float", bool(op.inputs)
    keep = op.slots[0][0] if op.slots else ""        # "", "input", "out", "shape" or "dtype"

    def call(input: Any, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None or not isinstance(input, TensorBase):
            if mode.arrays and is_array(input) and input.dtype.kind in "fc":
                return forward(input)                # a rule at work on arrays
            return slow(input, **named)
        x = input.array
        if to_float and x.dtype.kind not in "fc":
            return slow(input)
        try:
            out = forward(x)
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
    keep_out = bool(users["out"])
    number_x, number_y = 0 in op.takes_number, 1 in op.takes_number
    tail = tuple(op.defaults[i] for kind, i in op.slots if kind == "option")

    def call(input: Any = EMPTY, other: Any = EMPTY, **named: Any) -> Any:
        mode = local.mode
        if named or mode.watch is not None:
            return slow(*[a for a in (input, other) if a is not EMPTY], **named)
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


# ---------------------------------------------------------------- several tensors, then options
def several_inputs(op: Op, slow: Call) -> Call:
    """linear, addmm, layer_norm, ...: on CPU arrays of one dtype. Sequences, numbers for tensors and the rest are for `slow`."""
    forward, kept, returns, inputs = op.forward, bool(op.kept), op.returns, op.inputs
    names, defaults, positional, total, k = frozenset(op.names), op.defaults, op.positional, len(op.names), len(op.tensors)
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
        found = False
        for i in range(k if k < given else given):
            value = args[i]
            if isinstance(value, TensorBase):
                arrays[i] = value = value.array
                found = True
            elif value is None:
                continue
            elif not mode.arrays:
                return slow(*args, **named)
            if type(value) is not ndarray:
                return slow(*args, **named)
            if i in promoted and value.dtype is not dtype:
                if dtype is not None or floats_only and value.dtype not in FLOATS:
                    return slow(*args, **named)
                dtype = value.dtype
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
                n.options = tuple(arrays[k:])
                stamp(n, mode)
        return t if returns is None else returns(t, *[wrap(e) for e in extra])
    return call


# ---------------------------------------------------------------- every op, every case
def general(op: Op) -> Call:
    inputs, sequences, broadcast = op.inputs, op.sequences, op.broadcast

    def call(*args: Any, **kwargs: Any) -> Any:
        mode = local.mode
        if mode.watch is not None:
            return mode.watch(op, plain, args, kwargs)
        return plain(*args, **kwargs)

    def plain(*args: Any, **kwargs: Any) -> Any:
        target = kwargs.pop("out", None)
        values = op.bind(args, kwargs)
        arrays = unwrap(op, values)
        if arrays is None:
            return on_arrays(op, values)
        if op.check is not None:
            op.check(*values)
        if op.promotes is not None:
            promote(op, values, arrays)
        try:
            result = op.forward(*arrays[:op.positional], **dict(zip(op.names[op.positional:], arrays[op.positional:])))
        except MinigradError:
            raise
        except Exception as error:
            raise op.explain(error, arrays) from error
        extra: Any = ()
        if op.kept:
            result, *extra = result
        outs = result if op.several else (result,)
        outs = tuple([out if is_array(out) else asarray(out) for out in outs])
        node = record(op, values, arrays, outs, extra)
        tensors = wrap_outputs(op, values, outs, node)
        if node is not None and ("out", 0) in op.slots:
            node.cells = tuple([tensors[0].cell if kind == "out" else c for (kind, _), c in zip(op.slots, node.cells)])
        if target is not None:
            return into(op, target, tensors[0])
        if op.returns is not None:
            return op.returns(*tensors, *[wrap(e) for e in extra])
        return tensors if op.several else tensors[0]

    def record(op: Op, values: list[Any], arrays: list[Any], outs: tuple[Any, ...], extra: Any) -> Node | None:
        """The node, if any input needs a gradient and the output can have one."""
        mode = local.mode
        if not mode.recording or not inputs or outs and outs[0].dtype.kind not in "fc":
            return None
        parents: list[Any] = []
        live: list[int] = []
        for i in inputs:
            value = values[i]
            parent: Any = None
            if isinstance(value, TensorBase):
                parent = node_of(value)
            elif i in sequences and value is not None:
                several = tuple([node_of(v) if isinstance(v, TensorBase) else None for v in value])
                parent = several if any(p is not None for p in several) else None
            if parent is not None:
                live.append(i)
            parents.append(parent)
        if not live:
            return None
        shapes = [shape_of(a) for a in arrays]
        node: Node = new(Node)
        node.op = op
        node.parents = tuple(parents)
        node.hooks = None
        node.saved = op.keep(tuple(live))((*arrays, *shapes, *[getattr(a, "dtype", None) for a in arrays], outs[0] if outs else None, *extra, None))
        node.cells = tuple([cell_of(values[i]) if kind == "input" and kept is not None else None
                            for (kind, i), kept in zip(op.slots, node.saved)])
        node.shapes = tuple([shapes[i] for i in inputs]) if broadcast else tuple([shapes[i] for i in op.tensors])
        one = not op.several
        node.shape = outs[0].shape if one else tuple([out.shape for out in outs])
        node.dtype = outs[0].dtype if one else tuple([out.dtype for out in outs])
        node.options = tuple([a for i, a in enumerate(arrays) if i not in op.tensors])
        stamp_from_afar(node)
        return node
    return call


def stamp_from_afar(node: Node) -> None:
    """`stamp` for the general path, whose own frames lie between the op and its caller."""
    frame: Any = nodes._getframe(2)
    while nodes.OURS[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    node.time = nodes.tick()
    node.code, node.lasti, node.scope = frame.f_code, frame.f_lasti, local.mode.scope


def wrap_outputs(op: Op, values: list[Any], outs: tuple[Any, ...], node: Node | None) -> tuple[Any, ...]:
    """Tensors over the outputs; of several, each gets a node of its own that picks its gradient."""
    cell = base = None
    if op.view:
        x = values[0]
        cell, base = x.cell, x if x.base is None else x.base
    if not op.several:
        return (wrap(outs[0], node, cell, base),)
    return tuple([wrap(out, Pick(node, i, out) if node is not None and out.dtype.kind in "fc" else None, cell, base)
                  for i, out in enumerate(outs)])


def unwrap(op: Op, values: list[Any]) -> list[Any] | None:
    """The arrays of the arguments, checked; None if no tensor is among them."""
    arrays = list(values)
    found = False
    device = None
    for i, value in enumerate(values):
        if isinstance(value, TensorBase):
            arrays[i] = value.array
            found = True
        elif isinstance(value, np.generic) and i in op.takes_number and not local.mode.arrays:
            values[i] = arrays[i] = value.item()     # a NumPy scalar would impose its dtype
        elif i in op.sequences and value is not None:
            if not isinstance(value, (list, tuple)):
                raise ArgumentTypeError(f"{op.name}: {op.names[i]} must be a tuple or list of Tensors; got {describe(value)}")
            arrays[i] = [v.array if isinstance(v, TensorBase) else v for v in value]
            found = found or any(isinstance(v, TensorBase) for v in value)
    if not found:
        return None
    on_arrays_too = local.mode.arrays
    for i in op.tensors:
        value, array = values[i], arrays[i]
        if i in op.sequences:
            for v in value or ():
                if not isinstance(v, TensorBase) and not on_arrays_too:
                    raise ArgumentTypeError(f"{op.name}: every element of {op.names[i]} must be a Tensor; got {describe(v)}")
            continue
        if isinstance(value, TensorBase):
            if array.ndim:
                here = backend_of(array).device_of(array)
                if device is not None and here != device:
                    raise DeviceError(f"{op.name}: expected all tensors to be on the same device; got {device} and {here}; "
                                      f"move one with .to({str(device)!r})")
                device = here
        elif not (value is None and i in op.takes_none or i in op.takes_number and isinstance(value, NUMBERS)
                  or on_arrays_too and is_array(value)):
            raise op.refuse(value, i)
    return arrays


def on_arrays(op: Op, values: list[Any]) -> Any:
    """The op on plain arrays: for rules, refused to users."""
    if not local.mode.arrays:
        i = next((i for i in op.tensors if not (values[i] is None and i in op.takes_none)), 0)
        if i in op.sequences and isinstance(values[i], (tuple, list)) and not values[i]:
            op.forward(*values[:op.positional])      # says what it thinks of an empty list
        raise op.refuse(values[i], i)
    if op.promotes in ("arithmetic", "to_float", "comparison"):
        to = common_dtype(op, values)
        for i in op.promoted:
            values[i] = converted(values[i], to) if i not in op.sequences else [converted(v, to) for v in values[i]]
    result = op.forward(*values[:op.positional], **dict(zip(op.names[op.positional:], values[op.positional:])))
    return result[0] if op.kept else result


def promote(op: Op, values: list[Any], arrays: list[Any]) -> None:
    """Bring the operands to one dtype, in place: tensors through a recorded cast, numbers as 0-d arrays."""
    operands = [a for i in op.promoted for a in (arrays[i] if i in op.sequences else (arrays[i],)) if a is not None]
    if op.promotes == "same":
        if len({a.dtype for a in operands if hasattr(a, "dtype")}) > 1:
            names = ", ".join(f"{op.short[i]} {describe(arrays[i])}" for i in op.promoted if hasattr(arrays[i], "dtype"))
            raise DtypeError(f"{op.name}: expected all operands to have the same dtype; got {names}; convert one with .to(dtype)")
        return
    to = common_dtype(op, arrays)
    like = next(a for a in operands if is_array(a))
    for i in op.promoted:
        if i in op.sequences:
            values[i] = [converted(v, to) for v in values[i]]
            arrays[i] = [v.array if isinstance(v, TensorBase) else v for v in values[i]]
        elif isinstance(values[i], NUMBERS):
            arrays[i] = backend_of(like).asarray(values[i]).astype(to)
        else:
            values[i] = converted(values[i], to)
            arrays[i] = values[i].array if isinstance(values[i], TensorBase) else values[i]


def converted(value: Any, to: Any) -> Any:
    """An operand in a dtype: a tensor through a recorded cast, an array as an array, a number as it is."""
    if isinstance(value, TensorBase):
        return value if value.array.dtype == to else cast(value, to)
    return value.astype(to) if hasattr(value, "dtype") and value.dtype != to else value


def common_dtype(op: Op, arrays: list[Any]) -> Any:
    """PyTorch's result dtype of the operands."""
    operands = []
    for i in op.promoted:
        for a in arrays[i] if i in op.sequences else (arrays[i],):
            if is_array(a):
                operands.append((a.dtype, DIMENSIONED if a.ndim else ZERO_DIM))
            elif a is not None:
                operands.append((scalar_dtype(a), SCALAR))
    to = result_numpy(operands)
    return get_default_numpy() if op.promotes == "to_float" and to.kind not in "fc" else to


def into(op: Op, target: Any, result: Any) -> Any:
    """Write a result where `out=` says. Unlike PyTorch's, `out` is resized only if it is empty."""
    if not isinstance(target, TensorBase):
        raise ArgumentTypeError(f"{op.name}: out must be a Tensor; got {describe(target)}")
    if result.node is not None or node_of(target) is not None:
        raise DtypeError(f"{op.name}: functions with out=... arguments don't support automatic differentiation; drop out=, or use no_grad()")
    if target.array.size == 0 and target.array.shape != result.array.shape:
        target.array = backend_of(result.array).xp.zeros(result.array.shape, target.array.dtype)
    inplace.store(target, result, op.name, False)
    return target


def shape_of(array: Any) -> Any:
    """Shape of an array; of a sequence, the shapes; () of a number."""
    if isinstance(array, list):
        return tuple([getattr(a, "shape", ()) for a in array])
    return getattr(array, "shape", ())


def cell_of(value: Any) -> Any:
    """The memory that a saved value lives in; of a sequence, that of each element."""
    if isinstance(value, TensorBase):
        return value.cell
    if isinstance(value, (list, tuple)):
        return tuple([v.cell for v in value if isinstance(v, TensorBase)])
    return None
