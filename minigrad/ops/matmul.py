"""Matrix products."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.op import op
from ..engine.run import sum_to
from ..errors import ShapeError, describe

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(promotes="same",
    x=lambda g, x, y: matmul_x(g, x, y),
    y=lambda g, x, y: matmul_y(g, x, y))
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product over the last two dimensions; leading ones broadcast, vectors count as rows or columns."""
    x: Any = input
    y: Any = other
    if not x.ndim or not y.ndim:
        raise ShapeError(f"matmul: both arguments need to be at least 1D; got x {describe(x)}, y {describe(y)}; use * for a scalar")
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        hint = "; transpose y?" if y.ndim > 1 and x.shape[-1] == y.shape[-1] else ""
        raise ShapeError(f"matmul: mat1 and mat2 shapes cannot be multiplied: last axis of x must equal second-last of y; "
                         f"got x {describe(x)}, y {describe(y)}{hint}")
    return x @ y                                     # type: ignore[no-any-return]


def matmul_x(g: Any, x: Any, y: Any) -> Any:
    """Gradient of x @ y for x, in x's shape."""
    if y.ndim == 1:                                  # (..., n, k) @ (k,) -> (..., n)
        return g * y if x.ndim == 1 else g.reshape((*g.shape, 1)) * y
    if x.ndim == 1:                                  # (k,) @ (..., k, m) -> (..., m)
        return sum_to(matmul(y, g.reshape((*g.shape, 1))).reshape((*y.shape[:-1],)), x.shape)
    return sum_to(matmul(g, y.swapaxes(-1, -2)), x.shape)


def matmul_y(g: Any, x: Any, y: Any) -> Any:
    """Gradient of x @ y for y, in y's shape."""
    if x.ndim == 1:
        return g * x if y.ndim == 1 else sum_to(x.reshape((-1, 1)) * g.reshape((*g.shape[:-1], 1, g.shape[-1])), y.shape)
    if y.ndim == 1:
        return sum_to(matmul(x.swapaxes(-1, -2), g.reshape((*g.shape, 1))).reshape((*x.shape[:-2], x.shape[-1])), y.shape)
    return sum_to(matmul(x.swapaxes(-1, -2), g), y.shape)
