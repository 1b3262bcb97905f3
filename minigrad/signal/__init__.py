"""Signal processing, as `torch.signal` has it."""
from __future__ import annotations

from . import windows as windows

__all__ = ["windows"]
