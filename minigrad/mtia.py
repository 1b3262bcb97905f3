"""`torch.mtia`: an accelerator that is never there."""
from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """None: 0."""
    return 0
