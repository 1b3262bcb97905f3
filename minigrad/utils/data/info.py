"""Which process this is."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What `get_worker_info` tells in a worker: its number of how many, its seed, and its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_here: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Which worker process this is, with its seed and its copy of the data set; None in the main process."""
    return _here


def set_worker_info(info: WorkerInfo) -> None:
    """For a worker, at its start."""
    global _here
    _here = info
