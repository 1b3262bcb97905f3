"""DataLoader: walks over a data set in batches, and can go on in the middle of an epoch."""
from __future__ import annotations

import functools
import itertools
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np

from ... import creation
from ...errors import ArgumentError, ArgumentTypeError, AssertedArgumentError, CheckpointError, describe
from ...rng import Generator, default_generator
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .fetch import Collate, MapFetcher, StreamFetcher
from .sampler import BatchSampler, InfiniteSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

T_co = TypeVar("T_co", covariant=True)

FROZEN = frozenset(("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"))
STATE_KEYS = frozenset(("batches", "samples", "batch_size", "epoch_start", "generators", "base_seed"))


class DataLoader(Generic[T_co]):
    """Batches of a data set, in order, shuffled or as a sampler says, with PyTorch's arguments and PyTorch's order.

    Samples are loaded in the calling process: `num_workers > 0` changes nothing but a notice, `worker_init_fn` is not
    called, and `pin_memory`, `timeout`, `prefetch_factor` and `in_order` have no effect. Shuffled order is PyTorch's
    for the same `manual_seed`, or the same `generator`.

    `batch_size=None` gives single samples. `state_dict()` and `load_state_dict()` let a run that was stopped in the
    middle of an epoch go on with the very next batch. Raises ValueError for arguments that exclude each other.

    >>> list(DataLoader(range(5), batch_size=2))
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(
        self,
        dataset: Dataset[T_co] | Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Collate | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        streams = isinstance(dataset, IterableDataset)
        if streams:
            _check_stream(shuffle, sampler, batch_sampler)
        _check_sampling(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        if sampler is None:
            sampler = (InfiniteSampler() if streams
                       else RandomSampler(cast(Sized, dataset), generator=generator) if shuffle
                       else SequentialSampler(cast(Sized, dataset)))
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.drop_last = drop_last
        self.generator = generator
        self.collate_fn: Collate = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._streams = streams
        self._told_length: int | None = None         # what len() said of a stream
        self._epoch: Epoch | None = None             # the latest one
        self._resume: dict[str, Any] | None = None   # state that the next epoch begins from
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FROZEN and self.__dict__.get("_ready"):
            raise ArgumentError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized; make another loader"
            )
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        """Batches per epoch. Raises TypeError where the data set or the sampler has no length."""
        if not self._streams:
            return len(self._index_sampler)
        self._told_length = length = len(cast(Sized, self.dataset))
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        if self.timeout and not self.num_workers:
            raise AssertedArgumentError(f"DataLoader: timeout needs num_workers > 0; got {self.timeout}; leave it out")
        if self.num_workers:
            _say_in_process()
        state, self._resume = self._resume, None
        if state is None:
            keeps_workers = self.persistent_workers and self._epoch is not None
            self._epoch = self._start_epoch(base_seed=not keeps_workers)
        else:
            self._epoch = self._start_again(state)
        return _Batches(self, self._epoch)

    # ------------------------------------------------------------ epochs
    def _start_epoch(self, base_seed: bool) -> Epoch:
        fetcher = StreamFetcher if self._streams else MapFetcher
        epoch = Epoch(default_generator.state_array(), [g.state_array() for g in self._generators()], base_seed)
        epoch.indices = iter(self._index_sampler)
        if base_seed:
            draw_seed(self.generator)                # PyTorch draws its workers' seed here, even without workers
        epoch.fetcher = fetcher(self.dataset, self.batch_sampler is not None, self.collate_fn, self.drop_last)
        return epoch

    def _start_again(self, state: dict[str, Any]) -> Epoch:
        """Make the epoch of `state` from its beginning, and pass by what was already given."""
        for generator, saved in zip(self._generators(), state["generators"], strict=True):
            generator.set_state(_array(saved))
        if state["epoch_start"] is None:
            return self._start_epoch(state["base_seed"])
        now = default_generator.state_array()
        try:
            default_generator.set_state(_array(state["epoch_start"]))
            epoch = self._start_epoch(state["base_seed"])
            epoch.skip(state["batches"])
        finally:
            default_generator.set_state(now)         # its own state is not the loader's to restore
        return epoch

    def _generators(self) -> list[Generator]:
        """The generators, other than the default one, that decide on the order."""
        owners = (self, self.sampler, self.batch_sampler, getattr(self.batch_sampler, "sampler", None))
        found = {id(g): g for owner in owners if isinstance(g := getattr(owner, "generator", None), Generator)}
        found.pop(id(default_generator), None)
        return list(found.values())

    # ------------------------------------------------------------ state
    def state_dict(self) -> dict[str, Any]:
        """Where the latest epoch stands, for `load_state_dict` of a loader that is made alike.

        Holds the number of batches that were given and the random state that the epoch began with, as tensors and
        numbers. After the last batch, but before the loop has ended, that is an epoch with nothing left.
        """
        if self._resume is not None:
            return dict(self._resume)
        epoch, now = self._epoch, [g.state_array() for g in self._generators()]
        running = epoch is not None and not epoch.ended
        start = epoch.start if epoch is not None and running else None
        keeps_workers = self.persistent_workers and epoch is not None
        return {
            "batches": epoch.batches if epoch is not None and running else 0,
            "samples": self._length(),
            "batch_size": self.batch_size,
            "epoch_start": None if start is None else creation.from_numpy(start),
            "generators": [creation.from_numpy(g) for g in (epoch.generators if epoch is not None and running else now)],
            "base_seed": epoch.base_seed if epoch is not None and running else not keeps_workers,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Let the next `iter()` go on where `state_dict` was taken; later ones are epochs of their own.

        Batches of a `Dataset` are passed by without being read, those of an `IterableDataset` are read and dropped.
        The default generator keeps its present state: restore that beside this (`minigrad.set_rng_state`) for later
        epochs to be the same too. Raises `CheckpointError` (a RuntimeError) for the state of a different loader.
        """
        state = dict(state_dict)
        if state.keys() != STATE_KEYS:
            raise CheckpointError(
                f"DataLoader.load_state_dict: expected the keys {sorted(STATE_KEYS)}; got {sorted(map(str, state))}"
            )
        here = {"samples": self._length(), "batch_size": self.batch_size}
        saved = {key: state[key] for key in here}
        if here != saved:
            raise CheckpointError(f"DataLoader.load_state_dict: the state is of another loader; got {saved}, this one has {here}")
        if len(state["generators"]) != len(self._generators()):
            raise CheckpointError(
                f"DataLoader.load_state_dict: the state has {len(state['generators'])} generators, this loader "
                f"{len(self._generators())}; pass the same generator arguments"
            )
        self._resume = state

    def _length(self) -> int | None:
        return None if self._streams or not hasattr(self.dataset, "__len__") else len(self.dataset)


