"""`torch.serialization`'s list of classes that a file may build. It can be kept; since no pickle is ever run here, nothing asks it."""
from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

_allowed: list[Any] = []


def add_safe_globals(safe_globals: Sequence[Any]) -> None:
    """Note these classes; `load` builds no more than it did."""
    _allowed.extend(value for value in safe_globals if value not in _allowed)


def get_safe_globals() -> list[Any]:
    """The classes that were noted."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Forget the classes that were noted."""
    _allowed.clear()


class safe_globals:
    """`add_safe_globals` for the length of a block."""

    def __init__(self, safe_globals: Sequence[Any]) -> None:
        self._more = safe_globals

    def __enter__(self) -> None:
        self._before = get_safe_globals()
        add_safe_globals(self._more)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _allowed[:] = self._before
