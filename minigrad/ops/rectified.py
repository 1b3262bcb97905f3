"""`nn.functional.relu`, which has an option that `relu` itself has not; a file of its own, as both have the name that errors tell."""
from __future__ import annotations

from typing import TYPE_CHECKING

from . import activation

if TYPE_CHECKING:
    from .._tensor import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); inplace writes it into the input. Its gradient at 0 is 0."""
    return activation.relu_(input) if inplace else activation.relu(input)
