"""What the tests of workers read, and how they look at it."""
from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.utils import data as ours
from minigrad.utils.data import Dataset, IterableDataset


def plain(value: Any) -> Any:
    """A batch as nested lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def all_of(loader: Any, epochs: int = 1) -> list[Any]:
    return [plain(batch) for _ in range(epochs) for batch in loader]


class Draws(Dataset[Any]):
    """Sample i is i and a number drawn from each of the three streams."""

    def __init__(self, n: int = 13) -> None:
        self.n = n

    def __getitem__(self, i: int) -> Any:
        return i, mg.rand(2), np.random.rand(), random.random()

    def __len__(self) -> int:
        return self.n


class Stream(IterableDataset[int]):
    """n numbers, divided among the workers; with `noise`, each has a drawn one beside it."""

    def __init__(self, n: int, noise: bool = False) -> None:
        self.n, self.noise = n, noise

    def __iter__(self) -> Iterator[Any]:
        info = ours.get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        for i in range(first, self.n, step):
            yield (i, random.random()) if self.noise else i
