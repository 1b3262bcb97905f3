"""Paired A/B rounds over two worker processes, and the statistics of their ratios."""
from __future__ import annotations

import contextlib
import json
import math
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from .family import Family, load

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "MINIGRAD_NUM_THREADS",
                    "NUM_CPU_THREADS")        # the last is tinygrad's
MOST_CALLS = 1_000_000


class WorkError(Exception):
    """A workload that one side could not run."""


class WorkerError(Exception):
    """A side whose process ended."""


class Side:
    """A worker process that runs one library's workloads when told."""

    def __init__(self, library: str, family: str, threads: int) -> None:
        self.library = library
        environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
        self.process = subprocess.Popen([sys.executable, "-m", "benchmarks.worker", library, family, str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def works(self) -> list[str]:
        """The names of its workloads; the first thing that a worker says."""
        return list(self._answer()["works"])

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"the process of {self.library} ended with code {self.process.wait()}")
        answer = dict(json.loads(line))
        if "error" in answer:
            raise WorkError(f"{self.library}: {answer['error']}")
        return answer

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):   # then there is no answer either
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@dataclass
class Paired:
    """Medians of the two sides per call, the median of the per-round ratios ours / theirs, and its 90 % interval."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: list[float], theirs: list[float]) -> Paired:
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        return cls(statistics.median(ours), statistics.median(theirs), statistics.median(ratios), *bootstrap(ratios))


@dataclass
class Result:
    """One workload. note says why there are no measures, if there are none. faults: minor page faults per call."""

    work: str
    measures: dict[str, Paired] = field(default_factory=dict)
    faults_ours: float = 0.0
    faults_theirs: float = 0.0
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Result:
        return cls(**{**values, "measures": {name: Paired(**paired) for name, paired in values["measures"].items()}})


def bootstrap(ratios: list[float], draws: int = 2000) -> tuple[float, float]:
    """The 5th and 95th percentile of the median under resampling."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(0.05 * draws)], medians[int(0.95 * draws)]


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return statistics.geometric_mean(values)


def difference(ours: list[Any], theirs: list[Any], tolerance: float = 2e-3) -> str:
    """How two digests differ, or "". The tolerance is relative to the values' mean size, wide enough for other orders of summation."""
    for call, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        if len(a) != len(b):
            return f"call {call} gives {len(a)} arrays here and {len(b)} there"
        for (shape_a, *values_a), (shape_b, *values_b) in zip(a, b, strict=True):
            size = max(abs(values_a[1]), abs(values_b[1]))
            close = all(math.isclose(p, q, rel_tol=0.0, abs_tol=tolerance * size) for p, q in zip(values_a, values_b, strict=True))
            if shape_a != shape_b or not close:
                return f"call {call} gives {shape_a} {values_a} here and {shape_b} {values_b} there"
    return ""


def fitting_calls(side: Side, work: str, seconds: float) -> int:
    """How many calls fill a round of that length."""
    calls = 1
    while True:
        wall = side.ask(work=work, calls=calls)["wall"]
        wanted = max(1, math.ceil(calls * seconds / max(wall, 1e-9)))
        if wanted <= 2 * calls or calls == MOST_CALLS:
            return min(wanted, MOST_CALLS)
        calls = min(wanted, 20 * calls, MOST_CALLS)


def measure(work: str, sides: tuple[Side, Side], family: Family, rounds: int, seconds: float) -> Result:
    """One workload: the values of both sides, then rounds in turn."""
    calls = [1, 1]
    if not family.measured_inside:
        if found := difference(*(side.ask(work=work, check=True)["values"] for side in sides)):
            return Result(work, note=f"values differ, not timed: {found}")
        calls = [fitting_calls(side, work, seconds) for side in sides]
    elif not family.rounds:                          # one round for caches on disk; where a round takes minutes they do not matter
        for side in sides:
            side.ask(work=work, calls=1)
    answers: tuple[list[dict[str, Any]], ...] = ([], [])
    for i in range(min(rounds, family.rounds or rounds)):
        for j in (0, 1) if i % 2 == 0 else (1, 0):
            answers[j].append(sides[j].ask(work=work, calls=calls[j]))
    ours, theirs = ({key: [answer[key] / n for answer in given] for key in (*family.measures, "faults")}
                    for given, n in zip(answers, calls, strict=True))
    return Result(work, {name: Paired.of(ours[name], theirs[name]) for name in family.measures},
                  statistics.mean(ours["faults"]), statistics.mean(theirs["faults"]))


def compare(name: str, *, against: str = "torch", threads: int = 1, rounds: int = 7, seconds: float = 0.15,
            only: list[str] | None = None) -> Iterator[Result]:
    """Run every workload that both sides have, in turn, `rounds` times.

    seconds: about how long one side of one round takes. only: workloads whose name contains one of these. Against "minigrad" itself
    the ratios show what this machine's noise is. Raises WorkerError where a side's process ends.
    """
    family = load(name)
    sides = (Side("minigrad", name, threads), Side(against, name, threads))
    try:
        mine, other = (side.works() for side in sides)
        for work in [w for w in mine if w in other and (not only or any(part in w for part in only))]:
            try:
                yield measure(work, sides, family, rounds, seconds)
            except WorkError as error:
                yield Result(work, note=str(error))
    finally:
        for side in sides:
            side.close()
