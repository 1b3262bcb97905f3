"""Bits of integers, and truth of bools."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..engine.op import op
from ..errors import ArgumentTypeError, describe
from .dims import Number
from .elementwise import refuse

if TYPE_CHECKING:
    from .._tensor import Tensor


def bitwise(name: str, of: str, kinds: str, doc: str) -> Callable[..., Tensor]:
    """An op that is one of Python's operators. kinds: NumPy's letters for the dtypes that it refuses."""
    combine: Any = getattr(operator, of)

    def forward(input: Tensor | Number, other: Tensor | Number) -> Tensor:
        for operand in (input, other):
            if hasattr(operand, "dtype"):
                refuse(name, operand, kinds)
        return combine(input, other)
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return op(promotes="arithmetic", broadcast=True)(forward)


bitwise_and = bitwise("bitwise_and", "and_", "fc", "The bits that both have; of bools, whether both are true.")
bitwise_or = bitwise("bitwise_or", "or_", "fc", "The bits that one or both have; of bools, whether one is true.")
bitwise_xor = bitwise("bitwise_xor", "xor", "fc", "The bits that one, and not both, has; of bools, whether they differ.")
bitwise_left_shift = bitwise("bitwise_left_shift", "lshift", "bfc", "input * 2**other, without what overflows.")
bitwise_right_shift = bitwise("bitwise_right_shift", "rshift", "bfc", "input / 2**other, rounded down.")


@op()
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit turned; of bools, their opposite."""
    refuse("bitwise_not", input, "fc")
    return ~input


def invert(input: Tensor) -> Tensor:
    """`~input`: every bit turned; of bools, their opposite."""
    if input.array.dtype.kind in "fc":
        raise ArgumentTypeError(f"~ (operator.invert) is only implemented on integer and Boolean-type tensors; got {describe(input)}")
    return bitwise_not(input)
