"""`torch.mps`: Apple's GPUs, of which there are none here. Questions are answered; what needs one raises DeviceError (a RuntimeError)."""
from __future__ import annotations

from typing import NoReturn

from .errors import DeviceError


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """None: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """There is no stream to seed."""


def seed() -> None:
    """There is no stream to seed."""


def _refuse(name: str) -> NoReturn:
    raise DeviceError(f"mps.{name}: there is no MPS backend; minigrad runs on the CPU and on CUDA; ask is_available() first")


def synchronize() -> NoReturn:
    """Raises DeviceError."""
    _refuse("synchronize")


def empty_cache() -> NoReturn:
    """Raises DeviceError."""
    _refuse("empty_cache")


def current_allocated_memory() -> NoReturn:
    """Raises DeviceError."""
    _refuse("current_allocated_memory")


def driver_allocated_memory() -> NoReturn:
    """Raises DeviceError."""
    _refuse("driver_allocated_memory")
