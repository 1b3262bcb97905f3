"""Training that is given up where it will hardly be the best of a search."""
from __future__ import annotations

from typing import Any

from .base import Watcher


class Pruning(Watcher):
    """Report a number to a trial of `train.search` after every epoch; ends training with Optuna's TrialPruned where the pruner says so."""

    def __init__(self, trial: Any, monitor: str = "val_accuracy") -> None:
        super().__init__(monitor)
        self.trial = trial

    def look(self, trainer: Any, value: float) -> None:
        self.trial.report(value, trainer.epoch)
        if self.trial.should_prune():
            import optuna
            raise optuna.TrialPruned
