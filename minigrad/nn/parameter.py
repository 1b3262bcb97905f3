"""Tensors that a module knows as its own: Parameter (trained) and Buffer (state that is saved but not trained)."""
from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..engine.node import COUNT, TensorBase
from ..errors import ArgumentTypeError, describe


def take_over(t: Any, data: Any, what: str) -> None:
    """Let a tensor that is being made share the memory of `data`, outside its graph."""
    if data is None:
        data = Tensor()
    if not isinstance(data, TensorBase):
        raise ArgumentTypeError(f"{what}: data must be a Tensor; got {describe(data)}; make one with minigrad.tensor(...)")
    t.array, t.cell = data.array, data.cell
    t.node = t.base = t._grad = None
    t.seen = data.cell[COUNT]


class Parameter(Tensor):
    """A leaf that requires a gradient; assigned to an attribute of a module, it becomes one of its parameters.

    data: its values; the memory is shared. Raises DtypeError for integers, unless requires_grad is False.

    >>> import minigrad
    >>> minigrad.nn.Parameter(minigrad.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """
    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        take_over(self, data, "Parameter")
        if requires_grad:
            self.requires_grad_()

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
