"""Tensors for Python and NumPy: conversions, numbers, iteration, printing, copying, pickling.

Each function here is a method of Tensor, under the same name.
"""
from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import cupy_arrays, dtypes
from ._device import as_device, device
from ._layout import memory_format
from ._printing import tensor_repr
from ._sharing import is_shared as is_shared
from ._sharing import share_memory_ as share_memory_
from ._sharing import shared, shared_memory
from .backend import backend_for, backend_of
from .engine.inplace import address, node_of
from .engine.node import Leaf, TensorBase, wrap
from .errors import ArgumentTypeError, GraphError, ShapeError, describe
from .ops.cast import cast
from .ops.dims import one_dim
from .ops.shape import clone
from .ops.transfer import transfer


# ---------------------------------------------------------------- construction
def legacy(data: tuple[Any, ...], where: Any) -> Any:
    """The array of `Tensor(...)`: sizes give memory to be filled, data the default dtype."""
    backend = backend_for(as_device(where))
    kind = dtypes.get_default_numpy()
    if not data:
        return backend.xp.empty((0,), kind)
    first = data[0]
    if len(data) == 1 and isinstance(first, TensorBase):
        return first.array
    if isinstance(first, builtins.int) or (len(data) == 1 and isinstance(first, tuple) and type(first) is not tuple):
        return backend.xp.zeros(data if isinstance(first, builtins.int) else first, kind)
    if len(data) == 1 and isinstance(first, (list, tuple, np.ndarray)):
        return backend.asarray(np.asarray(first, kind))
    raise ArgumentTypeError(f"Tensor: takes sizes or one sequence of numbers; got {', '.join(describe(d) for d in data)}; "
                            "use minigrad.tensor(...)")


# ---------------------------------------------------------------- memory
def stride(x: Any, dim: builtins.int | None = None) -> Any:
    """Elements per step of each dimension, or of one. Dimensions of size 1 and empty tensors count as row-major."""
    steps = [s // x.array.itemsize for s in x.array.strides]
    if x.array.flags.c_contiguous:                   # NumPy leaves arbitrary strides where a size is 0 or 1
        steps, step = [], 1
        for n in reversed(x.array.shape):
            steps.insert(0, step)
            step *= max(n, 1)
    return tuple(steps) if dim is None else steps[one_dim("stride", dim, x.array.ndim)]


def storage_offset(x: Any) -> builtins.int:
    """Elements from the start of the memory that x views."""
    if x.base is None:
        return 0
    return (address(x.array) - address(x.base.array)) // x.array.itemsize


def dim_order(x: Any, ambiguity_check: Any) -> tuple[builtins.int, ...]:
    """The dimensions from the largest stride to the smallest. With `ambiguity_check`, ties are refused."""
    steps = stride(x)
    order = tuple(sorted(range(x.ndim), key=lambda d: -steps[d]))
    if ambiguity_check and len({steps[d] for d in order}) < len(order):
        raise ShapeError(f"dim_order: the tensor does not have unique dim order: strides {steps} of {describe(x)}")
    return order


def to_dense(x: Any, dtype: Any = None, *, masked_grad: Any = None) -> Any:
    """x itself, in another dtype if asked: all tensors are dense."""
    return x if dtype is None else x.to(dtype)


def no(x: Any, *args: Any) -> builtins.bool:
    """False: no tensor here is pinned, shared between processes, or made for inference only."""
    return False


def set_data(x: Any, value: Any) -> None:
    """x.data = value: x takes over the memory; its place in the graph stays."""
    if not isinstance(value, TensorBase):
        raise ArgumentTypeError(f"data: must be set to a Tensor; got {describe(value)}")
    x.array = value.array
    x.cell = [0, 0, None]
    if isinstance(x.node, Leaf):
        x.node.shape, x.node.dtype = value.array.shape, value.array.dtype


# ---------------------------------------------------------------- dtype and device
def to(x: Any, *args: Any, **kwargs: Any) -> Any:
    """x in another dtype and on another device: to(dtype), to(device, dtype), to(other), each with copy=.

    x itself if nothing changes and copy is False.
    """
    copy = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)
    kwargs.pop("memory_format", None)
    where, kind = kwargs.pop("device", None), kwargs.pop("dtype", None)
    other = kwargs.pop("other", None)
    if kwargs:
        raise ArgumentTypeError(f"to: got an unexpected keyword argument {next(iter(kwargs))!r}; "
                                "it takes device, dtype, non_blocking, copy")
    for i, arg in enumerate(args):
        if isinstance(arg, TensorBase):
            other = arg
        elif isinstance(arg, builtins.bool):         # non_blocking, then copy
            copy = arg if i and isinstance(args[i - 1], builtins.bool) else copy
        elif isinstance(arg, (str, device)) or (isinstance(arg, builtins.int) and i == 0):
            where = arg
        elif arg is not None and not isinstance(arg, memory_format):
            kind = arg
    if other is not None:
        where, kind = backend_of(other.array).device_of(other.array), dtypes.from_numpy_dtype(other.array.dtype)
    result = x
    if where is not None:
        target = as_device(where)
        here = backend_of(x.array).device_of(x.array)
        if target.type != here.type or (target.index is not None and here.index is not None and target.index != here.index):
            result = transfer(result, target)
    if kind is not None and (numpy_dtype := dtypes.to_numpy_dtype(kind)) != result.array.dtype:
        result = cast(result, numpy_dtype)
    return clone(result) if copy and result is x else result


