"""How many threads BLAS uses: the library behind NumPy's and SciPy's matrix products, where it can be told."""
from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

# Modules that are linked with BLAS. Looking up a name in one of them finds the names of the library, too (not on Windows).
MODULES = "numpy._core._multiarray_umath", "scipy.linalg._fblas"
NAMES = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_",
         "openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads")


def set_num_threads(count: int) -> None:
    """Let every BLAS that is loaded use `count` threads; one that is not known keeps its own."""
    for name in MODULES:
        if name in sys.modules and (setter := setter_behind(name)):
            setter(count)


@cache
def setter_behind(name: str) -> Callable[[int], Any] | None:
    """The function of a module's BLAS that sets its number of threads."""
    try:
        library = ctypes.CDLL(sys.modules[name].__file__)
    except (OSError, AttributeError, TypeError):             # linked into Python itself
        return None
    found = [getattr(library, name) for name in NAMES if hasattr(library, name)]
    return found[0] if found else None
