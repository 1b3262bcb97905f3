"""Tensors that look like one sample and hold them all, and the `vmap` that each belongs to."""
from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from .. import backend
from .._tensor import Tensor
from ..backend import backend_of
from ..dtypes import from_numpy_dtype
from ..engine.inplace import node_of
from ..engine.mode import local
from ..engine.node import TensorBase, wrap
from ..errors import GraphError, RandomError, UnsupportedError
from ..ops.dims import shape_args
from ..ops.shape import expand, infer_size


class Level:
    """One `vmap` that is running.

    depth: 1 for the outermost. size: how many samples. randomness: "error", "same" or "different". closed: it has
    returned. watch: what stood in front of every op before the first vmap (debug, profile).
    """
    __slots__ = ("depth", "size", "randomness", "closed", "outer", "watch")
    depth: int
    watch: Any

    def __init__(self, size: int, randomness: str, outer: Level | None, watch: Any) -> None:
        self.depth = 1 if outer is None else outer.depth + 1
        self.size, self.randomness, self.outer = size, randomness, outer
        self.closed = False
        self.watch = watch if outer is None else outer.watch

    def draw(self, draw: Any, generator: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """Random numbers inside vmap: refused, one set for all samples, or a set for each."""
        self.allow_randomness()
        if self.randomness == "same":
            return draw(generator, shape, dtype)
        levels = [level for level in active() if level.randomness == "different"]
        return Logical(clothe(wrap(draw(generator, (*[level.size for level in levels], *shape), dtype)), levels))

    def room(self, made: Any) -> Any:
        """A new tensor with memory for the numbers that `draw` gives."""
        levels = [level for level in active() if level.randomness == "different"]
        return spread(made, levels).clone() if levels else made

    def allow_randomness(self) -> None:
        """Raise RandomError where vmap was not told what random numbers should do."""
        if self.randomness == "error":
            raise RandomError("vmap: called random operation while in randomness error mode; say whether each sample gets its own "
                              "numbers, vmap(..., randomness='different'), or all get the same, vmap(..., randomness='same')")


def active() -> list[Level]:
    """The levels that are running, from the outermost."""
    found = []
    level = local.mode.batch
    while level is not None:
        found.append(level)
        level = level.outer
    return found[::-1]


# ---------------------------------------------------------------- the tensor
class Batched(Tensor):
    """A tensor inside `vmap`: `value` holds all samples along its first dimension, and shape, ndim, ... are those of one."""
    __slots__ = ("value", "level")
    value: Tensor
    level: Level
    base: Any = None
    _grad: Any = None

    def __new__(cls, value: Tensor, level: Level) -> Batched:
        made = object.__new__(cls)
        made.value, made.level = value, level
        return made

    def __init__(self, value: Tensor, level: Level) -> None:
        pass

    @property
    def array(self) -> Any:
        return Logical(self)

    @array.setter
    def array(self, new: Any) -> None:               # what transpose_ and its like do
        self.value = new.tensor.value

    @property
    def node(self) -> Any:
        return node_of(self.value)

    @node.setter
    def node(self, new: Any) -> None:
        if new is not self.node:
            refuse("requires_grad_() inside it", "use func.grad or func.vjp")

    @property
    def cell(self) -> Any:                           # type: ignore[override]
        return self.value.cell

    @property
    def device(self) -> Any:
        return self.value.device

    def detach(self) -> Tensor:
        """The same samples outside the graph."""
        return Batched(self.value.detach(), self.level)

    def numpy(self, *, force: bool = False) -> Any:
        """Raises UnsupportedError: there are no values of one sample."""
        return no_values(Logical(self), "numpy()")

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Raises UnsupportedError: a gradient per sample comes from `func.grad`."""
        refuse("backward() inside it", "use func.grad or func.vjp")

    def __repr__(self, **options: Any) -> str:
        return f"Batched(level={self.level.depth}, shape={tuple(self.shape)}, value={self.value!r})"


def refuse(what: str, remedy: str) -> NoReturn:
    """What a function under vmap cannot do."""
    raise UnsupportedError(f"vmap: {what} is not supported; {remedy}")


# ---------------------------------------------------------------- its array
# NumPy's functions that code uses on the arrays of tensors, and the tensor methods that do the same.
UFUNCS = {"add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "div", "divide": "div", "equal": "eq", "not_equal": "ne",
          "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "bitwise_and": "bitwise_and",
          "bitwise_or": "bitwise_or", "floor": "floor", "ceil": "ceil",
          "rint": "round", "absolute": "abs", "sqrt": "sqrt", "exp": "exp", "log": "log",
          "minimum": "minimum", "maximum": "maximum", "logical_not": "logical_not", "isnan": "isnan", "isfinite": "isfinite"}


class Logical:
    """The `.array` of a batched tensor: the shape and dtype of one sample, and no values.

    Code that only looks at shapes works on it. Arithmetic goes to the tensor's ops; asking for values is an error.
    """
    __slots__ = ("tensor", "shape", "ndim", "dtype")
    base = None

    def __init__(self, tensor: Any) -> None:
        below = tensor.value.array
        self.tensor, self.dtype = tensor, below.dtype
        self.shape = tuple(below.shape[1:])
        self.ndim = len(self.shape)

    @property
    def size(self) -> int:
        n = 1
        for k in self.shape:
            n *= k
        return n

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def flags(self) -> Any:
        """Those of all samples: whether their memory has no gaps."""
        return self.tensor.value.array.flags

    @property
    def strides(self) -> tuple[int, ...]:
        """As if a sample lay in row-major memory."""
        steps: list[int] = []
        step = self.itemsize
        for n in reversed(self.shape):
            steps.insert(0, step)
            step *= max(n, 1)
        return tuple(steps)

    def _do(self, method: str, *args: Any) -> Any:
        """A tensor method on the sample, outside the graph."""
        given = [operand(a) for a in args]
        return getattr(self.tensor.detach(), method)(*given).array

    def reshape(self, *shape: Any) -> Any:
        size = infer_size("reshape", self, shape_args(shape))
        return Logical(Batched(self.tensor.value.detach().reshape((self.tensor.level.size, *size)), self.tensor.level))

    def astype(self, dtype: Any, *order: Any, copy: bool = True) -> Any:
        return self.tensor.detach().to(from_numpy_dtype(np.dtype(dtype))).array

    def copy(self, order: str = "K") -> Any:
        return self._do("clone")

    def swapaxes(self, a: int, b: int) -> Any:
        return self._do("transpose", a, b)

    def conj(self) -> Any:
        return self._do("conj")

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self._do("sum", axis, keepdims)

    def any(self) -> Any:
        return self._do("any")

    def all(self) -> Any:
        return self._do("all")

    def __len__(self) -> int:
        return self.shape[0]

    def __add__(self, y: Any) -> Any: return self._do("__add__", y)
    def __radd__(self, y: Any) -> Any: return self._do("__radd__", y)
    def __sub__(self, y: Any) -> Any: return self._do("__sub__", y)
    def __rsub__(self, y: Any) -> Any: return self._do("__rsub__", y)
    def __mul__(self, y: Any) -> Any: return self._do("__mul__", y)
    def __rmul__(self, y: Any) -> Any: return self._do("__rmul__", y)
    def __truediv__(self, y: Any) -> Any: return self._do("__truediv__", y)
    def __floordiv__(self, y: Any) -> Any: return self._do("__floordiv__", y)
    def __mod__(self, y: Any) -> Any: return self._do("__mod__", y)
    def __eq__(self, y: Any) -> Any: return self._do("__eq__", y)
    def __ne__(self, y: Any) -> Any: return self._do("__ne__", y)
    def __lt__(self, y: Any) -> Any: return self._do("__lt__", y)
    def __le__(self, y: Any) -> Any: return self._do("__le__", y)
    def __gt__(self, y: Any) -> Any: return self._do("__gt__", y)
    def __ge__(self, y: Any) -> Any: return self._do("__ge__", y)
    def __and__(self, y: Any) -> Any: return self._do("__and__", y)
    def __or__(self, y: Any) -> Any: return self._do("__or__", y)
    def __invert__(self) -> Any: return self._do("__invert__")
    def __neg__(self) -> Any: return self._do("__neg__")
    def __getitem__(self, index: Any) -> Any: return self._do("__getitem__", index)
    __hash__ = None                                  # type: ignore[assignment]

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        """NumPy's function of an ndarray and a sample, or of a sample alone."""
        name = UFUNCS.get(ufunc.__name__)
        if name is None or method != "__call__" or kwargs:
            return no_values(self, ufunc.__name__)
        first, *rest = [operand(a) for a in args]
        first = first if isinstance(first, TensorBase) else wrap(np.asarray(first))
        return getattr(first, name)(*rest).array

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function.__name__ == "may_share_memory":
            return np.may_share_memory(*[bare(operand(a))[0].array for a in args])
        if function.__name__ in ("full_like", "zeros_like", "ones_like"):    # the same for every sample
            return function(np.empty(self.shape, self.dtype), *args[1:], **kwargs)
        if function.__name__ == "where" and len(args) == 3 and not kwargs:
            from ..ops.select import where
            return where(*[operand(a) for a in args]).array
        return no_values(self, function.__name__)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return no_values(self, "numpy()")

    def __bool__(self) -> bool:
        return no_values(self, "bool() or `if`")

    def __int__(self) -> int:
        return no_values(self, "int()")

    def __index__(self) -> int:
        return no_values(self, "int()")

    def __float__(self) -> float:
        return no_values(self, "float()")

    def __iter__(self) -> Any:
        return no_values(self, "iteration over an array")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(np.ndarray, name):       # a protocol that is being tried
            raise AttributeError(name)
        return no_values(self, f"{name}()")


def no_values(array: Logical, what: str) -> NoReturn:
    raise UnsupportedError(f"vmap: {what} asks for the values of a tensor, which differ from sample to sample; got {array.dtype} "
                           f"{array.shape} of {array.tensor.level.size} samples; use where() for a choice, or compute it outside of vmap")


def operand(value: Any) -> Any:
    """An operand of a logical array as an operand of a tensor."""
    if isinstance(value, Logical):
        return value.tensor.detach()
    return wrap(value) if backend.is_array(value) else value


backend.as_numpy(Logical)


# ---------------------------------------------------------------- on and off
def lift(result: Any, level: Level) -> Any:
    """What an op made of all samples, as batched tensors."""
    if isinstance(result, Batched) and result.level is level or not isinstance(result, (TensorBase, tuple, list)):
        return result
    if isinstance(result, TensorBase):
        return Batched(result, level)                # type: ignore[arg-type]
    parts = [lift(r, level) for r in result]
    return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)


