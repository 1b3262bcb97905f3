"""Vector registers as values in compiled kernels, and the two micro-kernels that all matrix work is made of.

LLVM vectorises simple loops by itself. It does not keep a block of sums in registers over a long loop, nor take a
vector apart into its even and odd lanes when it should: these are written here. A register holds LANES[dtype] numbers:

    a = load(x, i)                  # x[i], x[i + 1], ...
    store(y, j, fma(a, b, c))       # y[j], y[j + 1], ... = a * b + c

Arrays are flat; positions count elements; nothing is checked. Micro-kernels are `tile` and `dots`.
"""
from __future__ import annotations

import operator
import os
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

from ...errors import ArgumentError

INT = ir.IntType(64)
SHUFFLE = ir.IntType(32)


# The machine ----------------------------------------------------------------------------------------------------------

def _host() -> tuple[int, bool]:
    """Bits of a vector register, and whether the processor multiplies and adds in one step."""
    features = llvm.get_host_cpu_features()
    arm = llvm.get_process_triple().startswith(("aarch64", "arm64"))
    widest = 512 if features.get("avx512f") else 256 if features.get("avx") else 128
    wanted = os.environ.get("MINIGRAD_VECTOR_BITS", "")
    if wanted not in ("", "128", "256", "512") or int(wanted or 0) > widest:
        raise ArgumentError(f"MINIGRAD_VECTOR_BITS: 128, 256 or 512, and no more than this processor has ({widest}); got {wanted!r}")
    return int(wanted or widest), arm or bool(features.get("fma"))


BITS, FUSED = _host()
LANES = {"f": BITS // 32, "d": BITS // 64}
# Sums that fit the registers (32 of 512 bits, 16 of the others) beside one vector of each column and one broadcast number.
ROWS, COLUMNS = (8, 3) if BITS == 512 else (4, 3)
POINTS = 16              # of a tile of Winograd's convolution
FOUR = 4                 # horizontal sums are made of so many registers at a time


# Values ---------------------------------------------------------------------------------------------------------------

class Vector(types.Type):                        # type: ignore[misc]
    """The type of a register full of float32 or float64 (or of what a comparison of these gives)."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype} x {lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):        # type: ignore[misc]
    """A Vector is an LLVM vector."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(_element(kind.dtype), kind.lanes))


def _element(dtype: Any) -> Any:
    return {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[dtype]


def _vector(dtype: Any) -> Vector:
    return Vector(dtype, LANES["f" if dtype == types.float32 else "d"])


def pointer(context: Any, b: Any, array: Any, kind: Any, index: Any, to: Any) -> Any:
    """Where element `index` of a flat array lies, as a pointer to `to`."""
    data = context.make_array(kind)(context, b, array).data
    return b.bitcast(b.gep(data, [index]), to.as_pointer())


def _load(b: Any, pointer: Any) -> Any:
    """Without a stated alignment LLVM would expect the vector's own, which no array promises."""
    element = pointer.type.pointee
    element = element.element if isinstance(element, ir.VectorType) else element
    return b.load(pointer, align=4 if isinstance(element, ir.FloatType) else 8)


def _store(b: Any, value: Any, pointer: Any) -> None:
    b.store(value, pointer, align=4 if isinstance(value.type.element, ir.FloatType) else 8)


def _splat(b: Any, kind: Any, number: Any) -> Any:
    undefined = ir.Constant(kind, ir.Undefined)
    first = b.insert_element(undefined, number, ir.Constant(SHUFFLE, 0))
    return b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(SHUFFLE, kind.count), [0] * kind.count))


def _shuffled(b: Any, x: Any, y: Any, lanes: list[int]) -> Any:
    """Lanes of x and, from its length on, of y."""
    return b.shuffle_vector(x, y, ir.Constant(ir.VectorType(SHUFFLE, len(lanes)), lanes))


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z; as two steps where one would be a call into the C library."""
    if not FUSED:
        return b.fadd(b.fmul(x, y), z)
    name = f"llvm.fma.v{x.type.count}f{32 if isinstance(x.type.element, ir.FloatType) else 64}"
    return b.call(cgutils.get_or_insert_function(b.module, ir.FunctionType(x.type, [x.type] * 3), name), [x, y, z])


def _made_by(build: Any, *, result: Any = None) -> Any:
    """An intrinsic of vectors alone, from build(builder, *vectors)."""
    def function(_: Any, *kinds: Any) -> Any:
        returns = result(kinds[0]) if result else kinds[0]

        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            made = build(b, *values)
            return context.make_tuple(b, signature.return_type, made) if isinstance(made, tuple) else made
        return returns(*kinds), codegen
    return function


def _load_vector(_: Any, array: Any, index: Any) -> Any:
    """The register that starts at array[index]."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        return _load(b, pointer(context, b, values[0], array, values[1], kind))
    return _vector(array.dtype)(array, types.intp), codegen


