"""`torch.ops`: ops of programs and packages, by namespace and name."""
from __future__ import annotations

from sys import modules
from typing import Any

from ..errors import MemberError
from ..library import _ops
from .namespace import OURS


class BuiltinOp:
    """`torch.ops.aten.add`: our function of the name; its overloads (`.default`, `.Tensor`) are all the function itself."""

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
        if self._name == "aten" and callable(found := getattr(modules[OURS], name, None)):
            return BuiltinOp(found)
        if name not in _ops.get(self._name, {}):
            raise MemberError(f"torch.ops.{self._name} has no attribute {name!r}: no op of this name was made")
        return _ops[self._name][name]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise MemberError(f"torch.ops has no attribute {name!r}")
    return OpNamespace(name)
