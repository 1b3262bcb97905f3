"""Indices, lookups, sorting, and the reading and writing of places in memory."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedError
from .graph import Graph, Ref
from .recorder import PUT, TAKE
from .sizes import Size
from .table import INT64_MAX, Converter


# ---------------------------------------------------------------- x[...]
def getitem(k: Graph, x: Ref, index: list[Any]) -> Ref:
    """Ints, slices, None and `...`: slices first, then the dimensions that go, then those that come."""
    parts = spelled_out(index, x.ndim)
    places = [p for p in parts if p is not None]
    cut = [(d, p) for d, p in enumerate(places) if isinstance(p, slice) and (p.start, p.stop, p.step) != (None, None, None)]
    if cut:
        x = k.Slice(x, k.ints(*[p.start or 0 for _, p in cut]), k.ints(*[INT64_MAX if p.stop is None else p.stop for _, p in cut]),
                    k.ints(*[d for d, _ in cut]), k.ints(*[1 if p.step is None else p.step for _, p in cut]))
    for d, p in reversed(list(enumerate(places))):
        if not isinstance(p, slice):
            x = k.Gather(x, k.Squeeze(k.ints(p)) if isinstance(p, Size) else k.constant(p, np.int64), axis=d)
    new = [d for d, p in enumerate([p for p in parts if p is None or isinstance(p, slice)]) if p is None]
    return k.Unsqueeze(x, k.ints(*new)) if new else x


def spelled_out(index: list[Any], ndim: int) -> list[Any]:
    """An index with full slices for `...` and for what it does not name."""
    named = sum(p is not None and p is not ... for p in index)
    full = [slice(None)] * (ndim - named)
    if ... not in index:
        return [*index, *full]
    at = next(i for i, p in enumerate(index) if p is ...)
    return [*index[:at], *full, *index[at + 1:]]


def getitem_copy(k: Graph, x: Ref, index: list[Any]) -> Ref:
    """Index tensors and masks among full slices."""
    at = [d for d, p in enumerate(index) if isinstance(p, Ref)]
    if len(at) == 1 and index[at[0]].dtype != bool:
        found: Ref = k.Gather(x, index[at[0]], axis=at[0])
        return found
    if any(index[d].dtype == bool for d in at):
        if len(at) > 1:
            raise UnsupportedError("a mask beside another index has no counterpart in ONNX; use where(), or one index at a time")
        mask = index[at[0]]
        front = [*range(at[0], at[0] + mask.ndim), *range(at[0])]
        order = front + [d for d in range(x.ndim) if d not in front]
        if at[0]:
            raise UnsupportedError("a mask behind a full slice has no counterpart in ONNX; move its dimension to the front with movedim()")
        chosen: Ref = k.GatherND(k.Transpose(x, perm=order) if at[0] else x, k.Transpose(k.NonZero(mask), perm=[1, 0]))
        return chosen
    # Several index tensors: their dimensions to the front, one GatherND, and the result's to where they were, if side by side.
    rest = [d for d in range(x.ndim) if d not in at]
    moved = x if at == list(range(len(at))) else k.Transpose(x, perm=at + rest)
    shape = np.broadcast_shapes(*[fixed(index[d].shape) for d in at])
    where = [k.Unsqueeze(k.Expand(index[d], k.ints(*shape)), k.ints(len(shape))) for d in at]
    y: Ref = k.GatherND(moved, k.Concat(*where, axis=len(shape)))
    n = len(shape)
    if at[0] == 0 or at != list(range(at[0], at[0] + len(at))):
        return y
    placed: Ref = k.Transpose(y, perm=[*range(n, n + at[0]), *range(n), *range(n + at[0], n + len(rest))])
    return placed


def fixed(shape: Any) -> tuple[int, ...]:
    """A shape without Sizes."""
    if any(isinstance(n, Size) for n in shape):
        raise UnsupportedError("the shape of an index follows a dynamic axis")
    return tuple(shape)


def setitem(k: Graph, x: Ref, value: Any, basic: list[Any] | None, advanced: list[Any] | None) -> Ref:
    """x with a value at an index. One number, or slices of step 1: by a mask; anything else where all sizes are fixed."""
    assert x.shape is not None
    value = value if isinstance(value, Ref) else k.constant(value, x.dtype)
    if advanced is not None and basic is None and len(advanced) == 1 and advanced[0].dtype == bool and value.shape == ():
        mask = k.reshape(advanced[0], [*advanced[0].shape, *[1] * (x.ndim - advanced[0].ndim)])
        found: Ref = k.Where(mask, value, x)
        return found
    if advanced is None and basic is not None:
        return by_mask(k, x, value, spelled_out(basic, x.ndim))
    shape = fixed(x.shape)
    if any(isinstance(p, Ref) and p.name not in k.initializers for p in advanced or ()):
        raise UnsupportedError("writing at indices that follow the inputs; use scatter()")
    at = np.arange(int(np.prod(shape))).reshape(shape)
    at = at if basic is None else at[tuple(basic)]
    at = at if advanced is None else at[tuple([k.initializers[p.name] if isinstance(p, Ref) else p for p in advanced])]
    return put(k, x, k.Expand(value, k.ints(*at.shape)), at)


def by_mask(k: Graph, x: Ref, value: Ref, parts: list[Any]) -> Ref:
    """Where the index reaches, the value, brought to x's shape by padding; dimensions taken whole stay as long as they are."""
    assert x.shape is not None
    places = [p for p in parts if p is not None]
    mask: Any = np.ones((1,) * x.ndim, bool)
    begins, ends, region = [0] * x.ndim, [0] * x.ndim, []
    for d, p in enumerate(places):
        whole = isinstance(p, slice) and p == slice(None)
        n = x.shape[d]
        if whole:
            region.append(n)
            continue
        if isinstance(n, Size) or isinstance(p, Size):
            raise UnsupportedError("writing into a part of a dynamic axis")
        start, stop, step = p.indices(n) if isinstance(p, slice) else (p % n, p % n + 1, 1)
        if step != 1 and value.shape != ():
            raise UnsupportedError("writing into every other place; use where()")
        line = np.zeros(n, bool)
        line[slice(start, stop, step)] = True
        mask = mask & line.reshape([-1 if e == d else 1 for e in range(x.ndim)])
        begins[d], ends[d] = start, n - max(stop, start)
        if isinstance(p, slice):
            region.append(max(stop - start, 0))
    if value.shape != ():
        assert value.shape is not None
        value = k.Expand(value, k.ints(*region))      # the shape of x[index], new dimensions left out
        gone = [d for d, p in enumerate(places) if not isinstance(p, slice)]
        value = k.Unsqueeze(value, k.ints(*gone)) if gone else value
        value = k.Pad(value, k.ints(*begins, *ends))
    found: Ref = k.Where(k.constant(mask), value, x)
    return found


