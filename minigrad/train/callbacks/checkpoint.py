"""Weights kept while training."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import ArgumentError
from ...serialization import save
from .base import Watcher


class ModelCheckpoint(Watcher):
    """Save the model's weights after epochs: the best by a number, the newest few, or all. Files are written whole or not at all.

    path: a file name, in which {epoch} and names in the logs may stand: "runs/{epoch:02}-{val_loss:.3f}.safetensors".
    save_best_only: only when the number improves. keep: so many of the newest files stay, and the best one; None, all.
    """

    def __init__(self, path: str | Path, monitor: str = "val_loss", mode: str = "auto", save_best_only: bool = False,
                 keep: int | None = None, min_delta: float = 0.0) -> None:
        super().__init__(monitor, mode, min_delta)
        if keep is not None and keep < 1:
            raise ArgumentError(f"ModelCheckpoint: keep must be at least 1, or None for all; got {keep}")
        self.path, self.best_only, self.keep = str(path), save_best_only, keep
        self.files: list[str] = []
        self.best_path = ""

    def on_epoch_end(self, trainer: Any) -> None:
        measured = self.best_only or self.monitor in trainer.logs
        value = self.value(trainer) if measured else float("nan")
        better = value is not None and self.improves(value)
        if self.best_only and not better:
            return
        path = self.file(trainer)
        path.parent.mkdir(parents=True, exist_ok=True)
        save((trainer.average.module if trainer.average is not None else trainer.model).state_dict(), path)
        old = [*(f for f in self.files if f != str(path)), *([self.best_path] if self.best_path not in self.files else [])]
        self.files = [*(f for f in self.files if f != str(path)), str(path)]
        if better:
            self.best, self.best_path = value, str(path)
        if self.keep is not None:
            self.files = self.files[-self.keep:]
            for name in old:
                if name and name not in self.files and name != self.best_path:
                    Path(name).unlink(missing_ok=True)

    def file(self, trainer: Any) -> Path:
        """Where the weights of this epoch go. Raises ArgumentError where the name needs what was not measured."""
        try:
            return Path(self.path.format(epoch=trainer.epoch, **trainer.logs))
        except (KeyError, IndexError) as error:
            raise ArgumentError(f"ModelCheckpoint: {self.path!r} needs {error}; measured are epoch, {', '.join(trainer.logs)}") from None

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "files": self.files, "best_path": self.best_path}
