"""Vector registers as values in compiled kernels.

LLVM vectorises simple loops by itself. It does not take a vector apart into its even and odd lanes when it should, nor
keep a block of sums in registers over a long loop: these are written here and in microkernels.py. A register holds
LANES[dtype] numbers:

    a = load(x, i)                  # x[i], x[i + 1], ...
    store(y, j, fma(a, b, c))       # y[j], y[j + 1], ... = a * b + c

Arrays are flat; positions count elements; nothing is checked. An array of uint16 holds the bits of float16 numbers (half.py), which
are float32 in a register: loads and stores convert.
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
ALIGNMENT = {ir.HalfType: 2, ir.FloatType: 4, ir.DoubleType: 8}


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


# Values ---------------------------------------------------------------------------------------------------------------

class Vector(types.Type):
    """The type of a register full of float32 or float64 (or of what a comparison of these gives)."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype} x {lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """A Vector is an LLVM vector."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, ir.VectorType(element(kind.dtype), kind.lanes))   # type: ignore[no-untyped-call]


def element(dtype: Any) -> Any:
    return {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[dtype]


def in_memory(dtype: Any) -> Any:
    """What an array's element is in memory: of uint16, a float16."""
    return ir.HalfType() if dtype == types.uint16 else element(dtype)


def vector_of(dtype: Any) -> Vector:
    return Vector(types.float64, LANES["d"]) if dtype == types.float64 else Vector(types.float32, LANES["f"])


def pointer(context: Any, b: Any, array: Any, kind: Any, index: Any, to: Any) -> Any:
    """Where element `index` of a flat array lies, as a pointer to `to`."""
    data = context.make_array(kind)(context, b, array).data
    return b.bitcast(b.gep(data, [index]), to.as_pointer())


def load_at(b: Any, pointer: Any) -> Any:
    """Without a stated alignment LLVM would expect the vector's own, which no array promises."""
    kind = pointer.type.pointee
    value = b.load(pointer, align=ALIGNMENT[type(getattr(kind, "element", kind))])
    return b.fpext(value, ir.VectorType(ir.FloatType(), kind.count)) if type(getattr(kind, "element", kind)) is ir.HalfType else value


def store_at(b: Any, value: Any, pointer: Any) -> None:
    kind = pointer.type.pointee
    b.store(b.fptrunc(value, kind) if isinstance(kind.element, ir.HalfType) else value, pointer, align=ALIGNMENT[type(kind.element)])


def splatted(b: Any, kind: Any, number: Any) -> Any:
    undefined = ir.Constant(kind, ir.Undefined)
    first = b.insert_element(undefined, number, ir.Constant(SHUFFLE, 0))
    return b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(SHUFFLE, kind.count), [0] * kind.count))


def shuffled(b: Any, x: Any, y: Any, lanes: list[int]) -> Any:
    """Lanes of x and, from its length on, of y."""
    return b.shuffle_vector(x, y, ir.Constant(ir.VectorType(SHUFFLE, len(lanes)), lanes))


