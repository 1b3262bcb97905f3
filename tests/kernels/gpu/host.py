"""A machine that runs device code on the CPU: g++ compiles it under a header that provides what CUDA would."""
from __future__ import annotations

import atexit
import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.backend import Backend
from tests.strict_arrays import STRICT, StrictArray

HEADER = Path(__file__).parent / "cuda_on_host.hpp"


class Host:
    """Compiles with g++, and starts kernels on the memory of strict arrays."""
    xp = STRICT.xp

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="minigrad-host-"))
        atexit.register(shutil.rmtree, self.folder, True)
        self.launches = 0

    def function(self, text: str, name: str, label: str) -> Any:
        library = self.library(text, label)
        entry = getattr(library, f"start_{name}")
        barriers = "__syncthreads" in text

        def start(blocks: int, threads: int, arguments: tuple[Any, ...]) -> None:
            self.launches += 1
            cells = [cell(a) for a in arguments]
            pointers = (ctypes.c_void_p * len(cells))(*[address(c) for c in cells])
            entry(blocks, threads, barriers, pointers)
        return start

    def library(self, text: str, label: str) -> Any:
        """The compiled kernels of a source text."""
        names = re.findall(r"^(?:KERNEL|STEP\()\s*(\w+)", text, re.M)
        only = [name.lower() for name in re.findall(r"^#define ONLY_(\w+)", text, re.M)]
        starts = "\n".join(f'extern "C" void start_{n}(int blocks, int threads, bool barriers, void** arguments) '
                           f"{{ start({n}, blocks, threads, barriers, arguments); }}" for n in only or names)
        whole = f'#include "{HEADER}"\n{text}\n{starts}\n'
        key = hashlib.sha256(whole.encode()).hexdigest()[:16]
        made = self.folder / f"{key}.so"
        if not made.exists():
            code = self.folder / f"{key}.cpp"
            code.write_text(whole)
            done = subprocess.run(["g++", "-std=c++17", "-O1", "-w", "-fPIC", "-shared", "-ffp-contract=off", str(code), "-o", str(made)],
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                raise AssertionError(f"{label}: {done.stderr}")
        return ctypes.CDLL(str(made))

    def products(self, out: Any, x: Any, y: Any, accumulate: bool) -> None:
        self.launches += 1
        work = np.float64 if out.dtype == np.float64 else np.float32
        found = np.matmul(x._a.astype(work), y._a.astype(work))
        out._a[...] = (out._a + found if accumulate else found).astype(out.dtype)


def cell(argument: Any) -> Any:
    """An argument as a piece of memory that a kernel reads it from."""
    if argument is None:
        return ctypes.c_void_p(0)
    if isinstance(argument, StrictArray):
        return ctypes.c_void_p(argument.data.ptr)
    if isinstance(argument, np.ndarray):             # a struct
        assert argument.size == 1
        return argument
    if isinstance(argument, float):
        return ctypes.c_double(argument)
    assert isinstance(argument, int), f"a kernel takes no {type(argument).__name__}"
    return ctypes.c_longlong(argument)


def address(found: Any) -> int:
    """Where it lies."""
    return int(found.ctypes.data) if isinstance(found, np.ndarray) else ctypes.addressof(found)


def gpu_kernels() -> Any:
    import minigrad.kernels.gpu
    return minigrad.kernels.gpu


ON_HOST = Backend("cuda", StrictArray, STRICT.xp, gpu_kernels, STRICT.device_of, STRICT.to_host, STRICT.from_host,
                  lambda: STRICT.special, lambda: STRICT.fft)
