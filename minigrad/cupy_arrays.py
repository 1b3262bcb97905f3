"""CuPy's arrays: whether they are to be had, and the backend made of them.

CuPy is imported when a program first asks for a GPU. What CUDA calls an error is one of ours here, with a remedy.
"""
from __future__ import annotations

import importlib
import warnings
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from typing import Any

import numpy as np

from ._device import device
from .backend import Backend, WithHost, register
from .errors import DeviceError, OutOfMemoryError

Array = Any
EXTRA = "pip install 'minigrad[cuda]' (CuPy for CUDA 13; for CUDA 12 pip install cupy-cuda12x)"


@cache
def why_not() -> str:
    """What keeps this process from using a GPU, with the remedy; empty where nothing does."""
    if find_spec("cupy") is None:                    # reading all distributions takes time
        return f"CuPy is not installed: {EXTRA}"
    builds = sorted({d.metadata["Name"].lower() for d in distributions() if (d.metadata["Name"] or "").lower().startswith("cupy")})
    if len(builds) > 1:
        return f"{' and '.join(builds)} are installed, which overwrite each other: pip uninstall all of them, then install one"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cupy: Any = importlib.import_module("cupy")
    except Exception as error:                       # a build for another CUDA fails with whatever the loader says
        return f"{' '.join(builds)} cannot be imported ({error}): install the build for this CUDA"
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except Exception as error:
        return f"no CUDA driver answers ({error}): install NVIDIA's driver, or the build of CuPy that goes with it"
    return "" if count else "the CUDA driver sees no device: check CUDA_VISIBLE_DEVICES"


def opened(where: device) -> Backend:
    """The backend of CuPy's arrays, registered when first asked for. Raises DeviceError where there is no GPU, or not this one."""
    if reason := why_not():
        raise DeviceError(f"device: {where} is not there: {reason}; or use device 'cpu'")
    backend = _opened()
    if where.index is not None and where.index >= count():
        raise DeviceError(f"device: {where} is not there: this machine has {count()} CUDA devices, cuda:0 to cuda:{count() - 1}")
    return backend


class Cuda(Backend):
    """The backend of CuPy's arrays."""

    def moved(self, array: Array, where: device) -> Array:
        with array.device:
            array = self.xp.ascontiguousarray(array)
        with self.xp.cuda.Device(array.device.id if where.index is None else where.index):
            copy = self.xp.empty(array.shape, array.dtype)
            copy.data.copy_from_device(array.data, array.nbytes)
        return copy


@cache
def _opened() -> Backend:
    cupy: Any = importlib.import_module("cupy")
    cupy.cuda.set_allocator(allocate)
    backend = Cuda("cuda", cupy.ndarray, cupy, _kernels, lambda array: device("cuda", array.device.id), cupy.asnumpy, upload, _special,
                      lambda: importlib.import_module("cupyx.scipy.fft"))
    register(backend)
    return backend


def _kernels() -> Any:
    return importlib.import_module("minigrad.kernels.gpu")


def _special() -> Any:
    return WithHost(importlib.import_module("cupyx.scipy.special"), "scipy.special", _opened())


def count() -> int:
    """How many CUDA devices there are; 0 where CuPy cannot use them."""
    return 0 if why_not() else int(importlib.import_module("cupy").cuda.runtime.getDeviceCount())


# Memory -----------------------------------------------------------------------------------------------------------------

def allocate(size: int) -> Any:
    """Device memory from CuPy's pool. Raises OutOfMemoryError when also all that is kept unused is not enough."""
    cupy: Any = importlib.import_module("cupy")
    pool = cupy.get_default_memory_pool()
    try:
        return pool.malloc(size)
    except cupy.cuda.memory.OutOfMemoryError:
        import gc
        gc.collect()                                 # graphs in cycles hold memory
        pool.free_all_blocks()
    try:
        return pool.malloc(size)
    except cupy.cuda.memory.OutOfMemoryError as error:
        free, total = cupy.cuda.runtime.memGetInfo()
        raise OutOfMemoryError(
            f"CUDA out of memory: tried to allocate {size:,} bytes; of {total:,} bytes on cuda:{cupy.cuda.Device().id}, {free:,} are free "
            f"and {pool.used_bytes():,} in use by this process; take smaller batches, half precision, or del what is not needed") from error


def upload(array: np.ndarray[Any, Any], where: device) -> Array:
    """A host array on a device, the current one if it has no number. From pinned memory nothing waits for the copy."""
    cupy: Any = importlib.import_module("cupy")
    if where.index is None:
        return cupy.asarray(array)
    with cupy.cuda.Device(where.index):
        return cupy.asarray(array)


def pinned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy in memory that the device reads by itself: copies from there go on beside the program."""
    if reason := why_not():
        raise DeviceError(f"pin_memory: needs a CUDA device: {reason}")
    copy: np.ndarray[Any, Any] = importlib.import_module("cupyx").empty_pinned(array.shape, array.dtype)
    copy[...] = array
    return copy


def is_pinned(array: Any) -> bool:
    """Whether an array lies in such memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return type(array).__name__ == "PinnedMemoryPointer"
