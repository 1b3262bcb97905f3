"""Samplers, with PyTorch as the oracle."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minigrad.errors import MinigradError
from minigrad.utils import data as ours

from .sides import both


@pytest.mark.parametrize("make", [
    lambda d: d.RandomSampler(range(3), replacement=1),
    lambda d: d.RandomSampler(range(3), num_samples=0),
    lambda d: d.RandomSampler(range(3), num_samples=2.0),
    lambda d: d.RandomSampler([]),
    lambda d: d.WeightedRandomSampler([1, 2], 0),
    lambda d: d.WeightedRandomSampler([1, 2], True),
    lambda d: d.WeightedRandomSampler([1, 2], 2, replacement=0),
    lambda d: d.WeightedRandomSampler([[1, 2]], 2),
    lambda d: d.BatchSampler(range(3), 0, False),
    lambda d: d.BatchSampler(range(3), True, False),
    lambda d: d.BatchSampler(range(3), 2.0, False),
    lambda d: d.BatchSampler(range(3), 2, 1),
])
def test_samplers_refuse_what_pytorch_refuses(make: Callable[[Any], Any]) -> None:
    assert isinstance(both(lambda data, lib: make(data)), MinigradError)


def test_sampler_messages() -> None:
    with pytest.raises(ValueError, match="RandomSampler: num_samples should be a positive integer value; got num_samples=0"):
        ours.RandomSampler([])
    with pytest.raises(ValueError, match="WeightedRandomSampler: weights should be a 1d sequence; got float64 "):
        ours.WeightedRandomSampler([[1.0]], 1)


@pytest.mark.parametrize("n", [0, 1, 9, 10, 11])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batch_sampler(n: int, drop_last: bool) -> None:
    def look(data: Any, lib: Any) -> Any:
        made = data.BatchSampler(data.SequentialSampler(range(n)), 5, drop_last)
        return list(made), len(made)
    both(look)


def test_random_sampler_follows_the_length_of_its_data() -> None:
    growing = [0]
    sampler = ours.RandomSampler(growing)
    growing += range(9)
    assert len(sampler) == 10
    assert sorted(sampler) == list(range(10))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("n", "replicas"), [(10, 3), (9, 3), (2, 5), (1, 1)])
def test_distributed_sampler(n: int, replicas: int, shuffle: bool, drop_last: bool) -> None:
    def look(data: Any, lib: Any) -> Any:
        found = []
        for rank in range(replicas):
            made = data.distributed.DistributedSampler(range(n), replicas, rank, shuffle, seed=4, drop_last=drop_last)
            for epoch in (0, 3):
                made.set_epoch(epoch)
                found.append((list(made), len(made), made.num_samples, made.total_size))
        return found
    both(look)


def test_distributed_sampler_refuses_and_asks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"):
        ours.DistributedSampler(range(4), 2, 2)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(RuntimeError, match="there is no environment variable WORLD_SIZE; pass num_replicas="):
        ours.DistributedSampler(range(4))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert list(ours.DistributedSampler(range(4), shuffle=False)) == [1, 3]
