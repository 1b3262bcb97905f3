"""`torch.fx`: code runs as it stands, so what is said to its tracer has nothing to change; there is no tracer."""
from __future__ import annotations

from typing import Any


def wrap(fn_or_name: Any) -> Any:
    """Return the decorated function itself, which a tracer would not look into; of a name, that name.

    >>> @wrap
    ... def half(x):
    ...     return x / 2
    >>> half(3)
    1.5
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError(f"wrap: takes a function or the name of one; got {type(fn_or_name).__name__}")
    return fn_or_name
