"""Tensors from nothing, and from Python and NumPy data."""
from __future__ import annotations

import builtins
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import dtypes
from ._data import Where, array_of, asked_dtype, check_layout, checked, empty_with_strides, filled, finished, number, size_of, sizes
from ._device import as_device
from ._layout import layout as Layout
from ._layout import memory_format as MemoryFormat
from ._tensor import Tensor
from .backend import backend_for, backend_of
from .dtypes import dtype as DType
from .engine.inplace import store
from .engine.node import TensorBase, wrap
from .errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, UnsupportedError, describe
from .ops.scalars import fitting
from .ops.shape import clone


# ---------------------------------------------------------------- from data
def tensor(data: Any, *, dtype: DType | None = None, device: Where = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A new leaf with a copy of `data`: a number, nested sequences, an array or a tensor.

    Without `dtype`: Python floats become the default dtype, ints int64; NumPy values and tensors keep theirs, and
    mixtures promote. Raises ArgumentError for ragged sequences, DtypeError for numbers that `dtype` cannot hold.

    >>> tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])
    """
    return finished(array_of(data, dtype, device), requires_grad)


def as_tensor(data: Any, dtype: DType | None = None, device: Where = None) -> Tensor:
    """`data` as a tensor: itself if it is one, over the same memory if it is an array; a copy only where needed."""
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)   # type: ignore[attr-defined]
    if isinstance(data, np.ndarray):
        return as_tensor(from_numpy(data), dtype, device)
    return tensor(data, dtype=dtype, device=device)


def asarray(obj: Any, *, dtype: DType | None = None, device: Where = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """`obj` as a tensor. copy: True always, False never (an error where it is needed), None where needed."""
    if isinstance(obj, (bytearray, memoryview)):
        obj = frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())
    shared = isinstance(obj, (TensorBase, np.ndarray))
    made = as_tensor(obj, dtype, device)
    if copy is False and not shared:
        raise ArgumentError(f"asarray: can't alias arbitrary sequence into a tensor; got {describe(obj)}")
    if copy is False and backend_of(made.array).xp.may_share_memory(made.array, getattr(obj, "array", obj)) is False:
        raise ArgumentError(f"asarray: can't alias {describe(obj)} into {describe(made)}; pass copy=None")
    if copy and shared:
        made = clone(made)
    return made.detach().requires_grad_() if requires_grad and made.node is None else made


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor over the memory of an array: a write to one shows in the other.

    Raises ArgumentTypeError for what is no array or holds no numbers, ArgumentError for foreign byte order and negative strides.
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"from_numpy: expected np.ndarray (got {type(ndarray).__name__})")
    array = checked(ndarray)
    if min(array.strides, default=0) < 0:
        raise ArgumentError("from_numpy: at least one stride in the given numpy array is negative, and tensors with negative strides are "
                            "not supported; make a copy of your array with array.copy()")
    if not array.flags.writeable:
        warnings.warn("from_numpy: the given NumPy array is not writable, and writing to the tensor will fail; "
                      "array.copy() first if you need to",
                      stacklevel=2)
    return wrap(array)


def frombuffer(buffer: Any, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor over the memory of an object with Python's buffer interface.

    count: elements to take, -1 for all behind `offset`, which is in bytes. Raises ArgumentError where they do not fit.
    """
    to = dtypes.to_numpy_dtype(dtype)
    memory = memoryview(buffer)
    size = memory.nbytes
    if not size or not count:
        raise ArgumentError(f"frombuffer: both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ArgumentError(f"frombuffer: offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) "
                            "minus 1")
    if count < 0 and (size - offset) % to.itemsize:
        raise ArgumentError(f"frombuffer: buffer length ({size - offset} bytes) after offset ({offset} bytes) must be a multiple of "
                            f"element size ({to.itemsize})")
    if count * to.itemsize > size - offset:
        raise ArgumentError(f"frombuffer: requested buffer length ({count} * {to.itemsize} bytes) after offset ({offset} bytes) must not "
                            f"be greater than actual buffer length ({size} bytes)")
    return finished(np.frombuffer(memory, to, count, offset), requires_grad)


def scalar_tensor(s: Any, *, dtype: DType | None = None, device: Where = None, requires_grad: bool = False, layout: Layout | None = None,
                  pin_memory: bool = False) -> Tensor:
    """A 0-d tensor of the default dtype, whatever the number."""
    return full((), s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad, layout=layout)


