"""From indices to a batch: fetch the samples and collate them."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import length_hint
from typing import Any, NamedTuple

import numpy as np

from ..._tensor import Tensor
from .collate import default_collate
from .dataset import Subset, TensorDataset, get_items
from .seeding import BATCH, Place, Places, Seeds, read_one_by_one

Collate = Callable[[Any], Any]
NOTHING: Any = object()


class Task(NamedTuple):
    """One batch to be made: its number in the epoch, its index or list of indices, what its samples are seeded by."""

    number: int
    index: Any
    places: list[Place] | None = None


class Tasks(Iterator[Task]):
    """The tasks of one epoch, from what the sampler gives. `seeded`: whether samples have seeds of their own."""

    def __init__(self, indices: Iterator[Any], batched: bool, seeded: bool) -> None:
        self._indices, self._batched = indices, batched
        self._places = Places() if seeded else None
        self._number = 0

    def __next__(self) -> Task:
        index = next(self._indices)
        places = None if self._places is None else self._places.of(index if self._batched else [index])
        task = Task(self._number, index, places)
        self._number += 1
        return task


class MapFetcher:
    """Reads a data set by index: a list of indices where samples are batched, else one index.

    With `seeds` every sample, and collating, draws from streams of its own. `reading` is the index in hand.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool, seeds: Seeds | None = None) -> None:
        self.dataset, self.batched, self.collate_fn, self.seeds = dataset, batched, collate_fn, seeds
        self.by_rows = collate_fn is default_collate
        self.one_by_one = read_one_by_one(dataset)
        self.reading: Any = NOTHING

    def fetch(self, task: Task) -> Any:
        """The batch of the samples at `task.index`."""
        index = task.index
        if self.batched and self.by_rows and (rows := rows_at(self.dataset, index)) is not None:
            return rows
        if self.seeds is not None and task.places is not None:
            return self._fetch_seeded(index, task.number, task.places, self.seeds)
        return self._collated(self._read(index) if self.batched else self.dataset[index], index)

    def _read(self, indices: Any) -> list[Any]:
        if type(indices) is not list or callable(getattr(self.dataset, "__getitems__", None)):
            return get_items(self.dataset, indices)
        dataset, rest = self.dataset, iter(indices)
        try:
            return [dataset[index] for index in rest]
        except BaseException:
            self.reading = indices[len(indices) - length_hint(rest) - 1]
            raise

    def _collated(self, samples: Any, index: Any) -> Any:
        try:
            return self.collate_fn(samples)
        except Exception as error:
            if entries := getattr(error, "entries", ()):
                error.add_note("; ".join(f"entry {i} is sample index {index[i]!r}" for i in entries))
            raise

    def _fetch_seeded(self, index: Any, number: int, places: list[Place], seeds: Seeds) -> Any:
        samples: Any
        if self.batched and not self.one_by_one:
            seeds.sow((number, BATCH))
            samples = get_items(self.dataset, index)
        else:
            samples = []
            for one, place in zip(index if self.batched else [index], places, strict=True):
                self.reading = one
                seeds.sow(place)
                samples.append(self.dataset[one])
        self.reading = NOTHING
        if self.collate_fn is not default_collate:
            seeds.sow((number, BATCH))
        return self._collated(samples if self.batched else samples[0], index)

    def skip(self, task: Task) -> None:
        """Pass by a batch; nothing is read."""


class StreamFetcher:
    """Reads a stream: as many samples as the task's index is long where samples are batched, else one."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool, seeds: Seeds | None = None) -> None:
        self.stream = iter(dataset)
        self.batched, self.collate_fn, self.drop_last = batched, collate_fn, drop_last
        self.ended = False
        self.reading: Any = NOTHING

    def fetch(self, task: Task) -> Any:
        """The next batch; StopIteration at the end."""
        return self.collate_fn(self._read(task.index))

    def skip(self, task: Task) -> None:
        """Read a batch and drop it, for a stream has no other way forward."""
        self._read(task.index)

    def _read(self, index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.batched:
            return next(self.stream)
        samples = [sample for _, sample in zip(index, self.stream, strict=False)]
        self.ended = len(samples) < len(index)
        if not samples or (self.ended and self.drop_last):
            raise StopIteration
        return samples


def rows_at(dataset: Any, indices: Sequence[Any]) -> list[Tensor] | None:
    """What `default_collate` would make of a `TensorDataset`'s samples, read in one go per tensor.

    None where that is not known to be the same: another data set, or indices that are not all ints.
    """
    kind = type(dataset)
    if isinstance(dataset, Subset) and kind.__getitem__ is Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
        return rows_at(dataset.dataset, [dataset.indices[i] for i in indices])
    if not isinstance(dataset, TensorDataset) or kind.__getitem__ is not TensorDataset.__getitem__:
        return None
    if hasattr(dataset, "__getitems__"):                 # a subclass with a way of its own
        return None
    if not set(map(type, indices)) <= {int}:
        return None
    rows = np.array(indices, np.intp)
    return [tensor[rows] for tensor in dataset.tensors]
