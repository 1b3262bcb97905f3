"""What a family of workloads says about itself, and the list of families.

A family is a module with `FAMILY` and `workloads(lib)`. `lib` is `torch` or `minigrad`, so a workload is written once. The answer maps
names to builders; a builder makes the tensors and returns the step, which is what is timed. What the step returns (a tensor, a number, a
tuple of them) is compared between the libraries before anything is timed. A name "group: rest" puts the workload into a group.
"""
from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ALL_CORES = 0
NAMES = ("models", "convolutions", "pooling", "norms", "matmul", "elementwise", "optimizers", "overhead", "shape", "start", "memory",
         "accuracy", "graph", "half", "recurrent", "attention", "interpolate", "loader", "small")
ADAPTERS = ("jax", "tinygrad", "mygrad")             # libraries whose workloads are written out in in_<library>.py

Step = Callable[[], Any]
Workloads = dict[str, Callable[[], Step]]


@dataclass(frozen=True)
class Family:
    """title and about: for people. threads: one run for each; ALL_CORES is what the machine has. measures: what is compared.

    measured_inside: the step returns its own measures as a dict (it starts a process and watches it), and runs once a round.
    by_name: the workloads need no more of a library than its name. rounds: fewer than asked for, where a round takes minutes.
    one_row: in the picture the whole family is one row.
    """

    title: str
    about: str
    threads: tuple[int, ...] = (1, ALL_CORES)
    measures: tuple[str, ...] = ("cpu", "wall")
    measured_inside: bool = False
    by_name: bool = False
    rounds: int | None = None
    one_row: bool = False


def load(name: str) -> Family:
    """The family of this name."""
    family = importlib.import_module(f"benchmarks.{name}").FAMILY
    assert isinstance(family, Family)
    return family


def workloads(library: str, name: str) -> Workloads:
    """The workloads of a family in one library: from the family's own module, or from the library's adapter."""
    found: Workloads
    if library in ADAPTERS and not load(name).by_name:
        found = importlib.import_module(f"benchmarks.in_{library}").workloads(name)
    else:
        found = importlib.import_module(f"benchmarks.{name}").workloads(importlib.import_module(library))
    return found


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spawned(*arguments: str) -> dict[str, Any]:
    """Run Python with these arguments; the JSON that it prints last. Raises RuntimeError with the last word of a process that fails."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def both_ways(lib: Any, name: str, function: Callable[..., Any], make: Callable[[], tuple[Any, ...]]) -> Workloads:
    """`function(*make())` without recording, and then the gradients of those inputs that require them, alone."""
    def forward() -> Step:
        inputs = make()

        def step() -> Any:
            with lib.no_grad():
                return function(*inputs)
        return step

    def backward() -> Step:
        inputs = make()
        y = function(*inputs)
        g = lib.rand_like(y)
        wanted = [x for x in inputs if x is not None and x.requires_grad]
        return lambda: lib.autograd.grad(y, wanted, g, retain_graph=True)
    return {f"forward: {name}": forward, f"backward: {name}": backward}
