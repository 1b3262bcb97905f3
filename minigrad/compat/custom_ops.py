"""`torch.ops`: ops of programs and packages, by namespace and name."""
from __future__ import annotations

from sys import modules
from typing import Any

from .._tensor import Tensor
from ..errors import MemberError
from ..library import _ops
from .namespace import OURS


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, end, step),)]


# What has no function or method of the name.
ATEN = {
    "_pin_memory": lambda input, device=None: input.pin_memory(),
    "_sparse_addmm": Tensor.addmm,                   # all tensors are dense
    "_to_copy": lambda input, *, dtype=None, device=None, **options: input.to(device=device, dtype=dtype, copy=True),
    "alias": lambda input: input.view_as(input),
    "index": lambda input, indices: input[tuple([slice(None) if i is None else i for i in indices])],
    "slice": _slice,
}


class BuiltinOp:
    """`torch.ops.aten.add`: our function or method of the name; its overloads (`.default`, `.Tensor`) are all the function itself."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise MemberError(f"torch.ops: an op has no attribute {name!r}")
        return self._function


class OpNamespace:
    """`torch.ops.house`: what `torch.library.custom_op("house::...")` made."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if self._name == "aten":
            found = ATEN.get(name) or getattr(modules[OURS], name, None) or getattr(Tensor, name, None)
            if callable(found):
                return BuiltinOp(found)
        if name not in _ops.get(self._name, {}):
            raise MemberError(f"torch.ops.{self._name} has no attribute {name!r}: no op of this name was made")
        return _ops[self._name][name]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise MemberError(f"torch.ops has no attribute {name!r}")
    return OpNamespace(name)
