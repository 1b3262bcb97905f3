"""Tensors that a module knows as its own: Parameter (trained) and Buffer (state that is saved but not trained), also without a size yet."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from .. import backend
from .._subclass import share
from .._tensor import Tensor
from ..creation import empty
from ..dtypes import from_numpy_dtype
from ..engine.node import Leaf, TensorBase, new
from ..errors import ArgumentError, ArgumentTypeError, GraphError, describe


def take_over(t: Any, data: Any, what: str) -> None:
    """Let a tensor that is being made share the memory of `data`, outside its graph."""
    if data is None:
        data = Tensor()
    if not isinstance(data, TensorBase):
        raise ArgumentTypeError(f"{what}: data must be a Tensor; got {describe(data)}; make one with minigrad.tensor(...)")
    share(t, data)


class Parameter(Tensor):
    """A leaf that requires a gradient; assigned to an attribute of a module, it becomes one of its parameters.

    data: its values; the memory is shared. Raises DtypeError for integers, unless requires_grad is False.

    >>> import minigrad
    >>> minigrad.nn.Parameter(minigrad.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """
    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        t = new(cls)
        take_over(t, data, "Parameter")
        if requires_grad:
            t.requires_grad_()
        return t

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter with memory of its own and no gradient yet."""
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return memo[id(self)]


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module to whose attribute it is assigned.

    persistent: whether it is part of the module's `state_dict`.
    """
    __slots__ = ()
    persistent: bool

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        take_over(self, data, "Buffer")
        self.persistent = persistent
        if data is not None and data.requires_grad:
            self.requires_grad_()


# ---------------------------------------------------------------- without a size yet
UNKNOWN = ("Can't access the shape of an uninitialized parameter or buffer: its lazy module has not seen an input yet; call it with a "
           "dummy batch first")


class Unmade:
    """The array of a parameter without a size: it has a dtype, and refuses to be computed with."""
    shape: ClassVar[tuple[int, ...]] = (0,)
    ndim, size, strides, base = 1, 0, (0,), None

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Unmade:
        return Unmade(dtype)

    def copy(self, *args: Any, **kwargs: Any) -> Unmade:
        return self

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise ArgumentError("Attempted to use an uninitialized parameter: a lazy module has not seen an input yet; call it with a dummy "
                            "batch first")
    __array_ufunc__ = __array_function__ = __array__ = __getitem__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __matmul__ = __rmatmul__ = __neg__ = _refuse
    reshape = swapaxes = transpose = sum = _refuse


backend.as_numpy(Unmade)


class UninitializedTensorMixin:
    """What UninitializedParameter and UninitializedBuffer share."""
    __slots__ = ()
    array: Any
    node: Any
    cls_to_become: ClassVar[type]

    @property
    def shape(self) -> Any:
        raise GraphError(UNKNOWN)

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, with values to be filled in."""
        kind = dtype if dtype is not None else from_numpy_dtype(self.array.dtype)
        made = empty(tuple(shape), dtype=kind, device=device)
        self.array = made.array
        self.__class__ = self.cls_to_become
        if isinstance(self.node, Leaf):
            self.node.shape, self.node.dtype = made.array.shape, made.array.dtype

    def detach(self) -> Any:
        kind: Any = type(self)
        return kind(False, None, from_numpy_dtype(self.array.dtype))

    def __repr__(self, **options: Any) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter that will get its shape later, by `materialize`."""
    __slots__ = ()
    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        t = super().__new__(cls, empty(0, dtype=dtype, device=device), requires_grad)
        t.array = Unmade(t.array.dtype)
        return t

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, None, from_numpy_dtype(self.array.dtype))
        return memo[id(self)]


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer that will get its shape later, by `materialize`."""
    __slots__ = ()
    cls_to_become = Tensor

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> None:
        self.persistent = persistent
        made = empty(0, dtype=dtype, device=device)
        self.array, self.node, self.cell, self._grad, self.base = Unmade(made.array.dtype), None, made.cell, None, None

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(False, None, from_numpy_dtype(self.array.dtype), self.persistent)
        return memo[id(self)]


def is_lazy(value: Any) -> bool:
    """True for a parameter or buffer without a size."""
    return isinstance(value, UninitializedTensorMixin)
