"""`torch.accelerator`: the device beside the CPU, if there is one."""
from __future__ import annotations

from importlib import import_module
from typing import Any

from ._device import device
from .cupy_arrays import count
from .errors import DeviceError


def is_available() -> bool:
    """True where tensors can be made on a device beside the CPU."""
    return count() > 0


def current_accelerator(check_available: bool = False) -> device | None:
    """That device, or None; here it is only ever named when it is there, so `check_available` changes nothing."""
    return device("cuda") if is_available() else None


def device_count() -> int:
    """How many of them there are."""
    return count()


# Our names of the functions that are those of `cuda`; without an accelerator each is an error.
OF_CUDA = {
    "current_device_index": "current_device", "current_device_idx": "current_device", "set_device_index": "set_device",
    "set_device_idx": "set_device", "synchronize": "synchronize", "current_stream": "current_stream", "device_index": "device",
    "memory_allocated": "memory_allocated", "max_memory_allocated": "max_memory_allocated", "memory_reserved": "memory_reserved",
    "max_memory_reserved": "max_memory_reserved", "memory_stats": "memory_stats", "reset_peak_memory_stats": "reset_peak_memory_stats",
    "empty_cache": "empty_cache", "get_memory_info": "mem_get_info", "get_device_capability": "get_device_capability"}


def _delegate(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_available():
            raise DeviceError(f"accelerator.{name}: Cannot access accelerator device when none is available; ask is_available() first")
        return getattr(import_module(f"{__package__}.cuda"), OF_CUDA[name])(*args, **kwargs)
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`cuda.{OF_CUDA[name]}`; raises DeviceError (a RuntimeError) where there is no accelerator."
    return call


def __getattr__(name: str) -> Any:
    if name in OF_CUDA:
        globals()[name] = found = _delegate(name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *OF_CUDA})
