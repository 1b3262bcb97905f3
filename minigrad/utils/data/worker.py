"""A worker process: reads tasks from a pipe, makes batches, sends them back.

It ends by itself when the main process closes the pipe or dies: a thread waits for that while samples are read.
"""
from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

from ...rng import default_generator
from ...threads import set_num_threads
from .failure import Failure
from .fetch import NOTHING, Collate, MapFetcher, StreamFetcher, Task
from .info import WorkerInfo, set_worker_info
from .seeding import Seeds, mixed, sow, sow_worker
from .shared import Packed, open_slot, pack

GRACE = 5.0                                          # seconds that a sample may go on when nobody wants it any more


class Recipe(NamedTuple):
    """What all workers of a loader need to know."""

    dataset: Any
    streams: bool
    batched: bool
    collate_fn: Collate
    drop_last: bool
    init_fn: Callable[[int], None] | None
    num_workers: int
    base_seed: int
    sample_seeds: bool


class Begin(NamedTuple):
    """A new epoch; `tag` tells its answers from those to tasks of an older one."""

    tag: int
    epoch: int


class Order(NamedTuple):
    """A task, and the slot for its batch: which, and its name where the worker has yet to open it."""

    tag: int
    task: Task
    slot: int
    name: str | None


class Answer(NamedTuple):
    """A batch, a failure, or neither at the end of a stream."""

    tag: int
    number: int
    slot: int
    packed: Packed | None
    failure: Failure | None


def work(worker: int, recipe: Recipe, pipe: Connection) -> None:
    """What a worker process runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)     # Ctrl-C goes to all processes; the main one ends the others
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # held back until here
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    default_generator.lock = threading.RLock()       # at the fork another thread may have held the old one
    set_num_threads(1)
    orders: queue.SimpleQueue[tuple[Begin | Order, SharedMemory | None] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, orders), daemon=True).start()
    sow_worker(recipe.base_seed, worker)
    set_worker_info(WorkerInfo(worker, recipe.num_workers, recipe.base_seed + worker, recipe.dataset))
    failure = None
    try:
        if recipe.init_fn is not None:
            recipe.init_fn(worker)
    except BaseException as error:
        failure = Failure.of(error, worker, None)
    bench = Bench(worker, recipe, failure)
    while (given := orders.get()) is not None:
        order, slot = given
        if isinstance(order, Begin):
            bench.begin(order)
            continue
        try:
            pipe.send(bench.carry_out(order, slot))
        except OSError:                              # nobody is there to read it; the listener may be about to remove a name
            while orders.get() is not None:
                pass
            return


def _listen(pipe: Connection, orders: queue.SimpleQueue[Any]) -> None:
    """Take orders in, so that the main process never waits to give them; at the end of the pipe end the process."""
    slots: dict[int, SharedMemory] = {}
    try:
        while True:
            order = pipe.recv()
            orders.put((order, _slot(order, slots) if isinstance(order, Order) else None))
    except (EOFError, OSError):
        orders.put(None)
        time.sleep(GRACE)
        os._exit(1)
    except Exception:                                # an index of a class that cannot be had here
        traceback.print_exc()
        os._exit(1)


def _slot(order: Order, slots: dict[int, SharedMemory]) -> SharedMemory | None:
    """The memory for an order's batch. A new one is opened at once, and its name removed."""
    if order.name is not None:
        if (old := slots.pop(order.slot, None)) is not None:
            old.close()
        with contextlib.suppress(OSError):           # then batches travel through the pipe
            slots[order.slot] = open_slot(order.name)
    return slots.get(order.slot)


class Bench:
    """Where one worker makes its batches."""

    def __init__(self, worker: int, recipe: Recipe, failure: Failure | None) -> None:
        self.worker, self.recipe, self.failure = worker, recipe, failure
        self.fetcher: MapFetcher | StreamFetcher | None = None
        self.ended = False

    def begin(self, order: Begin) -> None:
        """Start an epoch."""
        recipe, self.ended, self.fetcher = self.recipe, False, None
        seeds = Seeds(recipe.base_seed, order.epoch) if recipe.sample_seeds else None
        if order.epoch and recipe.sample_seeds:
            sow(mixed(recipe.base_seed, order.epoch, self.worker))
        kind = StreamFetcher if recipe.streams else MapFetcher
        try:
            self.fetcher = kind(recipe.dataset, recipe.batched, recipe.collate_fn, recipe.drop_last, seeds)
        except BaseException as error:
            self.failure = self.failure or Failure.of(error, self.worker, None)

    def carry_out(self, order: Order, slot: SharedMemory | None) -> Answer:
        """The batch, or what happened instead."""
        failure, self.failure = self.failure, None
        if self.ended or (self.fetcher is None and failure is None):
            return Answer(order.tag, order.task.number, order.slot, None, None)
        packed = None
        if failure is None:
            assert self.fetcher is not None
            self.fetcher.reading = NOTHING
            try:
                packed = pack(self.fetcher.fetch(order.task), slot)
            except BaseException as error:
                if isinstance(error, StopIteration) and self.recipe.streams:
                    self.ended = True
                else:
                    failure = Failure.of(error, self.worker, order.task, self.fetcher.reading)
        return Answer(order.tag, order.task.number, order.slot, packed, failure)
