"""Compiled loops of max pooling over 2 x 2 windows that neither overlap nor reach over an edge: the usual ones.

Two rows of a plane are four registers of pixels, each holding one place of LANE windows.
"""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .half import number, put
from .jit import jit, part
from .vectors import BITS, halves, load, pointer, store, zipped

BYTE = ir.IntType(8)
TAPS = 4


def _winners(_: Any, a: Any, b: Any, c: Any, d: Any, taps: Any, at: Any) -> Any:
    """The greatest of four in each lane, the first of equals, NaN before all and the last NaN; which it was to taps[at:]."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        best = values[0]
        kind = ir.VectorType(ir.IntType(32 if isinstance(best.type.element, ir.FloatType) else 64), best.type.count)
        tap = ir.Constant(kind, [0] * kind.count)
        for i in range(1, TAPS):
            value = values[i]
            wins = builder.or_(builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value))
            best = builder.select(wins, value, best)
            tap = builder.select(wins, ir.Constant(kind, [i] * kind.count), tap)
        narrow = builder.trunc(tap, ir.VectorType(BYTE, kind.count))
        builder.store(narrow, pointer(context, builder, values[4], taps, values[5], narrow.type), align=1)
        return best
    return a(a, b, c, d, taps, types.intp), codegen


def _shares(_: Any, g: Any, taps: Any, at: Any) -> Any:
    """g in those lanes of four registers that taps[at:] names, 0 in the others."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        gradient = values[0]
        narrow = ir.VectorType(BYTE, gradient.type.count)
        tap = builder.load(pointer(context, builder, values[1], taps, values[2], narrow), align=1)
        zero = ir.Constant(gradient.type, [0.0] * gradient.type.count)
        shares = [builder.select(builder.icmp_unsigned("==", tap, ir.Constant(narrow, [i] * narrow.count)), gradient, zero)
                  for i in range(TAPS)]
        return context.make_tuple(builder, signature.return_type, shares)
    return types.UniTuple(g, TAPS)(g, taps, types.intp), codegen       # type: ignore[no-untyped-call]


winners: Any = intrinsic(_winners)
shares: Any = intrinsic(_shares)


@part(forceinline=True)
def _lanes(x: Any) -> int:
    """Numbers per register, in which float16 is float32."""
    return BITS // 8 // max(4, x.itemsize)


@jit
def largest(y: Any, k: Any, x: Any, rows: int, columns: int, width: int, height: int, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes: y, k (planes * rows * columns) from x (planes * height * width), all flat."""
    lanes = _lanes(x)
    for n in range(units * t // threads, units * (t + 1) // threads):
        i = 0
        while i < rows:
            top, to = (n * height + 2 * i) * width, (n * rows + i) * columns
            if 2 * columns == lanes and i + 1 < rows:                        # two rows of windows fill a register
                _windows(y, k, x, top, top + 2 * width, width, to)
                i += 2
                continue
            for j in range(0, columns - lanes + 1, lanes):
                _windows(y, k, x, top + 2 * j, top + 2 * j + lanes, width, to + j)
            if columns < lanes:
                for j in range(columns):
                    _window(y, k, x, top + 2 * j, width, to + j)
            elif columns % lanes:                                            # the last register overlaps the one before
                j = columns - lanes
                _windows(y, k, x, top + 2 * j, top + 2 * j + lanes, width, to + j)
            i += 1


@part(forceinline=True)
def _windows(y: Any, k: Any, x: Any, first: int, second: int, width: int, to: int) -> None:
    """A register of windows: half of their pixels start at `first`, the others at `second`, and one row below."""
    a, b = halves(load(x, first), load(x, second))
    c, d = halves(load(x, first + width), load(x, second + width))
    store(y, to, winners(a, b, c, d, k, to))


@part(forceinline=True)
def _window(y: Any, k: Any, x: Any, first: int, width: int, to: int) -> None:
    best, tap = number(x, first), 0
    for i in range(1, TAPS):
        value = number(x, first + (i & 1) + (i >> 1) * width)
        if value > best or value != value:
            best, tap = value, i
    put(y, to, best)
    k[to] = tap


@jit
def spread(dx: Any, g: Any, k: Any, rows: int, columns: int, width: int, height: int, units: int, threads: int, t: int) -> None:
    """Thread t's share of the planes: the adjoint of largest."""
    lanes = _lanes(g)
    for n in range(units * t // threads, units * (t + 1) // threads):
        i = 0
        while i < rows:
            top, to = (n * height + 2 * i) * width, (n * rows + i) * columns
            if 2 * columns == lanes == width and i + 1 < rows:
                _gradients(dx, g, k, top, top + 2 * width, width, to)
                i += 2
                continue
            for j in range(0, columns - lanes + 1, lanes):
                _gradients(dx, g, k, top + 2 * j, top + 2 * j + lanes, width, to + j)
            if columns < lanes:
                for j in range(columns):
                    for tap in range(TAPS):
                        dx[top + 2 * j + (tap & 1) + (tap >> 1) * width] = g[to + j] if k[to + j] == tap else g.dtype.type(0)
            elif columns % lanes:
                j = columns - lanes
                _gradients(dx, g, k, top + 2 * j, top + 2 * j + lanes, width, to + j)
            for j in range(2 * columns, width):
                dx[top + j] = dx[top + width + j] = 0
            i += 1
        for j in range((n * height + 2 * rows) * width, (n + 1) * height * width):
            dx[j] = 0


@part(forceinline=True)
def _gradients(dx: Any, g: Any, k: Any, first: int, second: int, width: int, to: int) -> None:
    a, b, c, d = shares(load(g, to), k, to)
    left, right = zipped(a, b)
    store(dx, first, left)
    store(dx, second, right)
    left, right = zipped(c, d)
    store(dx, first + width, left)
    store(dx, second + width, right)
