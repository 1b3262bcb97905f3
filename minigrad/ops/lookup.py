"""Reading at positions that a tensor of integers names: gather, take, embedding, one_hot, and where values are not zero."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.inplace import write
from ..engine.mode import no_grad
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, AssertedArgumentError, DtypeError, OutOfRangeError, ShapeError, describe, operand
from .dims import one_dim
from .index import index_place, setitem
from .mask import masked_fill
from .raw import like, raw
from .shape import broadcast_shapes

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- index tensors, checked
UNSIGNED = {n: np.dtype(f"u{n}") for n in (4, 8)}


def check_index(op: str, index: Any, kinds: str = "il") -> None:
    """Index tensors are int64, or int32 where PyTorch takes that too."""
    if index.dtype.kind != "i" or index.itemsize < (4 if "i" in kinds else 8):
        raise DtypeError(f"{op}: expected dtype {'int32/' if 'i' in kinds else ''}int64 for index; got {operand(index)}; "
                         "convert it with .long()")


def check_range(op: str, index: Any, size: int, dim: int, error: type[Exception] = ShapeError) -> None:
    """Raise where an index is not in 0 ... size - 1."""
    if index.size and not index.view(UNSIGNED[index.itemsize]).max() < size:       # negative ones are large without their sign
        worst = index[(index < 0) | (index >= size)].reshape(-1)[0].item() if index.ndim else index.item()
        raise error(f"{op}: index {worst} is out of bounds for dimension {dim} with size {size}")


def check_along(op: str, x: Any, dim: int, index: Any, kinds: str = "il") -> int:
    """The checks of gather and scatter: dtype, number of dimensions, sizes apart from `dim`, range. Returns dim from the front."""
    d = one_dim(op, dim, x.ndim)
    if not index.size:                               # then any dtype will do
        return d
    check_index(op, index, kinds)
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise ShapeError(f"{op}: index tensor must have the same number of dimensions as input tensor; "
                         f"got index {index.shape}, x {x.shape}")
    for e, (n, m) in enumerate(zip(index.shape, x.shape)):
        if e != d and n > m:
            raise ShapeError(f"{op}: size does not match at dimension {e} expected index {list(index.shape)} to be no larger than self "
                             f"{list(x.shape)} apart from dimension {d}")
    check_range(op, index, x.shape[d] if x.ndim else 1, d)
    return d


def flat_positions(index: Any, dim: int, shape: tuple[int, ...]) -> Any:
    """Of each element of `index`, which counts along `dim` and lies in the leading corner otherwise: its row-major position in `shape`."""
    if not index.ndim or not shape:
        return index
    xp = backend_of(index).xp
    step, n = 1, index.ndim
    at = index
    for d in range(n - 1, -1, -1):                   # step: how far apart neighbours along d lie
        if d == dim:
            at = at if step == 1 else at + index * (step - 1)
        elif index.shape[d] > 1:
            at = at + xp.arange(0, index.shape[d] * step, step).reshape((-1,) + (1,) * (n - 1 - d))
        step *= shape[d]
    return at


# ---------------------------------------------------------------- along a dimension
@op(x=lambda g, dim, index, x_shape: gather_place(g, dim, index, x_shape))
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The element at index[i][j][k] along `dim`, for every i, j, k: out[i][j][k] = x[index[i][j][k]][j][k] for dim 0.

    index may be smaller than the input in the other dimensions, not larger. sparse_grad: accepted; gradients are dense.
    """
    x: Any = input
    at: Any = index
    d = check_along("gather", x, dim, at)
    if not at.size:
        return backend_of(x).xp.empty(at.shape, x.dtype)
    return x.reshape(-1).take(flat_positions(at, d, x.shape))


