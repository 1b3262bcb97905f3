"""DLPack: memory shared with other array libraries, in either direction and without a copy.

A producer hands out a capsule; who takes it reads the address, the shape and the strides in it, and keeps the producer's array alive.
NumPy and CuPy make and take capsules; here stands what tensors add: what may not leave, and where a capsule belongs.
"""
from __future__ import annotations

import ctypes
import warnings
from enum import IntEnum
from typing import Any

import numpy as np

from ._data import checked
from ._device import as_device, device
from .backend import backend_for, backend_of
from .engine.inplace import node_of
from .engine.node import wrap
from .errors import (
    ArgumentError,
    ArgumentTypeError,
    AssertedArgumentError,
    ExchangeError,
    MinigradError,
    RefusedArgumentError,
    UnsupportedDtypeError,
    describe,
)
from .ops.shape import clone
from .ops.transfer import transfer

VERSION = (1, 0)                                     # of the protocol, in which a capsule says whether it may be written to
FRESH, FRESH_OLD = "dltensor_versioned", "dltensor"  # names of capsules that nobody has taken yet


class DLDeviceType(IntEnum):
    """Kinds of devices, by DLPack's numbers."""
    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLROCMHost = 11
    kDLExtDev = 12
    kDLCUDAManaged = 13
    kDLOneAPI = 14
    kDLWebGPU = 15
    kDLHexagon = 16
    kDLMAIA = 17


# ---------------------------------------------------------------- from tensors
def __dlpack_device__(x: Any) -> tuple[DLDeviceType, int]:
    """The kind of device and its number."""
    where = backend_of(x.array).device_of(x.array)
    return (DLDeviceType.kDLCPU, 0) if where.type == "cpu" else (DLDeviceType.kDLCUDA, where.index or 0)


def __dlpack__(x: Any, *, stream: Any = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None,
               copy: bool | None = None) -> Any:
    """A capsule over the memory of x. What other libraries write into it shows here; the engine does not see such writes.

    Raises ExchangeError (a BufferError) for a tensor that requires grad.
    """
    if node_of(x) is not None:
        raise ExchangeError("__dlpack__: Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and type(stream) is not int:
        raise ArgumentTypeError(f"__dlpack__: stream must be int or None; got {describe(stream)}")
    kind, _ = __dlpack_device__(x)
    if kind is not DLDeviceType.kDLCPU:
        return x.array.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)
    if stream not in (None, -1):
        raise AssertedArgumentError(f"__dlpack__: stream should be None on the CPU, which has none; got {stream}")
    try:
        return x.array.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)
    except BufferError as error:                     # read-only memory, for one who cannot be told that it is
        raise ExchangeError(f"__dlpack__: {error}; got {describe(x)}; clone() it first") from error


def to_dlpack(tensor: Any) -> Any:
    """A capsule over the memory of a tensor, for `from_dlpack` of any library; it can be taken once."""
    return __dlpack__(tensor)


