"""`torch.amp`: mixed precision. What a program for a GPU says of it is accepted and switched off where there is no GPU."""
from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from .._device import device
from ..accelerator import is_available
from ..errors import UnsupportedError

F = TypeVar("F", bound=Callable[..., Any])


def _usable(what: str, device_type: str, enabled: bool) -> bool:
    """Whether mixed precision is to be had: not where it is switched off, nor, with a warning, for a GPU that is not there."""
    kind = device(device_type).type
    if enabled and kind == "cuda" and not is_available():
        warnings.warn(f"{what}: CUDA is not available; switched off", stacklevel=3)
        return False
    return enabled


def _unsupported(what: str, remedy: str) -> NoReturn:
    raise UnsupportedError(f"{what}: mixed precision is not supported; {remedy}")


class autocast:
    """Context manager and decorator for mixed precision. Switched off it does nothing.

    Raises UnsupportedError where it is switched on for a device that is there.
    """

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if _usable("autocast", device_type, enabled):
            _unsupported("autocast", f"pass enabled=False, or compute all of it in {dtype or 'one dtype'} with .to(dtype)")
        self.device = device_type

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was changed."""

    def __call__(self, func: F) -> F:
        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)
        return inside                                # type: ignore[return-value]


class GradScaler:
    """Scales a loss so that float16 gradients do not vanish. Switched off it hands everything through.

    Raises UnsupportedError where it is switched on for a device that is there.
    """

    def __init__(self, device: str = "cuda", init_scale: float = 2.0 ** 16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
                 growth_interval: int = 2000, enabled: bool = True) -> None:
        if _usable("GradScaler", device, enabled):
            _unsupported("GradScaler", "pass enabled=False: float32 gradients need no scale")

    def scale(self, outputs: Any) -> Any:
        """The loss, or the losses, as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing was scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)`."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """There is no scale to adjust."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Empty, as PyTorch's is when switched off."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes any state: switched off it has none."""


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """False: mixed precision is never on."""
    device(device_type)
    return False


def is_autocast_available(device_type: str) -> bool:
    """False for every device."""
    device(device_type)
    return False
