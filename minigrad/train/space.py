"""What a search may try."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; whole ones where both bounds, and the step, are ints.

    log: evenly distributed logarithms: 0.001 to 0.01 is tried as often as 0.01 to 0.1. step: only low, low + step, ...
    """
    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ArgumentError(f"Range: low must not be above high; got {self.low} and {self.high}")
        if self.step is not None and self.step <= 0:
            raise ArgumentError(f"Range: step must be above 0; got {self.step}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ArgumentError(f"Range: log=True needs low > 0 and no step; got low {self.low}, step {self.step}")

    def suggest(self, name: str, trial: Any) -> float:
        """The value that a trial gets."""
        if all(isinstance(number, int) for number in (self.low, self.high, self.step or 1)):
            return int(trial.suggest_int(name, self.low, self.high, log=self.log, step=self.step or 1))
        return float(trial.suggest_float(name, self.low, self.high, log=self.log, step=self.step))


Space = Mapping[str, "Range | Sequence[Any]"]


def checked(space: Space) -> Space:
    """The space itself. Raises ArgumentError for what is neither a Range nor a list of choices."""
    for name, values in space.items():
        if not isinstance(values, Range) and (not isinstance(values, (list, tuple)) or not values):
            raise ArgumentError(f"search: {name!r} must be a Range, or a list of choices; got {values!r}")
    return space


def suggest(space: Space, trial: Any) -> None:
    """Let a trial have a value of each name: they are in `trial.params`."""
    for name, values in space.items():
        if isinstance(values, Range):
            values.suggest(name, trial)
        else:
            trial.suggest_categorical(name, list(values))
