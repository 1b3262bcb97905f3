"""Distinct values, and membership."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentTypeError, DtypeError, ShapeError, describe
from .dims import Number, one_dim
from .raw import raw

if TYPE_CHECKING:
    from .._tensor import Tensor

Several = Any                                        # the output alone, or a tuple with inverse and counts as asked for


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Several:
    """The distinct elements in ascending order, or the distinct slices along `dim`; nan differ from each other.

    With `return_inverse`, also where each element of the input is in them; with `return_counts`, also how often each
    occurs. Outside the graph. `sorted=False` sorts too.
    """
    x = array_of("unique", input)
    xp = backend_of(x).xp
    if dim is None:
        rows = x.reshape(-1)
        order = rows.argsort(kind="stable")
        ordered = rows[order]
        starts = differs(ordered)
        shape: Any = x.shape
    else:
        d, slices = slices_along("unique", x, dim)
        order = lexicographic(slices)
        ordered = slices[order]
        starts = differs(ordered)
        shape = (x.shape[d],)
    group = starts.cumsum() - 1                      # of each element in order
    inverse = xp.empty(group.shape, "i8")
    inverse[order] = group
    values = ordered[starts]
    if dim is not None:
        values = back_from_slices(values, x, d)
    return answer(values, inverse.reshape(shape) if return_inverse else None, counts(xp, starts) if return_counts else None)


def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Several:
    """The elements without those that equal the one before, in the flattened input, or slices along `dim`; as `unique`."""
    x = array_of("unique_consecutive", input)
    if dim is None:
        d, slices = 0, x.reshape(-1)
    else:
        d, slices = slices_along("unique_consecutive", x, dim)
    starts = differs(slices)
    inverse = starts.cumsum() - 1
    values = slices[starts] if dim is None else back_from_slices(slices[starts], x, d)
    return answer(values, inverse.reshape(x.shape if dim is None else (-1,)) if return_inverse else None,
                  counts(backend_of(x).xp, starts) if return_counts else None)


def array_of(op: str, input: Any) -> Any:
    """The array of a tensor, or the error that it is none."""
    if not isinstance(input, TensorBase):
        raise ArgumentTypeError(f"{op}: input must be a Tensor; got {describe(input)}; make one with minigrad.tensor(...)")
    return input.array


def slices_along(op: str, x: Any, dim: int) -> tuple[int, Any]:
    """dim from the front, and (n, elements of one slice)."""
    d = one_dim(op, dim, x.ndim)
    if not x.size and any(not n for i, n in enumerate(x.shape) if i != d):
        raise ShapeError(f"{op}: there are 0 sized dimensions, and they aren't selected, so unique cannot be applied; got {describe(x)}")
    rest = [i for i in range(x.ndim) if i != d]
    return d, x.transpose((d, *rest)).reshape((x.shape[d], -1)) if x.size else x.reshape((0, 1))


def back_from_slices(slices: Any, x: Any, d: int) -> Any:
    """(k, elements of one slice) -> x's shape, with k along d."""
    shape = (len(slices), *[n for i, n in enumerate(x.shape) if i != d])
    order = [*range(1, d + 1), 0, *range(d + 1, x.ndim)]
    return slices.reshape(shape).transpose(order)


def lexicographic(slices: Any) -> Any:
    """The order of rows, the first column deciding first; stable."""
    xp = backend_of(slices).xp
    if slices.shape[1] == 1:
        return slices.reshape(-1).argsort(kind="stable")
    return xp.lexsort(slices.swapaxes(0, 1)[::-1])


def differs(ordered: Any) -> Any:
    """True for each element or row that is not equal to the one before, and for the first."""
    xp = backend_of(ordered).xp
    out = xp.ones(ordered.shape[:1], bool)
    if len(ordered) > 1:
        new = ordered[1:] != ordered[:-1]
        out[1:] = new if new.ndim == 1 else new.any(axis=1)
    return out


def counts(xp: Any, starts: Any) -> Any:
    """How long each run is."""
    ends = xp.concatenate((xp.flatnonzero(starts), xp.asarray([starts.size])))
    return (ends[1:] - ends[:-1]).astype("i8") if starts.size else ends[:0].astype("i8")


def answer(values: Any, inverse: Any, count: Any) -> Several:
    """What the caller asked for, as tensors."""
    outs = [wrap(a) for a in (values, inverse, count) if a is not None]
    return outs[0] if len(outs) == 1 else tuple(outs)


# ---------------------------------------------------------------- membership
def isin(elements: Tensor | Number | None = None, test_elements: Tensor | Number | None = None, *, assume_unique: bool = False,
         invert: bool = False, element: Number | None = None, test_element: Number | None = None) -> Tensor:
    """Whether each element is among the test elements (`invert`: is not); bool, of the shape of `elements`. One may be a number."""
    left: Any = elements if element is None else element
    right: Any = test_elements if test_element is None else test_element
    if not isinstance(left, TensorBase) and not isinstance(right, TensorBase):
        raise ArgumentTypeError(f"isin: elements or test_elements must be a Tensor; got {describe(left)} and {describe(right)}")
    backend = backend_of(raw(left if isinstance(left, TensorBase) else right))
    x, y = [v.array if isinstance(v, TensorBase) else backend.asarray(v) for v in (left, right)]
    if x.dtype.kind in "bc" or y.dtype.kind in "bc":
        raise DtypeError(f"isin: unsupported input type encountered for isin(): {describe(x)} in {describe(y)}")
    return wrap(backend.xp.isin(x, y, assume_unique=False, invert=invert))
