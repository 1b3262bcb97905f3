"""Data sets: things with samples, by index (`Dataset`) or one after another (`IterableDataset`)."""
from __future__ import annotations

import itertools
import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, OutOfRangeError, UnsupportedError, describe
from ...rng import Generator, default_generator, discrete

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Indexed(Protocol[T_co]):
    """What can be read by index though it is no `Dataset`: a list, an array."""

    def __getitem__(self, index: int, /) -> T_co: ...


class Dataset(Generic[T_co]):
    """Base of data sets whose samples are fetched by index.

    A subclass defines `__getitem__`, and `__len__` where samplers need it. It may define `__getitems__(indices)`, which
    returns a list of samples, if many are cheaper at once; `DataLoader` uses it.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__ to be read by index")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Base of data sets that are read as a stream; a subclass defines `__iter__`."""

    def __add__(self, other: Dataset[Any]) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors whose rows belong together: sample `i` is the tuple of their `i`-th rows.

    >>> from minigrad import arange
    >>> data = TensorDataset(arange(6).reshape(3, 2), arange(3))
    >>> len(data), data[1]
    (3, (tensor([2, 3]), tensor(1)))
    """

    def __init__(self, *tensors: Tensor) -> None:
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise ArgumentTypeError(f"TensorDataset: argument {i} must be a Tensor; got {describe(tensor)}; use as_tensor(array)")
        if any(tensor.shape[0] != tensors[0].shape[0] for tensor in tensors):
            raise AssertedArgumentError(
                f"TensorDataset: all tensors must have one first dimension; got {', '.join(map(describe, tensors))}; "
                f"size mismatch between tensors"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Data sets side by side: sample `i` is the tuple, or with keywords the dict, of their `i`-th samples."""

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ArgumentError("StackDataset: data sets come by position (tuples) or by keyword (dicts); got both")
        if not args and not kwargs:
            raise ArgumentError("StackDataset: at least one data set must be given; got none")
        self.datasets: tuple[Any, ...] | dict[str, Any] = kwargs or args
        lengths = [len(dataset) for dataset in self._parts()]
        if len(set(lengths)) > 1:
            raise ArgumentError(f"StackDataset: size mismatch between datasets; got lengths {lengths}")
        self._length = lengths[0]

    def _parts(self) -> Sequence[Any]:
        return list(self.datasets.values()) if isinstance(self.datasets, dict) else self.datasets

    def _sample(self, values: Sequence[Any]) -> Any:
        return dict(zip(self.datasets, values, strict=True)) if isinstance(self.datasets, dict) else tuple(values)

    def __getitem__(self, index: Any) -> Any:
        return self._sample([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices: list[int]) -> list[Any]:
        columns = [get_items(dataset, indices) for dataset in self._parts()]
        for column in columns:
            if len(column) != len(indices):
                raise ArgumentError(
                    f"StackDataset: nested dataset's output size mismatch: __getitems__ must return one sample per "
                    f"index; expected {len(indices)}, got {len(column)}"
                )
        return [self._sample(row) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other; `cumulative_sizes` holds where each ends."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise AssertedArgumentError("ConcatDataset: datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertedArgumentError("ConcatDataset: does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Running totals of the lengths."""
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: int) -> T_co:
        if idx < -len(self):
            raise ArgumentError(
                f"ConcatDataset: absolute value of index should not exceed dataset length; got {idx} for {len(self)}"
            )
        idx += len(self) if idx < 0 else 0
        which = min(bisect_right(self.cumulative_sizes, idx), len(self.datasets))
        if which == len(self.datasets):
            raise OutOfRangeError(f"ConcatDataset: index {idx} is out of range for {len(self)} samples")
        start = self.cumulative_sizes[which - 1] if which else 0
        return cast(T_co, self.datasets[which][idx - start])


class ChainDataset(IterableDataset[Any]):
    """Streams one after the other."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertedArgumentError(
                    f"ChainDataset: only supports IterableDataset; got {type(dataset).__name__}; use ConcatDataset"
                )
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._streams():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._streams())


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`."""

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise UnsupportedError(
                f"Subset: a subclass that overrides __getitem__ must override __getitems__, or DataLoader would pass by "
                f"its own; {kind.__name__} does not; return [self[i] for i in indices] there"
            )

    def __getitem__(self, idx: Any) -> T_co:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        return get_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def get_items(dataset: Any, indices: Iterable[Any]) -> list[Any]:
    """The samples at `indices`: by the data set's own `__getitems__` where it has one, else one by one."""
    many = getattr(dataset, "__getitems__", None)
    if callable(many):
        return cast("list[Any]", many(indices))
    return [dataset[index] for index in indices]


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Divide a data set at random into parts of the given lengths, or of fractions that sum to 1.

    Fractions are rounded down; what is left over is given one each to the first parts. `generator=None` is the default
    generator. Raises ValueError when the lengths do not sum to the length of the data set.
    """
    total = len(cast("Any", dataset))
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_fractions(lengths, total)
    if sum(lengths) != total:
        raise ArgumentError(
            f"random_split: sum of input lengths does not equal the length of the input dataset; got {list(lengths)}, "
            f"sum {sum(lengths)}, for {total} samples"
        )
    sizes = cast("Sequence[int]", lengths)
    order = discrete.permutation(generator or default_generator, total).tolist()
    return [Subset(dataset, order[end - size:end]) for end, size in zip(itertools.accumulate(sizes), sizes, strict=True)]


def _from_fractions(fractions: Sequence[float], total: int) -> list[int]:
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ArgumentError(f"random_split: fraction at index {i} is not between 0 and 1; got {fraction}")
    sizes = [math.floor(total * fraction) for fraction in fractions]
    for i in range(total - sum(sizes)):
        sizes[i % len(sizes)] += 1
    for i, size in enumerate(sizes):
        if size == 0:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return sizes
