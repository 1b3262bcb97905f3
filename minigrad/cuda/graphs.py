"""A whole step recorded once and started with one launch: CUDA graphs.

A recorded step repeats the same kernels on the same memory: new inputs are copied into the old tensors. Numbers that the host computes,
such as Adam's bias correction or a learning rate, and decisions of Python are those of the recording.
"""
from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..errors import DeviceError
from .devices import cupy, synchronize
from .streams import Stream


class CUDAGraph:
    """Work recorded by `graph`, to be started again by `replay`."""

    def __init__(self) -> None:
        self._recorded: Any = None

    def replay(self) -> None:
        """Do all of it again. Raises DeviceError where nothing is recorded."""
        if self._recorded is None:
            raise DeviceError("CUDAGraph: nothing is recorded; record with `with cuda.graph(g): ...` before replay()")
        self._recorded.launch()

    def reset(self) -> None:
        """Forget what was recorded."""
        self._recorded = None


class graph:
    """Context manager that records work instead of doing it. All it needs must have run once before, so that kernels are compiled and
    memory is at hand."""

    def __init__(self, cuda_graph: CUDAGraph, pool: Any = None, stream: Stream | None = None,
                 capture_error_mode: str = "global") -> None:
        self._graph, self._stream = cuda_graph, stream or Stream()

    def __enter__(self) -> None:
        synchronize()
        self._stream.__enter__()
        self._stream.stream.begin_capture()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            recorded = self._stream.stream.end_capture()
        except cupy("graph").cuda.runtime.CUDARuntimeError as refused:
            if error is None:
                raise DeviceError(f"cuda.graph: the work cannot be recorded: {refused}; run it a few times before, and keep .item(), "
                                  "printing and copies to the CPU out of it") from refused
        else:
            self._graph._recorded = recorded
        finally:
            self._stream.__exit__(kind, error, trace)


def capture(step: Callable[[], Any], warmup: int = 3) -> Callable[[], Any]:
    """A function that does what `step` does, with one launch, and returns the same tensors, written anew.

    warmup: how often `step` runs before it is recorded. Raises DeviceError where it waits for the device or copies to the CPU.
    """
    for _ in range(warmup):
        step()
    recorded, results = CUDAGraph(), None
    with graph(recorded):
        results = step()

    def replay() -> Any:
        recorded.replay()
        return results
    return replay
