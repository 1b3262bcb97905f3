"""Peak memory of a training step, by what the kernel counts as resident.

    python -m benchmarks.memory LIBRARY WORKLOAD     (what a worker starts for each measurement)
"""
from __future__ import annotations

import ctypes
import gc
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from . import models
from .family import Family, Step, Workloads, spawned

ABOUT = ("Resident memory of a fresh process that imports the library, builds a network and runs four training steps. Whole process: its "
         "peak. Above import: that peak less the level after the import. Step: the peak of the last three steps less the level before "
         "them, when the network is built, one step has warmed everything up, and freed memory has gone back.")
FAMILY = Family("Memory", ABOUT, (1,), ("step", "imported", "whole"), measured_inside=True)
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident(key: str) -> int:
    """Bytes: VmRSS now, or VmHWM at the peak."""
    return next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith(key))


def give_back() -> None:
    """Collect garbage, and let the C library return what is free."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def main(library: str, work: str) -> None:
    lib = importlib.import_module(library)
    imported = resident("VmRSS")
    lib.set_num_threads(1)
    lib.manual_seed(0)
    step = models.workloads(lib)[work]()
    step()
    give_back()
    warm, peak = resident("VmRSS"), resident("VmHWM")
    CLEAR.write_text("5")                            # the peak starts anew at the present level
    for _ in range(3):
        step()
    last = resident("VmHWM")
    peak = max(peak, last)
    print(json.dumps({"whole": peak, "imported": peak - imported, "step": max(last - warm, 4096)}))


def workloads(lib: Any) -> Workloads:
    """Those of `models` that train; none where Linux's /proc is missing."""
    def watched(work: str) -> Step:
        return lambda: spawned("-m", "benchmarks.memory", lib.__name__, work)
    if not CLEAR.exists():
        return {}
    names = [name for name in models.workloads(lib) if name.startswith("training: ")]
    return {name.removeprefix("training: "): lambda name=name: watched(name) for name in names}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