def type(x: Any, dtype: Any = None, non_blocking: builtins.bool = False) -> Any:
    """The name of x's type ('torch.FloatTensor'), or x in another dtype, given as a dtype, a name or a legacy class."""
    if dtype is None:
        prefix = f"{dtypes.dtype.prefix}." + ("cuda." if backend_of(x.array).device_of(x.array).type == "cuda" else "")
        return f"{prefix}{LEGACY[x.array.dtype.name]}Tensor"
    name = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", "")
    if name.endswith("Tensor"):
        short = name.rpartition(".")[2].removesuffix("Tensor")
        found = next((d for d, legacy_name in LEGACY.items() if legacy_name == short), None)
        if found is None:
            raise ArgumentTypeError(f"type: unknown tensor type {name!r}; write minigrad.float32")
        dtype = dtypes.by_name(found)
    return to(x, dtype)


LEGACY = {"float16": "Half", "float32": "Float", "float64": "Double", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
          "uint8": "Byte", "bool": "Bool", "complex64": "ComplexFloat", "complex128": "ComplexDouble"}


def type_as(x: Any, other: Any) -> Any:
    """x in other's dtype and on its device."""
    return to(x, other)


def cpu(x: Any, memory_format: Any = None) -> Any:
    """x in the computer's own memory."""
    return to(x, "cpu")


def cuda(x: Any, device: Any = None, non_blocking: builtins.bool = False, memory_format: Any = None) -> Any:
    """x on a CUDA device."""
    return to(x, "cuda" if device is None else device)


def float(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.float32)


def double(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.float64)


def half(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.float16)


def bfloat16(x: Any, memory_format: Any = None) -> Any:
    """Raises UnsupportedError: NumPy has no bfloat16; float16 is the half precision here."""
    return to(x, dtypes.by_name("bfloat16"))


def long(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.int64)


def int(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.int32)


def short(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.int16)


def char(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.int8)


def byte(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.uint8)


def bool(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.bool_)


def cfloat(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.complex64)


def cdouble(x: Any, memory_format: Any = None) -> Any:
    return to(x, dtypes.complex128)


