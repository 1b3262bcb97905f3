"""Callbacks that show how training goes."""
from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from ...errors import missing
from ..batches import length_of
from .base import Callback


class ProgressBar(Callback):
    """A bar for the running epoch and a line for each that is done. Without a terminal, as in a log file, there are only the lines."""

    def __init__(self) -> None:
        self.bar: Any = None

    def on_train_begin(self, trainer: Any) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError as error:
            raise missing("rich", "ProgressBar", "train") from error
        self.console = Console(file=sys.stdout)
        # a stream that is no terminal is none for FORCE_COLOR=1 either: a bar would fill a log with its steps
        if self.console.is_jupyter or (sys.stdout.isatty() and not self.console.is_dumb_terminal):
            columns = (TextColumn("epoch {task.fields[epoch]:>3}"), BarColumn(min(40, self.console.width // 5)), MofNCompleteColumn(),
                       TimeRemainingColumn(), TextColumn("{task.fields[logs]}"))
            self.bar = Progress(*columns, console=self.console, transient=True)
            self.bar.start()
            self.task = self.bar.add_task("", total=length_of(trainer.train_loader), epoch=trainer.epoch + 1, logs="")
        self.started = time.perf_counter()

    def on_epoch_begin(self, trainer: Any) -> None:
        self.started = time.perf_counter()

    def on_batch_end(self, trainer: Any) -> None:
        if self.bar is not None:
            total, width, logs = length_of(trainer.train_loader), self.console.width, in_words(trainer.logs)
            room = width - min(40, width // 5) - 2 * len(str(total)) - len("epoch 123    /  0:00:00 ")
            self.bar.update(self.task, completed=trainer.batch, total=total, epoch=trainer.epoch + 1,
                            logs=logs if len(logs) <= room else f"{logs[:max(room - 1, 0)]}…")

    def on_epoch_end(self, trainer: Any) -> None:
        line = f"epoch {trainer.epoch:>3}/{trainer.epochs}: {in_words(trainer.logs)}  ({time.perf_counter() - self.started:.1f} s)"
        if self.bar is not None:
            self.bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, flush=True)

    def on_train_end(self, trainer: Any) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
        if trainer.batch:                            # Ctrl-C, an error, or a callback
            print(f"stopped in epoch {trainer.epoch + 1} of {trainer.epochs}, after batch {trainer.batch}", flush=True)
        elif trainer.epoch < trainer.epochs:
            print(f"stopped after epoch {trainer.epoch} of {trainer.epochs}", flush=True)


def in_words(logs: dict[str, float]) -> str:
    """The numbers on one line."""
    return "  ".join(f"{name} {value:.4g}" if name != "lr" else f"lr {value:.2g}" for name, value in logs.items())


class LearningCurves(Callback):
    """A picture of losses and metrics over epochs, made anew after each. path: of a PNG, SVG or PDF file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def on_epoch_end(self, trainer: Any) -> None:
        figure = trainer.history.plot()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f".{self.path.name}")
        figure.savefig(beside, format=self.path.suffix[1:] or "png")
        beside.replace(self.path)


class GradientMonitor(Callback):
    """The norm of the gradient, all of it or of each parameter, before every step: `norms`, one number or mapping per step."""

    def __init__(self, each: bool = False) -> None:
        self.each = each
        self.norms: list[Any] = []

    def on_step(self, trainer: Any) -> None:
        found = {name: float(p.grad.norm().item()) for name, p in trainer.model.named_parameters() if p.grad is not None}
        total = sum(norm * norm for norm in found.values()) ** 0.5
        self.norms.append(found if self.each else total)
        trainer.logs["grad_norm"] = total

    def state_dict(self) -> dict[str, Any]:
        return {"norms": self.norms}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.norms = state["norms"]
