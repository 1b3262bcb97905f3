"""The one place where Numba is first imported: how kernels are compiled, cached, and run on several threads.

A kernel is written as a serial function that does one thread's share, and a thin parallel one that calls it for every
thread. With one thread (small work, a forked child) no parallel region is entered.

What is compiled is kept on disk (cache.py); a kernel's helpers may stand in other files of this package.
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, overload

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import event
from numba.extending import intrinsic
from numba.np.ufunc.parallel import threading_layer

from ..reference import Array, working
from .cache import Kept, tell

# OpenMP first: it starts a region in 2 us and takes calls from several threads; workqueue does neither.
if "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
    numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]   # type: ignore[attr-defined]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_addresses: dict[tuple[Any, ...], int] = {}
_mask = threading.local()             # Numba's own thread count is per thread
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
        kernel = numba.njit(**(_OPTIONS | options))(function)
        kernel._cache = Kept(function)
        return kernel

    return compile_late if function is None else compile_late(function)


@overload
def part(function: Kernel) -> Kernel: ...
@overload
def part(**options: Any) -> Callable[[Kernel], Kernel]: ...
def part(function: Kernel | None = None, **options: Any) -> Any:
    """A function that kernels call: compiled into them, with no entry from Python and no file of its own on disk."""
    compile_late = numba.njit(**(_OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True} | options))
    return compile_late if function is None else compile_late(function)


def plain(x: Array) -> Array:
    """x C-contiguous and writeable, float16 as float32, so that each kernel is compiled for one layout per dtype."""
    x = np.ascontiguousarray(working(x))
    return x if x.flags.writeable else x.copy()


def run(serial: Callable[..., Any], parallel: Callable[..., Any], threads: int, units: int, *args: Any) -> None:
    """Do `units` of work on so many threads: `serial(*args, units, threads, t)` does the share of thread t.

    That share is units * t // threads up to units * (t + 1) // threads. `parallel(address, *args, units, threads)`
    calls the function at this address, which is `serial`, for every t.
    """
    threads = min(threads, units)
    if threads <= 1:
        serial(*args, units, 1, 0)
        return
    address = _address(serial, args)
    with _region():
        if getattr(_mask, "count", 0) != threads:
            numba.set_num_threads(threads)
            _mask.count = threads
        parallel(address, *args, units, threads)


def _call_address(_: Any, address: Any, args: Any) -> Any:
    """Call the compiled function at this address with a tuple of arguments; it returns nothing.

    A parallel kernel that called its serial one by name would contain, and compile, all of it a second time.
    """
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in args.types]
        function = ir.FunctionType(context.get_value_type(types.none), kinds).as_pointer()
        fields = [builder.extract_value(values[1], i) for i in range(len(kinds))]
        builder.call(builder.inttoptr(values[0], function), fields)
        return context.get_dummy_value()

    return types.void(address, args), codegen


call_address: Any = intrinsic(_call_address)


def _address(serial: Any, args: tuple[Any, ...]) -> int:
    """Where the compiled `serial` for arguments of these types starts; compiles it if need be."""
    key = serial, *(a.dtype for a in args if isinstance(a, np.ndarray))
    if key not in _addresses:
        kinds = *map(numba.typeof, args), types.int64, types.int64, types.int64
        result = serial.get_compile_result(types.void(*kinds))
        _addresses[key] = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    return _addresses[key]


def _region() -> AbstractContextManager[Any]:
    """A lock around parallel regions, unless the threading layer takes calls from several threads."""
    try:
        return _one_at_a_time if threading_layer() == "workqueue" else nullcontext()   # type: ignore[no-untyped-call]
    except ValueError:                # not started yet, so not known yet
        return _one_at_a_time


class _FirstCompile(event.Listener):
    """Says that kernels are being compiled; Numba reports no compilation when a kernel comes from the cache."""

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith(__package__):
            tell("compiling kernels for this CPU (once; they are kept for the next time)")

    def on_end(self, event: Any) -> None:
        """Nothing to do."""


event.register("numba:compile", _FirstCompile())           # type: ignore[no-untyped-call]
