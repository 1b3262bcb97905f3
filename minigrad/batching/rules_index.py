"""Batching rules of reading and writing at positions.

Where only the values are batched, an index gets a full slice in front. Where positions are, each sample's own number
joins them as the index of dimension 0.
"""
from __future__ import annotations

from typing import Any

from ..backend import is_array
from ..creation import arange
from ..engine.node import TensorBase
from ..errors import UnsupportedError
from ..ops.axes import movedim
from ..ops.index import getitem_copy
from .dispatch import Call, batches, sample_by_sample, tensor_of

ALL = slice(None)


# ---------------------------------------------------------------- x[...]
@batches("getitem")
def getitem(c: Call) -> Any:
    return c(input=c.whole(c["input"]), index=(ALL, *c["index"]))


@batches("getitem_copy")
def getitem_advanced(c: Call) -> Any:
    x, index = c["input"], tuple(c["index"])
    arrays = [a for a in index if is_array(a)]
    n = max(a.ndim if a.dtype.kind != "b" else 1 for a in arrays)        # dimensions that the arrays become together
    if not any(c.holds(a) for a in arrays):
        out = c(input=c.whole(x), index=(ALL, *index))
        return movedim(out, n, 0) if separated(index) else out           # NumPy has put the arrays' dimensions first
    if any(a.dtype.kind == "b" for a in arrays):
        if not any(c.holds(a) for a in arrays if a.dtype.kind == "b"):
            return sample_by_sample(c)
        raise UnsupportedError("vmap: how many elements x[mask] has depends on the values of the mask; use where(mask, x, ...) instead")
    own = [own_index(c, a, n) if is_array(a) else a for a in index]
    first = 0 if separated(index) else next(d for d, a in enumerate(index) if is_array(a))
    if c.holds(x):
        # (samples, *positions, *rest): the arrays of dimension 0 and of the others are never adjacent unless all are
        rows = arange(c.level.size).reshape((-1, *[1] * n)).array
        out = c(input=c.whole(x), index=(rows, *own))
    else:
        return movedim(c(input=x, index=tuple(own)), first, 0)
    return movedim(out, tuple(range(1, n + 1)), tuple(range(first + 1, first + n + 1))) if first and n else out


def own_index(c: Call, a: Any, n: int) -> Any:
    """An index array as (samples, *positions), with positions padded to n dimensions; (*positions) where all samples share it."""
    return c.padded(a, n)


def separated(index: tuple[Any, ...]) -> bool:
    """True where slices stand between index arrays: NumPy then puts the dimensions of the arrays first."""
    at = [d for d, a in enumerate(index) if is_array(a)]
    return at[-1] - at[0] >= len(at)


@batches("index_place")
def index_place(c: Call) -> Any:
    """Zeros with values at an index that all samples share."""
    basic, advanced = c["basic"], c["advanced"]
    if batched_index(c, advanced) or advanced is not None and separated(advanced):
        return sample_by_sample(c)
    return c(input=c.whole(c["input"]), basic=with_all(basic), advanced=with_all(advanced, basic), shape=(c.level.size, *c["shape"]))


def with_all(index: Any, basic: Any = None) -> Any:
    """A part of an index with a full slice in front; None stays None."""
    return None if index is None else (ALL, *index)


def batched_index(c: Call, advanced: Any) -> bool:
    return advanced is not None and any(c.holds(a) for a in advanced)


@batches("setitem")
def setitem(c: Call) -> Any:
    """A value, which broadcasts to the place at an index that all samples share."""
    x, value, basic, advanced = c["input"], c["value"], c["basic"], c["advanced"]
    if batched_index(c, advanced) or advanced is not None and separated(advanced):
        return sample_by_sample(c)
    if c.holds(value):
        ndim = place_ndim(x, basic, advanced)
        extra = value.ndim - ndim                    # an assigned value may have more leading ones than what it is assigned to
        value = c.whole(value.reshape(value.shape[extra:])) if extra > 0 else c.padded(value, ndim)
    return c(input=c.front(x), value=value, basic=with_all(basic), advanced=with_all(advanced))


