"""Positions in sorted sequences, and counts."""
from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, ShapeError, UnsupportedDtypeError, describe
from . import results
from .along import picked
from .dims import Number
from .raw import raw

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- sorted sequences
def searchsorted(sorted_sequence: Tensor, input: Tensor | Number, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Tensor | None = None) -> Tensor:
    """Where each value would go to keep the sequence, along its last dimension, sorted.

    sorted_sequence: one sequence, or (..., n) with a row for each row of values (..., m). right (or `side="right"`):
    behind equal elements instead of before them. sorter: the order that sorts the sequence. out_int32: int32 for int64.
    """
    if side not in (None, "left", "right"):
        raise ShapeError(f"searchsorted: side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ShapeError("searchsorted: side and right can't be set to opposites, got side of left while right was True")
    sequence, values = both("searchsorted", sorted_sequence, input)
    if sorter is not None:
        if sorter.array.shape != sequence.shape:
            raise ShapeError(f"searchsorted: boundary and sorter must have the same size, but got boundary tensor {list(sequence.shape)} "
                             f"and got sorter tensor {list(sorter.array.shape)}")
        sequence = picked(sequence, sorter.array, sequence.ndim - 1)
    return insertion_points("searchsorted", sequence, values, isinstance(input, TensorBase), right or side == "right", out_int32)


def bucketize(input: Tensor | Number, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The bucket that each value falls in: the number of boundaries below it (with `right`, or equal to it)."""
    sequence, values = both("bucketize", boundaries, input)
    if sequence.ndim != 1:
        raise ShapeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({sequence.ndim}); got {describe(sequence)}")
    return insertion_points("bucketize", sequence, values, isinstance(input, TensorBase), right, out_int32)


def both(op: str, sequence: Any, values: Any) -> tuple[Any, Any]:
    """Two arrays of a sorted sequence and of values, which may be one number."""
    if not isinstance(sequence, TensorBase):
        raise ArgumentTypeError(f"{op}: the sorted sequence must be a Tensor; got {describe(sequence)}")
    x = sequence.array
    return x, values.array if isinstance(values, TensorBase) else backend_of(x).asarray(values)


def insertion_points(op: str, sequence: Any, values: Any, tensor: bool, right: bool, int32: bool) -> Tensor:
    """The number of elements before each value."""
    if not sequence.ndim:
        raise ShapeError(f"{op}: boundaries tensor should have positive dimension, but got 0 dimension")
    if not tensor and sequence.ndim > 1:
        raise ShapeError(f"{op}: input value can be a scalar only when boundaries tensor dimension is 1; got boundaries "
                         f"{describe(sequence)}")
    if sequence.ndim > 1 and (values.ndim != sequence.ndim or values.shape[:-1] != sequence.shape[:-1]):
        raise ShapeError(f"{op}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value "
                         f"tensor must match; got boundaries {describe(sequence)}, values {describe(values)}")
    if sequence.ndim == 1:
        found = backend_of(sequence).xp.searchsorted(sequence, values, side="right" if right else "left")
    else:
        found = bisect(sequence, values, right)
    return wrap(found.astype("i4" if int32 else "i8"))


def bisect(sequence: Any, values: Any, right: bool) -> Any:
    """Binary search of every value in its own row, all at once."""
    xp, n = backend_of(values).xp, sequence.shape[-1]
    low, high = xp.zeros(values.shape, "i8"), xp.full(values.shape, n, "i8")
    for _ in range(n.bit_length()):
        middle = (low + high) // 2
        at = picked(sequence, xp.minimum(middle, n - 1), sequence.ndim - 1)
        beyond = ~(at > values if right else at >= values) & (low < high)    # nan goes to the end
        low, high = xp.where(beyond, middle + 1, low), xp.where(beyond, high, middle)
    return low


# ---------------------------------------------------------------- counts
@op()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, ... occurs in a vector of integers; with `weights`, their sums."""
    x: Any = input
    w: Any = weights
    if x.dtype.kind not in "iu":
        raise UnsupportedDtypeError(f"bincount: not implemented for {x.dtype}: takes integers; got {describe(x)}")
    if minlength < 0:
        raise ShapeError(f"bincount: minlength should be >= 0; got {minlength}")
    if x.ndim != 1 or x.size and int(x.min()) < 0:
        raise ShapeError(f"bincount: only supports 1-d non-negative integral inputs; got {describe(x)}")
    if w is not None and w.shape != x.shape:
        raise ShapeError(f"bincount: weights should be 1-d and have the same length as input; got {describe(w)} for {describe(x)}")
    xp = backend_of(x).xp
    if not x.size:
        return xp.zeros(minlength, "i8")
    found = xp.bincount(x, None if w is None else w.astype("f8"), minlength)
    return found.astype("i8" if w is None else "f4" if w.dtype.char == "f" else "f8")


@op()
def histc(input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0) -> Tensor:
    """How many elements fall in each of `bins` equal parts of [min, max], in the input's dtype; others and nan are not counted.

    With min == max, from the smallest to the largest element.
    """
    x: Any = input
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"histc: not implemented for {x.dtype}: takes floating-point numbers; got {describe(x)}")
    if bins <= 0:
        raise ShapeError(f"histc: bins must be > 0, but got {bins}")
    low, high = float(min), float(max)               # type: ignore[arg-type]
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - 1, high + 1
    if not math.isfinite(low) or not math.isfinite(high):
        raise ShapeError(f"histc: range of [{low}, {high}] is not finite; got {describe(x)}")
    if low > high:
        raise ShapeError(f"histc: max must be larger than min; got min={min}, max={max}")
    xp = backend_of(x).xp
    x = x.reshape(-1)
    x = x[(x >= low) & (x <= high)]
    at = ((x - low) / (high - low) * bins).astype("i8")
    return xp.bincount(xp.minimum(at, bins - 1), None, bins).astype(input.dtype)


def histogram(input: Tensor, bins: int | Tensor, *, range: Sequence[float] | None = None, weight: Tensor | None = None,
              density: bool = False) -> results.histogram:
    """How many elements (or what `weight`) fall in each bin, and the edges of the bins; the last bin includes its end.

    bins: how many equal ones, over `range` or from the smallest to the largest element, or their edges. density: divided
    by the total and by the widths, so that the integral is 1.
    """
    x = raw(input)
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"histogram: not implemented for {x.dtype}: takes floating-point numbers; got {describe(x)}")
    flat = x.reshape(-1)
    edges = edges_of("histogram", flat, bins, range)
    return results.histogram(wrap(counted(flat[:, None], [edges], weight, density)), wrap(edges))


