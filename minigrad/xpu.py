"""`torch.xpu`: Intel's GPUs, of which there are none here. Questions are answered; what needs one raises AssertionError, as in PyTorch."""
from __future__ import annotations

from typing import Any, NoReturn

from .errors import AssertedArgumentError


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """None: 0."""
    return 0


def empty_cache() -> None:
    """Nothing is kept."""


def manual_seed(seed: int) -> None:
    """There is no stream to seed."""


def manual_seed_all(seed: int) -> None:
    """There is no stream to seed."""


def _refuse(name: str) -> NoReturn:
    raise AssertedArgumentError(f"xpu.{name}: there are no XPUs here; minigrad runs on the CPU and on CUDA; ask is_available() first")


def current_device() -> NoReturn:
    """Raises AssertionError."""
    _refuse("current_device")


def set_device(device: Any) -> NoReturn:
    """Raises AssertionError."""
    _refuse("set_device")


def synchronize(device: Any = None) -> NoReturn:
    """Raises AssertionError."""
    _refuse("synchronize")


def get_device_name(device: Any = None) -> NoReturn:
    """Raises AssertionError."""
    _refuse("get_device_name")
