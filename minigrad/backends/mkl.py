"""`torch.backends.mkl`: Intel's math library, which minigrad does not use."""
from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
