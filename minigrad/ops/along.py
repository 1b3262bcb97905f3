"""Elements picked along one dimension, and put back: what maxima, sorts and medians share.

`indices` has the shape of the input but for its size along `dim`. The two ops are each other's rule.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op

if TYPE_CHECKING:
    from .._tensor import Tensor


def flat(indices: Any, dim: int, size: int) -> Any:
    """Positions in memory of rows of `size` elements, `dim` brought to the end: (rows, k)."""
    rows = indices.swapaxes(dim, -1).reshape((-1, indices.shape[dim]))
    return rows + backend_of(rows).xp.arange(0, rows.shape[0] * size, size or 1)[:rows.shape[0], None] if rows.shape[0] > 1 else rows


def picked(x: Any, indices: Any, dim: int) -> Any:
    """On arrays: out[i][j] = x[i][indices[i][j]] for the last of two dimensions."""
    if not x.ndim:
        return x.copy()
    rows = x.swapaxes(dim, -1)
    shape = (*rows.shape[:-1], indices.shape[dim])
    if not indices.size:
        return backend_of(x).xp.zeros(indices.shape, x.dtype)
    return rows.reshape(-1)[flat(indices, dim, x.shape[dim])].reshape(shape).swapaxes(dim, -1)


@op(x=lambda g, indices, dim, x_shape: place_along(g, indices, dim, x_shape, False))
def take_along(input: Tensor, indices: Any, dim: int) -> Tensor:
    """The elements at `indices` along a non-negative `dim`."""
    return picked(input, indices, dim)               # type: ignore[no-any-return]


@op(x=lambda g, indices, dim: take_along(g, indices, dim))
def place_along(input: Tensor, indices: Any, dim: int, shape: tuple[int, ...], distinct: bool = True) -> Tensor:
    """Zeros of `shape` with the input at `indices` along a non-negative `dim`; those that repeat add up unless `distinct`."""
    x: Any = input
    if not shape:
        return x.reshape(())                         # type: ignore[no-any-return]
    xp = backend_of(x).xp
    moved = list(shape)
    moved[dim], moved[-1] = moved[-1], moved[dim]
    out = xp.zeros(moved, x.dtype)
    if x.size:
        at = flat(indices, dim, shape[dim])
        values = x.swapaxes(dim, -1).reshape(at.shape)
        if distinct:
            out.reshape(-1)[at] = values
        else:
            xp.add.at(out.reshape(-1), at.reshape(-1), values.reshape(-1))
    return out.swapaxes(dim, -1)                     # type: ignore[no-any-return]
