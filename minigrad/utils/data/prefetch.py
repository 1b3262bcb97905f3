"""The batches of one epoch: made on the spot, or asked of workers ahead of time."""
from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ...errors import WorkerError
from .failure import indices_shown, where
from .fetch import NOTHING, MapFetcher, StreamFetcher, Task
from .seeding import streams_kept

if TYPE_CHECKING:
    from .pool import Pool
    from .worker import Answer


class OnTheSpot(Iterator[Any]):
    """Makes each batch in this process when it is wanted."""

    def __init__(self, fetcher: MapFetcher | StreamFetcher, tasks: Iterator[Task]) -> None:
        self._fetcher, self._tasks = fetcher, tasks
        self._seeded = getattr(fetcher, "seeds", None) is not None

    def begin(self, draw: bool = False) -> None:
        """Nothing is made ahead, but with `draw` the sampler draws its order now."""
        if draw:
            first = next(self._tasks, None)
            self._tasks = iter(()) if first is None else itertools.chain([first], self._tasks)

    def __next__(self) -> Any:
        task = next(self._tasks)
        fetcher = self._fetcher
        fetcher.reading = NOTHING
        around: AbstractContextManager[None] = streams_kept() if self._seeded else nullcontext()
        try:
            with around:
                return fetcher.fetch(task)
        except Exception as error:
            if (place := where(task, fetcher.reading)) and not isinstance(error, StopIteration):
                error.add_note(f"DataLoader: {place}")
            raise

    def skip(self) -> None:
        """Pass by one batch; StopIteration at the end."""
        self._fetcher.skip(next(self._tasks))


class Ahead(Iterator[Any]):
    """Asks workers in turn for batches, `ahead` of them for each, and gives these in the order of their tasks.

    `in_order=False` gives whatever is ready first. `timeout` (seconds) is how long to wait for a batch; 0 for ever.
    `keep`: the workers have another epoch to come.
    """

    def __init__(
        self, pool: Pool, epoch: int, tasks: Iterator[Task], *, ahead: int, in_order: bool, timeout: float, keep: bool
    ) -> None:
        self._pool, self._tasks, self._ahead, self._in_order, self._timeout = pool, tasks, ahead, in_order, timeout
        self._asked: dict[int, tuple[int, Task]] = {}                # by number, the oldest first: worker, task
        self._answers: dict[int, tuple[int, Answer]] = {}
        self._running = list(range(pool.recipe.num_workers))         # whose streams have not ended, the next one first
        self._begun = False
        self._keep = keep                            # the workers, for another epoch
        self._tag = pool.begin(epoch)

    def begin(self, draw: bool = False) -> None:
        """Ask for the first batches."""
        if self._begun:
            return
        self._begun = True
        for _ in range(self._ahead * len(self._running)):
            self._ask()

    def skip(self) -> None:
        """Pass by one batch; StopIteration at the end. A task that nobody was asked for needs no work."""
        if self._pool.recipe.streams:
            next(self)
        else:
            next(self._tasks)

    def _ask(self) -> None:
        if not self._running or (task := next(self._tasks, None)) is None:
            return
        worker = self._running.pop(0)
        self._running.append(worker)
        self._asked[task.number] = worker, task
        self._pool.order(worker, self._tag, task)

    def __next__(self) -> Any:
        if not self._begun:
            self.begin()
        if self._tag != self._pool.tag:
            raise WorkerError("DataLoader: a newer iterator has taken over the persistent workers; use that one")
        while self._asked:
            number = next(iter(self._asked))
            if not self._in_order and self._answers:
                number = next(iter(self._answers))
            if number in self._answers:
                return self._give(number)
            if self._asked[number][0] in self._running:
                self._receive()
            else:
                del self._asked[number]              # its worker's stream has ended
        if not self._keep:
            self._pool.close()
        raise StopIteration

    def _give(self, number: int) -> Any:
        worker, answer = self._answers.pop(number)
        del self._asked[number]
        try:
            return self._pool.value(worker, answer)
        finally:
            self._ask()

    def _receive(self) -> None:
        """Wait for an answer to one of this epoch's tasks."""
        until = time.monotonic() + self._timeout
        while True:
            if not self._pool.alive:
                raise WorkerError("DataLoader: the worker processes of this iterator have ended; make a new one")
            try:
                got = self._pool.receive(max(0.0, until - time.monotonic()) if self._timeout else None)
            except KeyboardInterrupt:
                self._pool.close()
                raise
            if got is None:
                raise WorkerError(self._late())
            worker, answer = got
            if answer.tag != self._tag:
                self._pool.drop(worker, answer)
                continue
            if answer.packed is None and answer.failure is None:     # the end of a stream
                self._pool.drop(worker, answer)
                self._asked.pop(answer.number, None)
                if worker in self._running:
                    self._running.remove(worker)
                    self._ask()
            else:
                self._answers[answer.number] = worker, answer
            return

    def _late(self) -> str:
        waiting = [f"worker {worker} for {indices_shown([task.index])}"
                   for number, (worker, task) in self._asked.items() if number not in self._answers]
        return f"DataLoader timed out after {self._timeout} seconds, waiting for sample indices: {'; '.join(waiting[:8])}"
