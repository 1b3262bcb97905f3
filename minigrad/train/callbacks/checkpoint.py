"""Weights kept while training."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from ...serialization import save
from .base import Watcher


class ModelCheckpoint(Watcher):
    """Save the model's weights after epochs: the best by a number, the newest few, or all. Files are written whole or not at all.

    path: a file name, in which {epoch} and names in the logs may stand: "runs/{epoch:02}-{val_loss:.3f}.safetensors".
    save_best_only: only when the number improves. keep: so many of the newest files stay; None, all.
    """

    def __init__(self, path: str | Path, monitor: str = "val_loss", mode: str = "auto", save_best_only: bool = False,
                 keep: int | None = None, min_delta: float = 0.0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.path, self.best_only, self.keep = str(path), save_best_only, keep
        self.files: list[str] = []
        self.best_path = ""

    def on_epoch_end(self, trainer: Any) -> None:
        measured = self.best_only or self.monitor in trainer.logs
        value = self.value(trainer) if measured else float("nan")
        better = self.improves(value)
        if self.best_only and not better:
            return
        path = Path(self.path.format(epoch=trainer.epoch, **trainer.logs))
        path.parent.mkdir(parents=True, exist_ok=True)
        save((trainer.average.module if trainer.average is not None else trainer.model).state_dict(), path)
        if better:
            self.best, self.best_path = value, str(path)
        self.files = [*(f for f in self.files if f != str(path)), str(path)]
        while self.keep is not None and len(self.files) > self.keep:
            old = self.files.pop(0)
            if old != self.best_path:
                Path(old).unlink(missing_ok=True)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "files": self.files, "best_path": self.best_path}
