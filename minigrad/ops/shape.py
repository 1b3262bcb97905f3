"""Same elements, another shape: views and joins."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..engine.run import sum_to
from ..errors import ArgumentError, ShapeError
from .dims import one_dim

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- views: the same memory, seen differently
@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def view(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same memory in another shape; one size may be -1.

    Raises ShapeError where the sizes do not fit, or where only a copy could have that shape (use reshape).
    """
    x: Any = input
    shape = infer_size(x.shape, x.size, shape)
    out = x.reshape(shape)
    if not x.flags.c_contiguous and x.size and not backend_of(x).xp.may_share_memory(out, x):
        raise ShapeError(f"view: view size {tuple(shape)} is not compatible with input tensor's size {x.shape} and stride "
                         f"{tuple(s // x.itemsize for s in x.strides)} (at least one dimension spans across two contiguous "
                         "subspaces). Use .reshape(...) instead.")
    return out                                       # type: ignore[no-any-return]


def infer_size(shape: tuple[int, ...], size: int, new: Sequence[int]) -> tuple[int, ...]:
    """`new` with its -1 filled in, or the error that says why it does not fit."""
    known = 1
    for n in new:
        known *= n if n != -1 else 1
    wildcards = [d for d, n in enumerate(new) if n == -1]
    if len(wildcards) > 1:
        raise ShapeError(f"view: only one dimension can be inferred; got shape {list(new)}")
    if any(n < -1 for n in new):
        raise ShapeError(f"view: invalid shape dimension {min(new)}; got shape {list(new)}")
    if wildcards and known == 0:
        raise ShapeError(f"view: cannot reshape tensor of {size} elements into shape {list(new)} because the unspecified "
                         "dimension size -1 can be any value and is ambiguous")
    if size % known if wildcards else known != size:
        raise ShapeError(f"view: shape '{list(new)}' is invalid for input of size {size} (shape {tuple(shape)})")
    return tuple([size // known if n == -1 else n for n in new])


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements in another shape, in row-major order: a view where the memory allows, else a copy."""
    array: Any = getattr(input, "array", input)
    shape = tuple(shape)
    if not array.flags.c_contiguous and array.size:
        shape = infer_size(array.shape, array.size, shape)
        if not backend_of(array).xp.may_share_memory(array.reshape(shape), array):
            return view(contiguous(input), shape)
    return view(input, shape)


@op(view=True, x=lambda g, dim0, dim1: transpose(g, dim0, dim1))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    x: Any = input
    a, b = one_dim("transpose", dim0, x.ndim), one_dim("transpose", dim1, x.ndim)
    return x.swapaxes(a, b) if x.ndim else x[...]    # type: ignore[no-any-return]


@op(view=True, x=lambda g, dims: permute(g, inverse(dims)))
def permute(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Dimensions in the order `dims`."""
    x: Any = input
    order = [one_dim("permute", d, x.ndim) for d in dims]
    if len(order) != x.ndim:
        raise ShapeError(f"permute: the number of dims, {len(order)}, must be that of the input, {x.ndim}; got dims {tuple(dims)}")
    if len(set(order)) < len(order):
        raise ArgumentError(f"permute: dims must be different; got {tuple(dims)}")
    return x.transpose(order)                        # type: ignore[no-any-return]


def inverse(dims: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes `dims`."""
    n = len(dims)
    return tuple(sorted(range(n), key=lambda d: dims[d] % n))


@op(view=True, x=lambda g, x_shape: sum_to(g, x_shape))
def expand(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """Size-1 and new leading dimensions repeated to `size` without a copy; -1 keeps a size."""
    x: Any = input
    lead = len(size) - x.ndim
    if lead < 0:
        raise ShapeError(f"expand: the number of sizes ({len(size)}) must be greater or equal to the number of dimensions "
                         f"in the tensor ({x.ndim}); got size {tuple(size)}, x {x.dtype} {x.shape}")
    full = tuple([x.shape[d - lead] if n == -1 and d >= lead else n for d, n in enumerate(size)])
    for d, n in enumerate(full):
        if n < 0 or (d >= lead and x.shape[d - lead] not in (1, n)):
            raise ShapeError(f"expand: the expanded size of the tensor ({n}) must match the existing size "
                             f"({x.shape[d - lead] if d >= lead else 'none'}) at non-singleton dimension {d}; "
                             f"got size {tuple(size)}, x {x.dtype} {x.shape}")
    return backend_of(x).xp.broadcast_to(x, full)    # type: ignore[no-any-return]


@op(x=lambda g, x_shape: expand(g, x_shape))
def sum_to_size(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The adjoint of broadcasting: sums over what `expand` would repeat."""
    return sum_to(input, size)                       # type: ignore[no-any-return]


@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1 at `dim`."""
    x: Any = input
    d = one_dim("unsqueeze", dim, x.ndim + 1)
    return x.reshape((*x.shape[:d], 1, *x.shape[d:])) if x.flags.c_contiguous else x[(slice(None),) * d + (None,)]   # type: ignore[no-any-return]


@op(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those among `dim`."""
    x: Any = input
    dims = range(x.ndim) if dim is None else [one_dim("squeeze", d, x.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    index = tuple([0 if d in dims and n == 1 else slice(None) for d, n in enumerate(x.shape)])
    return x[(*index, ...)]                          # type: ignore[no-any-return]


# ---------------------------------------------------------------- copies
@op(x=lambda g: g)
def clone(input: Tensor) -> Tensor:
    """A copy in memory of its own."""
    return input.copy()                              # type: ignore[attr-defined, no-any-return]


def contiguous(input: Tensor) -> Tensor:
    """The tensor itself where its memory is in row-major order, else a copy that is."""
    array: Any = getattr(input, "array", input)
    return input if array.flags.c_contiguous else clone(input)


# ---------------------------------------------------------------- joins
@op(promotes="arithmetic", tensors=lambda g, tensors_shape, dim: split(g, [s[dim] for s in tensors_shape], dim))
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension; their other sizes must agree."""
    arrays: Any = tensors
    return backend_of(arrays[0]).xp.concatenate(arrays, one_dim("cat", dim, arrays[0].ndim))   # type: ignore[no-any-return]


@op(several=True, view=True, x=lambda g, dim: cat(g, dim))
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive pieces of the given sizes along `dim`; views."""
    x: Any = input
    d = one_dim("split", dim, x.ndim)
    if sum(split_sizes) != x.shape[d] or any(n < 0 for n in split_sizes):
        raise ShapeError(f"split: split_sizes must be non-negative and sum up to {x.shape[d]}, the size of dim {dim}; got {list(split_sizes)}")
    ends = list(accumulate(split_sizes))
    return tuple([x[(slice(None),) * d + (slice(end - n, end),)] for n, end in zip(split_sizes, ends)])


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of one size (the last may be smaller), or of the sizes in a list, along `dim`; views."""
    sizes: Any = split_size_or_sections
    if isinstance(sizes, int):
        n = input.shape[one_dim("split", dim, input.ndim)]
        if sizes <= 0 and not (sizes == 0 == n):
            raise ArgumentError(f"split: split_size must be positive; got {sizes}")
        sizes = [sizes] * (n // sizes) + ([n % sizes] if n % sizes else []) if n else [0]
    return split_with_sizes(input, list(sizes), dim)