def _load_halves(_: Any, array: Any, low: Any, high: Any) -> Any:
    """Half a register from array[low] on, and half from array[high] on."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        half = ir.VectorType(kind.element, kind.count // 2)
        parts = [_load(b, pointer(context, b, values[0], array, values[i], half)) for i in (1, 2)]
        return _shuffled(b, *parts, list(range(kind.count)))
    return _vector(array.dtype)(array, types.intp, types.intp), codegen


def _store_vector(_: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index], array[index + 1], ... = value"""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        _store(b, values[2], pointer(context, b, values[0], array, values[1], values[2].type))
        return context.get_dummy_value()
    return types.void(array, types.intp, value), codegen


def _splat_number(_: Any, number: Any) -> Any:
    """The same number in all lanes."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        return _splat(b, context.get_value_type(signature.return_type), values[0])
    return _vector(number)(number), codegen


load: Any = intrinsic(_load_vector)
load_halves: Any = intrinsic(_load_halves)
store: Any = intrinsic(_store_vector)
splat: Any = intrinsic(_splat_number)


@intrinsic                                       # type: ignore[misc]
def fma(_: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z"""
    return _made_by(_fma)(_, x, y, z)


@intrinsic                                       # type: ignore[misc]
def greater(_: Any, x: Any, y: Any) -> Any:
    """The greater of x and y in each lane; x where either is NaN."""
    return _made_by(lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), y, x))(_, x, y)


@intrinsic                                       # type: ignore[misc]
def halves(_: Any, x: Any, y: Any) -> Any:
    """Of x followed by y: the lanes in even places, and those in odd places."""
    def build(b: Any, x: Any, y: Any) -> Any:
        lanes = x.type.count
        return tuple(_shuffled(b, x, y, list(range(start, 2 * lanes, 2))) for start in (0, 1))
    return _made_by(build, result=lambda kind: types.UniTuple(kind, 2))(_, x, y)


@intrinsic                                       # type: ignore[misc]
def zipped(_: Any, x: Any, y: Any) -> Any:
    """x[0], y[0], x[1], y[1], ...: two registers, the inverse of `halves`."""
    def build(b: Any, x: Any, y: Any) -> Any:
        lanes = x.type.count
        order = [place for pair in zip(range(lanes), range(lanes, 2 * lanes), strict=True) for place in pair]
        return _shuffled(b, x, y, order[:lanes]), _shuffled(b, x, y, order[lanes:])
    return _made_by(build, result=lambda kind: types.UniTuple(kind, 2))(_, x, y)


