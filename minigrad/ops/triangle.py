"""The triangles of a matrix."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ShapeError, operand
from .select import BITS, LARGE

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(x=lambda g, diagonal: tril(g, diagonal))
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two dimensions, up to a diagonal; zeros above."""
    rows, columns = row_and_column("tril", input)
    return zeros_unless(columns <= rows + diagonal, input)


@op(x=lambda g, diagonal: triu(g, diagonal))
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two dimensions, from a diagonal on; zeros below."""
    rows, columns = row_and_column("triu", input)
    return zeros_unless(columns >= rows + diagonal, input)


def row_and_column(op: str, x: Any) -> tuple[Any, Any]:
    """The row and the column of each element of the last two dimensions: (n, 1) and (m,)."""
    if x.ndim < 2:
        raise ShapeError(f"{op}: input tensor must have at least 2 dimensions; got x {operand(x)}")
    xp = backend_of(x).xp
    return xp.arange(x.shape[-2]).reshape((-1, 1)), xp.arange(x.shape[-1])


def zeros_unless(mask: Any, x: Any) -> Any:
    """x where the mask is true, else 0; large ones by their bits, as in `select.masked`."""
    bits = BITS.get(x.dtype) if x.size >= LARGE else None
    if bits is None:
        return backend_of(x).xp.where(mask, x, backend_of(x).xp.zeros((), x.dtype))
    return (x.view(bits) * mask).view(x.dtype)
