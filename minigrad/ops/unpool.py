"""Values back at the places that max pooling took them from."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.op import op
from ..errors import ArgumentError, DtypeError, RefusedArgumentError, ShapeError, operand
from .windows import numbers

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = int | Sequence[int]


# ---------------------------------------------------------------- values by their place in a flattened plane
def rows_of(x: Any, n: int) -> Any:
    """(*lead, *plane) -> (prod(lead), prod(plane)), of n plane dimensions."""
    return x.reshape(prod(x.shape[:x.ndim - n]), prod(x.shape[x.ndim - n:]))


@op(x=lambda g, at, size: take_planes(g, at, len(size)))
def put_planes(input: Tensor, at: Any, size: tuple[int, ...]) -> Tensor:
    """Zeros (N, C, *size) with the values (N, C, *places) added at flat places `at` of each plane."""
    x: Any = input
    xp, n = backend_of(x).xp, len(size)
    values, places = rows_of(x, n), rows_of(at, n)
    out = xp.zeros((len(values), prod(size)), x.dtype)
    xp.add.at(out, (xp.arange(len(values)).reshape(-1, 1), places), values)
    return out.reshape((*x.shape[:-n], *size))


@op(x=lambda g, at, x_shape, n: put_planes(g, at, x_shape[-n:]))
def take_planes(input: Tensor, at: Any, n: int) -> Tensor:
    """The values at flat places `at` of each plane of n dimensions, in the shape of `at`."""
    x: Any = input
    return backend_of(x).xp.take_along_axis(rows_of(x, n), rows_of(at, n), 1).reshape(at.shape)


@op(x=lambda g, at, size: take_planes(g, at, len(size)))
def unpool(input: Tensor, at: Any, size: tuple[int, ...]) -> Tensor:
    """Zeros (N, C, *size) with the values written at flat places `at` of each plane; of those that repeat, one stays."""
    x: Any = input
    xp, n = backend_of(x).xp, len(size)
    values, places = rows_of(x, n), rows_of(at, n)
    out = xp.zeros((len(values), prod(size)), x.dtype)
    out[xp.arange(len(values)).reshape(-1, 1), places] = values
    return out.reshape((*x.shape[:-n], *size))


# ---------------------------------------------------------------- what users call
def unpool_size(name: str, x: Any, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int],
                output_size: Sequence[int] | None) -> tuple[int, ...]:
    """The size of the output: what the pooling most likely came from, or `output_size` if it could have."""
    n = len(kernel)
    usual = [(m - 1) * s - 2 * p + k for m, s, p, k in zip(x.shape[-n:], stride, padding, kernel, strict=True)]
    if output_size is None:
        return tuple(usual)
    if len(output_size) not in (n, n + 2):
        raise ArgumentError(f"{name}: output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of "
                            f"'{len(output_size)}'")
    size = tuple([int(v) for v in output_size[-n:]])
    for d, (v, u, s) in enumerate(zip(size, usual, stride, strict=True)):
        if not u - s < v < u + s:
            raise ArgumentError(f"{name}: invalid output_size {size} (dim {d} must be between {u - s} and {u + s})")
    return size


def unpooled(name: str, n: int, input: Tensor, indices: Tensor, kernel_size: Ints, stride: Ints | None, padding: Ints,
             output_size: Sequence[int] | None) -> Tensor:
    """`max_unpool` over n dimensions."""
    x, at = input.array, indices.array
    kernel = numbers(f"{name}: kernel_size", kernel_size, n, 1)
    strides = kernel if stride is None else numbers(f"{name}: stride", stride, n, 1)
    if at.dtype != "i8":
        raise DtypeError(f"{name}: elements in indices should be type int64 but got: {at.dtype}")
    if at.shape != x.shape:
        raise ShapeError(f"{name}: Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got indices "
                         f"tensor with shape: {list(at.shape)}")
    if x.ndim not in (n + 1, n + 2):
        raise ShapeError(f"{name}: Expected {n + 1}D or {n + 2}D input; got {operand(x)}")
    size = unpool_size(name, x, kernel, strides, numbers(f"{name}: padding", padding, n, 0), output_size)
    if at.size and not 0 <= int(at.min()) <= int(at.max()) < prod(size):
        wrong = int(at.max()) if int(at.max()) >= prod(size) else int(at.min())
        raise RefusedArgumentError(f"{name}: Found an invalid max index: {wrong} (output volumes are of size {'x'.join(map(str, size))})")
    return unpool(input, at, size)


@autocasts
def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
                 output_size: Sequence[int] | None = None) -> Tensor:
    """The inverse of `max_pool1d`, as far as there is one: (N, C, L) or (C, L). Arguments and errors as in `max_unpool2d`."""
    return unpooled("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@autocasts
def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
                 output_size: Sequence[int] | None = None) -> Tensor:
    """The inverse of `max_pool2d`, as far as there is one: the values at `indices`, 0 elsewhere.

    input, indices: what max_pool2d(..., return_indices=True) gave. output_size: of the pooled image, where several sizes
    give the same; (H, W) or (N, C, H, W). Raises ArgumentError for one that could not be, and for an index outside the
    output.
    """
    return unpooled("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@autocasts
def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
                 output_size: Sequence[int] | None = None) -> Tensor:
    """The inverse of `max_pool3d`, as far as there is one. Arguments and errors as in `max_unpool2d`."""
    return unpooled("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
