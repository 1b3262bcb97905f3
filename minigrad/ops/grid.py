"""Every combination of elements: meshgrid, cartesian_prod, combinations."""
from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..errors import DtypeError, ShapeError, describe
from .axes import transpose
from .index import getitem_copy
from .join import stack
from .operands import need_tensors
from .shape import expand, reshape

if TYPE_CHECKING:
    from .._tensor import Tensor


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: vectors of sizes n, m -> views of shape (n, m).

    indexing: 'ij', rows first, the default, or 'xy', which swaps the first two dimensions.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors:
        raise ShapeError("meshgrid: expects a non-empty TensorList")
    for t in tensors:
        if t.ndim > 1:
            raise ShapeError(f"meshgrid: expected 0D or 1D tensor in the tensor list but got: {describe(t)}")
    if len({t.array.dtype for t in tensors}) > 1:
        raise DtypeError(f"meshgrid: expects all tensors to have the same dtype; got {', '.join(describe(t) for t in tensors)}")
    if indexing not in (None, "ij", "xy"):
        raise ShapeError(f"meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {indexing}")
    shape = tuple([t.numel() for t in tensors])
    grids = [expand(reshape(t, (1,) * i + (-1,) + (1,) * (len(shape) - 1 - i)), shape) for i, t in enumerate(tensors)]
    if indexing == "xy" and len(grids) > 1:
        grids = [transpose(g, 0, 1) for g in grids]
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All tuples with one element of each vector: sizes n, m -> (n * m, 2); of one vector, itself."""
    for t in tensors:
        if t.ndim != 1:
            raise ShapeError(f"cartesian_prod: expect a 1D vector, but got shape {list(t.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(g, (-1,)) for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, in order: (n,) -> (number of choices, r)."""
    need_tensors("combinations", input=input)
    if input.ndim != 1:
        raise ShapeError(f"combinations: expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise ShapeError(f"combinations: expect a non-negative number, but got {r}")
    if not r:
        return reshape(getitem_copy(input, (backend_of(input.array).xp.zeros(0, "i8"),)), (0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.fromiter(itertools.chain.from_iterable(choose(range(input.shape[0]), r)), np.int64).reshape(-1, r)
    return getitem_copy(input, (backend_of(input.array).asarray(places),))
