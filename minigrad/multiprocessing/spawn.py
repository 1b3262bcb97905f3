"""Several processes that run one function, and how their end is told."""
from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from ..errors import ProcessFailedError


class ProcessException(ProcessFailedError):
    """One of the processes failed. error_index: its number; pid: of the process; msg: what it says."""

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """One of the processes raised; the text holds its traceback."""


class ProcessExitedException(ProcessException):
    """One of the processes ended without a word: exit_code, or signal_name."""

    def __init__(self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _run(fn: Callable[..., Any], i: int, args: tuple[Any, ...], errors: Any) -> None:
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass                                         # the parent has been told as well
    except Exception:
        errors.put(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes that `spawn` has started, to be joined."""

    def __init__(self, processes: list[Any], error_queues: list[Any]) -> None:
        self.processes, self.error_queues = processes, error_queues
        self._running: dict[Any, int] = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """The ids of the processes."""
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """True once all have ended; with a timeout (seconds), False if one is still running when something or time is up.

        Raises ProcessRaisedException or ProcessExitedException for the first that failed, after the others were terminated,
        and killed if they have not ended after grace_period seconds.
        """
        if not self._running:
            return True
        failed = None
        for sentinel in multiprocessing.connection.wait(list(self._running), timeout):
            i = self._running.pop(sentinel)
            self.processes[i].join()
            if self.processes[i].exitcode:
                failed = i
                break
        if failed is None:
            return not self._running
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        end = time.monotonic() + (30 if grace_period is None else grace_period)
        for process in self.processes:
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        raise self._failure(failed)

    def _failure(self, i: int) -> ProcessException:
        process = self.processes[i]
        if not self.error_queues[i].empty():
            told = self.error_queues[i].get()
            return ProcessRaisedException(f"\n\n-- Process {i} terminated with the following error:\n{told}", i, process.pid)
        if process.exitcode < 0:
            try:
                name = signal.Signals(-process.exitcode).name
            except ValueError:
                name = f"<Unknown signal {-process.exitcode}>"
            return ProcessExitedException(f"process {i} terminated with signal {name}", i, process.pid, process.exitcode, name)
        return ProcessExitedException(f"process {i} terminated with exit code {process.exitcode}", i, process.pid, process.exitcode)


SpawnContext = ProcessContext


def start_processes(fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
                    start_method: str = "spawn", **options: Any) -> ProcessContext | None:
    """Run `fn(i, *args)` in processes 0 ... nprocs - 1; `join`: wait for them, else return what can be waited for."""
    context: Any = multiprocessing.get_context(start_method)
    processes, queues = [], []
    for i in range(nprocs):
        queue = context.SimpleQueue()
        process = context.Process(target=_run, args=(fn, i, args, queue), daemon=daemon)
        process.start()
        processes.append(process)
        queues.append(queue)
    found = ProcessContext(processes, queues)
    if not join:
        return found
    while not found.join():
        pass
    return None


def spawn(fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
          start_method: str = "spawn") -> ProcessContext | None:
    """`start_processes` with fresh interpreters. fn must be defined at the top of a module."""
    if start_method != "spawn":
        warnings.warn(f"spawn: starts processes by 'spawn', not by {start_method!r}; start_processes(..., start_method=...) does",
                      stacklevel=2)
    return start_processes(fn, args, nprocs, join, daemon)