# ---------------------------------------------------------------- one value everywhere
def _made(op: str, shape: tuple[int, ...], value: Any, out: Any, dtype: Any, where: Where, requires_grad: bool,
          layout: Layout | None) -> Tensor:
    check_layout(op, layout)
    if out is not None:
        to = asked_dtype(op, out, dtype)
        return _into(op, out, filled(op, shape, value, to, backend_of(out.array).device_of(out.array)))
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else dtypes.get_default_numpy()
    return finished(filled(op, shape, value, to, as_device(where)), requires_grad)


def _into(op: str, out: Any, array: Any) -> Tensor:
    """Write a new array where `out=` says; an empty tensor takes on its shape."""
    if not out.array.size and out.array.shape != array.shape:
        out.array = backend_of(array).xp.empty(array.shape, out.array.dtype)
    store(out, wrap(array), op, False)
    return out


def zeros(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
          pin_memory: bool = False, requires_grad: bool = False, **named: Any) -> Tensor:
    """Zeros of a shape, `zeros(2, 3)` or `zeros((2, 3))`, in the default dtype or another."""
    return _made("zeros", sizes("zeros", _size("zeros", size, named)), 0, out, dtype, device, requires_grad, layout)


def ones(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
         pin_memory: bool = False, requires_grad: bool = False, **named: Any) -> Tensor:
    """Ones of a shape, `ones(2, 3)` or `ones((2, 3))`, in the default dtype or another."""
    return _made("ones", sizes("ones", _size("ones", size, named)), 1, out, dtype, device, requires_grad, layout)


def empty(*size: Any, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
          pin_memory: bool = False, requires_grad: bool = False, memory_format: MemoryFormat | None = None, **named: Any) -> Tensor:
    """Memory of a shape, to be filled; its values are whatever was there."""
    return _made("empty", sizes("empty", _size("empty", size, named)), None, out, dtype, device, requires_grad, layout)


