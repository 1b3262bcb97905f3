"""Reductions over dimensions."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ..engine.op import op
from .dims import Dims, kept_shape, many_dims
from .shape import expand

if TYPE_CHECKING:
    from .._tensor import Tensor


def spread(g: Any, shape: tuple[int, ...], dim: Dims) -> Any:
    """A reduced gradient, with its reduced dimensions back and repeated: the adjoint of a sum."""
    return expand(g.reshape(kept_shape(shape, many_dims("sum", dim, len(shape)))), shape)


def count(shape: tuple[int, ...], dim: Dims) -> int:
    """How many elements are reduced to one."""
    return math.prod(shape[d] for d in many_dims("mean", dim, len(shape)))


@op(x=lambda g, x_shape, dim: spread(g, x_shape, dim))
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The sum over `dim`, all dimensions by default. Integers and bools are summed as int64."""
    x: Any = input
    return x.sum(axis=many_dims("sum", dim, x.ndim), keepdims=keepdim, dtype="i8" if x.dtype.kind in "iub" else None)   # type: ignore[no-any-return]


@op(x=lambda g, x_shape, dim: spread(g, x_shape, dim) / count(x_shape, dim))
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The mean over `dim`, all dimensions by default. Floating-point input only."""
    x: Any = input
    return x.mean(axis=many_dims("mean", dim, x.ndim), keepdims=keepdim)     # type: ignore[no-any-return]
