"""One side of a benchmark: a process that builds the workloads of a module with one library, and runs what it is told.

Reads lines of JSON `{"work": name, "calls": n}` and answers each with the seconds (CPU of this process and wall) of n calls.
"""
from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def minor_faults() -> int:
    """Pages that the kernel had to hand out; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def main(library: str, module: str, threads: int) -> None:
    torch = importlib.import_module(library)
    torch.set_num_threads(threads)
    works: dict[str, Callable[[], Any]] = importlib.import_module(f"benchmarks.{module}").workloads(torch)
    print(json.dumps({"works": list(works), "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        work = works[order["work"]]
        faults, cpu, wall = minor_faults(), time.process_time(), time.perf_counter()
        for _ in range(order["calls"]):
            work()
        answer = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "faults": minor_faults() - faults}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
