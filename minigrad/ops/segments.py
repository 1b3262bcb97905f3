"""Segments: neighbours along a dimension, of different lengths, reduced to one element each."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import DtypeError, RefusedArgumentError, ShapeError, UnsupportedError, describe
from .dims import Number, one_dim
from .operands import need_tensors
from .rows import index_add
from .scatters import scatter_reduce
from .select import where

if TYPE_CHECKING:
    from .._tensor import Tensor

# What an empty segment gives, by reduction.
EMPTY = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -math.inf, "amin": math.inf}
NAMES = {"max": "amax", "min": "amin"}


def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
                   offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False, initial: Number | None = None) -> Tensor:
    """Each segment along `axis` as one element: data (*lead, n, ...), lengths (*lead, s) -> (*lead, s, ...).

    reduce: "sum", "mean", "prod", "max" or "min". lengths: of the segments, which fill the dimension (with `unsafe`, perhaps not);
    or offsets (*lead, s + 1): where each begins and the last one ends. initial: goes into each reduction; the mean is then over the count
    without it. An empty segment gives `initial`, or 0, nan, 1, -inf or inf. Raises ShapeError where lengths do not fit.

    >>> import minigrad
    >>> segment_reduce(minigrad.tensor([1.0, 2.0, 3.0]), "sum", lengths=minigrad.tensor([2, 1]))
    tensor([3., 3.])
    """
    need_tensors("segment_reduce", data=data)
    reduce = NAMES.get(reduce, reduce)
    if reduce not in EMPTY:
        raise RefusedArgumentError(f"segment_reduce: reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if indices is not None:
        raise UnsupportedError("segment_reduce: indices based reduction is not supported, as in PyTorch; give lengths or offsets")
    sizes = counts(data, lengths, offsets, axis, unsafe)
    lead, n, rest = tuple(data.shape[:sizes.ndim - 1]), data.shape[sizes.ndim - 1], tuple(data.shape[sizes.ndim:])
    xp = backend_of(sizes).xp
    rows, flat = math.prod(lead), sizes.reshape(-1)
    used = sizes.sum(-1).reshape(-1)                 # of each row: what lies behind belongs to no segment
    inside = (xp.arange(n)[None] < used[:, None]).reshape(-1)
    index: Any = wrap(xp.repeat(xp.arange(flat.size), flat))
    elements = data.reshape((rows * n, *rest))
    elements = elements if bool(inside.all()) else elements[wrap(inside)]
    extreme = reduce in ("amax", "amin")
    start: Any = data.new_full((flat.size, *rest), EMPTY[reduce] if initial is None or extreme else initial)
    if reduce in ("sum", "mean"):
        out = index_add(start, 0, index, elements)
    else:
        at = index.reshape((-1, *[1] * len(rest))).expand(tuple(elements.shape))
        out = scatter_reduce(start, 0, at, elements, reduce)
    if extreme and initial is not None:              # at a tie the element counts; nan stays
        out = where(out < initial if reduce == "amax" else out > initial, initial, out)
    if reduce == "mean":
        divisor = flat if initial is None else xp.maximum(flat, 1)
        out = out / wrap(divisor.astype(data.array.dtype).reshape((-1, *[1] * len(rest))))
    return out.reshape((*lead, sizes.shape[-1], *rest))


def counts(data: Any, lengths: Any, offsets: Any, axis: int, unsafe: bool) -> Any:
    """The array of how many elements each segment has, checked."""
    if lengths is None and offsets is None:
        raise ShapeError("segment_reduce: Either lengths or offsets must be defined")
    given = lengths if lengths is not None else offsets
    sizes = given.array
    if sizes.dtype.kind not in "iu":
        raise DtypeError(f"segment_reduce: lengths and offsets must be int32 or int64; got {describe(given)}")
    if sizes.ndim < 1 or one_dim("segment_reduce", axis, data.ndim) != sizes.ndim - 1:
        raise ShapeError(f"segment_reduce: Expected axis to be the last dimension of lengths but got {axis}; lengths are {describe(given)}")
    if sizes.shape[:-1] != data.array.shape[:sizes.ndim - 1]:
        raise ShapeError(f"segment_reduce: lengths must have the leading sizes of data; got data {describe(data)}, lengths "
                         f"{describe(given)}")
    if lengths is None:
        sizes = sizes[..., 1:] - sizes[..., :-1]
    if sizes.size and int(sizes.min()) < 0:
        raise ShapeError(f"segment_reduce: lengths contains negative value; got {describe(given)}")
    n, total = data.shape[sizes.ndim - 1], sizes.sum(-1)
    if (total > n).any() or not unsafe and (total != n).any():
        raise ShapeError(f"segment_reduce: Expected all rows of lengths along axis to sum to {n}, the size of data; "
                         f"got {total.reshape(-1).tolist()}")
    return sizes
