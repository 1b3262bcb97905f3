"""Paired A/B rounds over two worker processes, and the statistics of their ratios."""
from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any


class Side:
    """A worker process that runs one library's workloads when told."""

    def __init__(self, library: str, module: str, threads: int) -> None:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MINIGRAD_NUM_THREADS")
        self.library = library
        environment = {**os.environ, **dict.fromkeys(names, str(threads))}
        self.process = subprocess.Popen([sys.executable, "-m", "benchmarks.worker", library, module, str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.works: list[str] = self.answer()["works"]

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self.library} worker ended with code {self.process.wait()}")
        return dict(json.loads(line))

    def run(self, work: str, calls: int) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"work": work, "calls": calls}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Result:
    """Ours against theirs: seconds per call (medians), the median of the per-round ratios, and its 90 % interval."""
    work: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    faults_ours: int
    faults_theirs: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def bootstrap(ratios: list[float], draws: int = 2000) -> tuple[float, float]:
    """The 5th and 95th percentile of the median under resampling."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(0.05 * draws)], medians[int(0.95 * draws)]


def compare(module: str, *, against: str = "torch", threads: int = 1, rounds: int = 7, seconds: float = 0.15, clock: str = "cpu",
            only: list[str] | None = None) -> list[Result]:
    """Run every workload of a benchmark module on both sides, in turn, `rounds` times.

    seconds: about how long one side of one round takes. clock: "cpu" (of the process) or "wall".
    """
    ours, theirs = Side("minigrad", module, threads), Side(against, module, threads)
    results = []
    try:
        for work in [w for w in ours.works if w in theirs.works and (not only or w in only)]:
            calls = {}
            for side in (ours, theirs):              # warm up, and find how many calls fill a round
                side.run(work, 2)
                once = side.run(work, 1)["wall"]
                calls[side.library] = max(1, min(10_000, int(seconds / max(once, 1e-6))))
            pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
            for i in range(rounds):
                first, second = (ours, theirs) if i % 2 == 0 else (theirs, ours)
                got = {side.library: side.run(work, calls[side.library]) for side in (first, second)}
                pairs.append((got[ours.library], got[theirs.library]))
            a = [p[0][clock] / calls[ours.library] for p in pairs]
            b = [p[1][clock] / calls[theirs.library] for p in pairs]
            ratios = [x / y for x, y in zip(a, b, strict=True)]
            low, high = bootstrap(ratios)
            results.append(Result(work, statistics.median(a), statistics.median(b), statistics.median(ratios), low, high,
                                  sum(p[0]["faults"] for p in pairs), sum(p[1]["faults"] for p in pairs)))
    finally:
        ours.close()
        theirs.close()
    return results


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return statistics.geometric_mean(values)
