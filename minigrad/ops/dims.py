"""Dimensions as users write them, as the non-negative ints that arrays want. Shared by every op with a `dim`."""
from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentTypeError, OutOfRangeError, RefusedArgumentError

Number = bool | int | float | complex
Dims = int | Sequence[int] | None


def one_dim(op: str, dim: Any, ndim: int) -> int:
    """`dim` counted from the front. A 0-d tensor takes -1 and 0, as if it had one dimension."""
    if type(dim) is int and -ndim <= dim < ndim:
        return dim if dim >= 0 else dim + ndim
    try:
        d = dim.__index__()
    except AttributeError:
        raise ArgumentTypeError(f"{op}: dim must be an int; got {dim!r} ({type(dim).__name__})") from None
    reach = builtins.max(ndim, 1)
    if not -reach <= d < reach:
        raise OutOfRangeError(f"{op}: Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got {d})")
    return int(d % reach)


def many_dims(op: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """All of `dim` counted from the front; None and () mean every dimension."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    dims = [one_dim(op, d, ndim) for d in dim] if isinstance(dim, (tuple, list)) else [one_dim(op, dim, ndim)]
    if len(set(dims)) < len(dims):
        raise RefusedArgumentError(f"{op}: dim {builtins.min(d for d in dims if dims.count(d) > 1)} appears multiple times in the list of "
                                   "dims")
    return tuple(d for d in dims if d < ndim)        # a 0-d tensor has none to reduce


def kept_shape(shape: Sequence[int], dims: Sequence[int]) -> tuple[int, ...]:
    """The shape with 1 at each of `dims`: what keepdim would give."""
    return tuple([1 if d in dims else n for d, n in enumerate(shape)])


def shape_args(size: tuple[Any, ...]) -> tuple[int, ...]:
    """`f(2, 3)`, `f((2, 3))` and `f(Size([2, 3]))` all mean (2, 3)."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    try:
        return tuple([n.__index__() for n in size])
    except AttributeError:
        raise ArgumentTypeError(f"sizes and dims must be ints; got {size}") from None
