"""How the C library hands out memory for large arrays."""
from __future__ import annotations

import ctypes
import os
import sys

from . import config

# Numbers of glibc's mallopt.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
KEPT = 512 << 20         # bytes that may stay with the process when they are free
LARGEST = 128 << 20      # bytes of one array that come from there; larger ones come from the system each time


def keep_freed_memory() -> bool:
    """Let freed arrays' memory be used again; False where that cannot be arranged, or is not wanted.

    By default glibc returns large blocks to the system at once, and each new one costs a page fault per 4 KB: a tenth to a
    fifth of a training step. Left alone where MALLOC_* or GLIBC_TUNABLES say what the user wants.
    """
    if not sys.platform.startswith("linux") or not config.KEEP_MEMORY:
        return False
    if "GLIBC_TUNABLES" in os.environ or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # Older versions of glibc take at most 32 MB as the first.
    return bool((mallopt(_MMAP_THRESHOLD, LARGEST) or mallopt(_MMAP_THRESHOLD, 32 << 20)) and mallopt(_TRIM_THRESHOLD, KEPT))
