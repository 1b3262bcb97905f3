"""Every MINIGRAD_* switch, with its default and what it does. Read from the environment once, at import."""
from __future__ import annotations

import os
from pathlib import Path


def _integer(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    try:
        return int(text) if text.strip() else default
    except ValueError:
        raise ValueError(f"{name} must be a whole number; got {text!r}") from None


# 0 silent; 1 each op with shapes, dtype and time; 2 also rules and bytes kept; 3 also stop at the first NaN or Inf.
DEBUG: int = _integer("MINIGRAD_DEBUG", 0)

# "" picks the fast kernels where their library is installed; "reference" forces the slow, obvious NumPy ones.
KERNELS: str = os.environ.get("MINIGRAD_KERNELS", "")

# Threads of the CPU kernels; 0 lets OMP_NUM_THREADS or the number of cores decide.
NUM_THREADS: int = _integer("MINIGRAD_NUM_THREADS", 0)

# 0 leaves memory allocation as the C library does it (see allocation.py).
KEEP_MEMORY: bool = bool(_integer("MINIGRAD_KEEP_MEMORY", 1))

# 0 lets data sets read files of your own under a known set's names, where a program cannot be told verify=False.
VERIFY_DATA: bool = bool(_integer("MINIGRAD_VERIFY_DATA", 1))

# 0 switches off the warnings about programs that run and are very likely wrong (see mistakes.py).
GUARD: bool = bool(_integer("MINIGRAD_GUARD", 1))


def cache_dir() -> Path:
    """Where downloaded data and compiled kernels are kept: MINIGRAD_CACHE, or the user's cache folder."""
    if explicit := os.environ.get("MINIGRAD_CACHE"):
        return Path(explicit)
    if local := os.environ.get("LOCALAPPDATA"):          # Windows
        return Path(local) / "minigrad"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigrad"


def data_dir() -> Path | None:
    """Where data sets lie: MINIGRAD_DATA, or None when the user has not said."""
    text = os.environ.get("MINIGRAD_DATA")
    return Path(text) if text else None
