"""Element types, PyTorch's promotion rules, and the default dtype.

A `dtype` is a name for users; arrays keep NumPy dtypes, and everything below the tensors speaks those.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .errors import ArgumentTypeError, DtypeError, UnsupportedError

NumpyDtype = np.dtype[Any]


class dtype:
    """An element type, such as `minigrad.float32`."""
    __slots__ = ("name", "numpy")
    prefix = "minigrad"                              # "torch" while we stand in for PyTorch

    def __init__(self, name: str, code: str) -> None:
        self.name = name
        self.numpy: NumpyDtype = np.dtype(code)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    @property
    def is_floating_point(self) -> bool:
        return self.numpy.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.numpy.kind == "c"

    @property
    def is_signed(self) -> bool:
        return self.numpy.kind in "ifc"

    def to_real(self) -> dtype:
        """The real dtype of the same precision."""
        return from_numpy_dtype(real_of(self.numpy))

    def to_complex(self) -> dtype:
        """The complex dtype of the same precision; complex64 for float16, as NumPy has none smaller."""
        return from_numpy_dtype(complex_of(self.numpy))

    def __repr__(self) -> str:
        return f"{self.prefix}.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return by_name, (self.name,)                 # dtypes are compared by identity: unpickle to the same object

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: Any) -> dtype:
        return self


float16 = dtype("float16", "f2")
float32 = dtype("float32", "f4")
float64 = dtype("float64", "f8")
int8 = dtype("int8", "i1")
int16 = dtype("int16", "i2")
int32 = dtype("int32", "i4")
int64 = dtype("int64", "i8")
uint8 = dtype("uint8", "u1")
bool_ = dtype("bool", "?")
complex64 = dtype("complex64", "c8")
complex128 = dtype("complex128", "c16")

ALL = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_, complex64, complex128)


class NamedDtype(dtype):
    """A dtype of PyTorch's without arrays here: programs may name it and compare with it, tensors of it are refused."""
    __slots__ = ("_instead", "_itemsize")

    def __init__(self, name: str, itemsize: int, instead: dtype) -> None:
        self.name, self._itemsize, self._instead = name, itemsize, instead

    @property
    def numpy(self) -> NumpyDtype:                   # type: ignore[override]
        """What every use of a dtype asks for."""
        note = " (a checkpoint's bfloat16 is read as float32)" if self.name == "bfloat16" else ""
        raise UnsupportedError(f"dtype: {self.name} is not a NumPy type; use {self._instead.name}{note}" if self.name not in WIDE
                               else f"dtype: there are no tensors of {self.name}; use {self._instead.name}")

    @property
    def itemsize(self) -> int:
        return self._itemsize

    @property
    def is_floating_point(self) -> bool:
        return "float" in self.name

    @property
    def is_complex(self) -> bool:
        return self.name == "complex32"

    @property
    def is_signed(self) -> bool:
        return not self.name.startswith(("u", "qu")) and self.name != "float8_e8m0fnu"        # which has exponents only


