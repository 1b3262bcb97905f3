"""`torch.distributed`: what programs ask before they run on one machine."""
from __future__ import annotations


def is_available() -> bool:
    """False: this process works alone."""
    return False


def is_initialized() -> bool:
    """False: there is no group of processes."""
    return False
