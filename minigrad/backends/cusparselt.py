"""`torch.backends.cusparselt`: NVIDIA's library for sparse matrices, which minigrad does not use."""
from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def version() -> int | None:
    """None: the library is not there."""
    return None