# ---------------------------------------------------------------- memory
def take(k: Graph, base: Ref, at: Ref) -> Ref:
    """What a view sees of its base."""
    fixed(base.shape)
    found: Ref = k.Gather(k.reshape(base, [-1]), at, axis=0)
    return found


def put(k: Graph, base: Ref, value: Ref, at: Any) -> Ref:
    """The base after a write through a view."""
    shape = fixed(base.shape)
    at = k.initializers[at.name] if isinstance(at, Ref) else at
    flat = k.ScatterND(k.reshape(base, [-1]), k.constant(at.reshape(-1, 1), np.int64), k.reshape(value, [-1]))
    return k.reshape(flat, shape)


# ---------------------------------------------------------------- lookups
def along(k: Graph, index: Ref, source: Ref, x: Ref, dim: int) -> Ref:
    """(n,) -> the shape of `source`, for ScatterElements."""
    line = k.Reshape(index, k.ints(*[-1 if d == dim % x.ndim else 1 for d in range(x.ndim)]))
    found: Ref = k.Expand(line, k.Shape(source))
    return found


def index_add(k: Graph, x: Ref, dim: int, index: Ref, source: Ref, alpha: Any) -> Ref:
    source = source if alpha == 1 else source * alpha
    found: Ref = k.ScatterElements(x, along(k, index, source, x, dim), source, axis=dim, reduction="add")
    return found


def index_copy(k: Graph, x: Ref, dim: int, index: Ref, source: Ref) -> Ref:
    found: Ref = k.ScatterElements(x, along(k, index, source, x, dim), source, axis=dim)
    return found


