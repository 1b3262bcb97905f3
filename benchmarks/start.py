"""What it takes to begin: importing the library, and the first training step after that, in a fresh interpreter."""
from __future__ import annotations

from typing import Any

from .family import Family, Step, Workloads, spawned

FAMILY = Family("Start", "Each in a new Python process, which starts its clocks before the import; compiled kernels are on disk already.",
                threads=(1,), measured_inside=True, by_name=True)

CLOCKED = """
import json, time
cpu, wall = time.process_time(), time.perf_counter()
{code}
print(json.dumps({{"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}}))
"""
FIRST_STEP = """
import {name} as lib
model = lib.nn.Sequential(lib.nn.Conv2d(1, 8, 3), lib.nn.ReLU(), lib.nn.MaxPool2d(2), lib.nn.Flatten(), lib.nn.Linear(1352, 10))
optimizer = lib.optim.Adam(model.parameters())
loss = lib.nn.functional.cross_entropy(model(lib.rand(8, 1, 28, 28)), lib.randint(10, (8,)))
loss.backward()
optimizer.step()
"""


def workloads(lib: Any) -> Workloads:
    def starting(code: str) -> Step:
        program = CLOCKED.format(code=code.format(name=lib.__name__))

        return lambda: spawned("-c", program)
    works: Workloads = {"import": lambda: starting("import {name}")}
    if hasattr(lib, "manual_seed"):                  # PyTorch's names
        works["import and one step of a small convolutional network"] = lambda: starting(FIRST_STEP)
    return works
