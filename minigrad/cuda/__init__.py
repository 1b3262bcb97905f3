"""`torch.cuda`: what programs ask before they settle for the CPU.

Without a CUDA device the questions are answered (`is_available()` is False), house-keeping does nothing, and what needs a device
raises DeviceError, a RuntimeError.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import _device
from ..accelerator import device_count as device_count
from ..accelerator import is_available as is_available
from ..errors import DeviceError
from . import amp as amp

Device = _device.device | str | int | None


def _needs_device(name: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise DeviceError(f"cuda.{name}: needs a CUDA device, and there is none; ask cuda.is_available() first, or use device 'cpu'")
    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Raises DeviceError: there is no CUDA device."
    return refuse


current_device = _needs_device("current_device")
current_stream = _needs_device("current_stream")
get_device_capability = _needs_device("get_device_capability")
get_device_name = _needs_device("get_device_name")
get_device_properties = _needs_device("get_device_properties")
get_rng_state = _needs_device("get_rng_state")
init = _needs_device("init")
initial_seed = _needs_device("initial_seed")
mem_get_info = _needs_device("mem_get_info")
set_rng_state = _needs_device("set_rng_state")
Event = _needs_device("Event")
Stream = _needs_device("Stream")


def is_initialized() -> bool:
    """True once a CUDA device is in use."""
    return is_available()


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: arrays have no bfloat16."""
    return False


def get_arch_list() -> list[str]:
    """The CUDA architectures that there is compiled code for: none, kernels are compiled when used."""
    return []


# ---------------------------------------------------------------- choosing a device
def set_device(device: Device) -> None:
    """Make a device the current one; None or a negative index changes nothing."""
    if device is not None and not (isinstance(device, int) and device < 0):
        _needs_device("set_device")()


class device:
    """Context manager for the current device; None or a negative index changes nothing."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def __enter__(self) -> None:
        set_device(self._device)

    def __exit__(self, *error: object) -> None:
        """Nothing was changed."""


# ---------------------------------------------------------------- random numbers
# One stream, seeded by `minigrad.manual_seed`, serves all devices: seeding "the GPUs" must not disturb it.
def manual_seed(seed: int) -> None:
    """Accepted: `minigrad.manual_seed` seeds every device."""


def manual_seed_all(seed: int) -> None:
    """Accepted: `minigrad.manual_seed` seeds every device."""


def seed() -> None:
    """Accepted: `minigrad.seed` seeds every device."""


def seed_all() -> None:
    """Accepted: `minigrad.seed` seeds every device."""


def get_rng_state_all() -> list[Any]:
    """One state per CUDA device."""
    return []


def set_rng_state_all(new_states: Sequence[Any]) -> None:
    """Takes what `get_rng_state_all` gave."""
    for state in new_states:
        set_rng_state(state)


# ---------------------------------------------------------------- memory and waiting
def synchronize(device: Device = None) -> None:
    """Wait for the device; without one there is nothing to wait for (PyTorch raises here)."""


def empty_cache() -> None:
    """Give unused device memory back."""


def ipc_collect() -> None:
    """Give memory shared with other processes back; none is."""


def memory_allocated(device: Device = None) -> int:
    """Bytes of device memory that tensors occupy."""
    return 0


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes of device memory that tensors have occupied."""
    return 0


def memory_reserved(device: Device = None) -> int:
    """Bytes of device memory held, in use or not."""
    return 0


def max_memory_reserved(device: Device = None) -> int:
    """The most bytes of device memory that have been held."""
    return 0


def reset_peak_memory_stats(device: Device = None) -> None:
    """Begin to measure the two `max_` numbers again."""
