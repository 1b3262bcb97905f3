"""Device memory: CuPy's pool, which keeps what is freed for the next array."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import OutOfMemoryError as OutOfMemoryError
from .devices import Device, cupy, is_available, number


@contextmanager
def pool(name: str, device: Device) -> Iterator[Any]:
    """The memory pool of a device."""
    module = cupy(name)
    with module.cuda.Device(number(name, device)):
        yield module.get_default_memory_pool()


def empty_cache() -> None:
    """Give unused device memory back to the driver."""
    if is_available():
        module = cupy("empty_cache")
        module.get_default_memory_pool().free_all_blocks()
        module.get_default_pinned_memory_pool().free_all_blocks()


def ipc_collect() -> None:
    """Give memory shared with other processes back; none is."""


def memory_allocated(device: Device = None) -> int:
    """Bytes of device memory that tensors occupy; 0 without a device."""
    if not is_available():
        return 0
    with pool("memory_allocated", device) as found:
        return int(found.used_bytes())


def memory_reserved(device: Device = None) -> int:
    """Bytes of device memory held, in use or not; 0 without a device."""
    if not is_available():
        return 0
    with pool("memory_reserved", device) as found:
        return int(found.total_bytes())


def mem_get_info(device: Device = None) -> tuple[int, int]:
    """Bytes of the device's memory that no process uses, and all of them."""
    with pool("mem_get_info", device):
        free, total = cupy("mem_get_info").cuda.runtime.memGetInfo()
    return int(free), int(total)


def set_per_process_memory_fraction(fraction: float, device: Device = None) -> None:
    """Let this process take at most this part of the device's memory."""
    with pool("set_per_process_memory_fraction", device) as found:
        found.set_limit(fraction=fraction)


# ---------------------------------------------------------------- peaks
class Peaks:
    """The most bytes in use, by device. Every allocation has to be looked at for it: that begins with the first question."""

    def __init__(self) -> None:
        self.used: dict[int, int] = {}
        self.highest: dict[int, int] = {}
        self.held: dict[int, int] = {}
        told = {"name": "minigrad", "malloc_postprocess": lambda _, **said: self.changed(said["device_id"], said["mem_size"]),
                "free_postprocess": lambda _, **said: self.changed(said["device_id"], -said["mem_size"])}
        type("Hook", (cupy("max_memory_allocated").cuda.MemoryHook,), told)().__enter__()

    def changed(self, device: int, size: int) -> None:
        """So many bytes more are in use on a device."""
        self.used[device] = now = self.used.get(device, 0) + size
        if now > self.highest.get(device, 0):
            self.highest[device] = now

    def begin(self, device: int) -> None:
        """From now on."""
        self.used[device] = self.highest[device] = memory_allocated(device)


_peaks: Peaks | None = None


def peaks(device: int) -> Peaks:
    """What counts, on this device from now on if it has not counted there before."""
    global _peaks
    if _peaks is None:
        _peaks = Peaks()
    if device not in _peaks.highest:
        _peaks.begin(device)
    return _peaks


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes of device memory that tensors have occupied since `reset_peak_memory_stats`, or since the first such question."""
    if not is_available():
        return 0
    at = number("max_memory_allocated", device)
    return peaks(at).highest[at]


def max_memory_reserved(device: Device = None) -> int:
    """The most bytes of device memory that have been held: the pool gives nothing back by itself, so what it holds now."""
    return memory_reserved(device)


def reset_peak_memory_stats(device: Device = None) -> None:
    """Begin to measure the peak again."""
    if is_available():
        at = number("reset_peak_memory_stats", device)
        peaks(at).begin(at)


reset_max_memory_allocated = reset_peak_memory_stats


def memory_stats(device: Device = None) -> dict[str, int]:
    """Bytes in use and held, now and at most, under PyTorch's names."""
    return {"allocated_bytes.all.current": memory_allocated(device), "allocated_bytes.all.peak": max_memory_allocated(device),
            "reserved_bytes.all.current": memory_reserved(device), "reserved_bytes.all.peak": max_memory_reserved(device)}


def memory_summary(device: Device = None, abbreviated: bool = False) -> str:
    """The same in words."""
    found = memory_stats(device)
    return "\n".join(f"{name:<30}{size:>20,} bytes" for name, size in found.items())
