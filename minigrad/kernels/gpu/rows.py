"""Rows that are added to others, or multiplied with them, on a GPU."""
from __future__ import annotations

from .machine import Array, array_module, compact, launch


def add_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i: (M, R), (N,), (N, R). Rows that repeat add up, in the order of i."""
    combine(out, rows, values, False)


def multiply_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] *= values[i] for every i: (M, R), (N,), (N, R). Rows that repeat multiply up, in the order of i."""
    combine(out, rows, values, True)


def combine(out: Array, rows: Array, values: Array, product: bool) -> None:
    """Sort the rows, then let one thread take all that are alike."""
    xp = array_module()
    rows = rows.astype("q", copy=False)
    rows = rows + (rows < 0) * len(out)
    order = xp.argsort(rows, kind="stable").astype("q", copy=False)
    whole = compact(out)
    launch("rows", "combine_rows", whole, values.size, whole, rows, order, compact(values.astype(out.dtype, copy=False)), *values.shape,
           int(product))
    if whole is not out:
        out[...] = whole
