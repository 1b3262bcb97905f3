"""Variable: how PyTorch spelt a tensor that records, before tensors did it themselves."""
from __future__ import annotations

import warnings
from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentTypeError, describe


class _EveryTensor(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)

    def __call__(cls, data: Tensor | None = None, requires_grad: bool = False, volatile: bool = False) -> Tensor:
        if data is not None and not isinstance(data, Tensor):
            raise ArgumentTypeError(f"Variable: data has to be a tensor; got {describe(data)}; minigrad.tensor(...) makes one")
        if volatile:
            warnings.warn("Variable: volatile has no effect; use `with minigrad.no_grad():`", stacklevel=2)
        made = Tensor() if data is None else data.detach()
        return made.requires_grad_(requires_grad)


class Variable(metaclass=_EveryTensor):
    """`Variable(x, requires_grad=True)` is a new leaf on the memory of x; every tensor is an instance of it.

    Raises TypeError for data that is no tensor.
    """
