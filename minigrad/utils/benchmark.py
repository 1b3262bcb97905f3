"""`torch.utils.benchmark`: time a statement, with warm-up, enough runs and the spread of the times."""
from __future__ import annotations

import statistics
import sys
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError, UnsupportedError
from ..profiler.averages import grid, time_text
from ..threads import get_num_threads, set_num_threads

BLOCKS = 1000                                        # of `number` runs each, at most


@dataclass(frozen=True)
class Measurement:
    """Times of one statement, in seconds. raw_times: of each block of `number_per_run` runs."""
    number_per_run: int
    raw_times: list[float]
    stmt: str
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    num_threads: int = 1

    @property
    def times(self) -> list[float]:
        """Of one run, in each block."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def mean(self) -> float:
        """The mean of `times`."""
        return statistics.fmean(self.times)

    @property
    def median(self) -> float:
        """The median of `times`: what disturbs a few blocks does not move it."""
        return statistics.median(self.times)

    @property
    def iqr(self) -> float:
        """The distance between the quartiles of `times`."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    @property
    def title(self) -> str:
        """Label, sub-label and description, or the statement."""
        return ": ".join(text for text in (self.label, self.sub_label, self.description) if text) or self.stmt.strip()

    def __repr__(self) -> str:
        n = len(self.times)
        spread = f"median of {n} blocks, IQR {time_text(self.iqr * 1e6)}" if n > 1 else "one block"
        return (f"<Measurement of {self.title}: {time_text(self.median * 1e6)} ({spread}, {self.number_per_run} runs each, "
                f"{self.num_threads} thread{'s' * (self.num_threads > 1)})>")


class Timer:
    """Times `stmt`, which sees `globals` and what `setup` makes, with `num_threads` threads for kernels.

    >>> import minigrad
    >>> from minigrad.utils.benchmark import Timer
    >>> Timer("x + x", globals={"x": minigrad.ones(3)}).timeit(10).number_per_run
    10

    Raises UnsupportedError for another language than Python.
    """

    def __init__(self, stmt: str = "pass", setup: str = "pass", global_setup: str = "", timer: Callable[[], float] = timeit.default_timer,
                 globals: Mapping[str, Any] | None = None, label: str | None = None, sub_label: str | None = None,
                 description: str | None = None, env: str | None = None, num_threads: int = 1, language: Any = "python") -> None:
        if str(language).lower() not in ("python", "py"):
            raise UnsupportedError(f"Timer: statements are Python; got language {language!r}")
        if num_threads < 1:
            raise ArgumentError(f"Timer: num_threads must be at least 1; got {num_threads}")
        package = sys.modules[__name__.partition(".")[0]]
        names = {"minigrad": package, "torch": package, **(globals or {})}
        self._timer = timeit.Timer(stmt, setup, timer, names)
        self._about = {"stmt": stmt, "label": label, "sub_label": sub_label, "description": description, "num_threads": num_threads}
        self._threads = num_threads

    def _measurement(self, number: int, raw_times: list[float]) -> Measurement:
        return Measurement(number, raw_times, **self._about)          # type: ignore[arg-type]

    def _with_threads(self, work: Callable[[], Measurement]) -> Measurement:
        before = get_num_threads()
        set_num_threads(self._threads)
        try:
            return work()
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """The statement `number` times, after a few runs to warm up."""
        def work() -> Measurement:
            self._timer.timeit(max(number // 100, 2))
            return self._measurement(number, [self._timer.timeit(number)])
        return self._with_threads(work)

    def blocked_autorange(self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2) -> Measurement:
        """Blocks of runs until they took `min_run_time` seconds; a block is so long that the clock does not matter (1 ms)."""
        def work() -> Measurement:
            self._timer.timeit(2)
            number, took = 1, self._timer.timeit(1)
            while took < min(1e-3, min_run_time / 2):
                number *= 10 if took < 1e-4 else 2
                took = self._timer.timeit(number)
            times: list[float] = []
            while sum(times) < min_run_time and len(times) < BLOCKS:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return self._measurement(number, times)
        return self._with_threads(work)

    def adaptive_autorange(self, threshold: float = 0.1, *, min_run_time: float = 0.01, max_run_time: float = 10.0,
                           callback: Callable[[int, float], Any] | None = None) -> Measurement:
        """As `blocked_autorange`, until the IQR is below `threshold` times the median, or `max_run_time` seconds went by."""
        def work() -> Measurement:
            found = self.blocked_autorange(callback, min_run_time)
            times = list(found.raw_times)
            while sum(times) < max_run_time and not (len(times) > 3 and found.iqr < threshold * found.median):
                times.append(self._timer.timeit(found.number_per_run))
                found = self._measurement(found.number_per_run, times)
            return found
        return self._with_threads(work)


class Compare:
    """A table of measurements: a row per sub-label, a column per description, medians in microseconds."""

    def __init__(self, results: list[Measurement]) -> None:
        self._results = list(results)

    def extend_results(self, results: list[Measurement]) -> None:
        """More of them."""
        self._results += results

    def __str__(self) -> str:
        tables = []
        for label in dict.fromkeys(m.label for m in self._results):
            chosen = [m for m in self._results if m.label == label]
            columns = list(dict.fromkeys(m.description or "" for m in chosen))
            rows = list(dict.fromkeys((m.num_threads, m.sub_label or m.stmt.strip()) for m in chosen))
            cells = {(m.num_threads, m.sub_label or m.stmt.strip(), m.description or ""): f"{m.median * 1e6:.1f}" for m in chosen}
            tables.append((f"{label}\n" if label else "") + grid(["", *columns], [
                [f"{name} ({threads} thread{'s' * (threads > 1)})", *[cells.get((threads, name, c), "") for c in columns]]
                for threads, name in rows]))
        return "\n\n".join([*tables, "Times are in microseconds (us)."])

    def print(self) -> None:
        """Print the table."""
        print(str(self))
