"""The stream of a device's random numbers: a seed, and how far it was used. Each number is made from its place in the stream alone."""
from __future__ import annotations

import operator
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentTypeError, RandomError, describe

SIZE = 16                                # bytes of a state: the seed, and groups of numbers used


class Counted:
    """A stream of groups of numbers; devices make them by Philox (kernels/gpu/source/random.cu)."""

    def __init__(self, seed: int) -> None:
        self._lock = Lock()
        self.restart(seed)

    def restart(self, seed: int) -> None:
        """Begin the stream of a seed."""
        self.seed, self.used = operator.index(seed) % 2 ** 64, 0

    def take(self, groups: int) -> tuple[int, int]:
        """The seed, as a signed number, and the place of the next groups, which count as used."""
        with self._lock:
            place, self.used = self.used, self.used + groups
        return self.seed - (self.seed >> 63 << 64), place

    def state_array(self) -> NDArray[np.uint8]:
        """Seed and place as (16,) uint8, PyTorch's layout for a GPU's generator."""
        return np.array([self.seed, self.used], "<u8").view(np.uint8)

    def set_state(self, state: object) -> None:
        """Go on from what `state_array` gave. Raises ArgumentTypeError for anything but uint8, RandomError for another size."""
        array = getattr(state, "array", state)
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
            raise ArgumentTypeError(f"set_rng_state: expected uint8 numbers as cuda.get_rng_state() gives them; got {describe(state)}")
        if array.size != SIZE:
            raise RandomError(f"set_rng_state: expected a state of size {SIZE}; got {array.size}; was it saved by a CPU generator?")
        seed, used = np.ascontiguousarray(array).view("<u8").tolist()
        self.seed, self.used = seed, used
