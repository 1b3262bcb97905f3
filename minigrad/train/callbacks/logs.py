"""Callbacks that write down what is measured."""
from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

from ...utils.tensorboard import SummaryWriter
from .base import Callback


class CSVLogger(Callback):
    """A row for each epoch in a CSV file. append: go on in a file that is there; a run that resumes does in any case."""

    def __init__(self, path: str | Path, append: bool = False) -> None:
        self.path, self.append = Path(path), append
        self.before: list[dict[str, Any]] | None = None      # what was in the file; None as long as nobody has looked
        self.rows: list[dict[str, Any]] = []

    def on_train_begin(self, trainer: Any) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.before is None:
            self.before = []
            if self.append and self.path.exists():
                with self.path.open(newline="", encoding="utf-8") as file:
                    self.before = list(csv.DictReader(file))
        self.write()

    def on_epoch_end(self, trainer: Any) -> None:
        self.rows.append({"epoch": trainer.epoch, **trainer.logs})
        self.write()

    def write(self) -> None:
        """All rows, beside the file and then in its place: a reader never sees half of them."""
        rows = [*(self.before or ()), *self.rows]
        names = list(dict.fromkeys(name for row in rows for name in row))
        beside = self.path.with_name(self.path.name + ".part")
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        os.replace(beside, self.path)

    def state_dict(self) -> dict[str, Any]:
        return {"before": self.before, "rows": self.rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.before, self.rows = state["before"], state["rows"]


class TensorBoard(Callback):
    """Event files for TensorBoard: the numbers of every epoch, and every `every` steps of the optimizer the running loss.

    The horizontal axis is that of the optimizer's steps. A run that goes on hides what was written after its checkpoint, a new one
    what an older one left in the folder. Needs tensorboardX.
    """

    def __init__(self, folder: str | Path, every: int | None = None) -> None:
        self.folder, self.every = str(folder), every
        self.writer: Any = None
        self.last = 0                                # the last step that was written

    def on_train_begin(self, trainer: Any) -> None:
        suffix = f".{time.time_ns()}"                # names have seconds: a run that goes on within one would write over the file
        self.writer = SummaryWriter(self.folder, purge_step=trainer.steps + 1, max_queue=1, filename_suffix=suffix)

    def on_batch_end(self, trainer: Any) -> None:
        if self.every and trainer.steps >= self.last + self.every:
            self.last = trainer.steps
            self.writer.add_scalar("batch/loss", trainer.logs["loss"], trainer.steps)

    def on_epoch_end(self, trainer: Any) -> None:
        for name, value in (("epoch", trainer.epoch), *trainer.logs.items()):
            self.writer.add_scalar(name, value, trainer.steps)

    def on_train_end(self, trainer: Any) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def state_dict(self) -> dict[str, Any]:
        if self.writer is not None:                  # what a checkpoint counts as done must be on disk
            from tensorboardX.proto.event_pb2 import Event
            for _ in range(2):                       # the queue holds one: when the second is in, all before the first is written
                self.writer.file_writer.add_event(Event())
            self.writer.flush()
        return {"last": self.last}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.last = state["last"]
