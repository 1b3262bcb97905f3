"""`torch.set_num_threads` and its relatives."""
from __future__ import annotations

from types import SimpleNamespace

from .errors import RefusedArgumentError, describe
from .kernels.cpu import threads as kernel_threads

_now = SimpleNamespace(interop=1)


def get_num_threads() -> int:
    """The most threads that one CPU kernel uses."""
    return kernel_threads.get_num_threads()


def set_num_threads(num: int) -> None:
    """Let each of minigrad's CPU kernels use at most `num` threads, and no more than there are cores.

    NumPy's matrix products have threads of their own, which the environment decides (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS).
    Raises RuntimeError for anything but a positive int.
    """
    kernel_threads.set_num_threads(_positive("set_num_threads", num))


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was last told; 1 at first."""
    return int(_now.interop)


def set_num_interop_threads(num: int) -> None:
    """Accepted: ops run one after the other. Raises RuntimeError for anything but a positive int."""
    _now.interop = _positive("set_num_interop_threads", num)


def _positive(name: str, num: int) -> int:
    if isinstance(num, bool) or not isinstance(num, int) or num < 1:
        raise RefusedArgumentError(f"{name}: expects a positive int; got {describe(num)}")
    return num
