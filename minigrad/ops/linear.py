"""The affine map of a layer."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ShapeError, operand
from .half import half, single
from .matmul import LARGE, matmul
from .reduce import sum

if TYPE_CHECKING:
    from .._tensor import Tensor


def rows(x: Any) -> Any:
    """(..., n) -> (rows, n)."""
    return x if x.ndim == 2 else x.reshape((-1, x.shape[-1]))


@op(promotes="same",
    x=lambda g, w: matmul(g, w) if g.ndim == 2 else matmul(rows(g), w).reshape((*g.shape[:-1], w.shape[1])),
    w=lambda g, x: matmul(rows(g).swapaxes(0, 1), rows(x)),
    b=lambda g: sum(rows(g), 0))
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ w.T + b.

    input (..., in_features), weight (out_features, in_features), bias (out_features,) -> (..., out_features).
    Raises ShapeError if in_features differ, DtypeError if dtypes do.
    """
    x: Any = input
    w: Any = weight
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
        raise ShapeError(f"linear: mat1 and mat2 shapes cannot be multiplied: last axis of x must be in_features of w "
                         f"(out_features, in_features); got x {operand(x)}, w {operand(w)}")
    if x.dtype.char == "e":
        out = half(linear.__wrapped__(single(x), single(w), single(bias)))           # type: ignore[attr-defined]
    elif x.size * len(w) >= LARGE:
        out = backend_of(x).kernels.linear(rows(x), w, bias)
    else:
        out = rows(x).dot(w.T)
        if bias is not None:
            out += bias
    return out if x.ndim == 2 else out.reshape((*x.shape[:-1], w.shape[0]))
