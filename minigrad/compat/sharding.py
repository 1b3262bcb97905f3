"""`torch.distributed.tensor` and `torch.distributed.device_mesh`: tensors in parts on several devices. Making one is refused."""
from __future__ import annotations

from typing import Any, NoReturn

from .._tensor import Tensor
from ..errors import UnsupportedError


def _refuse(name: str) -> NoReturn:
    raise UnsupportedError(f"{name}: tensors are not divided over devices; keep a whole model in each process (DistributedDataParallel)")


class DTensor(Tensor):
    """A tensor in parts on several devices: there is none, `isinstance(x, DTensor)` is False. Raises UnsupportedError."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        _refuse("DTensor")

    @staticmethod
    def from_local(*args: Any, **kwargs: Any) -> NoReturn:
        """Raises UnsupportedError."""
        _refuse("DTensor.from_local")


class DeviceMesh:
    """An arrangement of devices along several axes. Raises UnsupportedError."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("DeviceMesh")


def init_device_mesh(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises UnsupportedError."""
    _refuse("init_device_mesh")


def distribute_tensor(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises UnsupportedError."""
    _refuse("distribute_tensor")


def distribute_module(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises UnsupportedError."""
    _refuse("distribute_module")
