"""What goes wrong in a worker process, told in the main one."""
from __future__ import annotations

import pickle
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...errors import MinigradError, WorkerError
from .fetch import NOTHING, Task

SHOWN = 20                                           # indices of a batch that a message names
HINTS = {
    "SIGKILL": "the system may have run out of memory: take fewer workers or smaller batches",
    "SIGBUS": "shared memory may be full (df /dev/shm): take fewer workers or smaller batches",
    "SIGSEGV": "num_workers=0 and python -X faulthandler show where",
}


class Failure(NamedTuple):
    """An exception on its way to the main process."""

    kind: bytes                                      # its class, pickled; empty where that cannot be
    name: str
    where: str                                       # "in DataLoader worker process 0, reading sample index 17"
    trace: str

    @classmethod
    def of(cls, error: BaseException, worker: int, task: Task | None, reading: Any = NOTHING) -> Failure:
        """The exception that is being handled, in worker number `worker`."""
        place = where(task, reading)
        trace = "".join(traceback.format_exception(error))
        try:
            kind = pickle.dumps(type(error))
        except Exception:                            # a class made inside a function
            kind = b""
        return cls(kind, type(error).__name__, f"in DataLoader worker process {worker}{place and ', '}{place}", trace)

    def error(self) -> BaseException:
        """An exception of the same class with the worker's traceback in its message.

        A `WorkerError` (a RuntimeError) where the class cannot be had, takes more than a message, or would end the
        program or a loop in silence (SystemExit, StopIteration).
        """
        text = f"Caught {self.name} {self.where}.\nOriginal {self.trace}"
        try:
            kind = pickle.loads(self.kind) if self.kind else WorkerError
            if issubclass(kind, Exception) and not issubclass(kind, StopIteration):
                made = kind(_Plain(text) if issubclass(kind, KeyError) else text)
                if text in str(made):
                    return made
        except Exception:
            pass                                     # its class wants other arguments
        return WorkerError(text)


class _Plain(str):
    """Text that a KeyError shows as it is."""
    __slots__ = ()
    __repr__ = str.__str__


def where(task: Task | None, reading: Any) -> str:
    """What was being done: "reading sample index 17"; empty before the first sample, and for streams."""
    if reading is not NOTHING:
        return f"reading sample index {reading!r}"
    if task is None or task.index is None or isinstance(task.index, list) and None in task.index:
        return ""
    return f"making the batch of sample indices {indices_shown([task.index])}"


def indices_shown(batches: Sequence[Any]) -> str:
    """The sample indices of some batches, long ones abbreviated."""
    shown = []
    for index in batches:
        more = len(index) - SHOWN if isinstance(index, list) else 0
        shown.append(repr(index) if more <= 0 else f"[{', '.join(map(repr, index[:SHOWN]))}, ... {more} more]")
    return ", ".join(shown)


@contextmanager
def told_to_pickle(recipe: Any, context: Any) -> Iterator[None]:
    """Says of an error in pickling which part of a loader cannot be sent to its workers."""
    try:
        yield
    except (pickle.PicklingError, AttributeError, TypeError, MinigradError) as error:
        parts = {"dataset": recipe.dataset, "collate_fn": recipe.collate_fn, "worker_init_fn": recipe.init_fn}
        if bad := [name for name, value in parts.items() if not _pickles(value)]:
            error.add_note(
                f"DataLoader: workers started by {context.get_start_method()!r} are sent the {' and the '.join(bad)}, which cannot be "
                "pickled; define its class or function at the top of a file, or use multiprocessing_context='fork' or num_workers=0")
        raise


def _pickles(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


def death(pid: int | None, worker: int, workers: int, exitcode: int | None, had: Sequence[Any]) -> WorkerError:
    """The error for a process that is gone; `had` are the indices of the batches that were asked of it."""
    where, hint = f"worker {worker} of {workers}", ""
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
        what = f"DataLoader worker (pid {pid}) is killed by signal: {signal.strsignal(-exitcode)} ({name}, {where})"
        hint = HINTS.get(name, "")
    else:
        what = f"DataLoader worker (pid(s) {pid}) exited unexpectedly (exit code {exitcode}, {where})"
    indices = [index for index in had if index is not None and not (isinstance(index, list) and None in index)]
    batches = f"; it had the sample indices {indices_shown(indices)}" if indices else ""
    return WorkerError(what + batches + (f"; {hint}" if hint else ""))
