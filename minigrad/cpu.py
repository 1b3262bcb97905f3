"""`torch.cpu`: the CPU asked as if it were a GPU, for programs that run on either."""
from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any


class Stream:
    """Work on the CPU is done when a call returns; there is nothing to wait for."""

    def __init__(self, priority: int = -1) -> None:
        self.priority = priority

    def wait_stream(self, stream: Any) -> None:
        """Nothing to wait for."""

    def synchronize(self) -> None:
        """Nothing to wait for."""


_stream = Stream()


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """One."""
    return 1


def current_device() -> str:
    """The name of the device: "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """There is only one."""


def synchronize(device: Any = None) -> None:
    """Nothing to wait for."""


def current_stream(device: Any = None) -> Stream:
    """The one stream."""
    return _stream


def stream(stream: Any) -> AbstractContextManager[None]:
    """A context that changes nothing."""
    return nullcontext()
