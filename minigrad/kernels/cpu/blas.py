"""The library behind NumPy's and SciPy's matrix products: how many threads it uses, and where its own product starts."""
from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

# Modules that are linked with BLAS. Looking up a name in one of them finds the names of the library, too (not on Windows).
MODULES = "numpy._core._multiarray_umath", "scipy.linalg._fblas"
NAMES = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_",
         "openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads")
PRODUCTS = "scipy_cblas_sgemm64_", "cblas_sgemm64_"      # of matrices whose sizes have 64 bits


def set_num_threads(count: int) -> None:
    """Let every BLAS that is loaded use `count` threads; one that is not known keeps its own."""
    for name in MODULES:
        if name in sys.modules and (setter := setter_behind(name)):
            setter(count)
    alone.told(count)


@cache
def setter_behind(name: str) -> Callable[[int], Any] | None:
    """The function of a module's BLAS that sets its number of threads."""
    return next(iter(functions(name, NAMES)), None)


def functions(module: str, names: tuple[str, ...]) -> list[Any]:
    """Those of a module's BLAS that have one of these names."""
    try:
        library = ctypes.PyDLL(sys.modules[module].__file__)
    except (OSError, AttributeError, TypeError):             # linked into Python itself
        return []
    return [getattr(library, name) for name in names if hasattr(library, name)]


@cache
def sgemm() -> int:
    """Where the product of float32 matrices starts in NumPy's OpenBLAS; 0 for a BLAS that is another."""
    found = functions(MODULES[0], PRODUCTS)
    return ctypes.cast(found[0], ctypes.c_void_p).value or 0 if found and counts() else 0


@cache
def counts() -> tuple[Callable[[], int], Callable[[int], Any]] | None:
    """What tells and what sets the number of threads of NumPy's OpenBLAS."""
    sets = [name for name in NAMES if "openblas" in name]
    found = functions(MODULES[0], tuple(name.replace("set", "get") for name in sets)), functions(MODULES[0], tuple(sets))
    return (found[0][0], found[1][0]) if all(found) else None


class Alone:
    """While this is entered, by any thread, NumPy's OpenBLAS has no threads of its own: a product is made by who asks for it."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def __enter__(self) -> None:
        if both := counts():
            with self._lock:
                if not self._inside:
                    self._before = both[0]()
                    if self._before > 1:
                        both[1](1)
                self._inside += 1

    def __exit__(self, *_: object) -> None:
        if both := counts():
            with self._lock:
                self._inside -= 1
                if not self._inside and self._before > 1:
                    both[1](self._before)

    def told(self, count: int) -> None:
        """Who is inside leaves so many behind."""
        self._before = count

    def _forked(self) -> None:
        self._lock, self._inside = Lock(), 0


alone = Alone()
