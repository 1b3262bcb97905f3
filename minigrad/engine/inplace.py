"""Writing into a tensor's memory, and what views of that memory do about it.

An in-place op is the out-of-place op with its result written into the first input's memory. Everything that can go wrong with it is refused
here, in one place: saved values that a later write makes stale are found by the clock (`check_unchanged`), a write
through a view gives the base a new node, and other views re-derive theirs when next used (`node_of`).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import backend_of
from ..dtypes import CATEGORY, FLOATS
from ..errors import DtypeError, InplaceError, ShapeError, describe
from .mode import enable_grad, local
from .node import COUNT, LINE, TIME, Cell, Leaf, Node, Pick, TensorBase, quoted_line, tick, user_frame, wrap

last_write = 0                                       # time of the latest write anywhere: the engine's fast way out

# Ops that read and write flat positions; ops/index.py hands them in (the engine imports no op).
take_flat: Any = None
put_flat: Any = None

# `write_batched(x, op, args, kwargs)` -> True if it has written, or None: batching/ hands it in.
write_batched: Any = None


def wrote(*cells: Cell) -> None:
    """Stamp memory as written now, by the line that called into minigrad."""
    global last_write
    last_write = now = tick()
    frame = user_frame()
    line = frame.f_code, frame.f_lasti
    for cell in cells:
        cell[TIME], cell[LINE] = now, line
        cell[COUNT] += 1


def check_unchanged(node: Node) -> None:
    """Raise if a value that the node kept was overwritten after the node was made."""
    for entry, name in zip(node.cells, node.op.slot_names):
        cells = entry if type(entry) is tuple else (entry,)
        cell = next((c for c in cells if c is not None and c[TIME] > node.time), None)
        if cell is not None:
            raise InplaceError(
                f"{node.op.name}: {name}, needed for its gradient, was modified by an inplace operation at "
                f"{quoted_line(*cell[LINE])}; the op ran at {node.where()}; write into a clone() instead")


def node_of(x: TensorBase) -> Node | None:
    """Where x's gradient goes. A view whose memory was written since it was last asked is re-derived from its base."""
    base = x.base
    if base is None or x.seen == x.cell[COUNT]:
        return x.node
    x.seen = x.cell[COUNT]
    x.node = None
    if base.node is not None:
        with enable_grad():
            x.node = take_flat(base, positions(base.array, x.array)).node
    return x.node


