"""The views of other files as copies: `t_copy`, `select_copy`, ...; and the splits that PyTorch calls unsafe."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..dtypes import dtype as DType
from .axes import permute, t, transpose
from .complex import view_as_complex, view_as_real
from .delivery import takes_out
from .dims import one_dim
from .index import getitem
from .join import size_along, split, split_with_sizes, unbind
from .parts import as_strided, diagonal, select, unfold_dim
from .shape import clone, expand, squeeze, unsqueeze, view_method

if TYPE_CHECKING:
    from .._tensor import Tensor


@takes_out
def alias_copy(input: Tensor) -> Tensor:
    """A copy."""
    return clone(input)


@takes_out
def as_strided_copy(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """`as_strided` in memory of its own."""
    return clone(as_strided(input, size, stride, storage_offset))


@takes_out
def diagonal_copy(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`diagonal` in memory of its own."""
    return clone(diagonal(input, offset, dim1, dim2))


@takes_out
def expand_copy(input: Tensor, size: Sequence[int], *, implicit: bool = False) -> Tensor:
    """`expand` in memory of its own."""
    return clone(expand(input, tuple(size)))


@takes_out
def permute_copy(input: Tensor, dims: Sequence[int]) -> Tensor:
    """`permute` in memory of its own."""
    return clone(permute(input, tuple(dims)))


@takes_out
def select_copy(input: Tensor, dim: int, index: int) -> Tensor:
    """`select` in memory of its own."""
    return clone(select(input, dim, index))


@takes_out
def slice_copy(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    """A range along `dim`, in memory of its own."""
    d = one_dim("slice_copy", dim, input.ndim)
    return clone(getitem(input, (*(slice(None),) * d, slice(start, end, step))))


@takes_out
def split_copy(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split` in memory of its own."""
    return tuple([clone(piece) for piece in split(input, split_size, dim)])


@takes_out
def detach_copy(input: Tensor) -> Tensor:
    """`detach` in memory of its own."""
    return clone(input.detach())


@takes_out
def view_as_real_copy(input: Tensor) -> Tensor:
    """`view_as_real` in memory of its own."""
    return clone(view_as_real(input))


@takes_out
def view_as_complex_copy(input: Tensor) -> Tensor:
    """`view_as_complex` in memory of its own."""
    return clone(view_as_complex(input))


@takes_out
def squeeze_copy(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """`squeeze` in memory of its own."""
    return clone(squeeze(input, dim))


@takes_out
def t_copy(input: Tensor) -> Tensor:
    """`t` in memory of its own."""
    return clone(t(input))


@takes_out
def transpose_copy(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` in memory of its own."""
    return clone(transpose(input, dim0, dim1))


@takes_out
def unfold_copy(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """`x.unfold` in memory of its own."""
    return clone(unfold_dim(input, dimension, size, step))


@takes_out
def unsqueeze_copy(input: Tensor, dim: int) -> Tensor:
    """`unsqueeze` in memory of its own."""
    return clone(unsqueeze(input, dim))


@takes_out
def view_copy(input: Tensor, size: Sequence[int] | DType) -> Tensor:
    """`x.view` in memory of its own."""
    return clone(view_method(input, size))


@takes_out
def split_with_sizes_copy(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes` in memory of its own."""
    return tuple([clone(piece) for piece in split_with_sizes(input, split_sizes, dim)])


@takes_out
def unbind_copy(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """`unbind` in memory of its own."""
    return tuple([clone(piece) for piece in unbind(input, dim)])


# ---------------------------------------------------------------- splits whose pieces may be written
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """As `split_with_sizes`, but each piece is a view by itself, which may be written while recording."""
    split_with_sizes(input.detach(), split_sizes, dim)       # for its checks
    before = (slice(None),) * (dim % input.ndim)
    ends = [sum(split_sizes[:i + 1]) for i in range(len(split_sizes))]
    return tuple([getitem(input, (*before, slice(end - n, end))) for n, end in zip(split_sizes, ends)])


def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As `split` into pieces of one size, but each is a view by itself, which may be written while recording."""
    n = size_along("unsafe_split", input, dim)
    return unsafe_split_with_sizes(input, [len(range(i, min(i + split_size, n))) for i in range(0, n, split_size)] if n else [0], dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As `chunk`, but each piece is a view by itself, which may be written while recording."""
    n = size_along("unsafe_chunk", input, dim)
    return unsafe_split(input, -(-n // chunks), dim) if n else unsafe_split_with_sizes(input, [0] * chunks, dim)
