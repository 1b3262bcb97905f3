"""Our data loading beside PyTorch's, and how their batches are compared."""
from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import rng
from minigrad.errors import MinigradError
from minigrad.utils import data as ours
from minigrad.utils.data import Dataset

torch = pytest.importorskip("torch")
from torch.utils import data as theirs  # noqa: E402

SIDES = {"ours": (ours, minigrad), "theirs": (theirs, torch)}


def plain(value: Any) -> Any:
    """A batch with its tensors as (dtype, nested list), to compare across the two libraries."""
    if hasattr(value, "dtype") and hasattr(value, "numpy"):
        array = value.numpy()
        return str(array.dtype), array.tolist()
    if isinstance(value, np.ndarray):
        return "ndarray", str(value.dtype), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value).__name__, [plain(item) for item in value]
    if isinstance(value, (list, tuple, collections.UserList)):
        return type(value).__name__, [plain(item) for item in value]
    return value


def drawn(lib: Any) -> list[float]:
    """The default generator's next numbers."""
    mine = lib is minigrad
    return rng.continuous.uniform(rng.default_generator, (3,), np.float32).tolist() if mine else lib.rand(3).tolist()


def rows(lib: Any, *shapes: tuple[int, ...]) -> list[Any]:
    return [lib.from_numpy(np.arange(np.prod(shape), dtype=np.float32).reshape(shape)) for shape in shapes]


def both(make: Callable[[Any, Any], Any]) -> Any:
    """What `make(utils.data, library)` gives on both sides; asserted equal, errors included."""
    results = []
    for data, lib in SIDES.values():
        try:
            results.append(make(data, lib))
        except Exception as error:
            results.append(error)
    mine, wanted = results
    if isinstance(wanted, Exception):
        assert isinstance(mine, type(wanted)), f"PyTorch raises {wanted!r}; we gave {mine!r}"
        assert isinstance(mine, MinigradError) or not str(wanted)
        return mine
    if isinstance(mine, Exception):
        raise mine
    assert mine == wanted
    return mine


class Squares(Dataset[int]):
    """Sample i is i squared; remembers what was read."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.read: list[int] = []

    def __getitem__(self, i: int) -> int:
        self.read.append(i)
        return i * i

    def __len__(self) -> int:
        return self.n


def stream_of(base: type, n: int) -> Any:
    class Stream(base):  # type: ignore[misc]
        def __iter__(self) -> Iterator[int]:
            return iter(range(n))

        def __len__(self) -> int:
            return n
    return Stream()
