"""What was measured, epoch by epoch."""
from __future__ import annotations

from typing import Any


class History(dict[str, list[float]]):
    """A list of numbers per name, one per epoch: `history["val_loss"]`. As in Keras, also under `.history`; `.epoch` counts them.

    A name that an epoch did not measure has nan there.
    """

    @property
    def history(self) -> History:
        """Itself."""
        return self

    @property
    def epoch(self) -> list[int]:
        """The numbers of the epochs, from 0."""
        return list(range(max(map(len, self.values()), default=0)))

    def add(self, logs: dict[str, float]) -> None:
        """The numbers of one more epoch."""
        before = len(self.epoch)
        for name in {**self, **logs}:
            column = self.setdefault(name, [])
            column += [float("nan")] * (before - len(column)) + [float(logs.get(name, float("nan")))]

    def rows(self) -> list[dict[str, float]]:
        """The numbers of each epoch."""
        return [{name: column[i] for name, column in self.items()} for i in self.epoch]

    def plot(self) -> Any:
        """A Matplotlib figure: of each number that was measured, its curve in training and in validation."""
        from ..viz.learning.curves import paired_curves
        return paired_curves(self)
