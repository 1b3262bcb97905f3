"""Which CUDA devices there are, and which is the current one."""
from __future__ import annotations

from importlib import import_module
from types import TracebackType
from typing import Any, NamedTuple

from .. import _device
from ..cupy_arrays import count, opened, why_not
from ..errors import ArgumentTypeError, DeviceError

Device = _device.device | str | int | None


def cupy(name: str) -> Any:
    """CuPy, for a function of this name. Raises DeviceError, with the reason, where there is no CUDA device."""
    if reason := why_not():
        raise DeviceError(f"cuda.{name}: needs a CUDA device: {reason}; ask cuda.is_available() first, or use device 'cpu'")
    opened(_device.device("cuda"))
    return import_module("cupy")


def number(name: str, device: Device) -> int:
    """The index of a device; the current one's for None."""
    found = device if device is None or isinstance(device, int) else _device.device(device)
    if isinstance(found, _device.device):
        if found.type != "cuda":
            raise ArgumentTypeError(f"cuda.{name}: expects a CUDA device; got {found}")
        found = found.index
    return int(cupy(name).cuda.runtime.getDevice()) if found is None else found


# ---------------------------------------------------------------- what there is
def is_available() -> bool:
    """Whether tensors can be made on a CUDA device. Never raises; `python -m minigrad doctor` says why not."""
    return count() > 0


def device_count() -> int:
    """How many CUDA devices there are."""
    return count()


def is_initialized() -> bool:
    """True once CUDA devices can be used."""
    return is_available()


def init() -> None:
    """Open the CUDA devices, which the first use does too. Raises DeviceError where there is none."""
    cupy("init")


class Properties(NamedTuple):
    """What a CUDA device is."""
    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    warp_size: int
    max_threads_per_block: int


def get_device_properties(device: Device = None) -> Properties:
    """Name, compute capability, bytes of memory, multiprocessors, threads of a warp and of a block."""
    return _properties("get_device_properties", device)


def _properties(name: str, device: Device) -> Properties:
    found = cupy(name).cuda.runtime.getDeviceProperties(number(name, device))
    return Properties(found["name"].decode(), found["major"], found["minor"], found["totalGlobalMem"], found["multiProcessorCount"],
                      found["warpSize"], found["maxThreadsPerBlock"])


def get_device_name(device: Device = None) -> str:
    """What its maker calls it."""
    return _properties("get_device_name", device).name


def get_device_capability(device: Device = None) -> tuple[int, int]:
    """The compute capability, (major, minor)."""
    found = _properties("get_device_capability", device)
    return found.major, found.minor


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: arrays have no bfloat16."""
    return False


def get_arch_list() -> list[str]:
    """The CUDA architectures that there is compiled code for: none, kernels are compiled when used."""
    return []


def can_device_access_peer(device: Device, peer_device: Device) -> bool:
    """Whether one device can read another's memory."""
    a, b = number("can_device_access_peer", device), number("can_device_access_peer", peer_device)
    return bool(cupy("can_device_access_peer").cuda.runtime.deviceCanAccessPeer(a, b))


# ---------------------------------------------------------------- the current one
def current_device() -> int:
    """The index of the current device."""
    return number("current_device", None)


def set_device(device: Device) -> None:
    """Make a device the current one; None or a negative index changes nothing."""
    if device is not None and not (isinstance(device, int) and device < 0):
        cupy("set_device").cuda.Device(number("set_device", device)).use()


class device:
    """Context manager for the current device; None or a negative index changes nothing."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._before = -1

    def __enter__(self) -> None:
        if self._device is not None and not (isinstance(self._device, int) and self._device < 0):
            self._before = number("set_device", None)
            set_device(self._device)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        set_device(self._before)


class device_of(device):
    """Context manager: the device of a tensor is the current one; a tensor on the CPU changes nothing."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.device if obj.is_cuda else None)


def synchronize(device: Device = None) -> None:
    """Wait until the device has done all it was told; without one there is nothing to wait for (PyTorch raises here)."""
    if is_available():
        cupy("synchronize").cuda.Device(number("synchronize", device)).synchronize()