def _part_row(_: Any, planes: Any, at: Any, span: Any, x: Any, first: Any, count: Any) -> Any:
    """The even ones of 2 * count numbers of x to planes[at], the odd ones to planes[at + span]; count registers of each."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        at, span, first, count = (values[i] for i in (1, 2, 4, 5))
        kind = ir.VectorType(_element(x.dtype), _vector(x.dtype).lanes)
        source = pointer(context, b, values[3], x, first, kind)
        even, odd = (pointer(context, b, values[0], planes, place, kind) for place in (at, b.add(at, span)))
        lanes = [list(range(start, 2 * kind.count, 2)) for start in (0, 1)]

        def step(i: Any, _: list[Any]) -> list[Any]:
            pair = b.shl(i, ir.Constant(INT, 1))
            low, high = (_load(b, b.gep(source, [b.add(pair, ir.Constant(INT, n))])) for n in (0, 1))
            for to, chosen in zip((even, odd), lanes):
                _store(b, _shuffled(b, low, high, chosen), b.gep(to, [i]))
            return []

        _loop(b, count, [], step, short=True)
        return context.get_dummy_value()
    n = types.intp
    return types.void(planes, n, n, x, n, n), codegen


def _arithmetic(function: Any, instruction: str) -> None:
    """x + y, x - y and x * y of vectors."""
    @type_callable(function)                     # type: ignore[misc]
    def kind_of(_: Any) -> Any:
        return lambda x, y: x if isinstance(x, Vector) and x == y else None

    @lower_builtin(function, Vector, Vector)     # type: ignore[misc]
    def lower(context: Any, b: Any, signature: Any, values: Any) -> Any:
        return getattr(b, instruction)(*values)


for _function, _instruction in (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"):
    _arithmetic(_function, _instruction)


def _row(change: Any) -> Any:
    """to[at + i] = change(x[first + i], *numbers) for i < count, at least a register; the last one overlaps the one before."""
    def row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any, *numbers: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            lanes = _vector(x.dtype).lanes
            kind = ir.VectorType(_element(x.dtype), lanes)
            spread = [_splat(b, kind, number) for number in values[5:]]

            def move(place: Any) -> None:
                value = _load(b, pointer(context, b, values[2], x, b.add(values[3], place), kind))
                _store(b, change(b, value, *spread), pointer(context, b, values[0], to, b.add(values[1], place), kind))

            def step(i: Any, _: list[Any]) -> list[Any]:
                move(b.mul(i, ir.Constant(INT, lanes)))
                return []

            _loop(b, b.sdiv(values[4], ir.Constant(INT, lanes)), [], step, short=True)
            move(b.sub(values[4], ir.Constant(INT, lanes)))
            return context.get_dummy_value()
        n = types.intp
        return types.void(to, n, x, n, n, *numbers), codegen
    return row


def _raised(b: Any, x: Any, shift: Any, low: Any) -> Any:
    """x + shift, but at least low; NaN stays."""
    y = b.fadd(x, shift)
    return b.select(b.fcmp_ordered("<", y, low), low, y)


part_row: Any = intrinsic(_part_row)
_copy_row = _row(lambda b, x: x)
_raise_row = _row(_raised)


@intrinsic                                       # type: ignore[misc]
def copy_row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any) -> Any:
    """to[at + i] = x[first + i]; count: a register's lanes at least."""
    return _copy_row(_, to, at, x, first, count)


@intrinsic                                       # type: ignore[misc]
def raise_row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any, shift: Any, low: Any) -> Any:
    """to[at + i] = x[first + i] + shift, but at least low; count: a register's lanes at least."""
    return _raise_row(_, to, at, x, first, count, shift, low)


# Micro-kernels --------------------------------------------------------------------------------------------------------

