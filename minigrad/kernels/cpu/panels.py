"""Rows times a matrix that is used many times: the matrix is put into panels once, the rows stay where and as they are.

A panel is a few registers wide and as long as the sums have terms, so it passes by in order and, DEPTH terms at a time, stays in
the first-level cache while all rows pass by. `add_product` is compiled once; other kernels call it by its address.
"""
from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..reference import Array
from .jit import address_of, jit, part
from .microkernels import COLUMNS, ROWS, row_tile8, rows_tile2, rows_tile3
from .vectors import LANES, load, prefetch, store

LANE = LANES["f"]
WIDE = COLUMNS * LANE                 # columns of a panel
SINGLE = 8 * LANE                     # the same where rows come one by one: eight sums at least must be under way
DEPTH = 256                           # terms per pass
NEAR = 65536                          # numbers of a matrix that stays in the second-level cache
ACROSS = 48                           # the same where x lies in columns: each of its cache lines is used for several blocks of rows
PIECE = 128                           # terms that are packed at a time
CACHE_LINE = 16                       # numbers


def panels(w: Array, rows: int) -> tuple[Array, int, int]:
    """w (K, M), float32 of any strides, for products of so many rows with it: the panels, their width, and M in whole registers."""
    wide = SINGLE if rows < ROWS else WIDE
    line = -(-w.shape[1] // SINGLE) * SINGLE if wide == SINGLE else max(-(-w.shape[1] // LANE), 2) * LANE
    found = np.empty(-(-line // wide) * wide * len(w), np.float32)
    pack(found, w if w.flags.writeable else w.copy(), wide, line)
    return found, wide, line


@cache
def adder() -> int:
    """The address of `add_product`, which takes its arguments as a tuple."""
    flat = np.empty(0, np.float32)
    return address_of(add_product, flat, 0, flat, 0, 0, 0, 0, flat, 0, 0, 0)


# What is compiled ------------------------------------------------------------------------------------------------------

@part
def span(left: int, wide: int) -> int:
    """How many columns the next panel takes of those left: three registers or two, as a single one waits for itself."""
    if wide == SINGLE:
        return SINGLE
    return 2 * LANE if left == 2 * LANE or left == 4 * LANE else 3 * LANE


@jit
def pack(panels: Any, w: Any, wide: int, line: int) -> None:
    """panels[p, k, q] = w[k, first column of panel p + q], zeros on the right."""
    depth, columns = w.shape
    by_rows = w.strides[1] <= w.strides[0]
    first = at = 0
    while first < line:
        width = min(span(line - first, wide), columns - first)
        if width < wide:
            panels[at:at + wide * depth] = 0
        for start in range(0, depth, PIECE):
            end = min(start + PIECE, depth)
            if by_rows:
                for k in range(start, end):
                    row = w[k, first:first + width]
                    if width % LANE:
                        for q in range(width):
                            panels[at + k * wide + q] = row[q]
                    else:
                        for q in range(0, width, LANE):
                            store(panels, at + k * wide + q, load(row, q))
            else:
                for q in range(width):
                    column = w[start:end, first + q]
                    for k in range(end - start):
                        panels[at + (start + k) * wide + q] = column[k]
        first += span(line - first, wide)
        at += wide * depth


@jit
def add_product(out: Any, line: int, x: Any, first: int, apart: int, along: int, rows: int, panels: Any, wide: int, columns: int,
                depth: int) -> None:
    """out (rows, line) += x @ w, with x[first + r * apart + k * along] for term k of row r; columns: those of w, in whole registers."""
    if wide == SINGLE:
        for column in range(0, columns, SINGLE):
            for r in range(rows):
                row_tile8(out, r * line + column, 0, x, first + r * apart, 0, along, panels, column * depth, wide, depth)
        return
    far, most = len(panels) > NEAR, DEPTH if along == 1 else ACROSS
    column = start = 0
    while column < columns:
        width = span(columns - column, wide)
        for k in range(0, depth, most):
            count = min(most, depth - k)
            piece, after = start + k * wide, start + (k + count) * wide
            asked, r = after, 0
            while r < rows:
                whole = r + ROWS <= rows                 # else row by row, ROWS times the same
                at, from_row = r * line + column, first + r * apart + k * along
                down, next_row = (line, apart) if whole else (0, 0)
                if width == 3 * LANE:
                    rows_tile3(out, at, down, x, from_row, next_row, along, panels, piece, wide, count)
                else:
                    rows_tile2(out, at, down, x, from_row, next_row, along, panels, piece, wide, count)
                r += ROWS if whole else 1
                if far:                              # what comes next, before it is waited for
                    soon = min(after + count * wide * r // rows, len(panels))
                    for place in range(asked, soon, CACHE_LINE):
                        prefetch(panels, place)
                    asked = soon
        column += width
        start += wide * depth
