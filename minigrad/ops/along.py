"""Elements picked along one dimension, and put back: what maxima, sorts and medians share.

`indices` has the shape of the input but for its size along `dim`. The two ops are each other's rule.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op

if TYPE_CHECKING:
    from .._tensor import Tensor


def flat(indices: Any, size: int) -> Any:
    """Positions along the last dimension, of `size` elements, as positions in memory; one dimension."""
    if indices.ndim == 1:
        return indices
    k = indices.shape[-1]
    starts = backend_of(indices).xp.arange(0, indices.size // k * size, size)
    return indices.reshape(-1) + starts if k == 1 else (indices.reshape((-1, k)) + starts.reshape((-1, 1))).reshape(-1)


def picked(x: Any, indices: Any, dim: int) -> Any:
    """On arrays: the elements at `indices` along `dim`."""
    if dim < x.ndim - 1:
        return picked(x.swapaxes(dim, -1), indices.swapaxes(dim, -1), x.ndim - 1).swapaxes(dim, -1)
    if not x.ndim:
        return x.copy()
    if not indices.size:
        return backend_of(x).xp.zeros(indices.shape, x.dtype)
    return x.reshape(-1)[flat(indices, x.shape[-1])].reshape(indices.shape)


def placed(x: Any, indices: Any, dim: int, shape: tuple[int, ...], distinct: bool) -> Any:
    """On arrays: zeros with x at `indices` along `dim`."""
    n = len(shape)
    if not n:
        return x.copy()
    if dim < n - 1:
        moved = (*shape[:dim], shape[-1], *shape[dim + 1:-1], shape[dim])
        return placed(x.swapaxes(dim, -1), indices.swapaxes(dim, -1), n - 1, moved, distinct).swapaxes(dim, -1)
    xp = backend_of(x).xp
    out = xp.zeros(shape, x.dtype)
    if x.size:
        at = flat(indices, shape[-1])
        if distinct:
            out.reshape(-1)[at] = x.reshape(-1)
        else:
            xp.add.at(out.reshape(-1), at, x.reshape(-1))
    return out


@op(x=lambda g, indices, dim, x_shape: place_along(g, indices, dim, x_shape, False))
def take_along(input: Tensor, indices: Any, dim: int) -> Tensor:
    """The elements at `indices` along a non-negative `dim`."""
    return picked(input, indices, dim)


@op(x=lambda g, indices, dim: take_along(g, indices, dim))
def place_along(input: Tensor, indices: Any, dim: int, shape: tuple[int, ...], distinct: bool = True) -> Tensor:
    """Zeros of `shape` with the input at `indices` along a non-negative `dim`; those that repeat add up unless `distinct`."""
    return placed(input, indices, dim, shape, distinct)