def place_ndim(x: Any, basic: Any, advanced: Any) -> int:
    """How many dimensions x[basic][advanced] has."""
    n = x.ndim
    for part in basic or ():
        n += (part is None) - (isinstance(part, int) and not isinstance(part, bool))
    arrays = [a for a in advanced or () if is_array(a)]
    taken = sum([a.ndim if a.dtype.kind == "b" else 1 for a in arrays])
    return n - taken + max([a.ndim if a.dtype.kind != "b" else 1 for a in arrays], default=0)


@batches("index_accumulate")
def index_accumulate(c: Call) -> Any:
    x, values, index = c["input"], c["values"], tuple(c["index"])
    if batched_index(c, index) or separated(index):
        return sample_by_sample(c)
    return c(input=c.front(x), values=c.padded(values, place_ndim(x, None, index)), index=(ALL, *index))


# ---------------------------------------------------------------- along a dimension
@batches("gather")
def gather(c: Call) -> Any:
    x, index = c["input"], c["index"]
    if not x.ndim or not index.ndim:
        return sample_by_sample(c)
    return c(input=c.front(x), index=c.front(index), dim=c.dim())


@batches("gather_place place_along")
def gather_place(c: Call) -> Any:
    name = "index" if "index" in c.values else "indices"
    shape = c["shape"]
    if not shape:
        return sample_by_sample(c)
    return c(**{"input": c.front(c["input"]), name: c.front(c[name])}, dim=c.dim(ndim=len(shape)), shape=(c.level.size, *shape))


@batches("take_along")
def take_along(c: Call) -> Any:
    if not c["input"].ndim:
        return sample_by_sample(c)
    return c(input=c.front(c["input"]), indices=c.front(c["indices"]), dim=c.dim())


@batches("scatter_values scatter_add scatter_reduce")
def scatter(c: Call) -> Any:
    x, index, src = c["input"], c["index"], c["src"]
    if not x.ndim or not index.ndim:
        return sample_by_sample(c)
    return c(input=c.front(x), index=c.front(index), src=c.front(src) if isinstance(src, TensorBase) else src, dim=c.dim())


@batches("index_select")
def index_select(c: Call) -> Any:
    x, index = c["input"], c["index"]
    if not x.ndim or c.holds(index):
        return sample_by_sample(c) if not x.ndim or index.ndim != 1 else getitem_copy(x, (*[ALL] * (c.dim() - 1), index.array))
    return c(input=c.whole(x), dim=c.dim())


@batches("index_add index_copy")
def index_add(c: Call) -> Any:
    x = c["input"]
    if not x.ndim or c.holds(c["index"]) or c["source"].ndim != x.ndim:
        return sample_by_sample(c)
    return c(input=c.front(x), source=c.front(c["source"]), dim=c.dim())


@batches("index_fill")
def index_fill(c: Call) -> Any:
    if not c["input"].ndim or c.holds(c["index"]) or c.holds(c["value"]):
        return sample_by_sample(c)
    return c(input=c.whole(c["input"]), dim=c.dim())


@batches("take")
def take(c: Call) -> Any:
    x, index = c["input"], c["index"]
    if not c.holds(x):
        return c(index=c.whole(index))
    if c.holds(index):
        return sample_by_sample(c)
    return getitem_copy(x.reshape(-1), (index.array,)) if index.ndim else sample_by_sample(c)


@batches("take_flat")
def take_flat(c: Call) -> Any:
    if c.holds(c["at"]):
        return sample_by_sample(c)
    return c.whole(c["input"].reshape(-1)[tensor_of(c["at"])])


# ---------------------------------------------------------------- tables
@batches("table_rows")
def table_rows(c: Call) -> Any:
    """An embedding: one table for all samples, or one each with its rows numbered on."""
    w, index = c["weight"], c["index"]
    if not c.holds(w):
        return c(index=c.whole(index))
    if c["padding_idx"] is not None or c["by_frequency"]:
        return sample_by_sample(c)
    rows = c.front(index)
    first = arange(c.level.size).reshape((-1, *[1] * index.ndim)) * w.shape[0]
    return c(weight=c.whole(w).reshape((-1, w.shape[1])), index=rows + first)


@batches("put_planes take_planes unpool")
def planes(c: Call) -> Any:
    """Values and places per plane, of any leading dimensions."""
    return c(input=c.front(c["input"]), at=c.front(c["at"]))


