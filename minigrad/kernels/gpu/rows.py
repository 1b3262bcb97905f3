"""Rows that are added to others, on a GPU."""
from __future__ import annotations

from ...backend import backend_of
from .machine import Array, launch
from .norm import compact


def add_rows(out: Array, rows: Array, values: Array) -> None:
    """out[rows[i]] += values[i] for every i: (M, R), (N,), (N, R). Rows that repeat add up, in the order of i."""
    rows = rows.astype("q", copy=False)
    rows = rows + (rows < 0) * len(out)
    order = backend_of(out).xp.argsort(rows, kind="stable").astype("q", copy=False)
    if out.flags.c_contiguous:
        launch("rows", "add_rows", out, values.size, out, rows, order, compact(values.astype(out.dtype, copy=False)), *values.shape)
        return
    whole = backend_of(out).xp.ascontiguousarray(out)
    add_rows(whole, rows, values)
    out[...] = whole
