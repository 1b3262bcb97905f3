"""Device names: `cpu`, `cuda:0`."""
from __future__ import annotations

from types import TracebackType
from typing import Any

from .errors import ArgumentTypeError, DeviceError

KNOWN = ("cpu", "cuda", "meta")                      # meta can be named and compared with; no tensor lies there
FOREIGN = ("mps", "xpu", "xla", "hpu", "mtia", "ipu", "vulkan", "privateuseone")


class device:
    """Where a tensor's memory lies: `device("cpu")`, `device("cuda:1")`, `device("cuda", 1)`."""
    __slots__ = ("type", "index", "_outer")
    type: str
    index: int | None

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        if isinstance(type, device):
            index, type = type.index, type.type
        elif isinstance(type, int) and not isinstance(type, bool):
            index, type = type, "cuda"
        elif not isinstance(type, str):
            raise ArgumentTypeError(f"device: must be a string, an int or a device; got {type!r}; write 'cpu' or 'cuda:0'")
        name, colon, number = type.partition(":")
        if name in FOREIGN:
            raise DeviceError(f"device: {name!r} is a PyTorch device that minigrad does not have; use 'cpu' or 'cuda'")
        if name not in KNOWN or (colon and not number.isdigit()) or (colon and index is not None):
            raise DeviceError(f"device: {type!r} is no device; write 'cpu', 'cuda' or 'cuda:0'")
        self.type = name
        self.index = int(number) if colon else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, tuple[str, int | None]]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        """Inside the block, tensors are made here unless they say otherwise."""
        global _default
        self._outer, _default = _default, self
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        global _default
        _default = self._outer


CPU = device("cpu")
_default = CPU


def set_default_device(device_: str | device | int | None) -> None:
    """Make new tensors on this device unless they say otherwise; None is the CPU."""
    global _default
    _default = CPU if device_ is None else device(device_)


def get_default_device() -> device:
    """Where new tensors are made unless they say otherwise."""
    return _default


def as_device(value: str | device | int | None) -> device:
    """A user's `device=` argument; None is the default device."""
    return _default if value is None else value if isinstance(value, device) else device(value)