def pin_memory(x: Any, device: Any = None) -> Any:
    """A copy in memory that a GPU reads by itself, so that `.to("cuda", non_blocking=True)` goes on beside the program.

    Raises DeviceError where there is no GPU, and ArgumentTypeError for a tensor that lies on one.
    """
    if not backend_of(x.array).on_host:
        raise ArgumentTypeError(f"pin_memory: only dense CPU tensors can be pinned; got {describe(x)}")
    return x if cupy_arrays.is_pinned(x.array) else wrap(cupy_arrays.pinned(x.array))


def is_pinned(x: Any, device: Any = None) -> builtins.bool:
    """Whether x lies in such memory."""
    return cupy_arrays.is_pinned(x.array)


# ---------------------------------------------------------------- values
def item(x: Any) -> Any:
    """The one element as a Python number."""
    if x.array.size != 1:
        raise ShapeError(f"item: a Tensor with {x.array.size} elements cannot be converted to Scalar; got {describe(x)}")
    return x.array.item()


def tolist(x: Any) -> Any:
    """Nested lists of Python numbers; a number for a 0-d tensor."""
    return backend_of(x.array).to_host(x.array).tolist()


def numpy(x: Any, *, force: builtins.bool = False) -> np.ndarray[Any, Any]:
    """The memory as a NumPy array, shared. force: detach and copy to the CPU first where needed."""
    if not force and node_of(x) is not None:
        raise GraphError("numpy: can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    backend = backend_of(x.array)
    if not force and backend.device_of(x.array).type != "cpu":
        raise ArgumentTypeError(f"numpy: can't convert {backend.device_of(x.array)} device type tensor to numpy. Use Tensor.cpu() to copy "
                                "the tensor to host memory first.")
    return backend.to_host(x.array)


def __array__(x: Any, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray[Any, Any]:
    """What `numpy.asarray(x)` takes."""
    array = numpy(x)
    if dtype is not None and array.dtype != dtype:
        return array.astype(dtype)
    return array.copy() if copy else array


def __array_wrap__(x: Any, array: Any, context: Any = None, return_scalar: builtins.bool = False) -> Any:
    """What `numpy.sqrt(x)` gives back: a tensor, outside the graph as all that NumPy computes."""
    dtypes.from_numpy_dtype(array.dtype)
    return wrap(array)


def __len__(x: Any) -> builtins.int:
    if not x.array.ndim:
        raise ArgumentTypeError("len: len() of a 0-d tensor")
    return len(x.array)


def __iter__(x: Any) -> Iterator[Any]:
    if not x.array.ndim:
        raise ArgumentTypeError("iter: iteration over a 0-d tensor; use .item()")
    return iter([x[i] for i in range(len(x.array))])


def _scalar(x: Any, what: str) -> Any:
    if x.array.size != 1:
        raise ArgumentTypeError(f"{what}: only one element tensors can be converted to Python scalars; got {describe(x)}")
    return x.array.item()


def __bool__(x: Any) -> builtins.bool:
    if x.array.size != 1:
        what = "no values" if not x.array.size else "more than one value"
        raise ShapeError(f"bool: Boolean value of Tensor with {what} is ambiguous; got {describe(x)}; use .any() or .all()")
    return builtins.bool(x.array.item())


def __int__(x: Any) -> builtins.int:
    return builtins.int(_scalar(x, "int"))


def __float__(x: Any) -> builtins.float:
    return builtins.float(_scalar(x, "float"))


def __complex__(x: Any) -> complex:
    return complex(_scalar(x, "complex"))


def __index__(x: Any) -> builtins.int:
    if x.array.dtype.kind not in "biu" or x.array.size != 1:
        raise ArgumentTypeError(f"index: only integer tensors of a single element can be converted to an index; got {describe(x)}")
    return builtins.int(x.array.item())


def __contains__(x: Any, value: Any) -> builtins.bool:
    """True if some element equals `value`."""
    if not isinstance(value, (TensorBase, builtins.int, builtins.float, complex)):
        raise ArgumentTypeError(f"in: Tensor.__contains__ only supports Tensor or scalar, but you passed in a {builtins.type(value)}")
    compared = backend_of(x.array).xp.any(x.array == (value.array if isinstance(value, TensorBase) else value))
    return builtins.bool(compared)


def __format__(x: Any, spec: str) -> str:
    """A 0-d tensor formats as its number."""
    if not x.array.ndim and not isinstance(x.node, Leaf):
        return format(x.array.item(), spec)
    if not x.array.ndim and spec:
        return format(x.array.item(), spec)
    return object.__format__(x, spec)


def __repr__(x: Any) -> str:
    """PyTorch's picture of a tensor."""
    where, ours = x.device, builtins.type(x).__module__.partition(".")[0] == __name__.partition(".")[0]
    return tensor_repr(
        x.array,
        prefix="tensor(" if ours else f"{builtins.type(x).__name__}(",
        device=None if where.type == "cpu" else str(where),
        suffixes=[f"grad_fn=<{x.grad_fn.name()}>"] if x.grad_fn is not None else ["requires_grad=True"] if x.requires_grad else [],
        default_dtype=dtypes.get_default_numpy(),
        dtype_repr=lambda d: repr(dtypes.from_numpy_dtype(d)),
        to_numpy=backend_of(x.array).to_host)


# ---------------------------------------------------------------- copies
def __copy__(x: Any) -> Any:
    """A new tensor over the same memory and at the same place in the graph."""
    made = wrap(x.array, None, x.cell)
    made.__class__ = builtins.type(x)
    made.__dict__.update(x.__dict__)
    if isinstance(node_of(x), Leaf):
        made.node = Leaf(made)
    else:
        made.node = node_of(x)
    made._grad = x._grad
    return made


def __deepcopy__(x: Any, memo: dict[builtins.int, Any]) -> Any:
    """A leaf with memory of its own. Tensors with a graph are refused, as in PyTorch."""
    from copy import deepcopy
    node = node_of(x)
    if node is not None and not isinstance(node, Leaf):
        raise GraphError("deepcopy: only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                         "moment; call detach() first")
    if id(x) in memo:
        return memo[id(x)]
    made = wrap(x.array.copy(order="K"))
    made.__class__ = builtins.type(x)
    memo[id(x)] = made
    if node is not None:
        made.node = Leaf(made)
    made.__dict__.update(deepcopy(x.__dict__, memo))
    made._grad = deepcopy(x._grad, memo)
    return made


def __reduce_ex__(x: Any, protocol: Any) -> Any:
    """Pickled as a NumPy array, the class, and whether it requires grad. A graph is refused."""
    node = node_of(x)
    if node is not None and not isinstance(node, Leaf):
        raise GraphError("pickle: can't pickle a tensor with a graph; call detach() first")
    memory = shared_memory(x) if x.base is None else None
    if memory is not None and sys.modules["multiprocessing"].context.get_spawning_popen() is not None:    # a process is started with it
        return unpickle_shared, (builtins.type(x), memory, x.array.dtype, x.array.shape, node is not None, x.__dict__ or None)
    host = backend_of(x.array).to_host(x.array)
    where = str(backend_of(x.array).device_of(x.array))
    return unpickle, (builtins.type(x), host, where, node is not None, x.__dict__ or None)


def unpickle_shared(kind: Any, memory: Any, dtype: Any, shape: Any, requires_grad: builtins.bool, attributes: dict[str, Any] | None) -> Any:
    """The same for a tensor that shares its memory with the process that sent it."""
    return unpickle(kind, shared(memory, dtype, shape), "cpu", requires_grad, attributes)


def unpickle(kind: Any, array: np.ndarray[Any, Any], where: str, requires_grad: builtins.bool, attributes: dict[str, Any] | None) -> Any:
    """What pickle calls to make a tensor again."""
    target = as_device(where)
    made = wrap(backend_for(target).from_host(array, target))
    made.__class__ = kind
    if attributes:
        made.__dict__.update(attributes)
    if requires_grad:
        made.node = Leaf(made)
    return made