@op(x=lambda g, dim, index: gather(g, dim, index))
def gather_place(input: Tensor, dim: int, index: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with the input added where `gather` read: its adjoint."""
    x: Any = input
    xp = backend_of(x).xp
    out = xp.zeros(shape, x.dtype)
    if x.size:
        xp.add.at(out.reshape(-1), flat_positions(index, dim % max(len(shape), 1), shape).reshape(-1), x.reshape(-1))
    return out


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with input and indices broadcast against each other; negative indices count from the end.

    Without `dim`, from the flattened input.
    """
    x: Any = input
    at: Any = indices
    if not isinstance(indices, TensorBase) or at.array.dtype != "i8":
        raise DtypeError(f"take_along_dim: dtype of indices should be int64 but got {describe(at)}")
    if dim is None:
        x, at, d = x.reshape(-1), at.reshape(-1), 0
    else:
        d = one_dim("take_along_dim", dim, x.ndim)
        if x.ndim != at.ndim:
            raise ShapeError(f"take_along_dim: input and indices should have the same number of dimensions, but got {x.ndim} dimensions "
                             f"for input, and {at.ndim} dimensions for indices")
        together = broadcast_shapes(*[[1 if e == d else n for e, n in enumerate(shape)] for shape in (x.shape, at.shape)])
        x = x.expand([n if e != d else x.shape[d] for e, n in enumerate(together)])
        at = at.expand([n if e != d else at.shape[d] for e, n in enumerate(together)])
    size = x.shape[d] if x.ndim else 1
    return gather(x, d, wrap(backend_of(at.array).xp.where(at.array < 0, at.array + size, at.array)))


@op(x=lambda g, index, x_shape: index_place(g.reshape((-1,)), None, (index.reshape(-1),), (prod(x_shape),)).reshape(x_shape))
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions of the flattened input, in index's shape; negative positions count from the end."""
    x: Any = input
    check_index("take", index, "l")
    try:
        return x.reshape(-1).take(index)
    except IndexError:
        raise OutOfRangeError(f"take: out of range: tried to access an index beyond a tensor of {x.size} elements; "
                              f"got x {x.shape}") from None


# ---------------------------------------------------------------- tables
def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Rows of a table: indices of any shape, weight (num, dim) -> (*shape, dim).

    padding_idx: a row that gets no gradient. max_norm: rows that are used and longer are first shortened to it, in
    place. scale_grad_by_freq: gradients are divided by how often a row is used. sparse: accepted; gradients are dense.
    """
    for name, value in (("input", input), ("weight", weight)):
        if not isinstance(value, TensorBase):
            raise ArgumentTypeError(f"embedding: {name} must be a Tensor; got {describe(value)}")
    if weight.ndim != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D; got w {describe(weight)}")
    n = weight.shape[0]
    if padding_idx is not None:
        if not -n <= padding_idx < n:
            raise AssertedArgumentError(f"embedding: padding_idx must be within num_embeddings, {n}; got {padding_idx}")
        padding_idx %= n
    if max_norm is not None:
        shorten_rows(weight, input, max_norm, norm_type)
    return table_rows(weight, input, padding_idx, scale_grad_by_freq)


@op(w=lambda g, index, w_shape, padding_idx, by_frequency: table_gradient(g, index, w_shape, padding_idx, by_frequency))
def table_rows(weight: Tensor, index: Tensor, padding_idx: int | None, by_frequency: bool) -> Tensor:
    """weight[index], with the two changes to its gradient that embeddings have."""
    w: Any = weight
    check_index("embedding", index)
    check_range("embedding: index out of range in self", index, w.shape[0], 0, OutOfRangeError)
    return w.take(index, 0)


def table_gradient(g: Any, index: Any, shape: tuple[int, ...], padding_idx: int | None, by_frequency: bool) -> Any:
    """The gradient of a table: rows added up, none for the padding row, each divided by its count if asked."""
    if padding_idx is not None:
        g = masked_fill(g, (index == padding_idx).reshape((*index.shape, 1)), 0)
    if by_frequency:
        counts = backend_of(index).xp.bincount(index.reshape(-1), minlength=shape[0])
        g = g / like(g, counts.take(index).reshape((*index.shape, 1)).astype(raw(g).dtype))
    return index_place(g.reshape((-1, shape[1])), None, (index.reshape(-1),), shape)


def shorten_rows(weight: Any, index: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows of a table that are used and longer than max_norm, in place and outside the graph."""
    backend = backend_of(weight.array)
    used = backend.xp.unique(index.array)
    rows = weight.array[used]
    norms = (abs(rows) ** norm_type).sum(1) ** (1 / norm_type)
    long = norms > max_norm
    scale = backend.xp.where(long, max_norm / (norms + 1e-7), backend.asarray(1, rows.dtype)).astype(rows.dtype)
    with no_grad():
        write(weight, setitem, wrap(rows * scale[:, None]), None, (used,))


@op()
def one_hot_of(input: Tensor, num_classes: int) -> Tensor:
    """What `one_hot` checked."""
    xp = backend_of(input).xp
    return (input.reshape((*input.shape, 1)) == xp.arange(num_classes)).astype("i8")


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 (*) -> (*, num_classes): 1 at each class, 0 elsewhere. -1: as many classes as the largest asks for."""
    array: Any = getattr(tensor, "array", None)
    if array is None or array.dtype != "i8":
        raise DtypeError(f"one_hot: is only applicable to index tensor of type int64; got {describe(tensor)}")
    if not array.size and num_classes <= 0:
        raise ShapeError(f"one_hot: can not infer total number of classes from empty tensor; got {describe(tensor)}; pass num_classes")
    if array.size and int(array.min()) < 0:
        raise ShapeError(f"one_hot: class values must be non-negative; got {int(array.min())}")
    largest = int(array.max()) if array.size else -1
    if num_classes > 0 and largest >= num_classes:
        raise ShapeError(f"one_hot: class values must be smaller than num_classes; got {largest} and num_classes {num_classes}")
    return one_hot_of(tensor, num_classes if num_classes > 0 else largest + 1)


# ---------------------------------------------------------------- where values are
@op()
def nonzero_positions(input: Tensor) -> Tensor:
    """(n, ndim): the index of each element that is not zero, in row-major order."""
    x: Any = input
    xp = backend_of(x).xp
    return xp.stack(x.reshape((-1,) if not x.ndim else x.shape).nonzero(), 1)[:, :x.ndim]


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """Where elements are not zero: (n, ndim) int64, or with `as_tuple` one (n,) tensor per dimension, fit to be an index."""
    if not as_tuple:
        return nonzero_positions(input, out=out) if out is not None else nonzero_positions(input)   # type: ignore[call-arg]
    found = nonzero_positions(input if input.ndim else input.reshape(1))
    return tuple([found[:, d] for d in range(found.shape[1])])


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """`nonzero` in exactly `size` rows: cut off, or filled up with a number."""
    if size < 0:
        raise ShapeError(f"nonzero_static: size must be non-negative; got {size}")
    found = nonzero_positions(input)[:size].array
    backend = backend_of(found)
    rows = backend.xp.full((size, found.shape[1]), fill_value, found.dtype)
    rows[:len(found)] = found
    return wrap(rows)


def argwhere(input: Tensor) -> Tensor:
    """Where elements are not zero: (n, ndim) int64."""
    return nonzero_positions(input)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Row-major positions as one index per dimension of `shape`."""
    if not isinstance(indices, TensorBase) or indices.array.dtype.kind not in "iu":
        raise ArgumentTypeError(f"unravel_index: expected indices to be an integer tensor; got {describe(indices)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n < 0 for n in sizes):
        raise ShapeError(f"unravel_index: shape cannot have negative values; got {sizes}")
    if indices.array.size and not (indices.array.min() >= 0 and indices.array.max() < prod(sizes)):
        raise ShapeError(f"unravel_index: indices must lie in 0 ... {prod(sizes) - 1} for shape {sizes}")
    return tuple([wrap(indices.array // prod(sizes[d + 1:]) % n) for d, n in enumerate(sizes)])
