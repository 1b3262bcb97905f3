"""Which samples each process of a distributed job reads."""
from __future__ import annotations

import os
from collections.abc import Iterator, Sized

from ...errors import ArgumentError, RefusedArgumentError
from ...rng import Generator, discrete
from .sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, beginning with the `rank`-th, so that processes share a data set.

    All processes read equally many: the first indices are read twice where the length is no multiple, or with `drop_last` the last ones
    not at all. `shuffle` by `seed` plus the epoch, which `set_epoch` tells; the order is PyTorch's. None is taken from the environment
    variables WORLD_SIZE and RANK. Raises RuntimeError where these are missing, ValueError for a rank that is not below `num_replicas`.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.dataset = dataset
        self.num_replicas = _from_environment("WORLD_SIZE", "num_replicas") if num_replicas is None else num_replicas
        self.rank = _from_environment("RANK", "rank") if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ArgumentError(
                f"DistributedSampler: Invalid rank {self.rank}, rank should be in the interval [0, {self.num_replicas - 1}]"
            )
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0

    @property
    def num_samples(self) -> int:
        """Indices per epoch and process."""
        n = len(self.dataset)
        return n // self.num_replicas if self.drop_last else -(-n // self.num_replicas)

    @property
    def total_size(self) -> int:
        """Indices per epoch of all processes."""
        return self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        order = discrete.permutation(Generator().manual_seed(self.seed + self.epoch), n).tolist() if self.shuffle else list(range(n))
        repeats = -(-self.total_size // n) if n else 1
        return iter((order * repeats)[:self.total_size][self.rank::self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let the next epoch be in an order of its own, the same one in all processes."""
        self.epoch = epoch


def _from_environment(name: str, argument: str) -> int:
    if (value := os.environ.get(name, "")).isdecimal():
        return int(value)
    raise RefusedArgumentError(
        f"DistributedSampler: {argument} is not given, and there is no environment variable {name}; pass {argument}="
    )
