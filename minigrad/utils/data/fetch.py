"""From indices to a batch: fetch the samples and collate them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..._tensor import Tensor
from .collate import default_collate
from .dataset import Subset, TensorDataset, get_items

Collate = Callable[[Any], Any]


class MapFetcher:
    """Reads a data set by index: a list of indices where samples are batched, else one index."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool) -> None:
        self.dataset, self.batched, self.collate_fn = dataset, batched, collate_fn
        self.by_rows = collate_fn is default_collate

    def fetch(self, index: Any) -> Any:
        """The batch of the samples at `index`."""
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if self.by_rows and (rows := rows_at(self.dataset, index)) is not None:
            return rows
        return self.collate_fn(get_items(self.dataset, index))

    def skip(self, index: Any) -> None:
        """Pass by a batch; nothing is read."""


class StreamFetcher:
    """Reads a stream: as many samples as `index` is long where samples are batched, else one."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool) -> None:
        self.stream = iter(dataset)
        self.batched, self.collate_fn, self.drop_last = batched, collate_fn, drop_last
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch; StopIteration at the end."""
        return self.collate_fn(self._read(index))

    def skip(self, index: Any) -> None:
        """Read a batch and drop it, for a stream has no other way forward."""
        self._read(index)

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