def positions(base: Any, view: Any) -> Any:
    """Flat logical index in `base` of each element of a view of it; int64, of the view's shape."""
    if view.dtype != base.dtype:
        raise InplaceError(f"in-place: a write through real, imag or view_as_real ({view.dtype}) into a tensor that records ({base.dtype}) "
                           "is not supported; compute the parts and join them with complex(), or write into a clone()")
    offset = (address(view) - address(base)) // base.itemsize
    if base.flags.c_contiguous:                      # logical order is memory order
        at: Any = np.full((1,) * view.ndim, offset)
        for d, (n, s) in enumerate(zip(view.shape, view.strides)):
            at = at + np.arange(n).reshape((-1,) + (1,) * (view.ndim - 1 - d)) * (s // base.itemsize)
        return backend_of(base).asarray(at)
    strides = tuple(s // base.itemsize for s in base.strides)
    order = sorted((d for d in range(base.ndim) if base.shape[d] > 1), key=lambda d: strides[d])
    expected = 1
    for d in order:
        if strides[d] != expected:
            raise InplaceError("in-place: the base of this view has gaps in its memory; write into a clone() instead")
        expected *= base.shape[d]
    # at[memory offset] = logical index: one pass over the base, then the view reads it with its own strides
    at = np.empty(base.size, np.int64)
    logical = np.lib.stride_tricks.as_strided(at, base.shape, tuple(s * 8 for s in strides))
    logical[...] = np.arange(base.size).reshape(base.shape)
    seen = np.lib.stride_tricks.as_strided(at[offset:], view.shape, tuple(s // base.itemsize * 8 for s in view.strides))
    return backend_of(base).asarray(seen.copy())


def address(array: Any) -> int:
    """Where an array's first element lies in memory."""
    if isinstance(array, np.ndarray):
        return int(array.__array_interface__["data"][0])
    return int(array.data.ptr)                       # CuPy


def write(x: Any, op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """x := op(x, *args) in x's memory, and x's node becomes the op's. Returns x."""
    return write_result(x, op, args, kwargs)


def write_result(x: Any, op: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `write` does, with the arguments packed.

    An op with a direct form (`op.py: direct`) writes at once, unless its rule needs what would be overwritten; of
    others the result is copied. Raises InplaceError where PyTorch would refuse: an expanded tensor, a leaf that
    requires grad, a view made under no_grad of a tensor that records, an output of an op that returns several views.
    """
    mode = local.mode
    if mode.batch is not None and write_batched(x, op, args, kwargs):
        return x
    name = op.__name__ + "_"
    records = mode.recording and _would_record(x, args, kwargs)
    _refuse(x, name, records)
    spec = getattr(op, "op", None)                   # a function of several ops has none: be careful then
    if not records and mode.watch is None and spec is not None and spec.direct is not None and _at_once(x, spec, args, kwargs):
        wrote(x.cell)
        return x
    args = tuple([_apart(a, x) if isinstance(a, TensorBase) else a for a in args])
    if kwargs:
        kwargs = {k: _apart(a, x) for k, a in kwargs.items()}
    before = wrap(x.array, x.node, x.cell)
    if spec is not None and spec.direct is not None and not (records and (spec.keeps_first or spec.keeps_out)):
        result = spec.direct(before, *args, **kwargs)
    else:
        if records and (spec is None or spec.keeps_first):
            before = wrap(x.array.copy(), x.node)    # the rule needs the old value, which is about to go
        result = op(before, *args, **kwargs)
    store(x, result, name, records)
    return x


def _at_once(x: Any, spec: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """The direct form on bare arrays, where there is nothing to promote; False, and nothing written, where there is."""
    array = x.array
    dtype = array.dtype
    promotes = spec.promotes is not None or spec.check is not None
    if type(array) is not np.ndarray or promotes and dtype not in FLOATS:
        return False
    operands = [array]
    i = 0
    for value in args:
        i += 1
        if isinstance(value, TensorBase):
            value = value.array
            if type(value) is not np.ndarray or promotes and value.dtype is not dtype:
                return False
            if value is array or (value.base is not None or array.base is not None) and np.may_share_memory(value, array):
                value = value.copy()                 # it must still be read while x is written
        elif i in spec.tensors and not (i in spec.takes_number and type(value) in (float, int)):
            return False
        operands.append(value)
    for name, value in kwargs.items():
        if isinstance(value, TensorBase) or name not in spec.names or spec.names.index(name) in spec.tensors:
            return False
    try:
        return spec.direct.op.forward(*operands, **kwargs) is array
    except Exception:
        return False                                 # the long way has the message


def in_place(op: Callable[..., Any]) -> Callable[..., Any]:
    """The method `op_` that writes the result of `op` into its tensor: `mul_ = in_place(mul)`."""
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return write_result(self, op, args, kwargs)
    method.__name__ = method.__qualname__ = f"{op.__name__}_"
    method.__doc__ = f"In-place version of `{op.__name__}`: writes into this tensor's memory and returns it."
    return method


def restrides(op: Callable[..., Any]) -> Callable[..., Any]:
    """The method `op_` that gives its tensor the shape and strides of a view: `t_ = restrides(t)`. No value is written."""
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        node = node_of(self)
        _refuse(self, f"{op.__name__}_", local.mode.recording and node is not None)
        result = op(wrap(self.array, node, self.cell), *args, **kwargs)
        if node is not None and result.node is None and not isinstance(node, Leaf):
            raise InplaceError(f"{op.__name__}_: the shape of a tensor that records cannot change under no_grad(); use the out-of-place op")
        self.array = result.array
        if isinstance(node, Leaf):                   # under no_grad: still the same leaf
            node.shape = result.array.shape
        else:
            self.node = result.node
        return self
    method.__name__ = method.__qualname__ = f"{op.__name__.removesuffix('_method')}_"
    method.__doc__ = f"In-place version of `{op.__name__}`: this tensor itself takes on the new shape."
    return method


def store(x: Any, result: Any, name: str, records: bool) -> None:
    """Put a result into x's memory, if it is not there yet, and move x, or the base that x is a view of, to its node."""
    array, target = result.array, x.array
    if array is not target:
        if array.shape != target.shape:
            raise ShapeError(f"{name}: the result has shape {tuple(array.shape)}, which does not fit into x, "
                             f"{describe(x)}; x is never resized: use the out-of-place op")
        if array.dtype != target.dtype and not fits_into(array.dtype, target.dtype):
            raise DtypeError(f"{name}: result type {array.dtype} can't be cast to the desired output type "
                             f"{target.dtype} of x; use the out-of-place op, or x.to(...) first")
        target[...] = array
    if records and x.base is not None:
        base = x.base
        base.node = put_flat.op.direct(wrap(base.array, base.node), result, positions(base.array, target)).node
    elif records:
        x.node = result.node
    wrote(x.cell)
    if local.mode.written is not None:
        local.mode.written(x, result)


def fits_into(a: Any, b: Any) -> bool:
    """True where a result of dtype a may be written into b: never to a lower category."""
    return CATEGORY[a.kind] <= CATEGORY[b.kind] and (b.kind != "b" or a.kind == "b")


def _would_record(x: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """True if the result of a write into x has a gradient to pass on."""
    if x.base is None:
        if x.node is not None:
            return True
    elif node_of(x) is not None or x.base.node is not None:
        return True
    for a in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(a, TensorBase) and node_of(a) is not None:
            return True
    return False


def _refuse(x: Any, name: str, records: bool) -> None:
    """Writes that would be wrong, each with its remedy."""
    array = x.array
    if not array.flags.c_contiguous and overlaps(array):
        raise InplaceError(f"{name}: several elements of this expanded tensor {describe(x)} are one memory cell; clone() it first")
    if records:
        check_open(x, name)


def overlaps(array: Any) -> bool:
    """True if elements may share a place in memory: expanded tensors, sliding windows."""
    reach = 0                                        # of all dimensions with smaller strides
    for stride, n in sorted([(s, n) for s, n in zip(array.strides, array.shape) if n > 1]):
        if stride <= reach:
            return bool(array.size)
        reach += (n - 1) * stride
    return False


def check_open(x: Any, name: str) -> None:
    """Raise InplaceError if x may not be given a new node: a leaf, or a view whose base could not follow."""
    base = x.base if x.base is not None else x
    if isinstance(base.node, Leaf):
        what = "a leaf Variable that requires grad" if base is x else "a view of a leaf Variable that requires grad"
        raise InplaceError(f"{name}: {what} is being used in an in-place operation; write under no_grad(), or use the out-of-place op")
    if isinstance(x.node, Pick) and x.base is not None:
        raise InplaceError(f"{name}: x is an output of {x.node.op.name}, which returns several views; index the base instead, or clone()")
    if x.base is not None and x.node is None and base.node is not None:
        raise InplaceError(f"{name}: this view was made under no_grad() of a tensor that records; take the view again outside")


def _apart(value: Any, x: Any) -> Any:
    """An operand that shares memory with x, as a copy: it must still be read while x is written."""
    if not isinstance(value, TensorBase) or type(value.array) is not type(x.array):
        return value
    a, b = value.array, x.array
    if a is not b and (a.base is None and b.base is None or not backend_of(b).xp.may_share_memory(a, b)):
        return value
    copied = wrap(a.copy(), node_of(value))
    if local.mode.written is not None:
        local.mode.written(copied, value)
    return copied
