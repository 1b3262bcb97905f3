"""Dimensions in another order: views."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine.op import op
from ..errors import ArgumentTypeError, ShapeError, describe
from ..naming import called
from .dims import one_dim, shape_args
from .operands import need_tensors

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(view=True, x=lambda g, dim0, dim1: transpose(g, dim0, dim1))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    x: Any = input
    try:
        return x.swapaxes(dim0, dim1)
    except (ValueError, TypeError):                  # a 0-d tensor, or a wrong dim
        a, b = one_dim("transpose", dim0, x.ndim), one_dim("transpose", dim1, x.ndim)
        return x.swapaxes(a, b) if x.ndim else x[...]


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Two dimensions swapped; NumPy's name of `transpose`."""
    return transpose(input, axis0, axis1)


@op(view=True, x=lambda g, dims: permute(g, inverse(dims)))
def permute(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Dimensions in the order `dims`."""
    x: Any = input
    if not isinstance(dims, (tuple, list)):
        raise ArgumentTypeError(f"permute: argument 'dims' must be tuple of ints, not {type(dims).__name__}")
    if len(dims) == x.ndim:
        try:
            return x.transpose(dims)
        except (ValueError, TypeError):
            pass                                     # the checks below say why
    order = [one_dim("permute", d, x.ndim) for d in dims]
    if len(order) != x.ndim:
        raise ShapeError(f"permute: the number of dimensions in the tensor input does not match the length of the desired ordering of "
                         f"dimensions: input.dim() = {x.ndim} is not equal to len(dims) = {len(order)}; got dims {tuple(dims)}")
    if len(set(order)) < len(order):
        raise ShapeError(f"permute: duplicate dims are not allowed; got {tuple(dims)}")
    return x.transpose(order)


@called("permute")
def permute_method(self: Tensor, *order: Any, dims: Sequence[int] | None = None) -> Tensor:
    """Dimensions in another order: `permute(2, 0, 1)` or `permute((2, 0, 1))`."""
    if not order and dims is None:
        raise ArgumentTypeError("permute: missing argument 'dims'")
    order = order if dims is None else tuple(dims)
    return permute(self, order if len(order) > 1 else shape_args(order))


def inverse(dims: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes `dims`."""
    n = len(dims)
    places = [0] * n
    for d, source in enumerate(dims):
        places[source] = d                           # also of a negative source
    return tuple(places)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions `source` moved to the places `destination`; the others keep their order."""
    ndim = input.ndim
    sources = tuple(source) if isinstance(source, (tuple, list)) else (source,)
    targets = tuple(destination) if isinstance(destination, (tuple, list)) else (destination,)
    if len(sources) != len(targets):
        raise ShapeError(f"movedim: invalid source or destination dims: source ({list(sources)} dims) should contain the same number of "
                         f"dims as destination ({list(targets)} dims)")
    moved = [one_dim("movedim", s, ndim) for s in sources]
    places = [one_dim("movedim", t, ndim) for t in targets]
    for name, given, dims in (("source", sources, moved), ("destination", targets, places)):
        if len(set(dims)) < len(dims):
            raise ShapeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not ndim:
        return input
    at = dict(zip(places, moved))
    rest = iter([d for d in range(ndim) if d not in moved])
    return permute(input, tuple([at[d] if d in at else next(rest) for d in range(ndim)]))


def moveaxis(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """NumPy's name of `movedim`."""
    return movedim(input, source, destination)


def t(input: Tensor) -> Tensor:
    """A matrix transposed; 0-d and 1-d tensors as they are."""
    need_tensors("t", input=input)
    ndim = input.array.ndim
    if ndim > 2:
        raise ShapeError(f"t: expects a tensor with <= 2 dimensions, but self is {ndim}D; got {describe(input)}; use transpose or mT")
    return transpose(input, 0, 1) if ndim == 2 else transpose(input, 0, 0)


def reversed_dims(input: Tensor) -> Tensor:
    """`x.T`: all dimensions in reverse order."""
    return permute(input, tuple(range(input.array.ndim))[::-1])


def matrix_transpose(input: Tensor) -> Tensor:
    """`x.mT`: the last two dimensions swapped."""
    if not input.ndim:
        return input
    if input.ndim == 1:
        raise ShapeError(f"mT: only supported on matrices or batches of matrices. Got 1-D tensor {describe(input)}")
    return transpose(input, -2, -1)


def adjoint(input: Tensor) -> Tensor:
    """`x.mH`: the last two dimensions swapped, and complex values conjugated."""
    need_tensors("adjoint", input=input)
    if not input.ndim:
        return input
    if input.ndim == 1:
        raise ShapeError(f"adjoint: only supported on matrices or batches of matrices. Got 1-D tensor {describe(input)}")
    out = transpose(input, -2, -1)
    return out.conj() if out.is_complex() else out


def hermitian(input: Tensor) -> Tensor:
    """`x.H`: a matrix transposed and conjugated."""
    if input.ndim not in (0, 2):
        raise ShapeError(f"H: only supported on matrices (2-D tensors). Got {input.ndim}-D tensor {describe(input)}. For batches of "
                         "matrices, consider using tensor.mH")
    return adjoint(input)
