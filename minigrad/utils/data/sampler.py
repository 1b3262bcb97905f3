"""Samplers: in which order a data set's indices come, and how they are grouped into batches."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice, repeat
from typing import Any, Generic, TypeVar, cast

import numpy as np

from ... import creation, dtypes
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...rng import Generator, default_generator, discrete

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Base of samplers: `__iter__` gives indices, or lists of indices; `__len__`, where defined, how many."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or `num_samples` of them drawn with replacement.

    Without a generator, one is seeded from the default generator in each epoch, so that an epoch costs the default
    generator one number, however long it is. Orders are PyTorch's for the same seed.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise ArgumentTypeError(f"RandomSampler: replacement should be a boolean value; got {describe(replacement)}")
        _check_positive("RandomSampler", "num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """Indices per epoch; follows the data set's length unless it was given."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator()
            generator.manual_seed(draw_seed())
        if self.replacement:
            for start in range(0, self.num_samples, 32):        # 32 at a time, as PyTorch draws them
                size = min(32, self.num_samples - start)
                yield from discrete.integers(generator, (size,), np.int64, 0, n).tolist()
            return
        for _ in range(self.num_samples // n):
            yield from discrete.permutation(generator, n).tolist()
        rest = self.num_samples % n
        if rest or self.generator is not None:                  # PyTorch draws this one even when nothing is left
            yield from discrete.permutation(generator, n).tolist()[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in discrete.permutation(self.generator or default_generator, len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` indices, each drawn with a probability in proportion to its weight."""

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_positive("WeightedRandomSampler", "num_samples", num_samples)
        _check_bool("WeightedRandomSampler", "replacement", replacement)
        self.weights: Tensor = creation.as_tensor(weights, dtype=dtypes.float64)
        if self.weights.ndim != 1:
            raise ArgumentError(
                f"WeightedRandomSampler: weights should be a 1d sequence; got {describe(self.weights)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator, weights = self.generator or default_generator, self.weights.detach().numpy()
        yield from discrete.multinomial(generator, weights, self.num_samples, self.replacement).tolist()

    def __len__(self) -> int:
        return self.num_samples


class InfiniteSampler(Sampler[None]):
    """None without end: what a stream is sampled with, so that `BatchSampler` counts its batches."""

    def __iter__(self) -> Iterator[None]:
        return repeat(None)


class BatchSampler(Sampler[list[int]]):
    """Groups another sampler's indices into lists of `batch_size`.

    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[Any] | Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _check_positive("BatchSampler", "batch_size", batch_size)
        _check_bool("BatchSampler", "drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(cast("Sized", self.sampler)), self.batch_size)
        return full + bool(rest and not self.drop_last)


def draw_seed(generator: Generator | None = None) -> int:
    """A number from 0 to 2**63 - 1 from a generator (None: the default one), to seed another with."""
    return int(discrete.any_integers(generator or default_generator, (), np.int64))


def _check_positive(who: str, name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ArgumentError(f"{who}: {name} should be a positive integer value; got {name}={value!r}")


def _check_bool(who: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ArgumentError(f"{who}: {name} should be a boolean value; got {name}={value!r}")
