"""Python and NumPy data as arrays: which dtype, which shape, and what is no tensor data at all."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import dtypes
from ._device import as_device, device
from ._layout import layout as Layout
from ._layout import memory_format as MemoryFormat
from ._layout import strided
from .backend import backend_for, backend_of
from .dtypes import dtype as DType
from .engine.node import Leaf, TensorBase, wrap
from .errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, UnsupportedError, describe
from .ops.scalars import fitting

Where = str | device | int | None
SCALARS = (bool, int, float, complex)
SEQUENCES = (list, tuple, range, np.ndarray, bytearray, memoryview)


# ---------------------------------------------------------------- data
def array_of(data: Any, dtype: Any, where: Where) -> Any:
    """A copy of `data` as an array: numbers, nested sequences, arrays or tensors."""
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else None
    if isinstance(data, TensorBase):
        host = backend_of(data.array).to_host(data.array)
        target = as_device(where) if where is not None else backend_of(data.array).device_of(data.array)
        return backend_for(target).from_host(converted(host, to), target)
    host = converted(checked(data), to) if isinstance(data, (np.ndarray, np.generic)) else from_python(data, to)
    target = as_device(where)
    return backend_for(target).from_host(host, target)


def converted(array: Any, to: Any) -> np.ndarray[Any, Any]:
    """A copy of a host array in a dtype; of complex numbers, in a real one, the real parts."""
    to = array.dtype if to is None else to
    if array.dtype.kind == "c" and to.kind in "fiu":
        array = array.real
    return np.array(array, to, order="K")


def checked(array: Any) -> np.ndarray[Any, Any]:
    """A NumPy array whose elements a tensor can have."""
    native = array.dtype.newbyteorder("=")
    if native != array.dtype:
        raise ArgumentError(f"tensor: given numpy array has byte order different from the native byte order: {array.dtype}; "
                            f"array.astype({str(native)!r}) first")
    dtypes.from_numpy_dtype(array.dtype)
    return np.asarray(array)


def from_python(data: Any, to: Any) -> np.ndarray[Any, Any]:
    """Numbers and nested sequences as an array. Numbers that the dtype cannot hold are an error; floats for integers are cut off."""
    if isinstance(data, (bytearray, memoryview)):
        data = list(data)                            # bytes as numbers
    if isinstance(data, (str, bytes)):
        raise ArgumentTypeError(f"tensor: invalid data type {type(data).__name__!r}; got {data!r}; strings are no tensor data")
    leaves: set[Any] = set()
    shape: list[int] = []
    if isinstance(data, SEQUENCES):
        shape = first_lengths(data)
        look_over(data, shape, 0, leaves)
    else:
        leaves.add(kind_of(data))
    found = common(leaves)
    plain = _HAS_OBJECTS not in leaves
    if not plain:
        data = as_numbers(data)
    if to is None:
        to = found
    if found.kind == "c" and to.kind in "fiu":
        raise ArgumentTypeError(f"tensor: must be real number, not complex, for dtype {to}")
    if 0 in shape:
        return np.empty(shape, to)
    try:
        if to.kind in "iu" and (found.kind != "b"):
            return whole_numbers(data, found, to)
        with np.errstate(over="ignore"):
            wider = found.kind == "f" and to.kind == "f" and found.itemsize > to.itemsize
            return np.array(data, found if wider else to).astype(to, copy=False)
    except OverflowError:
        raise ArgumentError(f"tensor: overflow: an integer does not fit into {to}; got {describe(data)}") from None


def whole_numbers(data: Any, found: Any, to: Any) -> np.ndarray[Any, Any]:
    """Numbers as integers of one dtype: each must fit, -1 ... of unsigned ones wrap."""
    wide = np.array(data, np.float64 if found.kind == "f" else np.int64)
    if wide.size and to != wide.dtype:
        fitting("tensor", wide.min().item(), to)
        fitting("tensor", wide.max().item(), to)
        if wide.dtype.kind == "f" and np.isnan(wide).any():
            fitting("tensor", float("nan"), to)
    return wide.astype(np.int64).astype(to, copy=False) if to.kind == "u" else wide.astype(to, copy=False)


def first_lengths(data: Any) -> list[int]:
    """The shape that the first elements suggest."""
    shape: list[int] = []
    while isinstance(data, SEQUENCES) and not (isinstance(data, np.ndarray) and not data.ndim):
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return shape


_HAS_OBJECTS = object()                              # in `leaves`: a tensor is among them, which NumPy cannot read


def look_over(data: Any, shape: Sequence[int], dim: int, leaves: set[Any]) -> None:
    """Check that nested sequences have one shape, and collect what their elements are."""
    if len(data) != shape[dim]:
        raise ArgumentError(f"tensor: expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    if isinstance(data, np.ndarray):
        if data.shape != tuple(shape[dim:]):
            raise ArgumentError(f"tensor: expected an array of shape {tuple(shape[dim:])} at dim {dim} (got {data.shape})")
        leaves.add(checked(data).dtype)
        return
    if isinstance(data, range):
        leaves.add(np.dtype(np.int64))
        return
    if dim + 1 < len(shape):
        for part in data:
            if not isinstance(part, SEQUENCES):
                raise ArgumentTypeError(f"tensor: not a sequence at dim {dim + 1}: {describe(part)}; "
                                        "all elements of one level need the same depth")
            look_over(part, shape, dim + 1, leaves)
        return
    for kind in set(map(type, data)):
        if kind in NUMPY_OF:
            leaves.add(NUMPY_OF[kind])
        else:
            leaves.update([kind_of(v) for v in data if type(v) is kind])
            if issubclass(kind, TensorBase):
                leaves.add(_HAS_OBJECTS)


NUMPY_OF: dict[type, Any] = {bool: np.dtype(bool), int: np.dtype(np.int64), float: float, complex: complex}


def kind_of(value: Any) -> Any:
    """The dtype of one element; float and complex stand for the default dtype's."""
    if type(value) in NUMPY_OF:
        return NUMPY_OF[type(value)]
    if isinstance(value, TensorBase):
        if value.array.size != 1:
            raise ArgumentError(f"tensor: only one element tensors can be converted to Python scalars; got {describe(value)}; use stack")
        return value.array.dtype
    if isinstance(value, (np.generic, np.ndarray)):
        if isinstance(value, np.ndarray) and value.ndim:
            raise ArgumentTypeError(f"tensor: an array {describe(value)} where a number is expected; "
                                    "all elements of one level need the same depth")
        return checked(value).dtype
    for plain in SCALARS:                            # subclasses: IntEnum, ...
        if isinstance(value, plain):
            return NUMPY_OF[plain]
    if isinstance(value, str):
        raise ArgumentError(f"tensor: too many dimensions 'str'; got {value!r}; strings are no tensor data")
    if isinstance(value, (list, tuple)):
        raise ArgumentTypeError(f"tensor: a {type(value).__name__} where a number is expected; "
                                "all elements of one level need the same depth")
    raise DtypeError(f"tensor: could not infer dtype of {type(value).__name__}")


