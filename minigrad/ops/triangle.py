"""The triangles of a matrix."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ShapeError, operand

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(x=lambda g, diagonal: tril(g, diagonal))
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two dimensions, up to a diagonal; zeros above."""
    return triangle("tril", input, diagonal)


@op(x=lambda g, diagonal: triu(g, diagonal))
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two dimensions, from a diagonal on; zeros below."""
    return triangle("triu", input, diagonal)


def triangle(name: str, x: Any, diagonal: int) -> Any:
    """The array library's function of this name on at least two dimensions."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions; got x {operand(x)}")
    return getattr(backend_of(x).xp, name)(x, diagonal)