WIDE = ("uint16", "uint32", "uint64")                # NumPy has them, tensors have not
bfloat16 = NamedDtype("bfloat16", 2, float16)
NAMED = {d.name: d for d in (
    bfloat16, NamedDtype("complex32", 4, complex64),
    NamedDtype("uint16", 2, int32), NamedDtype("uint32", 4, int64), NamedDtype("uint64", 8, int64),
    *(NamedDtype(name, 1, float16) for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")),
    NamedDtype("qint8", 1, int8), NamedDtype("quint8", 1, uint8), NamedDtype("qint32", 4, int32))}
_BY_NAME = {d.name: d for d in ALL}
_BY_NUMPY = {d.numpy: d for d in ALL}
_BY_PYTHON: dict[Any, dtype] = {bool: bool_, int: int64, float: float64, complex: complex128}


def by_name(name: str) -> dtype:
    """The dtype called `name`."""
    if name in NAMED:
        return NAMED[name]
    if name not in _BY_NAME:
        raise ArgumentTypeError(f"dtype: there is no dtype {name!r}; there are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def from_numpy_dtype(numpy_dtype: NumpyDtype) -> dtype:
    """The dtype of an array, or an error that says which arrays have one."""
    try:
        return _BY_NUMPY[numpy_dtype]
    except KeyError:
        native = numpy_dtype.newbyteorder("=")
        if native in _BY_NUMPY:
            raise DtypeError(f"dtype: {numpy_dtype} has a foreign byte order; array.astype({str(native)!r}) first") from None
        raise ArgumentTypeError(f"dtype: can't convert an array of {numpy_dtype}; the element types are {', '.join(_BY_NAME)}") from None


def to_numpy_dtype(value: Any) -> NumpyDtype:
    """The NumPy dtype that a user's `dtype=` argument means: ours, or Python's bool, int, float, complex."""
    if isinstance(value, dtype):
        return value.numpy
    if value in _BY_PYTHON:
        return _BY_PYTHON[value].numpy
    if isinstance(value, np.dtype):
        return from_numpy_dtype(value).numpy
    raise ArgumentTypeError(f"dtype: must be a minigrad dtype; got {value!r} ({type(value).__name__}); write minigrad.float32")


# ---------------------------------------------------------------- the default dtype
_default = float32.numpy                             # process-wide, as PyTorch's


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of floating-point tensors made from Python numbers. Takes floating-point dtypes only."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise ArgumentTypeError(f"set_default_dtype: only floating-point dtypes can be the default; got {d}")
    _default = d.numpy


def get_default_dtype() -> dtype:
    """The dtype of floating-point tensors made from Python numbers."""
    return _BY_NUMPY[_default]


def get_default_numpy() -> NumpyDtype:
    """The default dtype as NumPy's."""
    return _default


# ---------------------------------------------------------------- promotion
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}  # bool < integer < floating < complex
FLOATS = frozenset(d.numpy for d in (float16, float32, float64))
SCALAR, ZERO_DIM, DIMENSIONED = range(3)             # the three ranks of an operand


def real_of(d: NumpyDtype) -> NumpyDtype:
    """float64 for complex128, float32 for complex64, anything else itself."""
    return np.dtype(f"f{d.itemsize // 2}") if d.kind == "c" else d


def complex_of(d: NumpyDtype) -> NumpyDtype:
    """complex128 for float64, complex64 for every smaller real dtype."""
    return d if d.kind == "c" else complex128.numpy if d == float64.numpy else complex64.numpy


def scalar_dtype(value: Any) -> NumpyDtype:
    """The dtype that a Python number stands for."""
    if isinstance(value, (bool, np.bool_)):
        return bool_.numpy
    if isinstance(value, (int, np.integer)):
        return int64.numpy
    if isinstance(value, (float, np.floating)):
        return _default
    return complex_of(_default)


def promote_numpy(a: NumpyDtype, b: NumpyDtype) -> NumpyDtype:
    """The smallest common dtype of two operands of one rank: NumPy's lattice, with integers never widening a float."""
    if a == b:
        return a
    if a.kind == "c" or b.kind == "c":
        return np.promote_types(complex_of(a) if a.kind in "fc" else b, complex_of(b) if b.kind in "fc" else a)
    if CATEGORY[a.kind] != CATEGORY[b.kind]:
        return a if CATEGORY[a.kind] > CATEGORY[b.kind] else b
    return np.promote_types(a, b)


def result_numpy(operands: Iterable[tuple[NumpyDtype, int]]) -> NumpyDtype:
    """Promotion over (dtype, rank) pairs: a lower rank changes the result only by its category.

    Source: PyTorch, "Tensor Attributes: torch.dtype", on type promotion.
    """
    of_rank: list[NumpyDtype | None] = [None, None, None]
    for d, rank in operands:
        before = of_rank[rank]
        of_rank[rank] = d if before is None else promote_numpy(before, d)
    result: NumpyDtype | None = None
    for d_or_none in reversed(of_rank):              # dimensioned first
        if d_or_none is None:
            continue
        if result is None or CATEGORY[d_or_none.kind] > CATEGORY[result.kind]:
            # a float tensor with a complex scalar keeps its precision
            result = complex_of(result) if result is not None and result.kind == "f" and d_or_none.kind == "c" else d_or_none
    assert result is not None, "promotion of nothing"
    return result


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype to which both can be promoted."""
    return _BY_NUMPY[promote_numpy(to_numpy_dtype(type1), to_numpy_dtype(type2))]


def can_cast(from_: dtype, to: dtype) -> bool:
    """True where values of `from_` may be written into `to` by PyTorch's rules: never to a lower category."""
    a, b = to_numpy_dtype(from_), to_numpy_dtype(to)
    if a.kind == "i" and b.kind == "u":
        return True
    return CATEGORY[a.kind] <= CATEGORY[b.kind] and not (b.kind == "b" and a.kind != "b")


_LIMITS = {                                          # eps, max, smallest normal number, resolution
    "bfloat16": (2.0 ** -7, (2 - 2.0 ** -7) * 2.0 ** 127, 2.0 ** -126, 0.01),
    "float8_e4m3fn": (2.0 ** -3, 448.0, 2.0 ** -6, 1.0), "float8_e4m3fnuz": (2.0 ** -3, 240.0, 2.0 ** -7, 1.0),
    "float8_e5m2": (2.0 ** -2, 57344.0, 2.0 ** -14, 1.0), "float8_e5m2fnuz": (2.0 ** -3, 57344.0, 2.0 ** -15, 1.0),
    "float8_e8m0fnu": (1.0, 2.0 ** 127, 2.0 ** -127, 1.0)}


class finfo:
    """Limits of a floating-point dtype: bits, eps, max, min, tiny, smallest_normal, resolution."""

    bits: int

    def __init__(self, type: dtype | None = None) -> None:
        if isinstance(type, NamedDtype) and type.name in _LIMITS:
            self.eps, self.max, self.tiny, self.resolution = _LIMITS[type.name]
            self.bits, self.min, self.smallest_normal, self.dtype = 8 * type.itemsize, -self.max, self.tiny, type.name
            if not type.is_signed:
                self.min = self.tiny
            return
        d = to_numpy_dtype(type) if type is not None else _default
        if d.kind not in "fc":
            raise ArgumentTypeError(f"finfo: takes floating-point dtypes; got {type}; use iinfo for integers")
        info: Any = np.finfo(real_of(d))
        self.bits = info.bits
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)
        self.dtype = str(real_of(d))

    def __repr__(self) -> str:
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
                f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})")


class iinfo:
    """Limits of an integer dtype: bits, min, max."""

    def __init__(self, type: dtype) -> None:
        d = np.dtype(type.name) if isinstance(type, NamedDtype) and type.name in WIDE else to_numpy_dtype(type)
        if d.kind not in "iu":
            raise ArgumentTypeError(f"iinfo: takes integer dtypes; got {type}; use finfo for floating-point ones")
        info = np.iinfo(d)
        self.bits, self.min, self.max, self.dtype = info.bits, int(info.min), int(info.max), str(d)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
