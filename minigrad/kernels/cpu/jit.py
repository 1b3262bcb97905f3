"""The one place where Numba is first imported: how kernels are compiled, kept, and run on several threads.

A kernel is a serial function that does one thread's share: `kernel(*arguments, units, threads, t)`. `run` calls it once,
or once for every t in a parallel region; there is a single region in all of minigrad, so kernels are compiled without
one. What is compiled is kept on disk (cache.py); a kernel's helpers may stand in other files of this package.
"""
from __future__ import annotations

import gc
import hashlib
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload

import numba
import numpy as np
from llvmlite import ir
from numba import int64, prange, types
from numba.core import cgutils, event
from numba.extending import intrinsic
from numba.np.ufunc import parallel
from numba.np.ufunc.parallel import threading_layer

from .cache import Kept, tell, values_in

# OpenMP first: it starts a region in 2 us and takes calls from several threads; workqueue does neither.
if "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
    numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]   # type: ignore[attr-defined]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_addresses: dict[tuple[Any, ...], int] = {}
_one_at_a_time = threading.Lock()


# Sums may be fused with products; nothing else about floating point is relaxed unless a kernel asks for it.
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}


@overload
def jit(function: Kernel) -> Kernel: ...
@overload
def jit(**options: Any) -> Callable[[Kernel], Kernel]: ...
def jit(function: Kernel | None = None, **options: Any) -> Any:
    """Compile a kernel at its first call with each set of types; the result is kept on disk."""
    def compile_late(function: Kernel) -> Any:
        kernel = numba.njit(**(_OPTIONS | options))(distinct(function))
        kernel._cache = Kept(function)
        return kernel

    return compile_late if function is None else compile_late(function)


@overload
def part(function: Kernel) -> Kernel: ...
@overload
def part(**options: Any) -> Callable[[Kernel], Kernel]: ...
def part(function: Kernel | None = None, **options: Any) -> Any:
    """A function that kernels call: compiled into them, with no entry from Python and no file of its own on disk."""
    def compile_late(function: Kernel) -> Any:
        return numba.njit(**(_OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True} | options))(distinct(function))

    return compile_late if function is None else compile_late(function)


def distinct(function: Kernel) -> Kernel:
    """The function, with a name of its own if it was made inside another.

    Numba tells machine code by a function's qualified name and a count of this process. Loops made of one function have one name, and
    where they were compiled in two processes perhaps one count: loaded together, one would be taken for the other.
    """
    if "<locals>" in function.__qualname__:
        made_of = hashlib.sha256(repr(list(values_in(function))).encode()).hexdigest()[:16]
        function.__qualname__ += f".{function.__name__}_{made_of}"
    return function


def run(kernel: Callable[..., Any], threads: int, units: int, *args: Any) -> None:
    """Do `units` of work on so many threads.

    `kernel(*args, units, threads, t)` does the share of thread t: units * t // threads up to units * (t + 1) // threads.
    """
    threads = min(threads, units)
    if threads <= 1:
        kernel(*args, units, 1, 0)
        return
    kinds = [(a.dtype, a.ndim, a.flags.num) if type(a) is np.ndarray else type(a) for a in args]
    address = _addresses.get((kernel, *kinds)) or _address((kernel, *kinds), args)
    start, one_at_a_time = _region()
    if one_at_a_time:
        with _one_at_a_time:
            launch(start, address, *args, units, threads)
    else:
        launch(start, address, *args, units, threads)


# The parallel region ---------------------------------------------------------------------------------------------------
# run -> launch, compiled for each set of argument types: puts the arguments into a block of memory
#     -> region, compiled once: for every t, calls what launch gave it with the block and t
#     -> that takes the arguments out of the block again and calls the kernel with them and t.
# They know each other by address only. A function that called another by name would contain, and compile, all of it.

