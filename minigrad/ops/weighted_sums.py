"""Weighted sums of rows: what a sparse matrix makes of a dense one."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.op import op

if TYPE_CHECKING:
    from .._tensor import Tensor

MANY = 4096                                          # elements times sums from which on a compiled loop pays


@dataclass(frozen=True, eq=False)
class Terms:
    """Which rows a sum adds, and how often: of sum r, those from starts[r] to starts[r + 1]. Arrays of the host."""
    starts: Any
    index: Any
    weights: Any

    def turned(self, rows: int) -> Terms:
        """The terms of the adjoint: for each of the rows, the sums that it is in."""
        from scipy.sparse import csr_array
        matrix = csr_array((self.weights, self.index, self.starts), (len(self.starts) - 1, rows)).tocsc()
        return Terms(matrix.indptr.astype("i8"), matrix.indices.astype("i8"), matrix.data)


@op(x=lambda g, terms, x_shape: row_sums(g, terms.turned(x_shape[0])))
def row_sums(input: Tensor, terms: Terms) -> Tensor:
    """The sums of rows with weights: (P, C) -> (number of sums, C). Its gradient is the same with the terms turned."""
    x: Any = input
    backend, count = backend_of(x), len(terms.starts) - 1
    weights = terms.weights.astype(x.dtype, copy=False)
    if x.size * count > max(MANY, backend.kernels.worthwhile()):
        done = backend.kernels.weighted_rows(x, 0, terms.starts, terms.index, weights)
        if done is not None:
            return done
    out = backend.xp.zeros((count, x.shape[1]), x.dtype)
    values = x.take(backend.asarray(terms.index), 0) * backend.asarray(weights[:, None])
    owners = backend.asarray(np.repeat(np.arange(count), np.diff(terms.starts)))
    if values.size:
        backend.kernels.add_rows(out, owners, values)
    return out