def bare(t: Any) -> tuple[Tensor, list[Level]]:
    """The ordinary tensor inside a batched one, and its levels from the outermost: those of its first dimensions, in order."""
    levels = []
    while isinstance(t, Batched):
        levels.append(t.level)
        t = t.value
    return t, levels[::-1]


def clothe(t: Any, levels: list[Level]) -> Any:
    """A tensor whose first dimensions belong to levels, as batched: the inverse of `bare`."""
    for level in levels:
        t = Batched(t, level)
    return t


def spread(t: Any, levels: list[Level]) -> Any:
    """A tensor, batched at all of these levels: repeated, without a copy, at those that it was not batched at."""
    x, own = bare(t)
    missing = [level for level in levels if level not in own]
    if not missing:
        return t
    every = sorted([*own, *missing], key=lambda level: level.depth)
    n = len(own)
    shape = x.array.shape
    sizes = iter(shape[:n])
    ones = tuple([next(sizes) if level in own else 1 for level in every])
    x = expand(x.reshape((*ones, *shape[n:])), (*[level.size for level in every], *shape[n:]))
    return clothe(x, every)


def check_open(level: Level) -> None:
    """Raise for a batched tensor that has left its vmap."""
    if level.closed:
        raise GraphError("vmap: a tensor from inside a vmap is used after that vmap has returned; return it from the function instead of "
                         "storing it")


def backend_here(t: Tensor) -> Any:
    """The backend of what a batched tensor holds."""
    return backend_of(bare(t)[0].array)
