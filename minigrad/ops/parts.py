"""Views of parts of a tensor: one slice, a range, the diagonal, sliding windows, any strides; and writing back to them."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of, strided
from ..engine.inplace import address, positions
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, OutOfRangeError, ShapeError, UnsupportedError, describe, operand
from ..naming import called
from .delivery import takes_out
from .dims import one_dim
from .index import getitem, index_place, setitem
from .operands import need_tensors
from .overwrite import copy_
from .shape import clone

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- one slice, a range
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of `dim`, without that dimension; a view."""
    return getitem(input, at_slice("select", input.shape, dim, index))


def at_slice(op: str, shape: tuple[int, ...], dim: int, index: Any) -> tuple[Any, ...]:
    """The basic index of one slice."""
    if not shape:
        raise OutOfRangeError(f"{op}: cannot be applied to a 0-dim tensor")
    d, i = one_dim(op, dim, len(shape)), index.__index__()
    if not -shape[d] <= i < shape[d]:
        raise OutOfRangeError(f"{op}: index {i} out of range for tensor of size {list(shape)} at dimension {d}")
    return (*(slice(None),) * d, i, ...)


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """The range start ... start + length - 1 along `dim`; a view. A negative start counts from the end."""
    shape = input.shape
    if not shape:
        raise ShapeError("narrow: cannot be applied to a 0-dim tensor")
    if isinstance(start, TensorBase) and (start.ndim or start.array.dtype.kind not in "iu"):
        raise ShapeError(f"narrow: start must be an 0-dim integral Tensor; got {describe(start)}")
    d, first = one_dim("narrow", dim, len(shape)), start.__index__()
    n = shape[d]
    if length < 0:
        raise ShapeError(f"narrow: length must be non-negative; got {length}")
    if not -n <= first <= n:
        raise OutOfRangeError(f"narrow: start out of range (expected to be in range of [{-n}, {n}], but got {first})")
    first += n if first < 0 else 0
    if first + length > n:
        raise ShapeError(f"narrow: start ({first}) + length ({length}) exceeds dimension size ({n})")
    return getitem(input, (*(slice(None),) * d, slice(first, first + length)))