@dataclass
class Epoch:
    """One walk over the data: how it began, and how far it is."""

    start: np.ndarray[Any, Any]                      # the default generator's state at the beginning
    generators: list[np.ndarray[Any, Any]]           # the states of the loader's own ones
    base_seed: bool                                  # did a draw for the workers' seed come first?
    indices: Any = None
    fetcher: Any = None
    batches: int = 0                                 # given so far
    ended: bool = False

    def next(self) -> Any:
        """The next batch."""
        try:
            batch = self.fetcher.fetch(next(self.indices))
        except StopIteration:
            self.ended = True
            raise
        self.batches += 1
        return batch

    def skip(self, count: int) -> None:
        """Pass by `count` batches. At least one index is looked at, so that the sampler has drawn its order."""
        if count == 0:
            first = next(self.indices, None)
            self.indices = iter(()) if first is None else itertools.chain([first], self.indices)
        for _ in range(count):
            try:
                self.fetcher.skip(next(self.indices))
            except StopIteration:
                raise CheckpointError(
                    f"DataLoader: the state says that {count} batches were given, but the data end after {self.batches}"
                ) from None
            self.batches += 1


class _Batches(Iterator[Any]):
    """What `iter(loader)` returns."""

    def __init__(self, loader: DataLoader[Any], epoch: Epoch) -> None:
        self._loader = loader
        self._epoch = epoch

    def __next__(self) -> Any:
        batch = self._epoch.next()
        told = self._loader._told_length
        if told is not None and self._epoch.batches > told:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {told} (when accessing "
                f"len(dataloader)), but {self._epoch.batches} samples have been fetched.", stacklevel=2
            )
        return batch

    def __len__(self) -> int:
        return len(self._loader._index_sampler)


def get_worker_info() -> None:
    """None: samples are always loaded in the main process, where PyTorch's function gives None too."""
    return None


@functools.cache
def _say_in_process() -> None:
    logging.getLogger("minigrad.utils.data").warning(
        "DataLoader: num_workers > 0 is accepted, but samples are loaded in this process; worker_init_fn is not called"
    )


def _array(state: Any) -> np.ndarray[Any, Any]:
    return np.asarray(state.numpy() if hasattr(state, "numpy") else state)


def _check_workers(workers: int, timeout: float, prefetch: int | None, persistent: bool, context: Any) -> None:
    if workers < 0:
        raise ArgumentError(f"DataLoader: num_workers option should be non-negative; got {workers}; use 0")
    if timeout < 0:
        raise ArgumentError(f"DataLoader: timeout option should be non-negative; got {timeout}")
    if workers == 0 and prefetch is not None:
        raise ArgumentError(
            f"DataLoader: prefetch_factor option could only be specified with num_workers > 0; got {prefetch}; leave it out"
        )
    if prefetch is not None and prefetch < 0:
        raise ArgumentError(f"DataLoader: prefetch_factor option should be non-negative; got {prefetch}")
    if persistent and workers == 0:
        raise ArgumentError("DataLoader: persistent_workers option needs num_workers > 0; got num_workers=0")
    if context is not None:
        _check_context(context, workers)


def _check_context(context: Any, workers: int) -> None:
    if workers == 0:
        raise ArgumentError("DataLoader: multiprocessing_context can only be used with num_workers > 0; got num_workers=0")
    import multiprocessing
    from multiprocessing.context import BaseContext

    methods = multiprocessing.get_all_start_methods()
    if isinstance(context, str) and context not in methods:
        raise ArgumentError(
            f"DataLoader: multiprocessing_context option should specify a valid start method in {methods}; got {context!r}"
        )
    if not isinstance(context, (str, BaseContext)):
        raise ArgumentTypeError(
            f"DataLoader: multiprocessing_context option should be a valid context object or the name of a start method; "
            f"got {describe(context)}"
        )


def _check_stream(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    if shuffle not in (False, None):
        raise ArgumentError(
            f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}; "
            f"shuffle in the data set"
        )
    for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value is not None:
            raise ArgumentError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}; "
                f"a stream has its own order"
            )


def _check_sampling(batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool) -> None:
    if sampler is not None and shuffle:
        raise ArgumentError("DataLoader: sampler option is mutually exclusive with shuffle; leave one out")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last; "
            "leave those out"
        )
    if batch_sampler is None and batch_size is None and drop_last:
        raise ArgumentError(
            "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