def _size(op: str, size: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The sizes, given one by one, as one tuple, or as `size=`."""
    if named:
        if size or list(named) != ["size"]:
            wrong = next((name for name in named if name != "size"), "size")
            raise ArgumentTypeError(f"{op}: got an unexpected keyword argument {wrong!r}")
        return (named["size"],)
    return size


def full(size: Sequence[int], fill_value: Any, *, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
         device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """One number everywhere, in the dtype that the number stands for: 3 is int64, 3.0 the default dtype, True bool."""
    value = number("full", fill_value)
    if dtype is None:
        dtype = dtypes.from_numpy_dtype(dtypes.scalar_dtype(value))
    return _made("full", size_of("full", size), value, out, dtype, device, requires_grad, layout)


def empty_strided(size: Sequence[int], stride: Sequence[int], *, dtype: DType | None = None, layout: Layout | None = None,
                  device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """Memory of a shape with these strides, in elements."""
    check_layout("empty_strided", layout)
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else dtypes.get_default_numpy()
    return finished(empty_with_strides("empty_strided", size, stride, to, as_device(device)), requires_grad)


def empty_permuted(size: Sequence[int], physical_layout: Sequence[int], *, dtype: DType | None = None, layout: Layout | None = None,
                   device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """Memory of a shape whose dimensions lie in the order `physical_layout`, outermost first."""
    shape = size_of("empty_permuted", size)
    if sorted(physical_layout) != list(builtins.range(len(shape))):
        raise ShapeError(f"empty_permuted: physical_layout must be a permutation of the dims; got {list(physical_layout)}")
    made = empty([shape[d] for d in physical_layout], dtype=dtype, layout=layout, device=device)
    return finished(made.array.transpose([list(physical_layout).index(d) for d in builtins.range(len(shape))]), requires_grad)


# ---------------------------------------------------------------- like another tensor
def _like(op: str, x: Any, value: Any, dtype: Any, where: Where, requires_grad: bool, layout: Layout | None,
          memory_format: MemoryFormat | None) -> Tensor:
    """One value everywhere, in x's shape, dtype, device and order of dimensions."""
    check_layout(op, layout)
    if not isinstance(x, TensorBase):
        raise ArgumentTypeError(f"{op}: argument 'input' must be Tensor, not {describe(x)}")
    array = x.array
    to = dtypes.to_numpy_dtype(dtype) if dtype is not None else array.dtype
    target = as_device(where) if where is not None else backend_of(array).device_of(array)
    if array.flags.c_contiguous or (memory_format is not None and memory_format.name != "preserve_format"):
        return finished(filled(op, array.shape, value, to, target), requires_grad)
    made = backend_for(target).xp.empty_like(array, to)
    if value is not None:
        made.fill(fitting(op, value, to))
    return finished(made, requires_grad)


def zeros_like(input: Tensor, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None, pin_memory: bool = False,
               requires_grad: bool = False, memory_format: MemoryFormat | None = None) -> Tensor:
    """Zeros in the shape, dtype and device of another tensor."""
    return _like("zeros_like", input, 0, dtype, device, requires_grad, layout, memory_format)


def ones_like(input: Tensor, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None, pin_memory: bool = False,
              requires_grad: bool = False, memory_format: MemoryFormat | None = None) -> Tensor:
    """Ones in the shape, dtype and device of another tensor."""
    return _like("ones_like", input, 1, dtype, device, requires_grad, layout, memory_format)


def empty_like(input: Tensor, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None, pin_memory: bool = False,
               requires_grad: bool = False, memory_format: MemoryFormat | None = None) -> Tensor:
    """Memory to be filled, in the shape, dtype and device of another tensor."""
    return _like("empty_like", input, None, dtype, device, requires_grad, layout, memory_format)


def full_like(input: Tensor, fill_value: Any, *, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
              pin_memory: bool = False, requires_grad: bool = False, memory_format: MemoryFormat | None = None) -> Tensor:
    """One number everywhere, in the shape, dtype and device of another tensor."""
    return _like("full_like", input, number("full_like", fill_value), dtype, device, requires_grad, layout, memory_format)


# ---------------------------------------------------------------- sequences of numbers
def arange(*args: Any, start: Any = None, end: Any = None, step: Any = None, out: Tensor | None = None, dtype: DType | None = None,
           layout: Layout | None = None, device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """start, start + step, ... below `end`: `arange(end)`, `arange(start, end)` or `arange(start, end, step)`.

    int64 if all are integers, else the default dtype; ceil((end - start) / step) elements.
    Raises ShapeError for a step of 0 or in the wrong direction.
    """
    check_layout("arange", layout)
    if len(args) == 1 and type(args[0]) is int and args[0] >= 0 and all(v is None for v in (start, end, step, out, dtype)):
        return finished(backend_for(as_device(device)).xp.arange(args[0]), requires_grad)
    a, b, s = _bounds(args, start, end, step)
    to = asked_dtype("arange", out, dtype, np.dtype(np.int64) if all(isinstance(v, int) for v in (a, b, s)) else None)
    if to.kind in "bc":
        raise UnsupportedError(f"arange: not implemented for {to}; convert the result")
    a, b, s, n = _steps(a, b, s, to)
    xp = backend_for(as_device(device)).xp if out is None else backend_of(out.array).xp
    array = xp.arange(a, a + n * s, s).astype(to, copy=False) if to.kind in "iu" else (xp.arange(n) * float(s) + a).astype(to)
    return _into("arange", out, array) if out is not None else finished(array, requires_grad)


def _bounds(args: tuple[Any, ...], start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    """start, end and step as numbers, from any of PyTorch's ways to give them."""
    given = list(args)
    if end is None and len(given) == 1:
        given = [0 if start is None else start, *given]
    elif end is not None:
        given = [*(given or [0 if start is None else start]), end]
    if step is not None:
        given.append(step)
    if not 2 <= len(given) <= 3 or (step is not None and len(given) != 3):
        raise ArgumentTypeError(f"arange: takes (end), (start, end) or (start, end, step); got {len(args)} positional arguments")
    a, b, s = [number("arange", v) for v in (*given, 1)[:3]]
    if any(isinstance(v, complex) for v in (a, b, s)):
        raise DtypeError(f"arange: bounds must be real; got {a}, {b}, {s}")
    return a, b, s


def _steps(a: Any, b: Any, s: Any, to: Any) -> tuple[Any, Any, Any, int]:
    """Bounds as the dtype takes them, and how many numbers lie between."""
    if s == 0:
        raise ShapeError(f"arange: step must be nonzero; got start {a}, end {b}, step {s}")
    if not (math.isfinite(a) and math.isfinite(b)):
        raise ShapeError(f"arange: unsupported range: {a} -> {b}")
    if (b - a) * s < 0:
        raise ShapeError(f"arange: upper bound and lower bound inconsistent with step sign; got start {a}, end {b}, step {s}")
    if to == np.int64:
        a, b, s = int(a), int(b), int(s)
        if not s:
            raise ArgumentError("arange: step must be nonzero as an integer")
        return a, b, s, max(-((a - b) // s), 0)
    n = math.ceil((b - a) / s)
    return (int(a), int(b), int(s), n) if to.kind in "iu" else (a, b, s, n)


def range(start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: DType | None = None,
          layout: Layout | None = None, device: Where = None, requires_grad: bool = False) -> Tensor:
    """As `arange`, with the end included and the default dtype; PyTorch discourages it."""
    if end is None:
        raise ArgumentTypeError("range: missing argument 'end'")
    a, b, s = number("range", start), number("range", end), number("range", step)
    if s == 0 or (b - a) * s < 0:
        raise ShapeError(f"range: upper bound and lower bound inconsistent with step sign; got start {a}, end {b}, step {s}")
    made = arange(math.floor((b - a) / s) + 1, dtype=dtypes.float64, device=device).array * s + a
    to = asked_dtype("range", out, dtype)
    return _into("range", out, made.astype(to)) if out is not None else finished(made.astype(to), requires_grad)


def _spaced(op: str, start: Any, end: Any, steps: int, out: Any, dtype: Any, where: Where) -> tuple[Any, Any]:
    """`steps` numbers from start to end in double precision, and the dtype that is wanted."""
    if isinstance(start, TensorBase) and start.array.ndim or isinstance(end, TensorBase) and end.array.ndim:
        raise ShapeError(f"{op}: only supports 0-dimensional start and end tensors; got start {describe(start)}, end {describe(end)}")
    a, b = number(op, start), number(op, end)
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise ArgumentTypeError(f"{op}: argument 'steps' must be int, not {describe(steps)}")
    if steps < 0:
        raise ShapeError(f"{op}: number of steps must be non-negative; got {steps}")
    is_complex = isinstance(a, complex) or isinstance(b, complex)
    default = dtypes.complex_of(dtypes.get_default_numpy()) if is_complex else dtypes.get_default_numpy()
    to = asked_dtype(op, out, dtype, default)
    if is_complex and to.kind != "c":
        raise DtypeError(f"{op}: inferred dtype {default} can't be safely cast to passed dtype {to}")
    if to.kind in "iu":
        a, b = int(a), int(b)
    xp = backend_for(as_device(where)).xp if out is None else backend_of(out.array).xp
    n = steps.__index__()
    i = xp.arange(n)
    width = (b - a) / max(n - 1, 1)
    # from both ends inwards, so that the last is `end` exactly
    return xp.where(i < n // 2 + (n == 1), a + width * i, b - width * (n - 1 - i)), to


def linspace(start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
             device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """`steps` numbers at equal distances, from start to end, both included. Integer dtypes cut off."""
    check_layout("linspace", layout)
    array, to = _spaced("linspace", start, end, steps, out, dtype, device)
    return _into("linspace", out, array.astype(to)) if out is not None else finished(array.astype(to), requires_grad)


def logspace(start: Any, end: Any, steps: int, base: Any = 10.0, *, out: Tensor | None = None, dtype: DType | None = None,
             layout: Layout | None = None, device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """base to the power of `steps` numbers at equal distances, from start to end, both included."""
    check_layout("logspace", layout)
    powers, to = _spaced("logspace", start, end, steps, out, dtype, device)
    array = (base ** powers).astype(to)
    return _into("logspace", out, array) if out is not None else finished(array, requires_grad)


def eye(n: int, m: int | None = None, *, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
        device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros; m is n by default."""
    check_layout("eye", layout)
    rows, columns = sizes("eye", (n,))[0], sizes("eye", (n if m is None else m,))[0]
    to = asked_dtype("eye", out, dtype)
    xp = backend_for(as_device(device)).xp if out is None else backend_of(out.array).xp
    array = xp.eye(rows, columns, dtype=to)
    return _into("eye", out, array) if out is not None else finished(array, requires_grad)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Where = None,
                 layout: Layout | None = None) -> Tensor:
    """(2, n): rows and columns of the lower triangle of a (row, col) matrix, up to the diagonal `offset`."""
    return _triangle("tril_indices", row, col, np.tri(max(row, 0), max(col, 0), offset, bool), dtype, device, layout)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Where = None,
                 layout: Layout | None = None) -> Tensor:
    """(2, n): rows and columns of the upper triangle of a (row, col) matrix, from the diagonal `offset` on."""
    return _triangle("triu_indices", row, col, ~np.tri(max(row, 0), max(col, 0), offset - 1, bool), dtype, device, layout)


def _triangle(op: str, row: int, col: int, mask: Any, dtype: DType | None, where: Where, layout: Layout | None) -> Tensor:
    check_layout(op, layout)
    if row < 0 or col < 0:
        raise ShapeError(f"{op}: row and col must be non-negative, got {row} and {col}")
    return tensor(np.stack(mask.nonzero()), dtype=dtype, device=where)
