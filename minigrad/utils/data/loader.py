"""DataLoader: walks over a data set in batches, and can go on in the middle of an epoch."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np

from ... import creation
from ...errors import ArgumentError, AssertedArgumentError, CheckpointError, UnsupportedError
from ...rng import Generator, default_generator
from .arguments import check_sampling, check_stream, check_workers, context_of, warn_of_many
from .collate import default_collate, default_convert
from .dataset import Dataset, Indexed, IterableDataset
from .epoch import Batches, Epoch, Room
from .fetch import Collate, MapFetcher, StreamFetcher, Tasks
from .pin import can_pin
from .prefetch import Ahead, OnTheSpot
from .sampler import BatchSampler, InfiniteSampler, RandomSampler, Sampler, SequentialSampler, draw_seed
from .seeding import Seeds

if TYPE_CHECKING:
    from .pool import Pool

T_co = TypeVar("T_co", covariant=True)

FROZEN = frozenset(("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"))
STATE_KEYS = frozenset(("batches", "samples", "batch_size", "epoch_start", "generators", "base_seed", "seed", "round"))


class DataLoader(Generic[T_co]):
    """Batches of a data set, in order, shuffled or as a sampler says, with PyTorch's arguments and PyTorch's order.

    `num_workers` processes read ahead, `prefetch_factor` batches each, by the start method `multiprocessing_context` (None:
    Python's own); `timeout` (seconds) is how long to wait for one batch. Shuffled order is PyTorch's for the same
    `manual_seed`, or the same `generator`. `batch_size=None` gives single samples. `state_dict()` and `load_state_dict()`
    let a run that was stopped in the middle of an epoch go on with the very next batch.

    `sample_seeds`: whether each sample draws its random numbers (`random`, NumPy, minigrad) from streams of its own, seeded by
    (seed, epoch, index), so that they do not depend on the number of workers. None: in workers; True: in this process,
    too; False: never, where each worker has PyTorch's one seed.

    Raises ValueError for arguments that exclude each other. What a sample raises in a worker is raised here, with its traceback
    and index; a worker that dies is a `WorkerError` (a RuntimeError).

    >>> list(DataLoader(range(5), batch_size=2))
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(
        self,
        dataset: Dataset[T_co] | Indexed[T_co],
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
        sample_seeds: bool | None = None,
    ) -> None:
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        streams = isinstance(dataset, IterableDataset)
        if streams:
            check_stream(shuffle, sampler, batch_sampler)
        check_sampling(batch_size, shuffle, sampler, batch_sampler, drop_last)
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
        self.sample_seeds = num_workers > 0 if sample_seeds is None else sample_seeds
        self._streams = streams
        self._told_length: int | None = None         # what len() said of a stream
        self._epoch: Epoch | None = None             # the latest one
        self._resume: dict[str, Any] | None = None   # state that the next epoch begins from
        self._pool: Pool | None = None               # persistent workers
        self._room = Room()
        self._ready = True
        warn_of_many(num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FROZEN and self.__dict__.get("_ready"):
            raise ArgumentError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized; make another loader"
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        """A copy has workers of its own."""
        return {**vars(self), "_pool": None}

    @property
    def multiprocessing_context(self) -> Any:
        """What starts the workers of coming epochs; None: Python's own way. It can be set, also by the name of a start method."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, value: Any) -> None:
        self._context = None if value is None else context_of(value, self.num_workers)

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
        if self.pin_memory and not can_pin():
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
                stacklevel=2
            )
        state, self._resume = self._resume, None
        if state is not None:
            return self._start_again(state)
        batches = self._start_epoch(self._next_round())
        batches.source.begin()
        return batches

    # ------------------------------------------------------------ epochs
    def _next_round(self) -> tuple[int, int] | None:
        """(seed, how many epochs had it) where persistent workers keep theirs, else None: it is drawn."""
        epoch = self._epoch if self.persistent_workers else None
        return None if epoch is None else (epoch.seed, epoch.round + 1)

    def _start_epoch(self, kept: tuple[int, int] | None) -> Batches:
        epoch = Epoch(default_generator.state_array(), [g.state_array() for g in self._generators()], kept is None)
        indices = iter(self._index_sampler)
        # PyTorch draws its workers' seed here, even without workers
        epoch.seed, epoch.round = (draw_seed(self.generator), 0) if kept is None else kept
        batched = self.batch_sampler is not None
        seeds = Seeds(epoch.seed, epoch.round) if self.sample_seeds and not self._streams else None
        tasks = Tasks(indices, batched, seeds is not None)
        source: OnTheSpot | Ahead
        if self.num_workers:
            source = self._ahead(epoch, tasks)
        else:
            fetcher = StreamFetcher if self._streams else MapFetcher
            source = OnTheSpot(fetcher(self.dataset, batched, self.collate_fn, self.drop_last, seeds), tasks)
        self._epoch = epoch
        return Batches(self, epoch, source)

    def _ahead(self, epoch: Epoch, tasks: Tasks) -> Ahead:
        from .pool import Pool
        from .worker import Recipe

        ahead = self.prefetch_factor or 0
        if ahead < 1:
            raise AssertedArgumentError(f"DataLoader: prefetch_factor must be greater than 0 with num_workers > 0; got {ahead}")
        recipe = Recipe(self.dataset, self._streams, self.batch_sampler is not None, self.collate_fn, self.drop_last,
                        self.worker_init_fn, self.num_workers, epoch.seed, self.sample_seeds)
        pool = self._pool
        if pool is None or not pool.alive or pool.recipe.base_seed != epoch.seed:
            if pool is not None:
                pool.close()
            pool = Pool(recipe, self.multiprocessing_context, slots_each=ahead, room=self._room)
            self._pool = pool if self.persistent_workers else None
        return Ahead(pool, epoch.round, tasks, ahead=ahead, in_order=self.in_order, timeout=self.timeout,
                     keep=self.persistent_workers)

    def _start_again(self, state: dict[str, Any]) -> Batches:
        """Make the epoch of `state` from its beginning, and pass by what was already given."""
        for generator, saved in zip(self._generators(), state["generators"], strict=True):
            generator.set_state(_array(saved))
        kept = None if state["base_seed"] else (state["seed"], state["round"])
        if state["epoch_start"] is None:
            batches = self._start_epoch(kept)
            batches.source.begin()
            return batches
        now = default_generator.state_array()
        try:
            default_generator.set_state(_array(state["epoch_start"]))
            batches = self._start_epoch(kept)
            batches.skip(state["batches"])
        finally:
            default_generator.set_state(now)         # its own state is not the loader's to restore
        return batches

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
        if self.num_workers > 1 and not self.in_order:
            raise UnsupportedError(
                "DataLoader.state_dict: batches of several workers that come in no order have no place to go on from; use in_order=True"
            )
        epoch = self._epoch
        if epoch is None or epoch.ended:
            following, states = self._next_round(), [g.state_array() for g in self._generators()]
            start, batches, drawn = None, 0, following is None
            seed, rounds = following or (0, 0)
        else:
            start, batches, drawn = epoch.start, epoch.batches, epoch.drawn
            seed, rounds, states = epoch.seed, epoch.round, epoch.generators
        return {
            "batches": batches,
            "samples": self._length(),
            "batch_size": self.batch_size,
            "epoch_start": None if start is None else creation.from_numpy(start),
            "generators": [creation.from_numpy(g) for g in states],
            "base_seed": drawn,
            "seed": seed,
            "round": rounds,
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
        return None if self._streams or not hasattr(self.dataset, "__len__") else len(cast(Sized, self.dataset))


def _array(state: Any) -> np.ndarray[Any, Any]:
    return np.asarray(state.numpy() if hasattr(state, "numpy") else state)