def scatter(k: Graph, x: Ref, dim: int, index: Ref, src: Any) -> Ref:
    src = src if isinstance(src, Ref) else k.Expand(k.constant(src, x.dtype), k.Shape(index))
    found: Ref = k.ScatterElements(x, index, src, axis=dim)
    return found


def one_hot(k: Graph, x: Ref, classes: int) -> Ref:
    found: Ref = k.OneHot(x, k.constant(classes, np.int64), k.constant([0, 1], np.int64), axis=-1)
    return found


def unfold(k: Graph, x: Ref, dim: int, size: int, step: int) -> Ref:
    """(*, n, *) -> (*, count, *, size)"""
    assert x.shape is not None
    n = fixed([x.shape[dim]])[0]
    at = np.arange(0, n - size + 1, step)[:, None] + np.arange(size)
    y = k.Gather(x, k.constant(at, np.int64), axis=dim)
    d = dim % x.ndim
    found: Ref = k.Transpose(y, perm=[e for e in range(x.ndim + 1) if e != d + 1] + [d + 1])
    return found


def roll(k: Graph, x: Ref, shifts: Any, dims: Any) -> Ref:
    if dims is None:
        shape = x.shape
        return k.reshape(roll(k, k.reshape(x, [-1]), shifts, 0), shape or ())
    for move, d in zip([shifts] if isinstance(shifts, int) else shifts, [dims] if isinstance(dims, int) else dims):
        tail = k.Slice(x, k.ints(-move), k.ints(INT64_MAX), k.ints(d))
        x = Ref(k, k.Concat(tail, k.Slice(x, k.ints(0), k.ints(-move), k.ints(d)), axis=d).name, x.shape, x.dtype) if move else x
    return x


def diagonal(k: Graph, x: Ref, offset: int, dim1: int, dim2: int) -> Ref:
    """The two dimensions last, then their diagonal as one GatherND with all others as a batch."""
    assert x.shape is not None
    a, b = dim1 % x.ndim, dim2 % x.ndim
    n, m = fixed([x.shape[a], x.shape[b]])
    count = max(min(n + min(offset, 0), m - max(offset, 0)), 0)
    rest = [d for d in range(x.ndim) if d not in (a, b)]
    flat = k.Reshape(k.Transpose(x, perm=[*rest, a, b]), k.ints(*[0] * len(rest), -1))
    at = (np.arange(count) + max(-offset, 0)) * m + np.arange(count) + max(offset, 0)
    found: Ref = k.Gather(flat, k.constant(at, np.int64), axis=len(rest))
    return found


# ---------------------------------------------------------------- order
def topk(k: Graph, x: Ref, count: Any, dim: int, largest: bool, sorted: bool) -> Any:
    return k.TopK(x, k.ints(count), outputs=2, axis=dim, largest=int(largest), sorted=1)


def sort(k: Graph, x: Ref, dim: int, descending: bool, stable: bool) -> Any:
    assert x.shape is not None
    return k.TopK(x, k.ints(x.shape[dim]), outputs=2, axis=dim, largest=int(descending), sorted=1)


TABLE: dict[str, Converter] = {
    "getitem": getitem, "getitem_copy": getitem_copy, "setitem": setitem, TAKE: take, PUT: put,
    "index_select": lambda k, x, dim, index: k.Gather(x, index, axis=dim),
    "gather": lambda k, x, dim, index, sparse_grad: k.GatherElements(x, index, axis=dim),
    "take_along": lambda k, x, index, dim: k.GatherElements(x, index, axis=dim),
    "take": lambda k, x, index: k.Gather(k.reshape(x, [-1]), index, axis=0),
    "index_add": index_add, "index_copy": index_copy, "scatter_values": scatter,
    "scatter_add": lambda k, x, dim, index, src: k.ScatterElements(x, index, src, axis=dim, reduction="add"),
    "masked_select": lambda k, x, mask: k.GatherND(x, k.Transpose(k.NonZero(mask), perm=[1, 0])),
    "nonzero_positions": lambda k, x: k.Transpose(k.NonZero(x), perm=[1, 0]),
    "one_hot_of": one_hot, "unfold_dim": unfold, "roll": roll, "diagonal": diagonal,
    "topk": topk, "sort": sort, "argsort": lambda k, x, dim, descending, stable: sort(k, x, dim, descending, stable)[1],
}
