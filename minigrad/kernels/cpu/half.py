"""float16 on the CPU: 16 bits in memory, float32 in registers.

Processors convert eight or sixteen numbers at a time (x86 since 2012, F16C; ARM always); NumPy does it one by one, and computes
with float16 in the same way. Numba knows no float16: kernels get such an array as `bits`, uint16, read it by `number` and write
it by `put`, which take float32 arrays (and masks) as they are. So one loop is compiled for both.
"""
from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..reference import Array
from .jit import jit, run
from .threads import threads_for

# Whether the processor converts; else LLVM would call a function for each number.
FAST = bool(llvm.get_host_cpu_features().get("f16c")) or llvm.get_process_triple().startswith(("aarch64", "arm64"))
FLOPS = 2                # what converting a number is worth


def bits(x: Array) -> Array:
    """A float16 array as kernels see it; any other as it is."""
    return x.view(np.uint16) if x.dtype == np.float16 else x


def convert(x: Array, dtype: Any) -> Array:
    """x.astype(dtype); between float16 and float32 by registers."""
    if not FAST or x.dtype.char + dtype.char not in ("ef", "fe"):
        return x.astype(dtype)
    x = np.ascontiguousarray(x)
    out = np.empty(x.shape, dtype)
    source = bits(x if x.flags.writeable else x.copy()).reshape(-1)
    run(copy, threads_for(FLOPS * x.size), x.size, bits(out).reshape(-1), source)
    return out


def working(x: Array) -> Array:
    """float16 is computed in float32 and rounded once at the end."""
    return convert(x, np.dtype("f4")) if x.dtype.char == "e" else x


def plain(x: Array) -> Array:
    """x C-contiguous and writeable, float16 as float32, so that each kernel is compiled for one layout per dtype."""
    if x.flags.carray and x.dtype.char != "e":       # as most are
        return x
    x = np.ascontiguousarray(working(x))
    return x if x.flags.writeable else x.copy()


def seen(x: Array) -> Array:
    """x C-contiguous and writeable, float16 as bits: for kernels that convert as they load."""
    if x.flags.carray and x.dtype.char != "e":
        return x
    x = np.ascontiguousarray(x if FAST else working(x))
    return bits(x if x.flags.writeable else x.copy())


def numbers(x: Array) -> Array:
    """The float16 array whose bits these are; any other as it is."""
    return x.view(np.float16) if x.dtype.char == "H" else x


def like(y: Array, x: Array) -> Array:
    """y in x's dtype."""
    return y if y.dtype == x.dtype else convert(y, x.dtype)


# In kernels ------------------------------------------------------------------------------------------------------------

def _number(_: Any, x: Any, i: Any) -> Any:
    """x[i], where x is flat and i counts from its start; of bits, the float32 that they stand for."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(x)(context, b, values[0])
        value = context.unpack_value(b, x.dtype, b.gep(array.data, [values[1]]))
        return b.fpext(b.bitcast(value, ir.HalfType()), ir.FloatType()) if x.dtype == types.uint16 else value
    return (types.float32 if x.dtype == types.uint16 else x.dtype)(x, types.uint64), codegen


def _put(_: Any, x: Any, i: Any, value: Any) -> Any:
    """x[i] = value, which is a float32 where x is of float32 or bits."""
    def codegen(context: Any, b: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(x)(context, b, values[0])
        number = values[2]
        if x.dtype == types.uint16:
            number = b.bitcast(b.fptrunc(number, ir.HalfType()), ir.IntType(16))
        context.pack_value(b, x.dtype, number, b.gep(array.data, [values[1]]))
        return context.get_dummy_value()
    return types.void(x, types.uint64, types.float32 if x.dtype == types.uint16 else x.dtype), codegen


number: Any = intrinsic(_number)
put: Any = intrinsic(_put)


@jit
def copy(out: Any, x: Any, units: int, threads: int, t: int) -> None:
    """Thread t's share of out = x."""
    for i in range(units * t // threads, units * (t + 1) // threads):
        put(out, i, number(x, i))