# ---------------------------------------------------------------- to tensors
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor over the memory of another library's array, or over that in a DLPack capsule; a write to one shows in the other.

    device: where the tensor shall be; on another device it is a copy. copy: True always copies, False never does.
    Raises RefusedArgumentError (a RuntimeError) for what is no array, or a capsule that was taken already.

    >>> import minigrad, numpy
    >>> a = numpy.zeros(2)
    >>> minigrad.from_dlpack(a).fill_(3.0)
    tensor([3., 3.], dtype=minigrad.float64)
    >>> a
    array([3., 3.])
    """
    capsule, (kind, index) = _capsule(ext_tensor)
    here = _device_of(kind, index)
    array = _shared(_Offer(capsule, (kind, index)), here)
    result = wrap(array)
    target = here if device is None else as_device(device)
    if target.type != here.type or target.index not in (None, here.index):
        if copy is False:
            raise ArgumentError(f"from_dlpack: memory of {here} is not shared with {target}; let copy be None or True")
        return transfer(result, target)
    return clone(result) if copy else result


class _Offer:
    """A capsule in the form of an array that offers it."""

    def __init__(self, capsule: Any, where: tuple[int, int]) -> None:
        self._capsule, self._where = capsule, where

    def __dlpack__(self, **options: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._where


def _capsule(value: Any) -> tuple[Any, tuple[int, int]]:
    """A fresh capsule, and the device that its memory is on."""
    if hasattr(value, "__dlpack__") and hasattr(value, "__dlpack_device__"):
        where = value.__dlpack_device__()
        if int(where[0]) in ON_GPU:
            return value, where                      # asked by the library that takes it, in the stream that it works in
        try:
            capsule = value.__dlpack__(max_version=VERSION)
        except TypeError:                            # a library that knows the first form only
            capsule = value.__dlpack__()
        return capsule, where
    if type(value).__name__ != "PyCapsule":
        raise RefusedArgumentError(f"from_dlpack: takes an array with __dlpack__, or a DLPack capsule; got {describe(value)}")
    if _name(value) not in (FRESH, FRESH_OLD):
        raise RefusedArgumentError(f"from_dlpack: received an invalid capsule, {_name(value)!r}. Note that DLTensor capsules can be "
                                   "consumed only once, so you might have already constructed a tensor from it once; make a new one")
    return value, _written_device(value)


ON_GPU = (DLDeviceType.kDLCUDA, DLDeviceType.kDLCUDAManaged)
ON_HOST = (DLDeviceType.kDLCPU, DLDeviceType.kDLCUDAHost)


def _device_of(kind: int, index: int) -> device:
    if int(kind) in ON_HOST:
        return device("cpu")
    if int(kind) in ON_GPU:
        return device("cuda", int(index))
    names = {int(d): d.name for d in DLDeviceType}
    raise RefusedArgumentError(f"from_dlpack: the memory is on a device of kind {names.get(int(kind), kind)}; minigrad has cpu and cuda; "
                               "move it there first")


def _shared(offer: _Offer, here: device) -> Any:
    """The array over the memory that is offered."""
    backend = backend_for(here)
    if here.type != "cpu":
        return backend.xp.from_dlpack(offer._capsule if hasattr(offer._capsule, "__dlpack__") else offer)
    says_if_writable = _name(offer._capsule) == FRESH
    try:
        array = np.from_dlpack(offer)
        checked(array)
    except MinigradError:
        raise
    except (BufferError, RuntimeError, TypeError) as error:
        raise UnsupportedDtypeError(f"from_dlpack: {error}; minigrad has {', '.join(NAMES)}; convert the array first") from error
    if min(array.strides, default=0) < 0:
        raise ArgumentError("from_dlpack: at least one stride in the given array is negative, and tensors with negative strides are not "
                            "supported; copy the array first")
    if not array.flags.writeable and not says_if_writable:
        return np.asarray(_Writable(array))
    if not array.flags.writeable:
        warnings.warn("from_dlpack: the given array is not writable, and writing to the tensor will fail; copy=True if you need to",
                      stacklevel=4)
    return array


NAMES = ("float16", "float32", "float64", "int8 to int64", "uint8", "bool", "complex64", "complex128")


class _Writable:
    """The memory of an array that NumPy made read-only because its capsule could not say; PyTorch and CuPy write to such, too."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array                          # the new array keeps this alive, and so the producer's
        described = array.__array_interface__
        self.__array_interface__ = {**described, "data": (described["data"][0], False)}


# ---------------------------------------------------------------- what a bare capsule says
def _name(capsule: Any) -> str:
    """The name of a capsule, which says its form, and whether it was taken."""
    api = ctypes.pythonapi.PyCapsule_GetName
    api.restype, api.argtypes = ctypes.c_char_p, [ctypes.py_object]
    try:
        return (api(capsule) or b"").decode("latin-1")
    except ValueError:                               # no capsule at all
        return ""


def _written_device(capsule: Any) -> tuple[int, int]:
    """The device that stands in a capsule, behind the address of the memory; the newer form has a version and flags before."""
    api = ctypes.pythonapi.PyCapsule_GetPointer
    api.restype, api.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name = _name(capsule)
    start = api(capsule, name.encode()) + ctypes.sizeof(ctypes.c_void_p)
    if name == FRESH:                                # version (2 x 4 bytes), context, deleter, flags (8 bytes)
        start += 8 + 2 * ctypes.sizeof(ctypes.c_void_p) + 8
    kind, index = (ctypes.c_int32 * 2).from_address(start)
    return kind, index
