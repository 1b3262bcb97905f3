"""Python's operators on tensors: an op that gives way to operands it does not know.

`t + other` is `add(t, other)`, except that a foreign `other` gets its own reflected method asked first: the method returns
NotImplemented, and Python does the rest. Tensors and numbers take the op's own call path, at no extra cost.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import is_array
from ..dtypes import from_numpy_dtype
from ..errors import GraphError
from .fast import binary
from .general import general
from .inplace import node_of
from .node import TensorBase, wrap
from .promotion import NUMBERS

Call = Callable[..., Any]


def operator(op: Call, arrays: bool = True) -> Call:
    """The operator method of a binary op: `__sub__ = operator(sub)`.

    arrays: an ndarray on the right is taken as a constant, as PyTorch does for arithmetic and equality.
    """
    slow = general(op.op)                            # type: ignore[attr-defined]

    def give_way(input: Any, other: Any) -> Any:
        if isinstance(other, (TensorBase, *NUMBERS)):
            return slow(input, other)
        if arrays and is_array(other):
            return slow(input, constant(input, other))
        return NotImplemented
    return named(binary(op.op, give_way), op)        # type: ignore[attr-defined]


def reflected(op: Call, arrays: bool = False) -> Call:
    """The method for a tensor on the right: `__rsub__ = reflected(sub)`. arrays: as above; PyTorch does so for division alone."""
    forward = operator(op, arrays=False)

    def method(self: Any, other: Any) -> Any:
        if arrays and is_array(other):
            return forward(constant(self, other), self)
        return forward(other, self) if isinstance(other, (TensorBase, *NUMBERS)) else NotImplemented
    return named(method, op)


def in_place_operator(method: Call) -> Call:
    """The method of an augmented assignment: `__isub__ = in_place_operator(sub_)`."""
    def call(self: Any, other: Any) -> Any:
        return method(self, other) if isinstance(other, (TensorBase, *NUMBERS)) else NotImplemented
    return named(call, method)


def constant(input: Any, array: Any) -> Any:
    """An array as an operand beside a tensor that does not record: what NumPy makes of it cannot be differentiated."""
    if node_of(input) is not None:
        raise GraphError("Can't call numpy() on Tensor that requires grad: an ndarray was its operand. Use tensor.detach(), or "
                         "minigrad.from_numpy(array)")
    from_numpy_dtype(array.dtype)
    return wrap(array)


def named(call: Call, like: Call) -> Call:
    """A method with the name and docstring of an op."""
    call.__name__ = call.__qualname__ = like.__name__
    call.__doc__ = like.__doc__
    return call