def _call_address(_: Any, address: Any, args: Any) -> Any:
    """Call the compiled function at this address with a tuple of arguments; it returns nothing."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in args.types]
        function = ir.FunctionType(context.get_value_type(types.none), kinds).as_pointer()
        fields = [builder.extract_value(values[1], i) for i in range(len(kinds))]
        builder.call(builder.inttoptr(values[0], function), fields)
        return context.get_dummy_value()

    return types.void(address, args), codegen


call_address: Any = intrinsic(_call_address)

# By the names under which Numba's own parallel code calls them. Code that calls numba.get_num_threads cannot be kept.
get_num_threads: Any = types.ExternalFunction("get_num_threads", types.intp())
set_num_threads: Any = types.ExternalFunction("set_num_threads", types.void(types.intp))


@jit(parallel=True)
def region(share: int, block: int, threads: int) -> None:
    """Call the function at address `share` for every thread."""
    before = get_num_threads()                       # a property of the calling thread, and not only ours
    set_num_threads(threads)
    for t in prange(threads):
        call_address(share, (block, int64(t)))
    set_num_threads(before)


def _spread(_: Any, start: Any, serial: Any, args: Any) -> Any:
    """Run the kernel at address `serial` in the region at address `start`; args ends with the number of threads."""
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        word, none = ir.IntType(64), context.get_value_type(types.none)
        kinds = [context.get_value_type(kind) for kind in args.types]
        fields = [values[1], *(builder.extract_value(values[2], i) for i in range(len(kinds)))]
        layout = ir.LiteralStructType([word, *kinds])
        block = cgutils.alloca_once(builder, layout)         # type: ignore[no-untyped-call]
        zero = ir.Constant(ir.IntType(32), 0)
        places = [[zero, ir.Constant(ir.IntType(32), i)] for i in range(len(fields))]
        for field, i in zip(fields, places):
            builder.store(field, builder.gep(block, i))
        share = ir.Function(builder.module, ir.FunctionType(none, [word, word]), builder.module.get_unique_name("share"))
        share.linkage = "internal"
        inside = ir.IRBuilder(share.append_basic_block())
        place = inside.inttoptr(share.args[0], layout.as_pointer())
        kernel, *given = [inside.load(inside.gep(place, i)) for i in places]
        kernel = inside.inttoptr(kernel, ir.FunctionType(none, [*kinds, word]).as_pointer())
        inside.call(kernel, [*given, share.args[1]])
        inside.ret(ir.Constant(none, None))
        region = builder.inttoptr(values[0], ir.FunctionType(none, [word, word, word]).as_pointer())
        builder.call(region, [builder.ptrtoint(share, word), builder.ptrtoint(block, word), fields[-1]])
        return context.get_dummy_value()

    return types.void(start, serial, args), codegen


spread: Any = intrinsic(_spread)


@jit
def launch(start: int, serial: int, *args: Any) -> None:
    """Run the kernel at address `serial` with these arguments in the region at address `start`."""
    spread(start, serial, args)


@cache
def _region() -> tuple[int, bool]:
    """Where the region starts, and whether only one thread at a time may enter it: compiled when first needed."""
    _start_threads()
    start = _start_of(region, (types.int64, types.int64, types.int64))
    return start, threading_layer() == "workqueue"   # type: ignore[no-untyped-call]


def _start_threads() -> None:
    """Load the threading layer; its threads sleep between regions, unless the environment says how they shall wait.

    OpenMP reads how when it is loaded. By default its threads go on for milliseconds after each region, looking for work:
    a region then starts after 4 us, not 12, but BLAS, other programs and this very thread wait for the cores they hold.
    """
    ways = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"
    if any(way in os.environ for way in ways):
        parallel._launch_threads()                   # type: ignore[no-untyped-call]
        return
    os.environ[ways[0]] = "passive"
    try:
        parallel._launch_threads()                   # type: ignore[no-untyped-call]
    finally:
        os.environ.pop(ways[0], None)


def _address(key: tuple[Any, ...], args: tuple[Any, ...]) -> int:
    """Where the compiled kernel for arguments of these types starts."""
    _addresses[key] = _start_of(key[0], (*map(numba.typeof, args), types.int64, types.int64, types.int64))
    return _addresses[key]


def address_of(kernel: Any, *args: Any) -> int:
    """Where the kernel starts, compiled for arguments like these: what other kernels hand to `call_address`."""
    return _start_of(kernel, tuple(map(numba.typeof, args)))


def _start_of(kernel: Any, kinds: tuple[Any, ...]) -> int:
    result = kernel.get_compile_result(types.void(*kinds))
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name))


class _Compiling(event.Listener):
    """Says that kernels are being compiled; Numba reports no compilation when a kernel comes from the cache.

    Meanwhile no garbage is looked for: among a million objects that compiling makes and needs, that takes a tenth of the time.
    """

    def __init__(self) -> None:
        self.depth, self.collects = 0, False         # compilations within each other; Numba lets one thread compile at a time

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith(__package__):
            tell("compiling kernels for this CPU (once; they are kept for the next time)")
        if not self.depth:
            self.collects = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if not self.depth and self.collects:
            gc.enable()


event.register("numba:compile", _Compiling())           # type: ignore[no-untyped-call]
