"""`torch.set_num_threads` and its relatives."""
from __future__ import annotations

from types import SimpleNamespace

from . import config
from .errors import RefusedArgumentError, describe
from .kernels.cpu import threads as kernel_threads

_now = SimpleNamespace(interop=1)

if config.NUM_THREADS > 0:
    kernel_threads.set_num_threads(config.NUM_THREADS)


def get_num_threads() -> int:
    """The most threads that one CPU kernel uses."""
    return kernel_threads.get_num_threads()


def set_num_threads(num: int) -> None:
    """Let each CPU kernel, and each matrix product of NumPy's or SciPy's BLAS, use at most `num` threads, and no more than there are cores.

    At first MINIGRAD_NUM_THREADS counts for both, or else OMP_NUM_THREADS, or else the number of cores. Raises RuntimeError for anything
    but a positive int.
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
