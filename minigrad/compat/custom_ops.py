"""`torch.ops`: ops of programs and packages, by namespace and name."""
from __future__ import annotations

from typing import Any

from ..errors import MemberError
from ..library import CustomOpDef, _ops


class OpNamespace:
    """`torch.ops.house`: what `torch.library.custom_op("house::...")` made."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> CustomOpDef:
        if name not in _ops.get(self._name, {}):
            raise MemberError(f"torch.ops.{self._name} has no attribute {name!r}: no op of this name was made")
        return _ops[self._name][name]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise MemberError(f"torch.ops has no attribute {name!r}")
    return OpNamespace(name)
