"""Random numbers in samples: every sample draws from streams of its own, whichever process reads it."""
from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...rng import default_generator
from .dataset import StackDataset, Subset

Place = tuple[int, int]                              # (index, how often the epoch has read it before)
MASK = 2 ** 64 - 1
BATCH = -1                                           # stands where a sample's count stands: streams of a whole batch


def mixed(*numbers: int) -> int:
    """64 bits that depend on all of `numbers`: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over one after the other."""
    word = 0
    for number in numbers:
        word = (word + number + 0x9E3779B97F4A7C15) & MASK
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
        word ^= word >> 31
    return word


def sow(word: int) -> None:
    """Seed `random`, NumPy (where its random numbers are in use) and minigrad from 64 bits."""
    random.seed(word)
    default_generator.manual_seed(word)              # its low half counts
    if "numpy.random" in sys.modules:
        np.random.seed(word >> 32)


def sow_worker(base_seed: int, worker: int) -> None:
    """Seed a worker's streams as PyTorch seeds them."""
    random.seed(base_seed + worker)
    default_generator.manual_seed((base_seed + worker) % 2 ** 64)
    words = np.random.SeedSequence([worker, base_seed % 2 ** 32, base_seed >> 32, 0]).generate_state(4)
    np.random.seed(words.tolist())


@contextmanager
def streams_kept() -> Iterator[None]:
    """Whatever is drawn or seeded inside, afterwards the three streams go on as if nothing had been."""
    states = random.getstate(), np.random.get_state(), default_generator.state_array()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        default_generator.set_state(states[2])


class Seeds:
    """The seeds of one epoch: of each sample from (seed, epoch, index), of each batch from its number."""

    def __init__(self, base_seed: int, epoch: int) -> None:
        self.base_seed, self.epoch = base_seed, epoch
        self._start = mixed(base_seed, epoch)

    def sow(self, place: Place) -> None:
        """Start the streams of a sample, or of a batch with (number, BATCH)."""
        sow(mixed(self._start, *place))


class Places:
    """Tells what a sample is seeded by: its index, and how often the epoch has read that before.

    So a sample that a sampler draws twice is not augmented twice alike. An index that is no integer is told by its position.
    """

    def __init__(self) -> None:
        self._before: dict[int, int] = {}
        self._position = 0

    def of(self, indices: Sequence[Any]) -> list[Place]:
        """The places of the next samples."""
        places = []
        for position, index in enumerate(indices, self._position):
            whole = hasattr(index, "__index__") and not isinstance(index, slice)
            key = index.__index__() if whole else ~position
            count = self._before.get(key, 0)
            self._before[key] = count + 1
            places.append((key, count))
        self._position += len(indices)
        return places


def read_one_by_one(dataset: Any) -> bool:
    """Whether `__getitems__`, if there is one, only calls `__getitem__` for each index in the end."""
    kind = type(dataset)
    if isinstance(dataset, Subset) and kind.__getitem__ is Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
        return read_one_by_one(dataset.dataset)
    if isinstance(dataset, StackDataset) and kind.__getitem__ is StackDataset.__getitem__:
        return kind.__getitems__ is StackDataset.__getitems__ and all(map(read_one_by_one, dataset._parts()))
    return not callable(getattr(dataset, "__getitems__", None))
