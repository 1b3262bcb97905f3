"""Writing into a tensor's memory, and what views of that memory do about it.

An in-place op is the out-of-place op with its result copied back. Everything that can go wrong with it is refused
here, in one place: saved values that a later write makes stale are found by the clock (`check_unchanged`), a write
through a view gives the base a new node, and other views re-derive theirs when next used (`node_of`).
"""
from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import Any

import numpy as np

from ..backend import backend_of
from ..errors import DtypeError, InplaceError, ShapeError, describe
from . import node as nodes
from .mode import enable_grad, local
from .node import COUNT, LINE, OURS, TIME, Cell, Leaf, Node, Pick, TensorBase, line_of, tick, wrap

last_write = 0                                       # time of the latest write anywhere: the engine's fast way out

# Ops that read and write flat positions; ops/index.py hands them in (the engine imports no op).
take_flat: Callable[..., Any]
put_flat: Callable[..., Any]


def wrote(cell: Cell) -> None:
    """Stamp memory as written now, by the line that called into minigrad."""
    global last_write
    last_write = cell[TIME] = tick()
    cell[COUNT] += 1
    frame = _getframe(1)
    while OURS[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    cell[LINE] = (frame.f_code, frame.f_lasti)


def check_unchanged(node: Node) -> None:
    """Raise if a value that the node kept was overwritten after the node was made."""
    for entry, name in zip(node.cells, node.op.slot_names):
        cells = entry if type(entry) is tuple else (entry,)
        cell = next((c for c in cells if c is not None and c[TIME] > node.time), None)
        if cell is not None:
            raise InplaceError(
                f"{node.op.name}: {name}, needed for its gradient, was modified by an inplace operation at "
                f"{line_of(*cell[LINE])}; the op ran at {node.where()}; write into a clone() instead")


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
    offset = (address(view) - address(base)) // base.itemsize
    seen = np.lib.stride_tricks.as_strided(at[offset:], view.shape, tuple(s // base.itemsize * 8 for s in view.strides))
    return backend_of(base).asarray(seen.copy())


def address(array: Any) -> int:
    """Where an array's first element lies in memory."""
    if isinstance(array, np.ndarray):
        return int(array.__array_interface__["data"][0])
    return int(array.data.ptr)                       # CuPy


def write(x: Any, op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """x := op(x, *args) in x's memory, and x's node becomes the op's. Returns x.

    Raises InplaceError where PyTorch would refuse: an expanded tensor, a leaf that requires grad, a view made
    under no_grad of a tensor that records, an output of an op that returns several views.
    """
    name = f"{op.__name__}_"
    records = local.mode.recording and _would_record(x, args, kwargs)
    _refuse(x, name, records)
    before = wrap(x.array, x.node, x.cell)
    description = getattr(op, "op", None)            # a function of several ops has none: be careful then
    if records and (description is None or description.keeps_first):
        before = wrap(x.array.copy(), x.node)        # the rule needs the old value, which is about to go
    args = tuple(_apart(a, x) for a in args)
    result = op(before, *args, **kwargs)
    store(x, result, name, records)
    return x


def in_place(op: Callable[..., Any]) -> Callable[..., Any]:
    """The method `op_` that writes the result of `op` into its tensor: `mul_ = in_place(mul)`."""
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return write(self, op, *args, **kwargs)
    method.__name__ = method.__qualname__ = f"{op.__name__}_"
    method.__doc__ = f"In-place version of `{op.__name__}`: writes into this tensor's memory and returns it."
    return method


def store(x: Any, result: Any, name: str, records: bool) -> None:
    """Copy a result into x's memory and move x, or the base that x is a view of, to the result's node."""
    if result.array.shape != x.array.shape:
        raise ShapeError(f"{name}: the result has shape {tuple(result.array.shape)}, which does not fit into x, "
                         f"{describe(x)}; x is never resized: use the out-of-place op")
    if not np.can_cast(result.array.dtype, x.array.dtype, "same_kind"):
        raise DtypeError(f"{name}: result type {result.array.dtype} can't be cast to the desired output type "
                         f"{x.array.dtype} of x; use the out-of-place op, or x.to(...) first")
    if records and x.base is not None:
        base = x.base
        base.node = put_flat(wrap(base.array, base.node), result, positions(base.array, x.array)).node
    elif records:
        x.node = result.node
    x.array[...] = result.array
    wrote(x.cell)


def _would_record(x: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """True if the result of a write into x has a gradient to pass on."""
    if node_of(x) is not None or (x.base is not None and x.base.node is not None):
        return True
    return any(isinstance(a, TensorBase) and node_of(a) is not None for a in (*args, *kwargs.values()))


def _refuse(x: Any, name: str, records: bool) -> None:
    """Writes that would be wrong, each with its remedy."""
    if any(s == 0 and n > 1 for s, n in zip(x.array.strides, x.array.shape)):
        raise InplaceError(f"{name}: several elements of this expanded tensor {describe(x)} are one memory cell; clone() it first")
    if records:
        check_open(x, name)


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
    if isinstance(value, TensorBase) and type(value.array) is type(x.array) and backend_of(x.array).xp.may_share_memory(value.array, x.array):
        return wrap(value.array.copy(), node_of(value))
    return value
