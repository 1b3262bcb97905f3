"""`torch.backends.mkldnn`: Intel's deep learning library, which minigrad does not use."""
from __future__ import annotations

enabled = True


def is_available() -> bool:
    """False."""
    return False
