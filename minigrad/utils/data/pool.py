"""The worker processes of a loader, seen from the main process."""
from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import weakref
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from .epoch import Room
from .failure import death, told_to_pickle
from .fetch import Task
from .shared import Slot, unpack
from .worker import GRACE, Answer, Begin, Order, Recipe, work

_ends: weakref.WeakSet[Connection] = weakref.WeakSet()       # this process's ends of the pipes to workers


def _let_go() -> None:
    """In a forked child: were it to keep these ends, the workers would not see that the main process is gone."""
    for end in list(_ends):
        end.close()
    _ends.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


@contextlib.contextmanager
def _no_ctrl_c(context: Any) -> Iterator[None]:
    """Hold Ctrl-C back: a process begun meanwhile does not hear it before it ignores it, which its first lines do.

    Not for "forkserver", whose server would keep it held back from all that it forks.
    """
    if not hasattr(signal, "pthread_sigmask") or context.get_start_method() == "forkserver":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Pool:
    """Processes that stand ready, the orders they were given, and the memory that their batches come in."""

    def __init__(self, recipe: Recipe, context: Any, slots_each: int, room: Room) -> None:
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        if os.name == "posix":
            resource_tracker.ensure_running()        # one for all processes, or each worker starts its own
        self.recipe, self.tag, self._room = recipe, 0, room
        self.processes: list[Any] = []
        self.pipes: list[Connection] = []
        self.orders: list[dict[tuple[int, int], Any]] = []       # of each worker, unanswered: (tag, number) -> index
        self._slots: list[list[Slot | None]] = []
        self._free: list[list[int]] = []
        self.close = weakref.finalize(self, _close, os.getpid(), self.processes, self.pipes, self._slots)
        try:
            for worker in range(recipe.num_workers):
                self._start(worker, context, slots_each)
        except BaseException:
            self.close()
            raise

    def _start(self, worker: int, context: Any, slots_each: int) -> None:
        mine, its = context.Pipe()
        _ends.add(mine)
        process = context.Process(target=work, args=(worker, self.recipe, its), daemon=True)
        self.pipes.append(mine)
        try:
            with _no_ctrl_c(context), told_to_pickle(self.recipe, context):
                process.start()
        finally:
            its.close()
        self.processes.append(process)
        self.orders.append({})
        self._slots.append([None] * slots_each)
        self._free.append(list(range(slots_each)))

    @property
    def alive(self) -> bool:
        """Whether it can still be used."""
        return bool(self.close.alive)

    def begin(self, epoch: int) -> int:
        """Let an epoch begin, of this number for the seeds of samples; gives the tag of its orders."""
        self.tag += 1
        for worker in range(len(self.pipes)):
            self._send(worker, Begin(self.tag, epoch))
        return self.tag

    def order(self, worker: int, tag: int, task: Task) -> None:
        """Ask a worker for a batch."""
        slot, name = -1, None
        if self._free[worker]:
            slot = self._free[worker].pop()
            name = self._make_room(worker, slot)
        self.orders[worker][tag, task.number] = task.index
        self._send(worker, Order(tag, task, slot, name))

    def _make_room(self, worker: int, slot: int) -> str | None:
        """See that a slot holds the largest batch so far; its name if it is new."""
        old = self._slots[worker][slot]
        wanted = self._room.wanted
        if not wanted or (old is not None and old.memory.size >= wanted):
            return None
        try:
            new = Slot(wanted)
        except OSError:                              # no shared memory left: this batch comes through the pipe
            return None
        if old is not None:
            old.remove()
        self._slots[worker][slot] = new
        return new.name

    def _send(self, worker: int, message: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):     # it died: `receive` tells
            self.pipes[worker].send(message)

    def receive(self, timeout: float | None) -> tuple[int, Answer] | None:
        """The next answer and whose it is; None after `timeout` seconds. Raises WorkerError if a worker is dead."""
        sentinels = {process.sentinel: worker for worker, process in enumerate(self.processes)}
        ready = wait([*self.pipes, *sentinels], timeout)
        for worker, pipe in enumerate(self.pipes):
            if pipe in ready:
                try:
                    answer: Answer = pipe.recv()
                except (EOFError, OSError):
                    self._bury(worker)
                self.orders[worker].pop((answer.tag, answer.number), None)
                if answer.slot >= 0 and (slot := self._slots[worker][answer.slot]) is not None:
                    slot.remove_name()
                return worker, answer
        for sentinel, worker in sentinels.items():
            if sentinel in ready:
                self._bury(worker)
        return None

    def _bury(self, worker: int) -> Any:
        process = self.processes[worker]
        process.join(GRACE)
        error = death(process.pid, worker, len(self.processes), process.exitcode, list(self.orders[worker].values()))
        self.close()
        raise error

    def value(self, worker: int, answer: Answer) -> Any:
        """The batch of an answer, whose slot is free then. Raises what went wrong in the worker."""
        slot = self._slots[worker][answer.slot] if answer.slot >= 0 else None
        try:
            if answer.failure is not None:
                raise answer.failure.error()
            assert answer.packed is not None
            return unpack(answer.packed, slot.memory if slot is not None else None)
        finally:
            self.drop(worker, answer)

    def drop(self, worker: int, answer: Answer) -> None:
        """Free the slot of an answer."""
        if answer.packed is not None:
            self._room.wanted = max(self._room.wanted, answer.packed.wanted)
        if answer.slot >= 0:
            self._free[worker].append(answer.slot)


def _close(owner: int, processes: list[Any], pipes: list[Connection], slots: list[list[Slot | None]]) -> None:
    """End the workers, whatever they do, and give back their memory."""
    if os.getpid() != owner:                         # a fork's copy
        return
    for pipe in pipes:
        pipe.close()                                 # a worker that is idle ends at this
    until = time.monotonic() + GRACE
    try:
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
    finally:                                         # also if Ctrl-C cuts the waiting short
        for end in ("terminate", "kill"):
            for process in processes:
                if process.is_alive():
                    getattr(process, end)()
            for process in processes:
                process.join(1.0)
        for slot in (slot for row in slots for slot in row if slot is not None):
            slot.remove()
