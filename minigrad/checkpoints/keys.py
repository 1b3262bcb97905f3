"""What may be a key of a dictionary, or a member of a set, that a file describes."""
from __future__ import annotations

from typing import Any

from .._device import device
from ..dtypes import dtype
from .archive import Fail

PARTS = 100                                          # of one key; a nested tuple takes time 2**depth to hash
ALIKE = 64                                           # keys with one hash; a dictionary takes time n**2 for n of them
ATOMS = (type(None), bool, int, float, complex, str, bytes, dtype, device)
SALTED = (str, bytes)                                # whose hash nobody can know beforehand


class Keys:
    """The keys of one file."""

    def __init__(self, fail: Fail) -> None:
        self.fail = fail
        self._by_hash: dict[int, list[Any]] = {}

    def checked(self, value: Any) -> Any:
        """The key, if it is a number, a string, or a short tuple of them, and too many have not had its hash before it."""
        parts = [value]
        for part in parts:                           # grows as we go
            if isinstance(part, tuple) and len(parts) + len(part) <= PARTS:
                parts.extend(part)
            elif not isinstance(part, ATOMS):
                raise self.fail(f"has a key of type {type(part).__name__}; keys are numbers, strings and short tuples of them")
        if type(value) not in SALTED:
            alike = self._by_hash.setdefault(hash(value), [])
            if value not in alike:
                alike.append(value)
            if len(alike) > ALIKE:
                raise self.fail(f"has more than {ALIKE} keys with one hash; they were made to collide")
        return value
