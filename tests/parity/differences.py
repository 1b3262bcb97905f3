"""Where minigrad is known to differ from PyTorch's database: short, explicit, each with its reason.

A line excuses samples of one check of one entry from failing the test; they still count as failed in `docs/parity.md`. A line that excuses
nothing any more fails the test.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """entry: name and variant. check: of `checks.py`. at: a pattern for the samples, all of them by default."""
    entry: str
    check: str
    reason: str
    at: str = ".*"

    def excuses(self, at: str) -> bool:
        return re.fullmatch(self.at, at) is not None


# Reasons that several lines share.
MANY_DIMS = "a tensor of 65 dimensions is refused where it is made: NumPy's have 64 at most"
REFLECTED = "a method of a Python class takes any self: only PyTorch's C functions insist on a Tensor"
OUT_OVERLAP = "out= may overlap an input: the result is complete before it is written"
AT_ZERO = "the second derivative of a norm at 0 is 0; PyTorch's is nan"

DIFFERENCES: list[Difference] = [
    Difference("linalg.norm/subgradients_at_zero", "gradgrad", AT_ZERO),
    Difference("linalg.norm", "gradgrad", AT_ZERO),
    Difference("amax", "error", MANY_DIMS),
    Difference("amin", "error", MANY_DIMS),
    Difference("aminmax", "error", MANY_DIMS),
    *[Difference(name, "error", REFLECTED, "error 0")
      for name in ("__radd__", "__rdiv__", "__rmul__", "__rand__", "__ror__", "__rxor__")],
    Difference("take", "error", OUT_OVERLAP),
    Difference("cat", "error", "storages are NumPy's: none is marked as not to be resized, or shorter than its tensor"),
    Difference("gradient", "error", "there is no device meta"),
]


def of(entry: str, check: str, listed: list[Difference] = DIFFERENCES) -> list[Difference]:
    """The lines for one check of an entry."""
    return [d for d in listed if (d.entry, d.check) == (entry, check)]


def judge(failed: list[Any], excuses: list[Difference], what: str) -> None:
    """Fail where a sample differs without an excuse, and where an excuse is idle. `failed`: the results that differ."""
    unexpected = [f"{r.at}: {r.failure}" for r in failed if not any(d.excuses(r.at) for d in excuses)]
    assert not unexpected, f"{what}: {len(unexpected)} samples differ\n" + "\n".join(unexpected[:10])
    idle = [d for d in excuses if not any(d.excuses(r.at) for r in failed)]
    assert not idle, f"{what}: this difference is no more, take it off the list: {idle[0]}"
