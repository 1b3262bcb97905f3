"""Callbacks that change the learning rate."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import Callback, Watcher


class LearningRateScheduler(Callback):
    """Set the learning rate of all groups at each epoch's beginning: `schedule(epoch, rate)` gives it, epochs counting from 0."""

    def __init__(self, schedule: Callable[[int, float], float]) -> None:
        self.schedule = schedule

    def on_epoch_begin(self, trainer: Any) -> None:
        for group in trainer.optimizer.param_groups:
            group["lr"] = float(self.schedule(trainer.epoch, group["lr"]))


class ReduceLROnPlateau(Watcher):
    """Multiply the learning rate by `factor` when a number has not improved for `patience` epochs, down to `min_lr`."""

    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, mode: str = "auto", min_delta: float = 1e-4,
                 cooldown: int = 0, min_lr: float = 0.0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor, self.patience, self.cooldown, self.min_lr = factor, patience, cooldown, min_lr
        self.waited = self.cooling = 0

    def look(self, trainer: Any, value: float) -> None:
        if self.cooling:
            self.cooling, self.waited = self.cooling - 1, 0
        if self.improves(value):
            self.best, self.waited = value, 0
            return
        self.waited += not self.cooling
        if self.waited >= max(self.patience, 1):
            for group in trainer.optimizer.param_groups:
                group["lr"] = max(group["lr"] * self.factor, self.min_lr)
            self.waited, self.cooling = 0, self.cooldown

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited, "cooling": self.cooling}
