"""A strict fake device: arrays that refuse every implicit way back to NumPy, as CuPy's do.

An op that passes with these leaks no NumPy into a device path: everything must go through the array's own operators and
methods, through `backend_of(x).xp`, or through the kernels.
"""
from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from minigrad._device import device
from minigrad.backend import Backend, WithHost, register

# The arguments of ufuncs and of their methods.
UFUNC = {"__call__": ["x", "y", "z", "out", "dtype", "casting"], "reduce": ["array", "axis", "dtype", "out", "keepdims"],
         "accumulate": ["array", "axis", "dtype", "out"], "reduceat": ["array", "indices", "axis", "dtype", "out"],
         "outer": ["A", "B"], "at": ["a", "indices", "b"]}


def read_cupy() -> dict[str, dict[str, list[str] | None]]:
    """What CuPy 14 has, by module: each name with its arguments, or None for what is no function."""
    found: dict[str, dict[str, list[str] | None]] = {}
    for line in Path(__file__).with_name("cupy_names.txt").read_text().splitlines():
        module, _, names = line.partition(": ")
        for entry in names.split():
            name, bracket, arguments = entry.partition("(")
            names_of = UFUNC["__call__"] if arguments == "ufunc)" else arguments[:-1].split(",")
            found.setdefault(module, {})[name] = names_of if bracket else None
    return found


