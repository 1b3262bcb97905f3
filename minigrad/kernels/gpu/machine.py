"""What compiles and runs device code: CUDA through CuPy.

`launch` starts a kernel of a file in `source/`. Each file is compiled when first used, once per dtype; CuPy keeps what NVRTC
made on disk. Everything that touches CUDA itself stands in the class `Cuda`, so that tests can put a machine in its place
which runs the same source and the same launches on a CPU.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...errors import DeviceError, UnsupportedDtypeError

Array = Any
SOURCE = Path(__file__).parent / "source"
THREADS = 256                         # of a block; kernels that add up over a block need a multiple of 32
BLOCKS = 4096                         # at most, where each thread takes several elements
LONG = 2 ** 30                        # elements from which on 32 bits do not count them safely

# What a dtype is called in device code, and what is computed in.
NAMES = {"e": ("half", "float"), "f": ("float", "float"), "d": ("double", "double")}
INTEGERS = {"b": "signed char", "B": "unsigned char", "h": "short", "i": "int", "l": "long long", "q": "long long", "?": "bool"}
UNSIGNED = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int"}


class Machine(Protocol):
    """Compiles device code and starts it.

    xp: the module that makes and combines the arrays of this device.
    """

    @property
    def xp(self) -> Any: ...

    def function(self, text: str, name: str, label: str) -> Callable[[int, int, tuple[Any, ...]], None]:
        """A kernel of a source text, to be called with the numbers of blocks and of threads per block, and its arguments."""

    def products(self, out: Array, x: Array, y: Array, accumulate: bool) -> None:
        """out = x @ y, or out += x @ y, of (B, M, K) and (B, K, N); x may have B = 1. The last two axes may be transposed."""


def launch(file: str, kernel: str, like: Array, count: int, *arguments: Any, blocks: int | None = None, threads: int = THREADS,
           before: str = "") -> None:
    """Run a kernel on all of `count` elements of arrays with the dtype of `like`.

    blocks: how many, for kernels in which a block has a task of its own; else as many as the elements need.
    before: code for the file to build on, beside the types T, A and I.
    Raises UnsupportedDtypeError for a dtype that device code does not know, DeviceError where a launch fails.
    """
    if blocks is None:
        blocks = min(-(-count // threads), BLOCKS)
    if blocks:
        function = _function(file, kernel, like.dtype.char, count >= LONG, before)
        function(blocks, threads, arguments)


@cache
def _function(file: str, kernel: str, char: str, long: bool, before: str) -> Any:
    names(char, kernel)
    return machine().function(source(file, char, long, before), kernel, f"{file}.cu")


def names(char: str, what: str) -> tuple[str, str]:
    """A dtype's name in device code, and the name of what it is computed in."""
    if char in NAMES:
        return NAMES[char]
    if char in INTEGERS:
        return INTEGERS[char], INTEGERS[char]
    raise UnsupportedDtypeError(f"{what}: is not there for {np.dtype(char)} on a GPU; convert with .float(), or compute on the CPU")


def source(file: str, char: str, long: bool = False, before: str = "") -> str:
    """The text of a file with what it is built on in front, for arrays of a dtype: nothing is searched for on a disk."""
    storage, work = names(char, file)
    types = f"typedef {storage} T;\ntypedef {work} A;\ntypedef {'long long' if long else 'int'} I;\n"
    read = [(SOURCE / part).read_text() for part in ("base.cuh", *NEEDS.get(file, ()), f"{file}.cu")]
    return "\n".join([read[0], types, *read[1:-1], before, f'#line 1 "{file}.cu"', read[-1]])


NEEDS = {"conv": ("window.cuh",), "depthwise": ("window.cuh", "block.cuh"), "pool": ("window.cuh",), "norm": ("block.cuh",),
         "probabilities": ("block.cuh",), "elementwise": ("functions.cuh",)}


def kernels_of(file: str) -> list[str]:
    """The names of the kernels in a file."""
    return re.findall(r"^(?:KERNEL|STEP\()\s*(\w+)", (SOURCE / f"{file}.cu").read_text(), re.M)


def by_value(kind: np.dtype[Any], *values: Any) -> Any:
    """A struct for a kernel: an array of one element, which goes with the launch as it is."""
    return np.array([values], kind)


# The machine ------------------------------------------------------------------------------------------------------------

class Cuda:
    """CUDA devices, through CuPy."""

    @cached_property
    def xp(self) -> Any:
        """CuPy."""
        return import_module("cupy")

    def function(self, text: str, name: str, label: str) -> Callable[[int, int, tuple[Any, ...]], None]:
        cupy = self.xp
        try:
            kernel = cupy.RawModule(code=text, options=("-std=c++17",)).get_function(name)
        except cupy.cuda.compiler.CompileException as error:
            raise DeviceError(f"{name}: {label} could not be compiled for this device: {error}") from error

        def start(blocks: int, threads: int, arguments: tuple[Any, ...]) -> None:
            try:
                kernel((blocks,), (threads,), arguments)
            except cupy.cuda.driver.CUDADriverError as error:
                raise DeviceError(f"{name}: the launch of {blocks} blocks of {threads} threads failed: {error}; if it says that memory was "
                                  "misused or that a launch before it failed, the process has to begin again") from error
        return start

    def products(self, out: Array, x: Array, y: Array, accumulate: bool) -> None:
        from .blas import products
        products(out, x, y, accumulate)


_machine: Machine | None = None


def array_module() -> Any:
    """The module that makes and combines the arrays of the device."""
    return machine().xp


def compact(x: Any) -> Any:
    """x itself where its elements lie in C order, else a copy; None is left as it is."""
    return x if x is None or x.flags.c_contiguous else array_module().ascontiguousarray(x)


def machine() -> Machine:
    """The machine that runs device code."""
    global _machine
    if _machine is None:
        _machine = Cuda()
    return _machine


def use(other: Machine | None) -> None:
    """Let another machine run device code; None is CUDA's."""
    global _machine
    _machine = other
    _function.cache_clear()
