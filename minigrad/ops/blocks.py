"""NumPy's ways to join and to split: rows, columns, layers, the diagonal."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .._device import get_default_device
from ..backend import backend_for, backend_of
from ..dtypes import get_default_numpy
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, ShapeError, describe
from .delivery import casts_out
from .dims import one_dim
from .join import cat
from .operands import need_tensors
from .shape import atleast_1d, atleast_2d, atleast_3d, reshape

if TYPE_CHECKING:
    from .._tensor import Tensor


def some(op: str, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """The tensors, of which there must be one at least."""
    if not len(tensors):
        raise ShapeError(f"{op}: expects a non-empty TensorList")
    return tensors


def joined(op: str, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """`cat`, whose errors name the function that was called."""
    try:
        return cat(tensors, dim)
    except ShapeError as error:
        raise ShapeError(f"{op}: {str(error).removeprefix('cat: ')}") from None


@casts_out
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors joined along their second dimension, vectors along their only one."""
    rows = atleast_1d(list(some("hstack", tensors)))
    return joined("hstack", rows, 0 if rows[0].ndim == 1 else 1)


@casts_out
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors joined along the first dimension, vectors as rows."""
    return joined("vstack", atleast_2d(list(some("vstack", tensors))), 0)


def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Another name of `vstack`."""
    return vstack(tensors)


@casts_out
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors joined along the third dimension."""
    return joined("dstack", atleast_3d(list(some("dstack", tensors))), 2)


@casts_out
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors joined along the second dimension, vectors as columns."""
    return joined("column_stack", [t if t.ndim > 1 else reshape(t, (t.numel(), 1)) for t in some("column_stack", tensors)], 1)


# ---------------------------------------------------------------- down the diagonal
@op(promotes="arithmetic", tensors=lambda g, tensors_shape: diagonal_blocks(g, tensors_shape))
def block_diagonal(tensors: Sequence[Tensor]) -> Tensor:
    """Matrices down the diagonal of a matrix of zeros; vectors count as rows, numbers as (1, 1)."""
    arrays: Any = tensors
    for i, a in enumerate(arrays):
        if a.ndim > 2:
            raise ShapeError(f"block_diag: input tensors must have 2 or fewer dimensions. Input {i} has {a.ndim} dimensions; "
                             f"got {describe(a)}")
    sizes = [as_matrix(a.shape) for a in arrays]
    out = backend_of(arrays[0]).xp.zeros((sum(h for h, _ in sizes), sum(w for _, w in sizes)), arrays[0].dtype)
    for a, at in zip(arrays, block_places(sizes)):
        out[at] = a
    return out


def as_matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of a matrix; a vector is one row."""
    return (1, *shape) if len(shape) == 1 else shape or (1, 1)    # type: ignore[return-value]


def block_places(sizes: Sequence[tuple[int, int]]) -> list[tuple[slice, slice]]:
    """Where each block lies."""
    places, r, c = [], 0, 0
    for h, w in sizes:
        places.append((slice(r, r + h), slice(c, c + w)))
        r, c = r + h, c + w
    return places


def diagonal_blocks(g: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The adjoint of `block_diagonal`."""
    return [g[at].reshape(shape) for at, shape in zip(block_places([as_matrix(s) for s in shapes]), shapes)]


def block_diag(*tensors: Any) -> Tensor:
    """Tensors of up to 2 dimensions down the diagonal of a matrix of zeros."""
    if not tensors:
        return wrap(backend_for(get_default_device()).xp.zeros((1, 0), get_default_numpy()))
    return block_diagonal(tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)


# ---------------------------------------------------------------- apart
def tensor_split(input: Tensor, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None,
                 sections: int | None = None) -> tuple[Tensor, ...]:
    """Pieces along `dim`: a number of nearly equal ones, or those between the given indices; views."""
    need_tensors("tensor_split", input=input)
    where: Any = next((v for v in (indices_or_sections, indices, sections) if v is not None), None)
    if not input.ndim:
        raise ShapeError("tensor_split: expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    if isinstance(where, TensorBase):
        if where.array.ndim > 1 or where.array.dtype != "i8":
            raise ShapeError(f"tensor_split: expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional int64 tensor; "
                             f"got {describe(where)}")
        where = where.array.tolist()
    d = one_dim("tensor_split", dim, input.ndim)
    n = input.shape[d]
    if isinstance(where, int):
        if where <= 0:
            raise ShapeError(f"tensor_split: number of sections must be larger than 0, got {where}")
        small, larger = divmod(n, where)             # the first `larger` pieces have one more
        ends = list(accumulate([small + 1] * larger + [small] * (where - larger)))[:-1]
    elif isinstance(where, (tuple, list)):
        ends = list(where)
    else:
        raise ArgumentTypeError(f"tensor_split: indices_or_sections must be an int, a tuple of ints or a tensor; got {describe(where)}")
    before = (slice(None),) * d
    return tuple([input[(*before, slice(a, b))] for a, b in zip([0, *ends], [*ends, n])])


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the second dimension, of a vector along its only one."""
    return split_along("hsplit", input, indices_or_sections, 1, 0 if input.ndim == 1 else 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the first dimension of a tensor with at least two."""
    return split_along("vsplit", input, indices_or_sections, 2, 0)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Pieces along the third dimension."""
    return split_along("dsplit", input, indices_or_sections, 3, 2)


def split_along(op: str, input: Tensor, where: int | Sequence[int], least: int, dim: int) -> tuple[Tensor, ...]:
    """`tensor_split` along a dimension that must be there and, for a number of pieces, divide evenly."""
    if input.ndim < least:
        raise ShapeError(f"{op}: requires a tensor with at least {least} dimension, but got a tensor with {input.ndim} dimensions")
    if not isinstance(where, (int, tuple, list)):
        raise ArgumentTypeError(f"{op}: takes a number of pieces or a tuple of indices; got {describe(where)}")
    if isinstance(where, int) and (where <= 0 or input.shape[dim] % where):
        raise ShapeError(f"{op}: attempted to split along dimension {dim}, but the size of the dimension {input.shape[dim]} is not "
                         f"divisible by the split_size {where}")
    return tensor_split(input, where, dim)
