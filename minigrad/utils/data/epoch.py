"""One walk over the data: how it began, how far it is, and its batches."""
from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CheckpointError
from .pin import can_pin, pinned

if TYPE_CHECKING:
    from .loader import DataLoader
    from .prefetch import Ahead, OnTheSpot


@dataclass
class Epoch:
    """What `state_dict` needs to know of the latest epoch. Holds no data and no workers."""

    start: np.ndarray[Any, Any]                      # the default generator's state at the beginning
    generators: list[np.ndarray[Any, Any]]           # the states of the loader's own ones
    drawn: bool                                      # was the seed drawn, or kept from the epoch before?
    seed: int = 0                                    # of the workers
    round: int = 0                                   # epochs that had this seed before
    batches: int = 0                                 # given so far
    ended: bool = False


@dataclass
class Room:
    """Bytes that the largest batch of a loader has wanted so far; later epochs begin with slots of that size."""

    wanted: int = 0


class Batches(Iterator[Any]):
    """What `iter(loader)` returns."""

    def __init__(self, loader: DataLoader[Any], epoch: Epoch, source: OnTheSpot | Ahead) -> None:
        self._loader, self._epoch, self.source = loader, epoch, source
        self._pin = loader.pin_memory and can_pin()

    def __next__(self) -> Any:
        epoch = self._epoch
        try:
            batch = next(self.source)
        except StopIteration:
            epoch.ended = True
            raise
        epoch.batches += 1
        told = self._loader._told_length
        if told is not None and epoch.batches > told:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {told} (when accessing "
                f"len(dataloader)), but {epoch.batches} samples have been fetched."
                + (" For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset "
                   "replica at each worker." if self._loader.num_workers else ""), stacklevel=2
            )
        return pinned(batch) if self._pin else batch

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def skip(self, count: int) -> None:
        """Pass by `count` batches of a new epoch."""
        for _ in range(count):
            try:
                self.source.skip()
            except StopIteration:
                raise CheckpointError(
                    f"DataLoader: the state says that {count} batches were given, but the data end after {self._epoch.batches}"
                ) from None
            self._epoch.batches += 1
        self.source.begin(draw=True)
