"""Medians, quantiles, modes, and the k-th smallest."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, OutOfRangeError, ShapeError, UnsupportedDtypeError, describe
from . import results
from .along import picked, take_along
from .axes import movedim
from .cumulative import running
from .dims import one_dim
from .extremum import give_back, share_all
from .sort import sort

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what they share
def checked(op: str, x: Any, dim: int) -> int:
    """dim from the front, with something to choose from along it."""
    d = one_dim(op, dim, x.ndim)
    if x.dtype.kind in "bc" and op != "mode":
        raise UnsupportedDtypeError(f"{op}: not implemented for {x.dtype}; got {describe(x)}")
    if x.ndim and not x.shape[d]:
        raise OutOfRangeError(f"{op}(): Expected reduction dim {dim} to have non-zero size; got {describe(x)}")
    return d


def chosen(x: Any, indices: Any, d: int, keepdim: bool) -> tuple[Any, Any]:
    """Values at indices of size 1 along d, and the indices, without that dimension unless it is kept."""
    if not x.ndim:
        return x.copy(), backend_of(x).xp.zeros((), "i8")
    values = picked(x, indices, d)
    if keepdim:
        return values, indices
    shape = (*x.shape[:d], *x.shape[d + 1:])
    return values.reshape(shape), indices.reshape(shape)


def ranked(x: Any, k: int, d: int) -> Any:
    """Where the element of rank k is along d, kept as a dimension of size 1; nan ranks last."""
    return x.argpartition(k, axis=d)[(slice(None),) * d + (slice(k, k + 1),)] if x.ndim else x


# ---------------------------------------------------------------- medians
def median_at(x: Any, d: int, skip_nan: bool) -> Any:
    """Where the lower median is along d. nan: the first one there is, or left out."""
    if not x.ndim or x.dtype.kind != "f":
        return ranked(x, (x.shape[d] - 1) // 2 if x.ndim else 0, d)
    nan = x != x
    if skip_nan:
        present = x.shape[d] - nan.sum(axis=d, keepdims=True)
        middle = backend_of(x).xp.where(present, present - 1, x.shape[d] - 1) // 2
        return picked(x.argsort(axis=d, kind="stable"), middle, d)
    found = ranked(x, (x.shape[d] - 1) // 2, d)
    return backend_of(x).xp.where(nan.any(axis=d, keepdims=True), nan.argmax(axis=d, keepdims=True), found)


@op(x=share_all)
def median_of_all(input: Tensor, skip_nan: bool = False) -> Tensor:
    """The lower median of all elements. What `median(input)` is."""
    x: Any = input
    if x.dtype.kind in "bc":
        raise UnsupportedDtypeError(f"median: not implemented for {x.dtype}; got {describe(x)}")
    if not x.size:
        if x.dtype.kind != "f":
            raise ShapeError(f"median: of no elements; got {describe(x)}")
        return backend_of(x).xp.full((), float("nan"), x.dtype)
    flat = x.reshape(-1)
    return picked(flat, median_at(flat, 0, skip_nan), 0).reshape(())


@op(kept=("indices",), returns=results.median,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def median_with_indices(input: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """The lower median along `dim`, and where it is. What `median(input, dim)` is."""
    d = checked("median", input, dim)
    return chosen(input, median_at(input, d, False), d, keepdim)         # type: ignore[return-value]


@op(kept=("indices",), returns=results.nanmedian,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def nanmedian_with_indices(input: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """The lower median of what is not nan along `dim`, and where it is. What `nanmedian(input, dim)` is."""
    d = checked("nanmedian", input, dim)
    return chosen(input, median_at(input, d, True), d, keepdim)          # type: ignore[return-value]


def median(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """`median(x)`: the lower median of all elements; `median(x, dim, keepdim=False)`: (values, indices) along a dimension.

    nan if there is one. Of an even number of elements, the lower of the two in the middle.
    """
    return median_with_indices(input, *args, **kwargs) if args or kwargs else median_of_all(input)


def nanmedian(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """As `median`, of the elements that are not nan."""
    return nanmedian_with_indices(input, *args, **kwargs) if args or kwargs else median_of_all(input, True)


# ---------------------------------------------------------------- ranks and frequencies
@op(kept=("indices",), returns=results.kthvalue,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Tensor:
    """The k-th smallest element along `dim`, counted from 1, and where it is; nan counts as largest."""
    x: Any = input
    d = checked("kthvalue", x, dim)
    if not 1 <= k <= (x.shape[d] if x.ndim else 1):
        raise ShapeError(f"kthvalue(): selected number k out of range for dimension {d}; got k={k} for {describe(x)}")
    return chosen(x, ranked(x, k - 1, d), d, keepdim)        # type: ignore[return-value]


@op(kept=("indices",), returns=results.mode,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """The most frequent value along `dim`, of equally frequent ones the smallest, and where it is last."""
    x: Any = input
    d = checked("mode", x, dim)
    if not x.ndim:
        return chosen(x, None, d, keepdim)           # type: ignore[return-value]
    xp = backend_of(x).xp
    order = x.argsort(axis=d, kind="stable")
    ordered = picked(x, order, d).swapaxes(d, -1)
    places = xp.arange(x.shape[d])
    new = ordered[..., 1:] != ordered[..., :-1]      # where a run of equals starts, but for the first
    starts = xp.concatenate((xp.zeros((*new.shape[:-1], 1), "i8"), new * places[1:]), -1)
    lengths = places - running(xp.maximum, starts, x.ndim - 1)
    last = lengths.argmax(axis=-1, keepdims=True).swapaxes(d, -1)
    return chosen(x, picked(order, last, d), d, keepdim)     # type: ignore[return-value]


# ---------------------------------------------------------------- quantiles
INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@autocasts
def quantile(input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """The q-quantiles along `dim`, of all elements by default; nan where there is a nan.

    q: a number in [0, 1], or a vector of them, whose dimension then leads the result. interpolation between the two nearest
    elements: linear, lower, higher, midpoint or nearest.
    """
    return quantiles("quantile", input, q, dim, keepdim, interpolation, False)


@autocasts
def nanquantile(input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *,
                interpolation: str = "linear") -> Tensor:
    """As `quantile`, of the elements that are not nan."""
    return quantiles("nanquantile", input, q, dim, keepdim, interpolation, True)


def quantiles(op: str, input: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool) -> Any:
    """Sort, then blend the two elements around rank q (n - 1)."""
    check_quantiles(op, input, q, interpolation)
    x = input.array
    xp = backend_of(x).xp
    qs: Any = q if isinstance(q, TensorBase) else wrap(backend_of(x).asarray(q, x.dtype))
    d = None if dim is None else one_dim(op, dim, x.ndim)
    ordered = sort(input.reshape((x.size,)) if d is None or not x.ndim else movedim(input, d, -1))[0]    # (..., n), nan last
    n = ordered.array.shape[-1]
    present = (ordered.array == ordered.array).sum(axis=-1, keepdims=True)
    top = xp.maximum(present - 1, 0) if skip_nan else xp.full_like(present, n - 1)
    ranks = qs.reshape((-1,)) * wrap(top.astype(x.dtype))        # (..., Q)

    def at(rank: Any) -> Any:
        rank = rank if skip_nan else xp.where(present < n, n - 1, rank)  # a nan makes all quantiles nan
        return take_along(ordered, rank.astype("i8"), x.ndim - 1 if d is not None and x.ndim else 0)

    low, high = xp.floor(ranks.array), xp.ceil(ranks.array)
    if interpolation in ("lower", "higher", "nearest"):
        out = at({"lower": low, "higher": high, "nearest": xp.round(ranks.array)}[interpolation])
    else:
        below = at(low)
        out = below + (at(high) - below) * (0.5 if interpolation == "midpoint" else ranks - wrap(low))
    out = movedim(out, -1, 0) if qs.array.ndim else out[..., 0]
    if keepdim:
        rest = [1] * x.ndim if d is None else [1 if i == d else n for i, n in enumerate(x.shape)]
        out = out.reshape((*qs.array.shape, *rest))
    return out


def check_quantiles(op: str, input: Any, q: Any, interpolation: str) -> None:
    """Refuse what PyTorch refuses."""
    if interpolation not in INTERPOLATIONS:
        raise ShapeError(f"{op}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}")
    x = input.array
    if x.dtype.char not in "fd":
        raise DtypeError(f"{op}() input tensor must be either float or double dtype; got {describe(x)}")
    if not x.size:
        raise ShapeError(f"{op}() input tensor must be non-empty; got {describe(x)}")
    if isinstance(q, TensorBase):
        if q.array.ndim > 1:
            raise ShapeError(f"{op}() q must be a scalar or 1D tensor; got {describe(q)}")
        if q.array.dtype != x.dtype:
            raise DtypeError(f"{op}() q tensor must be same dtype as the input tensor; got {describe(q)} for {describe(x)}")
        if bool(((q.array < 0) | (q.array > 1)).any()):
            raise ShapeError(f"{op}() q values must be in the range [0, 1]; got {q.array.tolist()}")
    elif not isinstance(q, (int, float)):
        raise ArgumentTypeError(f"{op}() q must be a number or a Tensor; got {describe(q)}")
    elif not 0 <= q <= 1:
        raise ShapeError(f"{op}() q must be in the range [0, 1] but got {q}")
