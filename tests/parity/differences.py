"""Where minigrad is known to differ from PyTorch's database: short, explicit, each with its reason.

A line excuses samples of one check of one entry from failing the test; they still count as failed in `docs/parity.md`. A line that excuses
nothing any more fails the test.
"""
from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """entry: name and variant. check: of `checks.py`. at: a pattern for the samples, all of them by default."""
    entry: str
    check: str
    reason: str
    at: str = ".*"

    def excuses(self, at: str) -> bool:
        return re.fullmatch(self.at, at) is not None


DIFFERENCES: list[Difference] = [
]


def of(entry: str, check: str) -> list[Difference]:
    """The lines for one check of an entry."""
    return [d for d in DIFFERENCES if (d.entry, d.check) == (entry, check)]
