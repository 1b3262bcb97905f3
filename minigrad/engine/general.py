"""The call path that every op can take: all arguments, all kinds of operands, all errors."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import backend_of, is_array
from ..errors import ArgumentTypeError, DeviceError, DtypeError, InplaceError, MinigradError, describe
from . import inplace
from .inplace import node_of
from .mode import local
from .node import Node, Pick, TensorBase, new, tick, user_frame, wrap
from .overriding import overridden
from .promotion import NUMBERS, common_dtype, converted, promote
from .spec import Op

asarray = np.asarray
Call = Callable[..., Any]


def general(op: Op) -> Call:
    inputs, sequences, broadcast = op.inputs, op.sequences, op.broadcast

    def call(*args: Any, **kwargs: Any) -> Any:
        mode = local.mode
        if mode.watch is not None:
            return mode.watch(op, plain, args, kwargs)
        return plain(*args, **kwargs)

    def plain(*args: Any, **kwargs: Any) -> Any:
        if local.mode.arrays and op.promotes is None and args and type(args[0]) is np.ndarray and 0 in op.tensors:
            result = op.forward(*args, **kwargs)     # a rule at work on arrays
            return result[0] if op.kept else result
        target = kwargs.pop("out", None)
        values = op.bind(args, kwargs)
        try:
            arrays = unwrap(op, values)
            if arrays is None:
                return on_arrays(op, values)
        except ArgumentTypeError:
            found = overridden(op.call, (*args, *kwargs.values()), args, kwargs)
            if found is NotImplemented:
                raise
            return found
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
            node.cells = tuple([tensors[0].cell if kind == "out" and kept is not None else c
                                for (kind, _), c, kept in zip(op.slots, node.cells, node.saved or ())])
        if target is not None:
            if op.returns is None:
                return into(op.name, target, tensors[0], op.casts_out)
            return op.returns(*into_several(op.name, target, (*tensors, *[wrap(e) for e in extra])))
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
        types = [getattr(a, "dtype", None) for a in arrays]
        node.saved = op.keep(tuple(live))((*arrays, *shapes, *types, outs[0] if outs else None, *extra, None))
        cells = tuple([cell_of(values[i]) if kind == "input" and kept is not None else None
                       for (kind, i), kept in zip(op.slots, node.saved)])
        node.cells = cells if any(cells) or op.keeps_out else ()          # (): nothing kept that a pass would free
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
    frame = user_frame()
    node.time = tick()
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
        if isinstance(value, TensorBase) and i not in op.sequences:
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
                  or on_arrays_too and (is_array(value) or isinstance(value, np.generic))):
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


def into(name: str, target: Any, result: Any, casts: bool = True) -> Any:
    """Write a result where `out=` says, cast to its dtype if the op `casts`. Unlike PyTorch's, `out` is resized only if it is empty."""
    if not isinstance(target, TensorBase):
        raise ArgumentTypeError(f"{name}: out must be a Tensor; got {describe(target)}")
    if result.node is not None or node_of(target) is not None:
        raise DtypeError(f"{name}: functions with out=... arguments don't support automatic differentiation; "
                         "drop out=, or use no_grad()")
    if inplace.overlaps(target.array):
        raise InplaceError(f"{name}: more than one element of out, {describe(target)}, refers to a single memory location; "
                           "clone() it first")
    if not casts and target.array.dtype != result.array.dtype:
        raise DtypeError(f"{name}: expected out tensor to have dtype {result.array.dtype}, but got {describe(target)} instead; "
                         f"make it with dtype=minigrad.{result.array.dtype}, or convert the result")
    if target.array.size == 0 and target.array.shape != result.array.shape:
        target.array = backend_of(result.array).xp.zeros(result.array.shape, target.array.dtype)
    inplace.store(target, result, name, False)
    return target


def into_several(name: str, targets: Any, found: tuple[Any, ...]) -> list[Any]:
    """`into` for an op with named results: `out=` is a tuple of as many tensors."""
    if not isinstance(targets, (tuple, list)) or len(targets) != len(found):
        raise ArgumentTypeError(f"{name}: out must be a tuple of {len(found)} Tensors; got {describe(targets)}")
    return [into(name, target, result) for target, result in zip(targets, found)]


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
