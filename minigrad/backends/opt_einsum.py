"""`torch.backends.opt_einsum`: in which order `einsum` contracts several operands. Here the order is its own."""
from __future__ import annotations

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """False: the library is not used."""
    return False
