"""`profile`: record a block, or some steps of a loop, and look at it."""
from __future__ import annotations

import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from functools import wraps
from typing import Any, Self, TypeVar

from ..accelerator import is_available
from ..engine.mode import local
from ..errors import GraphError
from . import trace
from .averages import Averages, ModuleAverages, averages, module_averages
from .recorder import Event, Recorder, here
from .schedule import ProfilerAction

F = TypeVar("F", bound=Callable[..., Any])
RECORDS = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class ProfilerActivity(Enum):
    """What to record."""
    CPU = 0
    CUDA = 1


def supported_activities() -> set[ProfilerActivity]:
    """CPU, and CUDA where there is a GPU."""
    return {ProfilerActivity.CPU, ProfilerActivity.CUDA} if is_available() else {ProfilerActivity.CPU}


def wait_for_gpu() -> None:
    """Let the GPU finish, so that an op's time is the time of its kernels."""
    import cupy  # type: ignore[import-not-found, import-untyped, unused-ignore]
    cupy.cuda.get_current_stream().synchronize()


class profile:
    """Records every op of this thread, forward and backward, with its time, bytes, module and line.

    activities: with ProfilerActivity.CUDA every op waits for the GPU, so that times are those of the kernels; without, they are the times
    to start them. schedule: which steps to record, from `schedule(...)`; call `step()` after each. on_trace_ready: called with the profiler
    after each recorded cycle. with_flops: also a column of FLOPs. Shapes, modules, lines and bytes are always recorded; the other switches
    only add columns. Bytes are those of results and gradients made, not what is alive.

    >>> import minigrad
    >>> from minigrad.profiler import profile
    >>> x = minigrad.ones(3, requires_grad=True)
    >>> with profile() as prof:
    ...     x.exp().sum().backward()
    >>> [(row.key, row.count) for row in prof.key_averages()]
    [('exp', 1), ('sum', 1), ('SumBackward0', 1), ('ExpBackward0', 1)]
    """

    def __init__(self, *, activities: Iterable[ProfilerActivity] | None = None, schedule: Callable[[int], ProfilerAction] | None = None,
                 on_trace_ready: Callable[[Any], Any] | None = None, record_shapes: bool = False, profile_memory: bool = False,
                 with_stack: bool = False, with_flops: bool = False, with_modules: bool = False, experimental_config: Any = None,
                 execution_trace_observer: Any = None, acc_events: bool = False, use_cuda: bool | None = None) -> None:
        wanted = set(activities) if activities is not None else supported_activities()
        if (ProfilerActivity.CUDA in wanted or use_cuda) and not is_available():
            if activities is not None or use_cuda:
                warnings.warn("CUDA is not available, disabling CUDA profiling", stacklevel=2)
            wanted.discard(ProfilerActivity.CUDA)
        self.activities = wanted
        self.schedule, self.on_trace_ready = schedule, on_trace_ready
        self.with_flops, self.acc_events = with_flops, acc_events
        self.step_num = 0
        self._recorder: Recorder | None = None
        self._events: list[Event] = []
        self._step: Event | None = None

    # ------------------------------------------------------------ recording
    @property
    def current_action(self) -> ProfilerAction:
        """What this step is for."""
        return ProfilerAction.RECORD_AND_SAVE if self.schedule is None else self.schedule(self.step_num)

    def start(self) -> None:
        """Begin, as `with` does. Raises GraphError for one that runs already."""
        if self._recorder is not None:
            raise GraphError("profile: has been started already; stop it first")
        self._enter(self.current_action)

    def stop(self) -> None:
        """End, as the end of a `with` block does; what was recorded is handed to `on_trace_ready`."""
        recorded = self._recorder is not None
        self._leave()
        if recorded and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """A step of the loop is over."""
        before = self.current_action
        self._end_step()
        self.step_num += 1
        after = self.current_action
        if self.schedule is None:
            self._begin_step()
            return
        if before is ProfilerAction.RECORD_AND_SAVE:
            self.stop()
        if after in RECORDS and self._recorder is None:
            self._enter(after)
        elif after in RECORDS:
            self._begin_step()
        elif self._recorder is not None:
            self._leave()

    def _enter(self, action: ProfilerAction) -> None:
        if action not in RECORDS:
            return
        self._recorder = Recorder(wait_for_gpu if ProfilerActivity.CUDA in self.activities else None)
        if not self.acc_events:
            self._events = []
        self._recorder.attach()
        if self.schedule is not None:
            self._begin_step()

    def _leave(self) -> None:
        if self._recorder is not None:
            self._end_step()
            self._recorder.detach()
            self._events += self._recorder.events
            self._recorder = None

    def _begin_step(self) -> None:
        if self._recorder is not None:
            self._step = self._recorder.open(f"ProfilerStep#{self.step_num}", "range", local.mode.scope)

    def _end_step(self) -> None:
        if self._recorder is not None and self._step is not None:
            self._recorder.close(self._step)
        self._step = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    # ------------------------------------------------------------ looking
    def events(self) -> list[Event]:
        """All that was recorded, in the order in which it began."""
        return [*self._events, *(self._recorder.events if self._recorder is not None else ())]

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False) -> Averages:
        """Events of one name added up; group_by_input_shape, group_by_stack_n: also by shapes, by the line of the program."""
        return averages(self.events(), group_by_input_shape, bool(group_by_stack_n), flops=self.with_flops)

    def module_averages(self) -> ModuleAverages:
        """Time, bytes and multiplications of each module, forward and backward, those inside it included."""
        return module_averages(self.events())

    def total_average(self) -> Any:
        """Everything added up."""
        return self.key_averages().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in which something recorded ran."""
        return self.key_averages().self_cpu_time_total

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """`key_averages().table(...)`."""
        return self.key_averages().table(sort_by, row_limit, **options)

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write a file for chrome://tracing or ui.perfetto.dev; modules are blocks around their ops."""
        trace.write(path, self.events())

    def __str__(self) -> str:
        return self.table()


class record_function:
    """Name a block, so that it shows in a profile. Context manager and decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._open: list[list[tuple[Recorder, Event]]] = []

    def __enter__(self) -> Self:
        self._open.append([(r, r.open(self.name, "range", local.mode.scope)) for r in here.recorders])
        return self

    def __exit__(self, *error: object) -> None:
        for recorder, event in self._open.pop():
            recorder.close(event)

    def __call__(self, function: F) -> F:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)
        return run                                   # type: ignore[return-value]


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False) -> Callable[[profile], None]:
    """An `on_trace_ready` that writes each cycle into a folder, under the names that TensorBoard looks for."""
    def handler(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        prof.export_chrome_trace(os.path.join(dir_name, f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"))
    return handler
