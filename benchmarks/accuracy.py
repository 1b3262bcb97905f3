"""Time to 99 % of MNIST's test images, by the same script for both sides."""
from __future__ import annotations

import os
from typing import Any

from .family import ALL_CORES, Family, Step, Workloads, cores, spawned

TARGET = 0.99
ABOUT = ("`python -m benchmarks.mnist`: DeepConvNet, Adam, batches of 100, until 99 % of the test images are right at the end of an epoch. "
         "The clocks run from the first batch on, tests included. Each round has a seed, which gives both sides the same weights, batches "
         "and dropout.")
FAMILY = Family("Time to 99 % on MNIST", ABOUT, (ALL_CORES,), ("wall", "cpu", "epochs"), measured_inside=True, rounds=3)


def workloads(lib: Any) -> Workloads:
    """None without MINIGRAD_DATA, which `--data-dir` sets."""
    folder = os.environ.get("MINIGRAD_DATA")

    def build() -> Step:
        seeds = iter(range(1000))

        def step() -> dict[str, float]:
            last = spawned("-m", "benchmarks.mnist", "--library", lib.__name__, "--seed", str(next(seeds)), "--until", str(TARGET),
                           "--data-dir", str(folder), "--threads", os.environ.get("OMP_NUM_THREADS") or str(cores()))
            if last["test_accuracy"] < TARGET:
                raise RuntimeError(f"{last['test_accuracy']:.2%} after {last['epoch']} epochs")
            return {"wall": last["elapsed"], "cpu": last["cpu"], "epochs": last["epoch"]}
        return step
    return {"DeepConvNet to 99 %": build} if folder else {}
