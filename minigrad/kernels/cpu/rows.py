"""Adding rows at positions that may repeat: the gradient of an embedding.

A sparse matrix with a 1 at (rows[i], i) times the values: SciPy's compiled loop reads each value once, where NumPy's
`add.at` makes a position for every number (2.7 times as slow for 4096 rows of 256).
"""
from __future__ import annotations

import numpy as np

from .. import reference
from ..reference import Array

SMALL = 2 ** 14                       # numbers; below it SciPy's 50 us of preparation are more than add.at takes


def add_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i: (M, R), (N,), (N, R). Rows that repeat add up."""
    if values.shape[1] < 4 or values.size < SMALL or values.dtype.char not in "fdFD":
        reference.add_rows(out, rows, values)
        return
    from scipy.sparse import csc_matrix
    n = len(rows)
    ones = np.ones(n, values.dtype)
    out += csc_matrix((ones, rows, np.arange(n + 1)), (len(out), n)) @ values
