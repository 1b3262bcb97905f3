"""The largest and the smallest: of all elements, along a dimension, and where they are."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, OutOfRangeError, ShapeError, UnsupportedDtypeError, describe
from . import results
from .along import picked, place_along
from .dims import Dims, many_dims, one_dim
from .operands import need_tensors
from .raw import like, raw
from .reduce import axes_of, with_ones
from .select import maximum, minimum

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- checks and rules that several share
def check_nonempty(op: str, x: Any, dim: Dims, error: type[Exception] = ShapeError) -> None:
    """Refuse to look for an element where there is none."""
    if x.dtype.kind == "c":
        raise UnsupportedDtypeError(f"{op}(): not implemented for complex numbers, which have no order; got {describe(x)}; take abs() or "
                                    ".real")
    if x.size:
        return
    if dim is None or isinstance(dim, (tuple, list)) and not dim:
        raise error(f"{op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
                    f"'dim' argument; got {describe(x)}")
    for d in many_dims(op, dim, x.ndim):
        if not x.shape[d]:
            raise OutOfRangeError(f"{op}(): Expected reduction dim {d} to have non-zero size; got {describe(x)}")


def share(g: Any, x: Any, out: Any, dim: Dims = None, keepdim: bool = False) -> Any:
    """g to the elements that equal out, evenly. Where out is nan no element does, and the gradient is nan, as in PyTorch."""
    x_, out_ = raw(x), raw(out)
    if not keepdim and dim is not None:
        shape = with_ones(x_.shape, dim)
        g, out_ = g.reshape(shape), out_.reshape(shape)
    return g * like(g, parts(x_ == out_, x_.dtype, dim))


def share_all(g: Any, x: Any, out: Any) -> Any:
    """As `share` over all elements; a nan that won shares with the other nan."""
    x_, out_ = raw(x), raw(out)
    return g * like(g, parts((x_ == out_) | (x_ != x_) & (out_ != out_), x_.dtype, None))


def parts(mask: Any, dtype: Any, dim: Dims) -> Any:
    """1 / n for each of the n true elements over `dim`, else 0."""
    part = mask.astype(dtype)
    return part / part.sum(axis=axes_of("amax", dim, part.ndim), keepdims=True)


def give_back(g: Any, indices: Any, shape: tuple[int, ...], dim: int, keepdim: bool) -> Any:
    """g to the one element of each slice that was chosen."""
    if not shape:
        return g
    d = dim % len(shape)
    if not keepdim:
        kept = with_ones(shape, d)
        g, indices = g.reshape(kept), indices.reshape(kept)
    return place_along(g, indices, d, shape)


# ---------------------------------------------------------------- over several dimensions
@op(x=lambda g, x, out, dim, keepdim: share(g, x, out, dim, keepdim))
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The maximum over `dim`, all dimensions by default; nan if there is one. Its gradient is shared evenly by ties."""
    x: Any = input
    check_nonempty("amax", x, dim)
    return x.max(axis=axes_of("amax", dim, x.ndim), keepdims=keepdim)