CUPY = read_cupy()
# The methods that CuPy has written for these ufuncs only.
OF_UFUNCS = {"reduce": ("add", "multiply"), "accumulate": ("add", "multiply"), "reduceat": ("add",),
             "at": ("add", "subtract", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor")}
HOST_FUNCTIONS = frozenset("asarray array shape ndim dtype result_type promote_types issubdtype finfo iinfo can_cast".split())


class LeakError(TypeError):
    """A device array met NumPy."""


class StrictArray:
    """An ndarray behind glass."""
    __slots__ = ("_a",)
    __array_ufunc__ = None

    def __init__(self, array: Any) -> None:
        self._a = np.asarray(array)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise LeakError("implicit conversion of a device array to NumPy")

    shape = property(lambda self: self._a.shape)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    dtype = property(lambda self: self._a.dtype)
    strides = property(lambda self: self._a.strides)
    itemsize = property(lambda self: self._a.itemsize)
    nbytes = property(lambda self: self._a.nbytes)
    flags = property(lambda self: self._a.flags)
    base = property(lambda self: StrictArray(self._a.base) if isinstance(self._a.base, np.ndarray) else None)
    T = property(lambda self: StrictArray(self._a.T))
    real = property(lambda self: StrictArray(self._a.real))
    imag = property(lambda self: StrictArray(self._a.imag), lambda self, value: setattr(self._a, "imag", to_host(value)))

    @property
    def data(self) -> Any:
        return type("Pointer", (), {"ptr": self._a.__array_interface__["data"][0]})

    def get(self) -> Any:
        """The explicit way back."""
        return self._a.copy()

    def item(self, *args: Any) -> Any:
        return self._a.item(*args)

    def __getattr__(self, name: str) -> Any:
        if name not in CUPY["cupy.ndarray"]:
            raise AttributeError(f"a device array has no attribute {name!r}")
        return device_function(getattr(self._a, name), CUPY["cupy.ndarray"][name], 1)

    def __getitem__(self, index: Any) -> Any:
        return StrictArray(self._a[to_host(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._a[to_host(index)] = to_host(value)

    def __len__(self) -> int:
        return len(self._a)

    def __bool__(self) -> bool:
        return bool(self._a)

    def __int__(self) -> int:
        return int(self._a)

    def __float__(self) -> float:
        return float(self._a)

    def __index__(self) -> int:
        return self._a.__index__()

    def __repr__(self) -> str:
        return f"StrictArray({self._a!r})"


def _operator(name: str) -> Any:
    def method(self: StrictArray, *others: Any) -> Any:
        if any(isinstance(o, np.ndarray) for o in others):
            raise LeakError(f"{name}: a NumPy array as operand of a device array")
        result = getattr(self._a, name)(*[to_host(o) for o in others])
        return result if result is NotImplemented else self if name.startswith("__i") and name != "__invert__" else StrictArray(result)
    return method


for _name in """add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul and rand or ror xor rxor
lshift rlshift rshift rrshift neg pos abs invert eq ne lt le gt ge iadd isub imul itruediv ifloordiv imod ipow iand ior ixor""".split():
    setattr(StrictArray, f"__{_name}__", _operator(f"__{_name}__"))
StrictArray.__hash__ = object.__hash__                # type: ignore[method-assign]


def to_host(value: Any) -> Any:
    """Arguments with their glass off; an ndarray among them is a leak."""
    if isinstance(value, StrictArray):
        return value._a
    if isinstance(value, np.ndarray):
        raise LeakError(f"a NumPy array {value.dtype} {value.shape} reached a device function")
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(to_host(v) for v in value)
    return value


def to_device(value: Any) -> Any:
    """Results behind glass."""
    if isinstance(value, (np.ndarray, np.generic)):
        return StrictArray(value)
    if isinstance(value, (list, tuple)):
        return type(value)(*[to_device(v) for v in value]) if hasattr(value, "_fields") else type(value)(to_device(v) for v in value)
    return value


def device_function(function: Any, arguments: list[str] | None = None, bound: int = 0) -> Any:
    """A NumPy function that takes and returns device arrays.

    arguments: the names that CuPy's has; of these, `bound` are given already.
    """
    def call(*args: Any, **kwargs: Any) -> Any:
        if arguments is not None and "**" not in arguments:
            if unknown := set(kwargs) - set(arguments):
                raise LeakError(f"{function.__name__}: CuPy's has no argument {', '.join(sorted(unknown))}")
            if len(args) + bound > len(arguments) and not any(name.startswith("*") for name in arguments):
                raise LeakError(f"{function.__name__}: CuPy's takes {len(arguments) - bound} arguments; got {len(args)}")
        return to_device(function(*[to_host(a) for a in args], **{k: to_host(v) for k, v in kwargs.items()}))
    return call


class DeviceModule:
    """A module of functions on device arrays: those of NumPy's or SciPy's that CuPy has under a name of its own."""

    def __init__(self, module: Any, cupy: str = "") -> None:
        self._module, self._cupy = module, cupy

    def __getattr__(self, name: str) -> Any:
        if name == "ndarray":
            return StrictArray
        found = getattr(self._module, name)
        if type(found).__name__ == "module":
            return DeviceModule(found, f"{self._cupy}.{name}" if self._cupy else "")
        if self._cupy and name not in CUPY.get(self._cupy, CUPY["cupy"]):
            raise AttributeError(f"{self._cupy} has no {name!r}")
        if name in ("asarray", "array", "ascontiguousarray"):
            # an explicit upload: NumPy arrays and lists may come in
            return lambda value, *args, **kwargs: StrictArray(found(value._a if isinstance(value, StrictArray) else value, *args, **kwargs))
        if isinstance(found, np.ufunc):
            return DeviceUfunc(found, bool(self._cupy))
        if isinstance(found, type) or not callable(found):
            return found
        if name in HOST_FUNCTIONS:
            return found
        return device_function(found, CUPY.get(self._cupy, CUPY["cupy"])[name] if self._cupy else None)


class DeviceUfunc:
    """A ufunc with its methods (reduce, at, outer, ...)."""

    def __init__(self, ufunc: Any, cupy: bool) -> None:
        self._ufunc, self._cupy = ufunc, cupy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return device_function(self._ufunc, UFUNC["__call__"] if self._cupy else None)(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if self._cupy and self._ufunc.__name__ not in OF_UFUNCS.get(name, (self._ufunc.__name__,)):
            raise LeakError(f"CuPy has no {self._ufunc.__name__}.{name}")
        return device_function(getattr(self._ufunc, name), UFUNC.get(name) if self._cupy else None)


def host(array: Any) -> Any:
    """Out of the device, on purpose."""
    return array._a if isinstance(array, StrictArray) else array


def device_module(name: str, cupy: str = "") -> Any:
    """A module by its name, behind glass."""
    return DeviceModule(importlib.import_module(name), cupy)


STRICT = Backend("strict", StrictArray, DeviceModule(np, "cupy"), lambda: device_module("minigrad.kernels.reference"),
                 lambda array: device("cuda", 0), lambda array: array.get(), lambda array, where: StrictArray(array),
                 lambda: WithHost(device_module("scipy.special", "cupyx.scipy.special"), "scipy.special", STRICT),
                 lambda: device_module("scipy.fft", "cupyx.scipy.fft"))
register(STRICT)
