"""Tensors of a class of one's own over memory that is there already."""
from __future__ import annotations

from typing import Any

from .engine.node import COUNT, TensorBase, new
from .errors import ArgumentTypeError, describe
from .ops.shape import view


def share(t: Any, data: Any) -> None:
    """Let a tensor that is being made have the memory of `data`, outside its graph."""
    t.array, t.cell = data.array, data.cell
    t.node = t.base = t._grad = None
    t.seen = data.cell[COUNT]


def make_subclass(cls: type[Any], data: Any, require_grad: bool = False) -> Any:
    """A tensor of class `cls` that shares the memory of `data`, outside its graph: what `__new__` of such a class returns."""
    _check("_make_subclass", cls, data)
    t = new(cls)
    share(t, data)
    if require_grad:
        t.requires_grad_()
    return t


def as_subclass(input: Any, cls: type[Any]) -> Any:
    """A view of the whole tensor that is of class `cls`; gradients flow through it. Raises TypeError for a class of no tensors.

    >>> import minigrad
    >>> class Metres(minigrad.Tensor):
    ...     pass
    >>> type(minigrad.ones(2).as_subclass(Metres)).__name__
    'Metres'
    """
    _check("as_subclass", cls, input)
    t = view(input, input.array.shape)
    t.__class__ = cls
    return t


def _check(name: str, cls: Any, data: Any) -> None:
    if not isinstance(data, TensorBase):
        raise ArgumentTypeError(f"{name}: needs a Tensor; got {describe(data)}; make one with minigrad.tensor(...)")
    if not isinstance(cls, type) or not issubclass(cls, TensorBase):
        raise ArgumentTypeError(f"{name}: cls must be a class that inherits from Tensor; got {getattr(cls, '__name__', describe(cls))}")