@takes_out
def narrow_copy(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """As `narrow`, in memory of its own. Raises ShapeError for a dimension that is not there."""
    if dim >= input.ndim:
        raise ShapeError(f"narrow_copy: expected dim < {input.ndim}, but got {dim}; x is {operand(input)}")
    return clone(narrow(input, dim, start, length))


# ---------------------------------------------------------------- the diagonal
@op(view=True, x=lambda g, offset, dim1, dim2, x_shape: diagonal_place(g, offset, dim1, dim2, x_shape))
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of dims dim1 and dim2 as the last dimension; a view. offset: above the main one, or, negative, below."""
    return diagonal_view("diagonal", input, offset, dim1, dim2)


def diagonal_view(op: str, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """On arrays: the diagonal as a writable view."""
    a, b = one_dim(op, dim1, x.ndim), one_dim(op, dim2, x.ndim)
    if a == b:
        raise ShapeError(f"{op}: diagonal dimensions cannot be identical {dim1}, {dim2}")
    rest = [d for d in range(x.ndim) if d not in (a, b)]
    n = min(x.shape[a] - max(-offset, 0), x.shape[b] - max(offset, 0))
    start = [0] * x.ndim
    if offset and n > 0:
        start[a], start[b] = max(-offset, 0), max(offset, 0)
    return strided(x, (*[x.shape[d] for d in rest], max(n, 0)), (*[x.strides[d] for d in rest], x.strides[a] + x.strides[b]),
                   tuple(start) if offset else ())


@op(x=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2))
def diagonal_place(input: Tensor, offset: int, dim1: int, dim2: int, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input on a diagonal."""
    x: Any = input
    out = backend_of(x).xp.zeros(shape, x.dtype)
    diagonal_view("diag_embed", out, offset, dim1, dim2)[...] = x
    return out


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as a diagonal of two new dimensions, zeros elsewhere: (*, n) -> (*, n, n)."""
    need_tensors("diag_embed", input=input)
    shape = input.shape
    ndim = len(shape) + 1
    a, b = one_dim("diag_embed", dim1, ndim), one_dim("diag_embed", dim2, ndim)
    if not shape:
        raise OutOfRangeError("diag_embed: expects at least a 1-dimensional tensor; got a 0-d one")
    if a == b:
        raise ShapeError(f"diag_embed: diagonal dimensions cannot be identical {dim1}, {dim2}")
    full = list(shape[:-1])
    for d in sorted((a, b)):
        full.insert(d, shape[-1] + abs(offset))
    return diagonal_place(input, offset, a, b, tuple(full))


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector; a copy."""
    need_tensors("diag", input=input)
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim != 2:
        raise ShapeError(f"diag: supports 1D or 2D tensors. Got {input.ndim}D; got {describe(input)}")
    return clone(_diagonal(input, diagonal))


_diagonal = diagonal                                 # `diag` has an argument of this name


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix."""
    need_tensors("diagflat", input=input)
    return diag_embed(input.reshape(-1), offset)


# ---------------------------------------------------------------- sliding windows
@op(view=True, x=lambda g, dimension, size, step, x_shape: window_sum(g, dimension, size, step, x_shape))
@called("unfold")
def unfold_dim(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """`x.unfold(dimension, size, step)`: windows of `size` elements, `step` apart, along a dimension; a view.

    (*, n, *) -> (*, (n - size) // step + 1, *, size).
    """
    x: Any = input
    d = one_dim("unfold", dimension, x.ndim)
    n = x.shape[d] if x.ndim else 1
    if size < 0:
        raise ShapeError(f"unfold: size is {size} but must be >= 0")
    if size > n:
        raise ShapeError(f"unfold: maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise ShapeError(f"unfold: step is {step} but must be > 0")
    if not x.ndim:
        return x.reshape(1)[:size]
    shape, steps = list(x.shape), list(x.strides)
    last = steps[d]
    shape[d], steps[d] = (n - size) // step + 1, steps[d] * step
    return strided(x, (*shape, size), (*steps, last))


@op(x=lambda g, dimension, size, step: unfold_dim(g, dimension, size, step))
def window_sum(input: Tensor, dimension: int, size: int, step: int, shape: tuple[int, ...]) -> Tensor:
    """Windows added up where they overlap: the adjoint of `unfold_dim`.

    In stretches of `step`: the j-th of all windows lie side by side, j stretches further on.
    """
    x: Any = input
    if not shape:
        return x.sum().reshape(())
    xp, d = backend_of(x).xp, dimension % len(shape)
    count, lead, tail = x.shape[d], shape[:d], shape[d + 1:]
    stretches = -(-size // step)
    rows = max(count + stretches, -(-shape[d] // step))
    out = xp.zeros((*lead, rows, step, *tail), x.dtype)
    x = xp.moveaxis(x, -1, d + 1) if tail else x     # (*lead, count, size, *tail)
    before = (slice(None),) * d
    for j in range(stretches):
        width = min(step, size - j * step)
        out[(*before, slice(j, j + count), slice(width))] += x[(*before, slice(None), slice(j * step, j * step + width))]
    return out.reshape((*lead, rows * step, *tail))[(*before, slice(shape[d]))]


# ---------------------------------------------------------------- any strides
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The tensor's memory in any shape with any strides, in elements; places may repeat. A view.

    Unlike PyTorch's, of a view it is a view of the base, and its gradient flows there.
    """
    return view_of_memory("as_strided", input, size, stride, storage_offset)


def view_of_memory(op: str, x: Any, size: Sequence[int], stride: Sequence[int], storage_offset: int | None) -> Tensor:
    """`as_strided`, for an op of another name."""
    base = x if x.base is None else x.base
    offset = (address(x.array) - address(base.array)) // x.array.itemsize if storage_offset is None else storage_offset
    return memory_view(base, tuple(size), tuple(stride), offset, op)


@op(view=True, kept=("at",), x=lambda g, at, x_shape: repeated_place(g, at, x_shape))
def memory_view(input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], offset: int, op: str = "as_strided") -> Tensor:
    """What `as_strided` found of a tensor that is no view; `op` is the name that errors give."""
    x: Any = input
    if len(size) != len(stride):
        raise ShapeError(f"{op}: mismatch in length of strides and shape; got size {size}, stride {stride}")
    if min(stride, default=0) < 0 or min(size, default=0) < 0 or offset < 0:
        raise ShapeError(f"{op}: negative sizes, strides and offsets are not supported; got size {size}, stride {stride}, offset {offset}")
    memory = 1 + sum((n - 1) * (s // x.itemsize) for n, s in zip(x.shape, x.strides)) if x.size else 0
    if memory != x.size:
        raise UnsupportedError(f"{op}: the memory of this tensor has gaps or repeats; clone() it first; got {operand(x)}")
    needed = 0 if 0 in size else offset + 1 + sum((n - 1) * s for n, s in zip(size, stride))
    if needed > memory:
        raise ShapeError(f"{op}: sizes {list(size)}, strides {list(stride)}, storage offset {offset} requiring a storage of {needed} "
                         f"elements are out of bounds for storage of {memory}")
    order = sorted(range(x.ndim), key=lambda d: -x.strides[d])
    flat = x.transpose(order).reshape(-1)            # memory order: never a copy, as there are no gaps
    out = strided(flat[offset:], size, tuple([s * x.itemsize for s in stride]))
    return out, positions(x, out) if x.size else backend_of(x).xp.zeros(size, "i8")   # type: ignore[return-value]


def repeated_place(g: Any, at: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with g added at flat positions that may repeat."""
    return index_place(g.reshape((-1,)), None, (at.reshape(-1),), (prod(shape),)).reshape(shape)


# ---------------------------------------------------------------- writing a part, as a new tensor
@takes_out
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """x with `src` in place of one slice along `dim`."""
    return with_part("select_scatter", input, src, at_slice("select_scatter", input.shape, dim, index))


@takes_out
def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    """x with `src` in place of the slices start:end:step along `dim`."""
    d = one_dim("slice_scatter", dim, input.ndim)
    return with_part("slice_scatter", input, src, (*(slice(None),) * d, slice(start, end, step)))


@takes_out
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """x with `src` on a diagonal."""
    out = clone(input)
    check_part("diagonal_scatter", src, diagonal(out, offset, dim1, dim2).shape)
    copy_(diagonal(out, offset, dim1, dim2), src)
    return out


@takes_out
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """x with `src` at the places that `as_strided` names; no two of them may be the same."""
    out = clone(input)
    part = view_of_memory("as_strided_scatter", out, size, stride, storage_offset)
    check_part("as_strided_scatter", src, part.shape)
    copy_(part, src)
    return out


def with_part(op: str, x: Any, src: Any, index: tuple[Any, ...]) -> Any:
    """x with src at a basic index; src has the shape of that part exactly."""
    if not hasattr(src, "array"):
        raise ArgumentTypeError(f"{op}: src must be a Tensor; got {describe(src)}")
    check_part(op, src, x.array[index].shape)
    return setitem(x, src, index, None)


def check_part(op: str, src: Any, shape: tuple[int, ...]) -> None:
    """A source has the shape of the part that it replaces."""
    if tuple(src.shape) != tuple(shape):
        raise ShapeError(f"{op}: expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
                         f"{list(shape)}")
