"""Several tensors into one, and one into several: along a dimension that they have, or a new one."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ArgumentError, ArgumentTypeError, OutOfRangeError, ShapeError
from .dims import one_dim

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(promotes="arithmetic", tensors=lambda g, tensors_shape, dim: cat_pieces(g, tensors_shape, dim))
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension; their other sizes must agree. Tensors of shape (0,) are left out.

    Raises ArgumentError for an empty list, ShapeError where sizes differ.
    """
    arrays: Any = tensors
    if not arrays:
        raise ArgumentError("cat: expected a non-empty list of Tensors")
    d = one_dim("cat", dim, arrays[0].ndim) if arrays[0].shape != (0,) else dim
    try:
        return backend_of(arrays[0]).xp.concatenate(arrays, d)
    except (ValueError, IndexError):
        real = [a for a in arrays if a.shape != (0,)]
        if not real:
            return arrays[0].copy()
        check_joined(arrays, one_dim("cat", dim, real[0].ndim))
        return backend_of(real[0]).xp.concatenate(real, dim)


def check_joined(arrays: Sequence[Any], d: int) -> None:
    """Raise for what does not join along dimension d."""
    first = next(a for a in arrays if a.shape != (0,))
    for i, a in enumerate(arrays):
        if not a.ndim:
            raise ShapeError(f"cat: zero-dimensional tensor (at position {i}) cannot be concatenated; use stack")
        if a.shape == (0,):
            continue
        if a.ndim != first.ndim:
            raise ShapeError(f"cat: tensors must have same number of dimensions: got {first.ndim} and {a.ndim}; "
                             f"got {', '.join(str(b.shape) for b in arrays)}")
        for e, (m, n) in enumerate(zip(first.shape, a.shape)):
            if m != n and e != d:
                raise ShapeError(f"cat: sizes of tensors must match except in dimension {d}. Expected size {m} but got size {n} for "
                                 f"tensor number {i} in the list; got {', '.join(str(b.shape) for b in arrays)}")


def cat_pieces(g: Any, shapes: Sequence[tuple[int, ...]], dim: int) -> Sequence[Any]:
    """The adjoint of `cat`: the piece of the gradient that each tensor has a part in."""
    if (0,) not in shapes:
        return split_with_sizes(g, [s[dim] for s in shapes], dim)
    if (0,) not in shapes:
        return split_with_sizes(g, [s[dim] for s in shapes], dim)
    skipped = [s == (0,) for s in shapes]
    pieces = split(g, [0 if skip else s[dim] for s, skip in zip(shapes, skipped)], dim)
    return [p.reshape((0,)) if skip and p.ndim > 1 and 0 in p.shape else p for p, skip in zip(pieces, skipped)]


def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Another name of `cat`."""
    return cat(tensors, dim)


def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """NumPy's name of `cat`."""
    return cat(tensors, dim)


@op(promotes="arithmetic", tensors=lambda g, dim: unbind(g, dim))
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    arrays: Any = tensors
    if not arrays:
        raise ShapeError("stack: expects a non-empty TensorList")
    first = arrays[0]
    for i, a in enumerate(arrays):
        if a.shape != first.shape:
            raise ShapeError(f"stack: expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and {list(a.shape)} "
                             f"at entry {i}")
    d = one_dim("stack", dim, first.ndim + 1)
    at = (slice(None),) * d + (None,)
    return backend_of(first).xp.concatenate([a[at] for a in arrays], d)


# ---------------------------------------------------------------- apart: views of consecutive parts
@op(several=True, view=True, x=lambda g, dim: cat(g, dim))
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive pieces of the given sizes along `dim`; views."""
    x: Any = input
    if not x.ndim:
        raise ShapeError("split: expects at least a 1-dimensional tensor; got a 0-d one")
    d = one_dim("split", dim, x.ndim)
    if not isinstance(split_sizes, (tuple, list)):
        raise ArgumentTypeError(f"split: argument 'split_sizes' must be tuple of ints, not {type(split_sizes).__name__}")
    before, start, pieces = (slice(None),) * d, 0, []
    for n in split_sizes:
        if n < 0:
            raise ShapeError(f"split: split_sizes must have only non-negative entries, but got split_sizes={list(split_sizes)}")
        pieces.append(x[(*before, slice(start, start + n))] if d else x[start:start + n])
        start += n
    if start != x.shape[d]:
        raise ShapeError(f"split: split_sizes must sum exactly to {x.shape[d]} (input tensor's size at dimension {dim}), but got "
                         f"split_sizes={list(split_sizes)}")
    return tuple(pieces)


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of one size (the last may be smaller), or of the sizes in a list, along `dim`; views."""
    sizes: Any = split_size_or_sections
    if isinstance(sizes, (tuple, list)):
        return split_with_sizes(input, sizes, dim)
    if not hasattr(sizes, "__index__"):
        raise ArgumentTypeError(f"split: argument 'split_size' must be an int or a list of ints, not {type(sizes).__name__}")
    return split_evenly(input, sizes.__index__(), size_along("split", input, dim), dim)


def size_along(op: str, x: Any, dim: int) -> int:
    """The size along a dimension of a tensor or array that has one."""
    shape = getattr(x, "array", x).shape
    if not shape:
        raise ShapeError(f"{op}: expects at least a 1-dimensional tensor; got a 0-d one")
    return shape[one_dim(op, dim, len(shape))]


def split_tensor(input: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split` as a method: there PyTorch calls the size `split_size`."""
    return split(input, split_size, dim)


def split_evenly(input: Tensor, size: int, n: int, dim: int) -> tuple[Tensor, ...]:
    """Pieces of one size along a dimension of size n; the last may be smaller."""
    if size < 0:
        raise ShapeError(f"split: expects split_size be non-negative, but got split_size={size}")
    if not size and n:
        raise ShapeError(f"split: split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    if not n:
        return split_with_sizes(input, (0,), dim)
    whole, last = divmod(n, size)
    return split_with_sizes(input, (size,) * whole + ((last,) if last else ()), dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces along `dim`, of equal size but for the last; views."""
    if chunks <= 0:
        raise ShapeError(f"chunk: expects `chunks` to be greater than 0, got: {chunks}")
    n = size_along("chunk", input, dim)
    if not n:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split_evenly(input, -(-n // chunks), n, dim)


@op(several=True, view=True, x=lambda g, dim: stack(g, dim))
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without it; views."""
    x: Any = input
    if not x.ndim:
        raise OutOfRangeError(f"unbind: dimension specified as {dim} but tensor has no dimensions")
    d = one_dim("unbind", dim, x.ndim)
    before = (slice(None),) * d
    return tuple([x[(*before, i, ...)] for i in range(x.shape[d])] if d else [x[i, ...] for i in range(len(x))])