def _loop(b: Any, count: Any, start: list[Any], step: Any, short: bool = False) -> list[Any]:
    """start -> step(i, values) for i = 0 .. count - 1 (at least once), the values staying in registers.

    A short loop is not unrolled: what that adds before and behind it would cost more.
    """
    before, loop, done = b.block, b.append_basic_block("loop"), b.append_basic_block("done")
    b.branch(loop)
    b.position_at_end(loop)
    i = b.phi(INT)
    values = [b.phi(value.type) for value in start]
    after = step(i, values)
    following = b.add(i, ir.Constant(INT, 1))
    for phi, first, again in zip([i, *values], [ir.Constant(INT, 0), *start], [following, *after], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(again, loop)
    back = b.cbranch(b.icmp_signed("<", following, count), loop, done)
    if short:
        flag = b.module.add_metadata([ir.MetaDataString(b.module, "llvm.loop.unroll.disable")])
        name = b.module.add_metadata([flag, ir.Constant(INT, len(b.module.metadata))])      # the number keeps it apart from others
        name.operands = (name, flag)                 # a loop's name begins with itself
        back.set_metadata("llvm.loop", name)
    b.position_at_end(done)
    return after


def _tile_of(rows: int, columns: int, fresh: bool, apart: int = 1) -> Any:
    """An intrinsic for a block of rows x columns registers of sums; in memory these are so many registers apart."""
    def tile(_: Any, out: Any, at: Any, line: Any, w: Any, first: Any, x: Any, start: Any, taps: Any, count: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            at, line, first, start, count = (values[i] for i in (1, 2, 4, 6, 8))
            lanes = _vector(out.dtype).lanes
            kind = ir.VectorType(_element(out.dtype), lanes)

            def place(row: int, column: int) -> Any:
                position = b.add(b.add(at, b.mul(line, ir.Constant(INT, row))), ir.Constant(INT, column * apart * lanes))
                return pointer(context, b, values[0], out, position, kind)

            blocks = [(m, v) for m in range(rows) for v in range(columns)]
            sums = [ir.Constant(kind, [0.0] * lanes) if fresh else _load(b, place(m, v)) for m, v in blocks]

            def step(k: Any, sums: list[Any]) -> list[Any]:
                tap = b.load(pointer(context, b, values[7], taps, k, INT), align=8)
                seen = pointer(context, b, values[5], x, b.add(start, tap), kind)
                pixels = [_load(b, b.gep(seen, [ir.Constant(INT, v * apart)])) for v in range(columns)]
                weights = pointer(context, b, values[3], w, b.add(first, b.mul(k, ir.Constant(INT, rows))), kind.element)
                after = []
                for m in range(rows):
                    weight = _splat(b, kind, _load(b, b.gep(weights, [ir.Constant(INT, m)])))
                    after += [_fma(b, weight, pixels[v], sums[m * columns + v]) for v in range(columns)]
                return after

            for (m, v), value in zip(blocks, _loop(b, count, sums, step), strict=True):
                _store(b, value, place(m, v))
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
            lanes = _vector(out.dtype).lanes
            kind = ir.VectorType(_element(out.dtype), lanes)
            left = [pointer(context, b, values[3], g, b.add(first, b.mul(wide, ir.Constant(INT, m))), kind) for m in range(rows)]
            right = []
            for t in range(terms):
                offset = b.load(pointer(context, b, values[8], taps, b.add(tap, ir.Constant(INT, t)), INT), align=8)
                right.append(pointer(context, b, values[6], x, b.add(start, offset), kind))

            def step(i: Any, sums: list[Any]) -> list[Any]:
                q = b.mul(i, ir.Constant(INT, apart))
                # The shorter side is held in registers, the other passes by.
                held = [_load(b, b.gep(pointer, [q])) for pointer in right]
                after = []
                for m in range(rows):
                    passing = _load(b, b.gep(left[m], [q]))
                    after += [_fma(b, passing, held[t], sums[m * terms + t]) for t in range(terms)]
                return after

            zero = ir.Constant(kind, [0.0] * lanes)
            sums = _loop(b, count, [zero] * (rows * terms), step)
            flat = [sums[m * terms + t] for t in range(terms) for m in range(rows)]
            for i in range(0, len(flat), FOUR):
                totals = _totals(b, flat[i:i + FOUR])
                t, m = divmod(i, rows)                   # with one row its terms follow each other
                place = b.add(b.add(at, b.mul(line, ir.Constant(INT, t if rows > 1 else 0))), ir.Constant(INT, m if rows > 1 else i))
                sum_place = pointer(context, b, values[0], out, place, totals.type)
                _store(b, b.fadd(_load(b, sum_place), totals), sum_place)
            return context.get_dummy_value()
        n = types.intp
        return types.void(out, n, n, g, n, n, x, n, taps, n, n), codegen
    return intrinsic(dots)


def _totals(b: Any, sums: list[Any]) -> Any:
    """The sum over the lanes of each of four registers, as one vector of four.

    Neighbours are added within 128 bits, where processors shuffle at once; then these parts are added.
    """
    part = min(FOUR, 128 // (32 if isinstance(sums[0].type.element, ir.FloatType) else 64))

    def neighbours(x: Any, y: Any) -> Any:
        lanes = x.type.count
        pick = [[first + i + odd for first in range(0, lanes, part) for i in (*range(0, part, 2), *range(lanes, lanes + part, 2))]
                for odd in (0, 1)]
        return b.fadd(_shuffled(b, x, y, pick[0]), _shuffled(b, x, y, pick[1]))

    while len(sums) > FOUR // part:
        sums = [neighbours(sums[i], sums[i + 1]) for i in range(0, len(sums), 2)]
    halved = []
    for x in sums:
        while x.type.count > part:
            half = x.type.count // 2
            x = b.fadd(_shuffled(b, x, x, list(range(half))), _shuffled(b, x, x, list(range(half, 2 * half))))
        halved.append(x)
    return halved[0] if len(halved) == 1 else _shuffled(b, halved[0], halved[1], list(range(FOUR)))


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
