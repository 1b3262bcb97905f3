"""Large arrays: one compiled pass on all cores, where NumPy takes one core and a pass for every step.

Below these sizes an op asks nothing but the size. Above, what its array form says is said again as a function of numbers in
`kernels/cpu/elementwise.py`, and `each` runs that if the arrays allow it; else the array form is what runs.
"""
from __future__ import annotations

from functools import partial
from typing import Any

from ..backend import backend_of
from ..engine.node import TensorBase

FUNCTIONS = 4096                                     # elements from which on an exponential of our own is faster
STEPS = 32768                                        # elements from which on several simple steps are
SINGLE = 2 ** 20                                     # elements from which on two cores do one simple step faster
FUNCTION_BYTES, STEP_BYTES, SINGLE_BYTES = 4 * FUNCTIONS, 4 * STEPS, 4 * SINGLE       # of float32; tensors have nbytes, too


def each(name: str, *arrays: Any, numbers: tuple[float, ...] = (), out: Any = None) -> Any:
    """The compiled op of this name for every element, into `out` if given; None where there is none for these arrays."""
    first = arrays[0]
    if isinstance(first, TensorBase):
        return None
    if numbers and first.dtype.char == "e":          # rounded as NumPy does, which small arrays are left to
        numbers = tuple([float(first.dtype.type(n)) for n in numbers])
    kernels = backend_of(first).kernels
    return kernels.each(name, arrays, numbers, out) if first.size >= kernels.worthwhile() else None


def product(g: Any, y: Any) -> Any:
    """g times y, which may be a number; None where NumPy is as fast."""
    if g.nbytes < SINGLE_BYTES and g.dtype.itemsize != 2:            # float16 it takes number by number
        return None
    return each("mul", g, y) if hasattr(y, "dtype") else each("mul_number", g, numbers=(y,))


def slope(name: str, least: int = STEP_BYTES) -> tuple[int, Any]:
    """For `op(large=...)`: the loop of g times a function's slope, from so many bytes on."""
    return least, partial(each, f"{name}_input")


PRODUCT = STEP_BYTES, product                        # for `op(large=...)`: rules that are g * y
