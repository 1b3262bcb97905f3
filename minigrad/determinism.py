"""`torch.use_deterministic_algorithms` and its relatives: every op here is deterministic, so the answers are all that changes."""
from __future__ import annotations

from types import SimpleNamespace

from .errors import ArgumentTypeError, RefusedArgumentError, describe

LEVELS = ("default", "warn", "error")
_now = SimpleNamespace(on=False, warn_only=False)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic algorithms; there are no others. Raises TypeError for anything but a bool."""
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, bool):
            raise ArgumentTypeError(f"use_deterministic_algorithms: {name} must be a bool; got {describe(value)}")
    _now.on, _now.warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was last told."""
    return bool(_now.on)


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was last told of warn_only."""
    return bool(_now.warn_only)


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same as a level: 0 or "default", 1 or "warn", 2 or "error".

    Raises TypeError for what is neither an int nor a string, RuntimeError for another level.
    """
    if not isinstance(debug_mode, (int, str)):
        raise ArgumentTypeError(f"set_deterministic_debug_mode: takes an int or a string; got {describe(debug_mode)}")
    if debug_mode not in (*LEVELS, *range(len(LEVELS))):
        raise RefusedArgumentError(f"set_deterministic_debug_mode: expected 0, 1, 2 or one of {', '.join(LEVELS)}; got {debug_mode!r}")
    level = LEVELS.index(debug_mode) if isinstance(debug_mode, str) else int(debug_mode)
    use_deterministic_algorithms(level > 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """0 off, 1 warn, 2 error."""
    return 0 if not _now.on else 1 if _now.warn_only else 2