def histogramdd(input: Tensor, bins: int | Sequence[Any], *, range: Sequence[float] | None = None, weight: Tensor | None = None,
                density: bool = False) -> results.histogramdd:
    """`histogram` of points: input (..., D) -> counts of D dimensions, and the edges along each.

    bins: how many along each dimension, or their edges. range: the first and the last edge of each dimension, in one row.
    """
    x = raw(input)
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"histogramdd: not implemented for {x.dtype}: takes floating-point numbers; got {describe(x)}")
    if x.ndim < 2:
        raise ShapeError(f"histogramdd: input tensor should have at least 2 dimensions; got {describe(x)}")
    d = x.shape[-1]
    each = list(bins) if isinstance(bins, (tuple, list)) else [bins] * d
    if len(each) != d:
        raise ShapeError(f"histogramdd: expected {d} sequences of bin edges for a {d}-dimensional histogram but got {len(each)}")
    if range is not None and len(range) != 2 * d:
        raise ShapeError(f"histogramdd: for a {d}-dimensional histogram range should have {2 * d} elements, but got {len(range)}")
    points = x.reshape((-1, d))
    ranges = [None] * d if range is None else [range[2 * i:2 * i + 2] for i in builtins.range(d)]
    edges = [edges_of("histogramdd", points[:, i], b, r) for i, (b, r) in enumerate(zip(each, ranges))]
    return results.histogramdd(wrap(counted(points, edges, weight, density)), tuple([wrap(e) for e in edges]))


def edges_of(op: str, values: Any, bins: Any, range: Sequence[float] | None) -> Any:
    """The edges of bins: those given, or equal ones over a range or what the values span."""
    if isinstance(bins, TensorBase):
        return bins.array
    if bins <= 0:
        raise ShapeError(f"{op}: bins must be > 0, but got {bins}")
    n, b = int(bins), backend_of(values)
    if range is None:
        range = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if not math.isfinite(range[0]) or not math.isfinite(range[1]):
        raise ShapeError(f"{op}: range [{range[0]}, {range[1]}] is not finite")
    if range[0] > range[1]:
        raise ShapeError(f"{op}: min should not exceed max, but got min {range[0]} max {range[1]}")
    low, high = b.asarray(range, values.dtype)       # all in the dtype's precision, as in PyTorch: an edge may lie on a value
    if low == high:
        low, high = low - 0.5, high + 0.5
    i = b.xp.arange(n + 1).astype(values.dtype)
    width = (high - low) / n
    return b.xp.where(i < (n + 1) // 2, low + width * i, high - width * (n - i))


def counted(points: Any, edges: Sequence[Any], weight: Any, density: bool) -> Any:
    """(points, D) -> how many of them, or what weight, fall between the edges along each dimension; the last bins include their ends."""
    xp = backend_of(points).xp
    sizes = [e.size - 1 for e in edges]
    inside = xp.ones(len(points), "?")
    for i, e in enumerate(edges):
        inside &= (points[:, i] >= e[0]) & (points[:, i] <= e[-1])
    place = xp.zeros(int(inside.sum()), "i8")
    for i, e in enumerate(edges):
        place = place * sizes[i] + xp.minimum(xp.searchsorted(e, points[inside, i], side="right") - 1, sizes[i] - 1)
    w = None if weight is None else weight.array.reshape(-1)[inside].astype("f8")
    found = xp.bincount(place, w, math.prod(sizes)).astype(points.dtype).reshape(sizes)
    if density:
        found = found / found.sum()
        for i, e in enumerate(edges):
            found = found / (e[1:] - e[:-1]).reshape([-1 if d == i else 1 for d in builtins.range(len(edges))])
    return found
