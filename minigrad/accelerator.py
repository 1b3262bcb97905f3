"""`torch.accelerator`: the device beside the CPU, if there is one."""
from __future__ import annotations

from ._device import device
from .cupy_arrays import count


def is_available() -> bool:
    """True where tensors can be made on a device beside the CPU."""
    return count() > 0


def current_accelerator(check_available: bool = False) -> device | None:
    """That device, or None; here it is only ever named when it is there, so `check_available` changes nothing."""
    return device("cuda") if is_available() else None


def device_count() -> int:
    """How many of them there are."""
    return count()
