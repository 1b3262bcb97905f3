"""Adding rows at positions that may repeat: the gradient of an embedding."""
from __future__ import annotations

import numpy as np

from .. import reference
from ..reference import Array

SMALL = 2 ** 14                       # numbers; below it NumPy's `add.at` does, unless Numba runs already


def add_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i: (M, R), (N,), (N, R). Rows that repeat add up; none is negative."""
    from . import worthwhile
    if values.size < min(worthwhile(), SMALL) or values.dtype.char not in "fdFD" or not out.flags.carray or out.dtype != values.dtype:
        reference.add_rows(out, rows, values)
        return
    from .scatter import add  # Numba is slow to start
    real = values.real.dtype
    add(out.view(real), np.ascontiguousarray(rows), np.ascontiguousarray(values).view(real))
