"""`torch._C`: the few names of PyTorch's compiled part that packages ask for."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .._device import device
from .._tensor import Tensor
from ..accelerator import current_accelerator
from ..errors import LinalgError as _LinAlgError  # noqa: F401
from ..nn.conversion import read_to
from ..rng.generator import Generator as Generator

_nn = SimpleNamespace(_parse_to=read_to)
_TensorMeta = type(Tensor)


def _get_tracing_state() -> None:
    """None: nothing is being traced, programs run as they stand."""


def _get_accelerator() -> device:
    """The kind of device that is there beside the CPU, else the CPU."""
    return current_accelerator(check_available=True) or device("cpu")


def _log_api_usage_once(event: str) -> None:
    """Nothing is logged."""


def _disabled_torch_function_impl(function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Call a function as if no argument had a say in it."""
    return function(*args, **(kwargs or {}))
