"""Random numbers that devices make themselves, such as masks of dropout: one stream for all devices.

`minigrad.manual_seed` seeds it too. Initial weights and other draws of tensors are made on the host, so that a seed gives the same ones
on every device.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..rng import counted_stream
from ..rng.generator import Generator
from .devices import Device, device_count


def manual_seed(seed: int) -> None:
    """Begin the devices' stream of a seed."""
    counted_stream.restart(int(seed))


def manual_seed_all(seed: int) -> None:
    """As `manual_seed`."""
    manual_seed(seed)


def seed() -> None:
    """Begin the devices' stream of a seed from the operating system."""
    manual_seed(Generator().seed())


def seed_all() -> None:
    """As `seed`."""
    seed()


def initial_seed() -> int:
    """The seed that the devices' stream began with."""
    return counted_stream.seed


def get_rng_state(device: Device = "cuda") -> Any:
    """The devices' stream as (16,) uint8."""
    return Generator.as_user_sees(counted_stream.state_array())


def set_rng_state(new_state: Any, device: Device = "cuda") -> None:
    """Go on from what `get_rng_state` gave. Raises ArgumentTypeError or RandomError for what is no such state."""
    counted_stream.set_state(new_state)


def get_rng_state_all() -> list[Any]:
    """One state per CUDA device: the same one."""
    return [get_rng_state()] * device_count()


def set_rng_state_all(new_states: Sequence[Any]) -> None:
    """Takes what `get_rng_state_all` gave."""
    for state in new_states:
        set_rng_state(state)
