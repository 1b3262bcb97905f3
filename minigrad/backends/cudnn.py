"""`torch.backends.cudnn`: settings of NVIDIA's convolution library, which minigrad does not use."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False: convolutions are minigrad's own."""
    return False


def version() -> int | None:
    """None: the library is not there."""
    return None


def set_flags(**settings: Any) -> None:
    """Set those of enabled, benchmark, benchmark_limit, deterministic and allow_tf32 that are given and not None."""
    globals().update({name: settings[name] for name in settings.keys() & _settings().keys() if settings[name] is not None})


@contextmanager
def flags(enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10, deterministic: bool = False,
          allow_tf32: bool = True) -> Iterator[None]:
    """Other settings inside the block."""
    before = _settings()
    globals().update(enabled=enabled, benchmark=benchmark, benchmark_limit=benchmark_limit, deterministic=deterministic,
                     allow_tf32=allow_tf32)
    try:
        yield
    finally:
        globals().update(before)


def _settings() -> dict[str, Any]:
    return {"enabled": enabled, "benchmark": benchmark, "benchmark_limit": benchmark_limit, "deterministic": deterministic,
            "allow_tf32": allow_tf32}