def common(leaves: set[Any]) -> Any:
    """The dtype that all elements promote to; the default dtype for none."""
    default = dtypes.get_default_numpy()
    found = None
    for kind in leaves:
        if kind is _HAS_OBJECTS:
            continue
        d = default if kind is float else dtypes.complex_of(default) if kind is complex else kind
        found = d if found is None else dtypes.promote_numpy(found, d)
    return default if found is None else found


def as_numbers(data: Any) -> Any:
    """Nested sequences with their tensors as Python numbers."""
    if isinstance(data, (list, tuple)):
        return [as_numbers(v) for v in data]
    return data.array.item() if isinstance(data, TensorBase) else data


# ---------------------------------------------------------------- options that all creation functions share
def sizes(op: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """`zeros(2, 3)`, `zeros((2, 3))` and `zeros([2, 3])` all mean (2, 3)."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    elif not size:
        raise ArgumentTypeError(f"{op}: missing argument 'size'; write {op}(()) for a 0-d tensor")
    if len(size) > 64:
        raise ShapeError(f"{op}: a tensor has 64 dimensions at most, as NumPy's arrays do; got {len(size)}")
    for n in size:
        if type(n) is not int or n < 0:
            break
    else:
        return size
    for i, n in enumerate(size):
        if isinstance(n, (bool, float)) or not hasattr(n, "__index__"):
            raise ArgumentTypeError(f"{op}: argument 'size' must be tuple of ints, not {type(n).__name__} at position {i}")
    shape = tuple([n.__index__() for n in size])
    if min(shape, default=0) < 0:
        raise ShapeError(f"{op}: trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def check_layout(op: str, layout: Layout | None, memory_format: MemoryFormat | None = None) -> None:
    """`layout` may only be the one there is; `memory_format` is accepted, arrays are row-major all the same."""
    if layout is not None and layout is not strided:
        raise UnsupportedError(f"{op}: tensors are dense and strided; got layout {layout}")


def asked_dtype(op: str, out: Any, asked: DType | None, default: Any = None) -> Any:
    """NumPy's dtype of a tensor to be made: that of `out`, or what was asked for, or the default."""
    if out is None:
        return dtypes.to_numpy_dtype(asked) if asked is not None else default if default is not None else dtypes.get_default_numpy()
    if asked is not None and out.dtype != asked:
        raise DtypeError(f"{op}: dtype {asked} does not match dtype of out parameter ({out.dtype}); leave one of them out")
    return out.array.dtype


def finished(array: Any, requires_grad: bool) -> Any:
    """A leaf tensor over a new array."""
    t = wrap(array)
    if requires_grad:
        if array.dtype.kind not in "fc":
            raise DtypeError(f"requires_grad: only Tensors of floating point and complex dtype can require gradients; got {describe(t)}")
        t.node = Leaf(t)
    return t


def filled(op: str, shape: tuple[int, ...], value: Any, to: Any, where: Any) -> Any:
    """An array with one value everywhere; None leaves the memory as it comes."""
    xp = backend_for(where).xp
    if value is None:
        return xp.empty(shape, to)
    if value == 0:
        return xp.zeros(shape, to)
    return xp.full(shape, fitting(op, value, to), to)


# ---------------------------------------------------------------- x.new_...: like x but for the shape
def _new(op: str, x: Any, shape: tuple[int, ...], value: Any, dtype: Any, where: Where, requires_grad: bool) -> Any:
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else x.array.dtype
    target = as_device(where) if where is not None else backend_of(x.array).device_of(x.array)
    return finished(filled(op, shape, value, to, target), requires_grad)


def new_zeros(self: Any, *size: Any, dtype: Any = None, device: Where = None, requires_grad: bool = False,
              layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """Zeros of this tensor's dtype and device."""
    check_layout("new_zeros", layout)
    return _new("new_zeros", self, sizes("new_zeros", size), 0, dtype, device, requires_grad)


def new_ones(self: Any, *size: Any, dtype: Any = None, device: Where = None, requires_grad: bool = False,
             layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """Ones of this tensor's dtype and device."""
    check_layout("new_ones", layout)
    return _new("new_ones", self, sizes("new_ones", size), 1, dtype, device, requires_grad)


def new_empty(self: Any, *size: Any, dtype: Any = None, device: Where = None, requires_grad: bool = False,
              layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """Memory to be filled, of this tensor's dtype and device."""
    check_layout("new_empty", layout)
    return _new("new_empty", self, sizes("new_empty", size), None, dtype, device, requires_grad)


def new_full(self: Any, size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Where = None, requires_grad: bool = False,
             layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """One number everywhere, in this tensor's dtype and on its device."""
    check_layout("new_full", layout)
    return _new("new_full", self, size_of("new_full", size), number("new_full", fill_value), dtype, device, requires_grad)


def new_tensor(self: Any, data: Any, *, dtype: Any = None, device: Where = None, requires_grad: bool = False,
               layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """A copy of `data` in this tensor's dtype and on its device."""
    check_layout("new_tensor", layout)
    where = device if device is not None else backend_of(self.array).device_of(self.array)
    return finished(array_of(data, dtypes.from_numpy_dtype(self.array.dtype) if dtype is None else dtype, where), requires_grad)


def new_empty_strided(self: Any, size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, device: Where = None,
                      requires_grad: bool = False, layout: Layout | None = None, pin_memory: bool = False) -> Any:
    """Memory of a shape with these strides, in elements, of this tensor's dtype and device."""
    check_layout("new_empty_strided", layout)
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else self.array.dtype
    target = as_device(device) if device is not None else backend_of(self.array).device_of(self.array)
    return finished(empty_with_strides("new_empty_strided", size, stride, to, target), requires_grad)


def empty_with_strides(op: str, size: Sequence[int], stride: Sequence[int], to: Any, where: Any) -> Any:
    """An array of a shape with these strides, in elements."""
    shape, steps = size_of(op, size), tuple(stride)
    if len(shape) != len(steps) or min(steps, default=0) < 0:
        raise ShapeError(f"{op}: strides must be as many as sizes and not negative; got size {list(size)}, stride {list(stride)}")
    xp = backend_for(where).xp
    memory = xp.empty(1 + sum((n - 1) * s for n, s in zip(shape, steps)) if 0 not in shape else 0, to)
    return xp.lib.stride_tricks.as_strided(memory, shape, [s * to.itemsize for s in steps])


def new(self: Any, *data: Any) -> Any:
    """PyTorch's legacy method: `x.new(2, 3)` is memory to be filled, `x.new([1, 2])` data, in this tensor's dtype."""
    if len(data) == 1 and isinstance(data[0], (list, np.ndarray)) or data and type(data[0]) is tuple:
        return new_tensor(self, data[0])
    return new_empty(self, *data or (0,))


def size_of(op: str, size: Any) -> tuple[int, ...]:
    """A size that must be given as one tuple or list."""
    if not isinstance(size, (tuple, list)):
        raise ArgumentTypeError(f"{op}: argument 'size' must be tuple of ints, not {type(size).__name__}")
    return sizes(op, (size,))


def number(op: str, value: Any) -> Any:
    """A Python number, given as one, as a NumPy scalar, or as a 0-d tensor."""
    if isinstance(value, TensorBase) and not value.array.ndim:
        return value.array.item()
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return value.item()
    if not isinstance(value, SCALARS):
        raise ArgumentTypeError(f"{op}: argument must be a Number, not {describe(value)}")
    return value
