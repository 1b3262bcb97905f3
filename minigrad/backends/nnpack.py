"""`torch.backends.nnpack`: a library that minigrad does not use."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def is_available() -> bool:
    """False."""
    return False


def set_flags(_enabled: bool) -> tuple[bool]:
    """Accepted; what it was."""
    return (False,)


@contextmanager
def flags(enabled: bool = False) -> Iterator[None]:
    """A context that changes nothing."""
    yield
