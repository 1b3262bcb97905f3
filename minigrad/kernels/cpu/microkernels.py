"""The two micro-kernels that all matrix work is made of: a block of sums, and a block of dot products, held in registers.

docs/kernels.md explains them with pictures.
"""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .vectors import BITS, INT, element, fused, load_at, loop, pointer, shuffled, splatted, store_at, vector_of

# Sums that fit the registers (32 of 512 bits, 16 of the others) beside one vector of each column and one broadcast number.
ROWS, COLUMNS = (8, 3) if BITS == 512 else (4, 3)
POINTS = 16              # of a tile of Winograd's convolution
FOUR = 4                 # horizontal sums are made of so many registers at a time


def _tile_of(rows: int, columns: int, fresh: bool, apart: int = 1) -> Any:
    """An intrinsic for a block of rows x columns registers of sums; in memory these are so many registers apart."""
    def tile(_: Any, out: Any, at: Any, line: Any, w: Any, first: Any, x: Any, start: Any, taps: Any, count: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            at, line, first, start, count = (values[i] for i in (1, 2, 4, 6, 8))
            lanes = vector_of(out.dtype).lanes
            kind = ir.VectorType(element(out.dtype), lanes)

            def place(row: int, column: int) -> Any:
                position = b.add(b.add(at, b.mul(line, ir.Constant(INT, row))), ir.Constant(INT, column * apart * lanes))
                return pointer(context, b, values[0], out, position, kind)

            blocks = [(m, v) for m in range(rows) for v in range(columns)]
            sums = [ir.Constant(kind, [0.0] * lanes) if fresh else load_at(b, place(m, v)) for m, v in blocks]

            def step(k: Any, sums: list[Any]) -> list[Any]:
                tap = b.load(pointer(context, b, values[7], taps, k, INT), align=8)
                seen = pointer(context, b, values[5], x, b.add(start, tap), kind)
                pixels = [load_at(b, b.gep(seen, [ir.Constant(INT, v * apart)])) for v in range(columns)]
                weights = pointer(context, b, values[3], w, b.add(first, b.mul(k, ir.Constant(INT, rows))), kind.element)
                after = []
                for m in range(rows):
                    weight = splatted(b, kind, load_at(b, b.gep(weights, [ir.Constant(INT, m)])))
                    after += [fused(b, weight, pixels[v], sums[m * columns + v]) for v in range(columns)]
                return after

            for (m, v), value in zip(blocks, loop(b, count, sums, step), strict=True):
                store_at(b, value, place(m, v))
            return context.get_dummy_value()
        n = types.intp
        return types.void(out, n, n, w, n, x, n, taps, n), codegen
    return intrinsic(tile)


def _dots_of(rows: int, terms: int, apart: int = 1) -> Any:
    """An intrinsic for rows x terms dot products of registers that are so many apart in memory."""
    def dots(_: Any, out: Any, at: Any, line: Any, g: Any, first: Any, wide: Any, x: Any, start: Any, taps: Any, tap: Any,
             count: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            at, line, first, wide, start, tap, count = (values[i] for i in (1, 2, 4, 5, 7, 9, 10))
            lanes = vector_of(out.dtype).lanes
            kind = ir.VectorType(element(out.dtype), lanes)
            left = [pointer(context, b, values[3], g, b.add(first, b.mul(wide, ir.Constant(INT, m))), kind) for m in range(rows)]
            right = []
            for t in range(terms):
                offset = b.load(pointer(context, b, values[8], taps, b.add(tap, ir.Constant(INT, t)), INT), align=8)
                right.append(pointer(context, b, values[6], x, b.add(start, offset), kind))

            def step(i: Any, sums: list[Any]) -> list[Any]:
                q = b.mul(i, ir.Constant(INT, apart))
                # The shorter side is held in registers, the other passes by.
                held = [load_at(b, b.gep(pointer, [q])) for pointer in right]
                after = []
                for m in range(rows):
                    passing = load_at(b, b.gep(left[m], [q]))
                    after += [fused(b, passing, held[t], sums[m * terms + t]) for t in range(terms)]
                return after

            zero = ir.Constant(kind, [0.0] * lanes)
            sums = loop(b, count, [zero] * (rows * terms), step)
            flat = [sums[m * terms + t] for t in range(terms) for m in range(rows)]
            for i in range(0, len(flat), FOUR):
                totals = _totals(b, flat[i:i + FOUR])
                t, m = divmod(i, rows)                   # with one row its terms follow each other
                place = b.add(b.add(at, b.mul(line, ir.Constant(INT, t if rows > 1 else 0))), ir.Constant(INT, m if rows > 1 else i))
                sum_place = pointer(context, b, values[0], out, place, totals.type)
                store_at(b, b.fadd(load_at(b, sum_place), totals), sum_place)
            return context.get_dummy_value()
        n = types.intp
        return types.void(out, n, n, g, n, n, x, n, taps, n, n), codegen
    return intrinsic(dots)


def _rows_tile_of(rows: int, columns: int) -> Any:
    """An intrinsic that adds to a block of rows x columns registers; x lies in memory as it is, in rows or in columns."""
    def tile(_: Any, out: Any, at: Any, line: Any, x: Any, first: Any, apart: Any, along: Any, panel: Any, start: Any,
             wide: Any, count: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            at, line, first, apart, along, start, wide, count = (values[i] for i in (1, 2, 4, 5, 6, 8, 9, 10))
            lanes = vector_of(out.dtype).lanes
            kind = ir.VectorType(element(out.dtype), lanes)

            def place(row: int, column: int) -> Any:
                position = b.add(b.add(at, b.mul(line, ir.Constant(INT, row))), ir.Constant(INT, column * lanes))
                return pointer(context, b, values[0], out, position, kind)

            lines = [pointer(context, b, values[3], x, b.add(first, b.mul(apart, ir.Constant(INT, m))), kind.element)
                     for m in range(rows)]
            blocks = [(m, v) for m in range(rows) for v in range(columns)]

            def step(k: Any, sums: list[Any]) -> list[Any]:
                seen = pointer(context, b, values[7], panel, b.add(start, b.mul(k, wide)), kind)
                term = b.mul(k, along)
                held = [load_at(b, b.gep(seen, [ir.Constant(INT, v)])) for v in range(columns)]
                after = []
                for m in range(rows):
                    number = splatted(b, kind, load_at(b, b.gep(lines[m], [term])))
                    after += [fused(b, number, held[v], sums[m * columns + v]) for v in range(columns)]
                return after

            for (m, v), value in zip(blocks, loop(b, count, [load_at(b, place(m, v)) for m, v in blocks], step), strict=True):
                store_at(b, value, place(m, v))
            return context.get_dummy_value()
        n = types.intp
        return types.void(out, n, n, x, n, n, n, panel, n, n, n), codegen
    return intrinsic(tile)


def _totals(b: Any, sums: list[Any]) -> Any:
    """The sum over the lanes of each of four registers, as one vector of four.

    Neighbours are added within 128 bits, where processors shuffle at once; then these parts are added.
    """
    part = min(FOUR, 128 // (32 if isinstance(sums[0].type.element, ir.FloatType) else 64))

    def neighbours(x: Any, y: Any) -> Any:
        lanes = x.type.count
        pick = [[first + i + odd for first in range(0, lanes, part) for i in (*range(0, part, 2), *range(lanes, lanes + part, 2))]
                for odd in (0, 1)]
        return b.fadd(shuffled(b, x, y, pick[0]), shuffled(b, x, y, pick[1]))

    while len(sums) > FOUR // part:
        sums = [neighbours(sums[i], sums[i + 1]) for i in range(0, len(sums), 2)]
    halved = []
    for x in sums:
        while x.type.count > part:
            half = x.type.count // 2
            x = b.fadd(shuffled(b, x, x, list(range(half))), shuffled(b, x, x, list(range(half, 2 * half))))
        halved.append(x)
    return halved[0] if len(halved) == 1 else shuffled(b, halved[0], halved[1], list(range(FOUR)))


# tile(out, at, line, w, first, x, start, taps, count): for each of ROWS rows m and all lanes of so many registers q,
#     out[at + m * line + q] = sum over k < count of w[first + k * ROWS + m] * x[start + taps[k] + q]
# add_tile: the same with += . one_tile: a single row.
tile3, tile2, tile1 = (_tile_of(ROWS, n, True) for n in (3, 2, 1))
add_tile3, add_tile2, add_tile1 = (_tile_of(ROWS, n, False) for n in (3, 2, 1))
one_tile8, one_tile1 = _tile_of(1, 8, True), _tile_of(1, 1, True)
# dots(out, at, line, g, first, wide, x, start, taps, tap, count): for each of ROWS rows m and so many terms t,
#     out[at + t * line + m] += sum over q < count * lanes of g[first + m * wide + q] * x[start + taps[tap + t] + q]
# one_dots: a single row, and out[at + t].
dots3, dots2, dots1 = (_dots_of(ROWS, n) for n in (3, 2, 1))
one_dots4 = _dots_of(1, 4)
# The same on registers of which every sixteenth is meant: one point of Winograd's tiles.
point_tile3, point_tile2, point_tile1 = (_tile_of(ROWS, n, True, POINTS) for n in (3, 2, 1))
add_point_tile3, add_point_tile2, add_point_tile1 = (_tile_of(ROWS, n, False, POINTS) for n in (3, 2, 1))
point_dots3, point_dots2, point_dots1 = (_dots_of(ROWS, n, POINTS) for n in (3, 2, 1))
# rows_tile(out, at, line, x, first, apart, along, panel, start, wide, count): for each of ROWS rows m and all lanes of so many registers q,
#     out[at + m * line + q] += sum over k < count of x[first + m * apart + k * along] * panel[start + k * wide + q]
# row_tile: a single row.
rows_tile3, rows_tile2 = (_rows_tile_of(ROWS, n) for n in (3, 2))
row_tile8 = _rows_tile_of(1, 8)
