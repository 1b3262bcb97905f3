"""Which array module and which kernels an array belongs to: the one place that knows NumPy from CuPy."""
from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from . import config
from ._device import CPU, device
from .errors import DeviceError

Array = Any                                          # numpy.ndarray, cupy.ndarray, ...


class Backend:
    """One kind of array: `xp` makes and combines them, `kernels` are our own loops over them."""

    def __init__(self, name: str, array_type: type, xp: Any, kernels: Callable[[], Any],
                 device_of: Callable[[Array], device], to_host: Callable[[Array], np.ndarray[Any, Any]],
                 from_host: Callable[[np.ndarray[Any, Any], device], Array],
                 special: Callable[[], Any] = lambda: importlib.import_module("scipy.special"),
                 fft: Callable[[], Any] = lambda: importlib.import_module("scipy.fft")) -> None:
        self.name, self.array_type, self.xp = name, array_type, xp
        self._load_kernels, self._load_special, self._load_fft = kernels, special, fft
        self._zeros: dict[Any, Array] = {}
        self.device_of, self.to_host, self.from_host = device_of, to_host, from_host

    @property
    def on_host(self) -> bool:
        """True for NumPy's arrays, which BLAS and LAPACK take as they are."""
        return self.array_type is np.ndarray

    @cached_property
    def kernels(self) -> Any:
        """The kernels, imported when first needed."""
        return self._load_kernels()

    @cached_property
    def special(self) -> Any:
        """SciPy's special functions on these arrays, imported when first needed."""
        return self._load_special()

    @cached_property
    def fft(self) -> Any:
        """SciPy's Fourier transforms of these arrays, imported when first needed: up to five times as fast as NumPy's."""
        return self._load_fft()

    def zero(self, dtype: Any) -> Array:
        """A 0-d zero, made once: a ufunc takes 0.4 us to make an array of a Python number."""
        try:
            return self._zeros[dtype]
        except KeyError:
            self._zeros[dtype] = self.xp.zeros((), dtype)
            return self._zeros[dtype]

    def asarray(self, value: Any, dtype: Any = None) -> Array:
        """A number, a list or an array as an array of this backend."""
        return self.xp.asarray(value, dtype)

    def moved(self, array: Array, where: device) -> Array:
        """An array of this backend on another of its devices."""
        return self.from_host(self.to_host(array), where)

    def __repr__(self) -> str:
        return f"<Backend {self.name}>"


def _cpu_kernels() -> Any:
    """The JIT-compiled kernels, or the reference ones where Numba is missing or unwanted."""
    name = "minigrad.kernels.reference" if config.KERNELS == "reference" or not _numba_usable() else "minigrad.kernels.cpu"
    return importlib.import_module(name)


def _numba_usable() -> bool:
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0") and find_spec("numba") is not None


NUMPY = Backend("numpy", np.ndarray, np, _cpu_kernels, lambda array: CPU, lambda array: array, lambda array, where: array)
_BY_TYPE: dict[type, Backend] = {np.ndarray: NUMPY}
_STAND_INS: set[type] = set()


class WithHost:
    """A device's functions; those that it lacks are computed on the host, and the results sent back."""

    def __init__(self, module: Any, host: str, backend: Backend) -> None:
        self._module, self._host, self._backend = module, host, backend

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            function = getattr(importlib.import_module(self._host), name)

        def on_host(*args: Any) -> Any:
            arrays = [a for a in args if type(a) is self._backend.array_type]
            where = self._backend.device_of(arrays[0])
            found = function(*[self._backend.to_host(a) if type(a) is self._backend.array_type else a for a in args])
            back = [self._backend.from_host(np.asarray(f), where) for f in (found if isinstance(found, tuple) else [found])]
            return tuple(back) if isinstance(found, tuple) else back[0]
        return on_host


def register(backend: Backend) -> None:
    """Make `backend_of` know a kind of array."""
    _BY_TYPE[backend.array_type] = backend


def as_numpy(array_type: type) -> None:
    """Let a class that stands in for NumPy arrays, and has no values, pass for one."""
    _BY_TYPE[array_type] = NUMPY
    _STAND_INS.add(array_type)


def has_values(array: Array) -> bool:
    """False for what only stands in for an array."""
    return type(array) not in _STAND_INS


def backend_of(array: Array) -> Backend:
    """The backend of an array; numbers and NumPy scalars belong to NumPy."""
    return _BY_TYPE.get(type(array), NUMPY)


def backend_for(where: device) -> Backend:
    """The backend that makes arrays on a device."""
    if where.type == "cpu":
        return NUMPY
    for backend in _BY_TYPE.values():
        if backend.name == where.type:
            return backend
    if where.type == "cuda":
        found: Backend = importlib.import_module("minigrad.cupy_arrays").opened(where)
        return found
    why = "PyTorch's device without memory, which minigrad does not have" if where.type == "meta" else "not there"
    raise DeviceError(f"device: '{where}' is {why}; use device 'cpu'")


def strided(array: Array, shape: tuple[int, ...], strides: tuple[int, ...], start: tuple[int, ...] = ()) -> Array:
    """The memory from one element of an array on, in another shape with other strides (bytes); writable where array is.

    start: index of that element in the leading dimensions; the first of all by default.
    """
    if type(array) is np.ndarray:
        try:                                         # a fifth of the time of as_strided
            return np.ndarray(shape, array.dtype, array, sum([i * s for i, s in zip(start, array.strides)]) if start else 0, strides)
        except (ValueError, TypeError):
            pass                                     # memory with gaps: its bounds are not known to the constructor
    if start:
        array = array[tuple([slice(i, None) for i in start])]
    return backend_of(array).xp.lib.stride_tricks.as_strided(array, shape, strides)


def is_array(value: Any) -> bool:
    """True for an array of any backend."""
    return type(value) in _BY_TYPE or isinstance(value, np.ndarray)


# 1/0 and log(0) give inf without a word, as in PyTorch. A filter for our modules, set once: `errstate` in each op
# would cost 0.9 us, and `seterr` would change what the user's own NumPy code says.
warnings.filterwarnings("ignore", r"(divide by zero|invalid value|overflow|underflow) encountered", RuntimeWarning,
                        r"minigrad\.")