@op(x=lambda g, x, out, dim, keepdim: share(g, x, out, dim, keepdim))
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The minimum over `dim`, all dimensions by default; nan if there is one. Its gradient is shared evenly by ties."""
    x: Any = input
    check_nonempty("amin", x, dim)
    return x.min(axis=axes_of("amin", dim, x.ndim), keepdims=keepdim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Sequence[Tensor] | None = None) -> results.aminmax:
    """The minimum and the maximum along `dim`, of all elements by default, as fields `min` and `max`."""
    need_tensors("aminmax", input=input)
    x = input.array
    if not x.size and dim is None:
        raise ShapeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity; "
                         f"got {describe(input)}")
    check_nonempty("aminmax", x, dim)
    if out is None:
        return results.aminmax(amin(input, dim, keepdim), amax(input, dim, keepdim))
    for o in out:
        if o.array.dtype != x.dtype:
            raise DtypeError(f"aminmax: Expected out tensor to have dtype {x.dtype}, but got {o.array.dtype} instead")
    low, high = out
    return results.aminmax(amin(input, dim, keepdim, out=low), amax(input, dim, keepdim, out=high))   # type: ignore[call-arg]


@op(x=lambda g, x, out: share_all(g, x, out))
def max_of_all(input: Tensor) -> Tensor:
    """The largest element; nan if there is one. What `max(input)` is."""
    x: Any = input
    check_nonempty("max", x, None)
    return x.max()


@op(x=lambda g, x, out: share_all(g, x, out))
def min_of_all(input: Tensor) -> Tensor:
    """The smallest element; nan if there is one. What `min(input)` is."""
    x: Any = input
    check_nonempty("min", x, None)
    return x.min()


# ---------------------------------------------------------------- along one dimension, with positions
def extremum_with_indices(op: str, x: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """Values and positions; of equals, the first, and of nan, too."""
    check_nonempty(op, x, dim)
    d = one_dim(op, dim, x.ndim)
    if not x.ndim:
        return x.copy(), backend_of(x).xp.zeros((), "i8")
    indices = (x.argmax if op == "max" else x.argmin)(axis=d, keepdims=True)
    values = picked(x, indices, d)
    if keepdim:
        return values, indices
    shape = (*x.shape[:d], *x.shape[d + 1:])
    return values.reshape(shape), indices.reshape(shape)


@op(kept=("indices",), returns=results.max,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def max_with_indices(input: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """The maximum of each slice along `dim`, and where it is first. What `max(input, dim)` is."""
    return extremum_with_indices("max", input, dim, keepdim)                 # type: ignore[return-value]


@op(kept=("indices",), returns=results.min,
    x=lambda g, indices, x_shape, dim, keepdim: give_back(g, indices, x_shape, dim, keepdim))
def min_with_indices(input: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """The minimum of each slice along `dim`, and where it is first. What `min(input, dim)` is."""
    return extremum_with_indices("min", input, dim, keepdim)                 # type: ignore[return-value]


def max(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """`max(x)`: the largest element. `max(x, dim, keepdim=False)`: (values, indices) along a dimension. `max(x, other)`: the
    larger of each two elements.

    >>> import minigrad
    >>> minigrad.max(minigrad.tensor([[1.0, 5.0], [7.0, 2.0]]), 1).indices
    tensor([1, 0])
    """
    if not args and not kwargs:
        return max_of_all(input)
    return (max_with_indices if has_dim("max", args, kwargs) else maximum)(input, *args, **kwargs)


def min(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """`min(x)`: the smallest element. `min(x, dim, keepdim=False)`: (values, indices) along a dimension. `min(x, other)`: the
    smaller of each two elements."""
    if not args and not kwargs:
        return min_of_all(input)
    return (min_with_indices if has_dim("min", args, kwargs) else minimum)(input, *args, **kwargs)


def has_dim(op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Which overload is meant: True for (dim, keepdim), False for (other)."""
    first = args[0] if args else kwargs.get("other", kwargs.get("dim", kwargs.get("axis")))
    if isinstance(first, TensorBase):
        return False
    if isinstance(first, bool) or not hasattr(first, "__index__"):
        raise ArgumentTypeError(f"{op}: takes nothing, (dim, keepdim=False) or (other); got {describe(first)}; for several dims use a{op}")
    return True


# ---------------------------------------------------------------- positions
def position(op: str, x: Any, dim: int | None, keepdim: bool) -> Any:
    """argmax or argmin as int64; of equals, the first, and of nan, too."""
    if x.dtype.kind == "b":
        raise DtypeError(f"{op}(): does not support bool input; got {describe(x)}; convert it with .int()")
    check_nonempty(op, x, dim, OutOfRangeError)
    axis = dim if dim is None else one_dim(op, dim, x.ndim) if x.ndim else None
    return getattr(x, op)(axis=axis, keepdims=keepdim)


@op()
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is along `dim`, or in the flattened input; int64. Of equals the first."""
    return position("argmax", input, dim, keepdim)


@op()
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is along `dim`, or in the flattened input; int64. Of equals the first."""
    return position("argmin", input, dim, keepdim)
