"""`torch.backends.openmp`: the library for parallel loops."""
from __future__ import annotations

from importlib.util import find_spec


def is_available() -> bool:
    """True where the CPU kernels are compiled (by Numba) and may use several threads."""
    return find_spec("numba") is not None
