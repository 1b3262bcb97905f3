"""Callbacks that end training."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import rng
from ...errors import MinigradError
from .base import Callback, Watcher


class EarlyStopping(Watcher):
    """Stop when a number has not improved for `patience` epochs; the best weights are put back, however training ends.

    min_delta: what counts as better. baseline: a value that must be beaten from the start. start_from_epoch: epochs to leave out.
    """

    def __init__(self, monitor: str = "val_loss", patience: int = 0, min_delta: float = 0.0, mode: str = "auto",
                 restore_best_weights: bool = True, baseline: float | None = None, start_from_epoch: int = 0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.restore, self.start = patience, restore_best_weights, start_from_epoch
        self.best, self.waited, self.best_epoch = baseline, 0, 0
        self.weights: list[dict[str, Any]] | None = None

    def on_train_begin(self, trainer: Any) -> None:
        self.judge(trainer)                          # a run that goes on may have come to its end before it was stopped

    def look(self, trainer: Any, value: float) -> None:
        if trainer.epoch <= self.start:
            return
        if self.improves(value):
            self.best, self.waited, self.best_epoch = value, 0, trainer.epoch
            if self.restore:
                self.weights = [{name: t.detach().clone() for name, t in model.state_dict().items()} for model in models_of(trainer)]
            return
        self.waited += 1
        self.judge(trainer)

    def judge(self, trainer: Any) -> None:
        """Stop where it has waited long enough."""
        trainer.should_stop = trainer.should_stop or self.waited >= max(self.patience, 1)

    def on_train_end(self, trainer: Any) -> None:
        self.waited = 0                              # another fit has its patience again
        if self.restore and self.weights is not None:
            for model, weights in zip(models_of(trainer), self.weights):
                model.load_state_dict(weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited, "best_epoch": self.best_epoch, "weights": self.weights}


def models_of(trainer: Any) -> list[Any]:
    """What is trained, and the mean of its weights, which is evaluated."""
    return [trainer.model] if trainer.average is None else [trainer.model, trainer.average]


class NaNError(MinigradError, ArithmeticError):
    """A loss that is no number."""


class TerminateOnNaN(Callback):
    """End training with an error when the loss is nan or infinite, and say which op made it.

    The op is found by computing the last batch once more under `detect_anomaly`.
    """

    def __init__(self) -> None:
        self.batch: Any = None
        self.draws: Any = None                       # the random numbers' state before it
        self.undo: Callable[[], Any] = lambda: None

    def on_train_begin(self, trainer: Any) -> None:
        compute = trainer.compute

        def remembered(batch: Any) -> Any:
            self.batch, self.draws = batch, rng.get_rng_state()
            return compute(batch)
        trainer.compute, self.undo = remembered, lambda: trainer.__dict__.pop("compute", None)

    def on_step(self, trainer: Any) -> None:
        self.judge(trainer)

    def on_batch_end(self, trainer: Any) -> None:
        self.judge(trainer)

    def judge(self, trainer: Any) -> None:
        """Raise NaNError where the mean loss is no finite number."""
        loss = trainer.logs.get("loss", 0.0)
        if math.isfinite(loss):
            return
        from ...autograd import detect_anomaly
        origin = "where it began is not to be seen in this batch: a weight is nan already"
        trainer.optimizer.zero_grad()
        rng.set_rng_state(self.draws)                # dropout leaves out what it left out then
        try:
            with detect_anomaly():
                with trainer.autocast():
                    found = trainer.compute(self.batch)[0]
                found.backward()
        except Exception as error:
            origin = str(error)
        raise NaNError(f"fit: the loss of epoch {trainer.epoch + 1}, batch {trainer.batch}, is {loss}: {origin}")

    def on_train_end(self, trainer: Any) -> None:
        self.undo()
