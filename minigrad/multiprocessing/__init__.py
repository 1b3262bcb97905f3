"""`torch.multiprocessing`: Python's multiprocessing, and `spawn`.

Tensors travel through queues and pipes as copies. What `share_memory_()` has made shared stays shared with processes that are started with
it (as an argument, or by fork).
"""
from __future__ import annotations

import multiprocessing as _python
from multiprocessing import *  # noqa: F403
from typing import Any

from .spawn import ProcessContext as ProcessContext
from .spawn import ProcessExitedException as ProcessExitedException
from .spawn import ProcessRaisedException as ProcessRaisedException
from .spawn import SpawnContext as SpawnContext
from .spawn import spawn as spawn
from .spawn import start_processes as start_processes

__all__ = [*_python.__all__,
           "ProcessContext", "ProcessExitedException", "ProcessRaisedException", "SpawnContext",
           "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes"]

STRATEGIES = {"file_descriptor", "file_system"}
_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The names that `set_sharing_strategy` takes."""
    return set(STRATEGIES)


def get_sharing_strategy() -> str:
    """What `set_sharing_strategy` said."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted: memory is shared in one way, and file descriptors do not run out. Raises AssertionError for an unknown name."""
    from ..errors import AssertedArgumentError
    global _strategy
    if new_strategy not in STRATEGIES:
        raise AssertedArgumentError(f"set_sharing_strategy: must be one of {', '.join(sorted(STRATEGIES))}; got {new_strategy!r}")
    _strategy = new_strategy


def __getattr__(name: str) -> Any:
    return getattr(_python, name)
