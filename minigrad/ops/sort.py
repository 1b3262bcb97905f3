"""Order: sorting, and the k largest or smallest."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError, ShapeError, describe
from . import results
from .along import picked, place_along
from .delivery import takes_out
from .dims import one_dim

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- on arrays
def order(op: str, x: Any, dim: int, descending: bool) -> tuple[Any, int]:
    """The stable order along `dim`, which counts from the front then; nan is larger than any number."""
    d = one_dim(op, dim, x.ndim)
    if x.dtype.kind == "c":
        raise DtypeError(f"{op}: does not support complex numbers, which have no order; got {describe(x)}; sort abs() or .real")
    if not x.ndim:
        return backend_of(x).xp.zeros((), "i8"), 0
    if not descending:
        return x.argsort(axis=d, kind="stable"), d
    back = (slice(None),) * d + (slice(None, None, -1),)     # sorted from the end, equals keep their order
    return x.shape[d] - 1 - x[back].argsort(axis=d, kind="stable")[back], d


def return_to(g: Any, indices: Any, shape: tuple[int, ...], dim: int) -> Any:
    """g back to the places that it was read from, each read once."""
    return place_along(g, indices, dim % len(shape), shape) if shape else g


# ---------------------------------------------------------------- all of it
@op(kept=("indices",), returns=results.sort, x=lambda g, indices, x_shape, dim: return_to(g, indices, x_shape, dim))
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """Sorted along `dim`, and where each element came from. nan counts as largest; equals always keep their order.

    >>> import minigrad
    >>> minigrad.sort(minigrad.tensor([3.0, 1.0, 2.0])).indices
    tensor([1, 2, 0])
    """
    x: Any = input
    indices, d = order("sort", x, dim, descending)
    return picked(x, indices, d), indices            # type: ignore[return-value]


@op()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The positions that would sort along `dim`; int64."""
    return order("argsort", input, dim, descending)[0]


@takes_out
def msort(input: Tensor) -> Tensor:
    """Sorted along the first dimension."""
    return sort(input, 0)[0]


# ---------------------------------------------------------------- the first k of it
FEW = 256                                            # up to so many elements, sorting all is faster than a partition


def leading(x: Any, k: int, d: int, largest: bool) -> Any:
    """Positions of the k largest or smallest along d, in order."""
    n = x.shape[d]
    ahead = (slice(None),) * d
    if n <= FEW or 8 * k > n:
        order = x.argsort(axis=d)
        return order[(*ahead, slice(None, n - k - 1 if k < n else None, -1) if largest else slice(k))].copy()
    found = x.argpartition(n - k if largest else k - 1, axis=d)[(*ahead, slice(n - k, None) if largest else slice(k))]
    return picked(found, leading(picked(x, found, d), k, d, largest), d)


@op(kept=("indices",), returns=results.topk, x=lambda g, indices, x_shape, dim: return_to(g, indices, x_shape, dim))
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Tensor:
    """The k largest (or smallest) elements along `dim`, in order, and where they are. nan counts as largest.

    Which of equal elements are taken is not defined. `sorted=False` sorts too.
    """
    x: Any = input
    d = one_dim("topk", dim, x.ndim)
    if x.dtype.kind in "bc":
        raise DtypeError(f"topk: does not support {x.dtype}; got {describe(x)}")
    if not 0 <= k <= (x.shape[d] if x.ndim else 1):
        raise ShapeError(f"topk: selected index k out of range; got k={k} for {describe(x)}, dim {dim}")
    xp = backend_of(x).xp
    if not x.ndim:
        return x.copy(), xp.zeros((), "i8")          # type: ignore[return-value]
    if not k or not x.size:
        shape = (*x.shape[:d], k, *x.shape[d + 1:])
        return xp.zeros(shape, x.dtype), xp.zeros(shape, "i8")       # type: ignore[return-value]
    indices = leading(x, k, d, largest)
    return picked(x, indices, d), indices            # type: ignore[return-value]