def fused(b: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z; as two steps where one would be a call into the C library."""
    if not FUSED:
        return b.fadd(b.fmul(x, y), z)
    name = f"llvm.fma.v{x.type.count}f{32 if isinstance(x.type.element, ir.FloatType) else 64}"
    function = cgutils.get_or_insert_function(b.module, ir.FunctionType(x.type, [x.type] * 3), name)   # type: ignore[no-untyped-call]
    return b.call(function, [x, y, z])


def made_by(build: Any, *, result: Any = None) -> Any:
    """An intrinsic of vectors alone, from build(builder, *vectors)."""
    def function(_: Any, *kinds: Any) -> Any:
        returns = result(kinds[0]) if result else kinds[0]

        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            made = build(b, *values)
            return context.make_tuple(b, signature.return_type, made) if isinstance(made, tuple) else made
        return returns(*kinds), codegen
    return function


def _pair(kind: Any) -> Any:
    return types.UniTuple(kind, 2)                   # type: ignore[no-untyped-call]


def _load_vector(_: Any, array: Any, index: Any) -> Any:
    """The register that starts at array[index]."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kind = ir.VectorType(in_memory(array.dtype), signature.return_type.lanes)
        return load_at(b, pointer(context, b, values[0], array, values[1], kind))
    return vector_of(array.dtype)(array, types.intp), codegen


def _load_halves(_: Any, array: Any, low: Any, high: Any) -> Any:
    """Half a register from array[low] on, and half from array[high] on."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        half = ir.VectorType(in_memory(array.dtype), kind.count // 2)
        first, second = (load_at(b, pointer(context, b, values[0], array, values[i], half)) for i in (1, 2))
        return shuffled(b, first, second, list(range(kind.count)))
    return vector_of(array.dtype)(array, types.intp, types.intp), codegen


def _store_vector(_: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index], array[index + 1], ... = value"""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kind = ir.VectorType(in_memory(array.dtype), value.lanes)
        store_at(b, values[2], pointer(context, b, values[0], array, values[1], kind))
        return context.get_dummy_value()
    return types.void(array, types.intp, value), codegen


def _prefetch(_: Any, array: Any, index: Any) -> Any:
    """Ask for array[index], which will be read soon, to be brought into the caches; nothing waits for it."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        word, place = ir.IntType(32), pointer(context, b, values[0], array, values[1], ir.IntType(8))
        kinds = [place.type, word, word, word]
        function = cgutils.get_or_insert_function(b.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0")   # type: ignore[no-untyped-call]
        b.call(function, [place, *(ir.Constant(word, n) for n in (0, 2, 1))])        # to read; into the second level; data
        return context.get_dummy_value()
    return types.void(array, types.intp), codegen


def _splat_number(_: Any, number: Any) -> Any:
    """The same number in all lanes."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        return splatted(b, context.get_value_type(signature.return_type), values[0])
    return vector_of(number)(number), codegen


load: Any = intrinsic(_load_vector)
load_halves: Any = intrinsic(_load_halves)
store: Any = intrinsic(_store_vector)
prefetch: Any = intrinsic(_prefetch)
splat: Any = intrinsic(_splat_number)


def _fma(_: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z"""
    return made_by(fused)(_, x, y, z)


def _greater(_: Any, x: Any, y: Any) -> Any:
    """The greater of x and y in each lane; x where either is NaN."""
    return made_by(lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), y, x))(_, x, y)


def _halves(_: Any, x: Any, y: Any) -> Any:
    """Of x followed by y: the lanes in even places, and those in odd places."""
    def build(b: Any, x: Any, y: Any) -> Any:
        lanes = x.type.count
        return tuple(shuffled(b, x, y, list(range(start, 2 * lanes, 2))) for start in (0, 1))
    return made_by(build, result=_pair)(_, x, y)


def _zipped(_: Any, x: Any, y: Any) -> Any:
    """x[0], y[0], x[1], y[1], ...: two registers, the inverse of `halves`."""
    def build(b: Any, x: Any, y: Any) -> Any:
        lanes = x.type.count
        order = [place for pair in zip(range(lanes), range(lanes, 2 * lanes), strict=True) for place in pair]
        return shuffled(b, x, y, order[:lanes]), shuffled(b, x, y, order[lanes:])
    return made_by(build, result=_pair)(_, x, y)


def loop(b: Any, count: Any, start: list[Any], step: Any, short: bool = False) -> list[Any]:
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


def _part_row(_: Any, planes: Any, at: Any, span: Any, x: Any, first: Any, count: Any) -> Any:
    """The even ones of 2 * count numbers of x to planes[at], the odd ones to planes[at + span]; count registers of each."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        at, span, first, count = (values[i] for i in (1, 2, 4, 5))
        kind, to = (ir.VectorType(in_memory(a.dtype), vector_of(a.dtype).lanes) for a in (x, planes))
        source = pointer(context, b, values[3], x, first, kind)
        even, odd = (pointer(context, b, values[0], planes, place, to) for place in (at, b.add(at, span)))
        lanes = [list(range(start, 2 * kind.count, 2)) for start in (0, 1)]

        def step(i: Any, _: list[Any]) -> list[Any]:
            pair = b.shl(i, ir.Constant(INT, 1))
            low, high = (load_at(b, b.gep(source, [b.add(pair, ir.Constant(INT, n))])) for n in (0, 1))
            for line, chosen in zip((even, odd), lanes):
                store_at(b, shuffled(b, low, high, chosen), b.gep(line, [i]))
            return []

        loop(b, count, [], step, short=True)
        return context.get_dummy_value()
    n = types.intp
    return types.void(planes, n, n, x, n, n), codegen


def _arithmetic(function: Any, instruction: str) -> None:
    """x + y, x - y and x * y of vectors."""
    @type_callable(function)
    def kind_of(_: Any) -> Any:
        return lambda x, y: x if isinstance(x, Vector) and x == y else None

    @lower_builtin(function, Vector, Vector)         # type: ignore[no-untyped-call, untyped-decorator]
    def lower(context: Any, b: Any, signature: Any, values: Any) -> Any:
        return getattr(b, instruction)(*values)


for _function, _instruction in (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"):
    _arithmetic(_function, _instruction)


def _row(change: Any) -> Any:
    """to[at + i] = change(x[first + i], *numbers) for i < count, at least a register; the last one overlaps the one before."""
    def row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any, *numbers: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
            lanes = vector_of(x.dtype).lanes
            source, target = (ir.VectorType(in_memory(a.dtype), lanes) for a in (x, to))
            spread = [splatted(b, ir.VectorType(number.type, lanes), number) for number in values[5:]]

            def move(place: Any) -> None:
                value = load_at(b, pointer(context, b, values[2], x, b.add(values[3], place), source))
                store_at(b, change(b, value, *spread), pointer(context, b, values[0], to, b.add(values[1], place), target))

            def step(i: Any, _: list[Any]) -> list[Any]:
                move(b.mul(i, ir.Constant(INT, lanes)))
                return []

            loop(b, b.sdiv(values[4], ir.Constant(INT, lanes)), [], step, short=True)
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
_copied = _row(lambda b, x: x)
_raised_row = _row(_raised)


def _copy_row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any) -> Any:
    """to[at + i] = x[first + i]; count: a register's lanes at least."""
    return _copied(_, to, at, x, first, count)


def _raise_row(_: Any, to: Any, at: Any, x: Any, first: Any, count: Any, shift: Any, low: Any) -> Any:
    """to[at + i] = x[first + i] + shift, but at least low; count: a register's lanes at least."""
    return _raised_row(_, to, at, x, first, count, shift, low)


fma: Any = intrinsic(_fma)
greater: Any = intrinsic(_greater)
halves: Any = intrinsic(_halves)
zipped: Any = intrinsic(_zipped)
copy_row: Any = intrinsic(_copy_row)
raise_row: Any = intrinsic(_raise_row)
