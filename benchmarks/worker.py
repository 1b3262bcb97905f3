"""One side of a benchmark: a process that builds the workloads of a family with one library, and runs what it is told.

Reads lines of JSON. `{"work": name, "check": true}` builds the workload and answers with a digest of what its first two calls return;
`{"work": name, "calls": n}` answers with the seconds (CPU of this process and wall) and the minor page faults of n calls. An error is
answered as `{"error": text}`. One workload is alive at a time.
"""
from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any

import numpy as np

from .family import Step, Workloads, cores, load, workloads


def minor_faults() -> int:
    """Pages that the kernel had to hand out; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def digest(value: Any) -> list[Any]:
    """Of each array in `value`: shape, mean, mean size, and a mean with weights, which tells an array from its permutations."""
    if value is None:
        return []
    if isinstance(value, tuple | list):
        return [part for v in value for part in digest(v)]
    if hasattr(value, "detach"):
        value = value.detach()
    a = np.asarray(value.numpy() if hasattr(value, "numpy") else value, dtype=np.float64)
    if a.size == 0:
        return [[list(a.shape), 0.0, 0.0, 0.0]]
    flat = a.ravel()
    return [[list(a.shape), float(flat.mean()), float(np.abs(flat).mean()), float((flat * np.cos(np.arange(a.size))).mean())]]


class Worker:
    """The workloads of one family in one library, and the one that is built."""

    def __init__(self, library: str, family: str, threads: int) -> None:
        self.lib = importlib.import_module(library)
        if hasattr(self.lib, "set_num_threads"):
            self.lib.set_num_threads(threads)
        elif threads < cores() and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, range(threads))
        self.works: Workloads = workloads(library, family)
        self.inside = load(family).measured_inside
        self.name = ""
        self.step: Step | None = None

    def build(self, name: str) -> Step:
        self.step = None                             # before the next one is built: memory
        if hasattr(self.lib, "manual_seed"):
            self.lib.manual_seed(0)
        self.name, self.step = name, self.works[name]()
        return self.step

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        name = order["work"]
        if order.get("check"):
            step = self.build(name)
            return {"values": [digest(step()), digest(step())]}
        step = self.step if self.step is not None and self.name == name else self.build(name)
        faults, cpu, wall = minor_faults(), time.process_time(), time.perf_counter()
        if self.inside:
            return {"faults": 0, **step()}
        for _ in range(order["calls"]):
            step()
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "faults": minor_faults() - faults}


def main(library: str, family: str, threads: int) -> None:
    channel = os.fdopen(os.dup(1), "w")              # what a library prints must not come between the answers
    os.dup2(2, 1)
    worker = Worker(library, family, threads)
    print(json.dumps({"works": list(worker.works)}), file=channel, flush=True)
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=channel, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
