"""`map_location`: where the tensors of a file go, by the device that they were on."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._device import as_device, device
from ..backend import backend_for
from ..errors import ArgumentTypeError, describe

Place = Callable[[str], device]


class Stored:
    """What a function `map_location(storage, location)` is given: it may be sent to a device."""

    def __init__(self, where: device) -> None:
        self.device = where

    def cpu(self) -> Stored:
        """Sent to the computer's own memory."""
        return Stored(as_device("cpu"))

    def cuda(self, device: Any = None) -> Stored:
        """Sent to a CUDA device."""
        return Stored(as_device("cuda" if device is None else device))


def placer(map_location: Any) -> Place:
    """The device for each that stands in a file. Raises ArgumentTypeError for what says none, DeviceError for one that is not there."""
    if isinstance(map_location, Mapping):
        return lambda location: there(map_location.get(location, "cpu"))
    if callable(map_location):
        def ask(location: str) -> device:
            found = map_location(Stored(as_device("cpu")), location)
            return there("cpu" if found is None else found.device if isinstance(found, Stored) else found)
        return ask
    if map_location is not None and not isinstance(map_location, (str, device, int)):
        raise ArgumentTypeError(f"load: map_location must be a device, a dictionary or a function; got {describe(map_location)}")
    where = there("cpu" if map_location is None else map_location)
    return lambda location: where


def there(value: Any) -> device:
    """A device that can be used: one that is not there is not the file's fault."""
    where = as_device(value)
    backend_for(where)
    return where
