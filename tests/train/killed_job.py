"""A training run for other processes: `python -m tests.train.killed_job FOLDER` goes on until it is done and writes FOLDER/done.

With a number of kills behind it, it is killed that often; what came of it is in FOLDER/kills.json.
"""
from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.train import Trainer
from minigrad.train.callbacks import Callback
from minigrad.utils.data import DataLoader, TensorDataset

EPOCHS, BATCHES = 10, 20


class Job(Trainer):
    """Trains on images that are bent at random."""

    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        images, target = batch
        if self.model.training:
            grid = F.affine_grid(mg.eye(2, 3).expand(len(images), 2, 3), images.shape, align_corners=False)
            bends = F.interpolate(0.1 * mg.randn(len(images), 2, 3, 3), size=(8, 8), mode="bilinear")
            images = F.grid_sample(images, grid + bends.permute(0, 2, 3, 1), align_corners=False)
        output = self.active(images)
        return F.cross_entropy(output, target), output, target


class Says(Callback):
    """Says when the first batch is done: all kernels are there."""
    said = False

    def on_batch_end(self, trainer: Any) -> None:
        if not self.said:
            self.said = True
            print("begins", flush=True)


def run(folder: Path, resume: bool) -> str:
    """A digest of all that a run ends with."""
    mg.manual_seed(11)
    t = mg.randint(0, 3, (20 * BATCHES,))
    x = mg.randn(len(t), 1, 8, 8) + t.reshape(-1, 1, 1, 1)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(36, 3))
    optimizer = optim.AdamW(net.parameters(), 1e-2)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=EPOCHS * BATCHES)
    job = Job(net, F.cross_entropy, optimizer, metrics=["accuracy"], scheduler=schedule, schedule="step", ema=0.9, clip_norm=1.0,
              folder=folder, callbacks=[Says()])
    job.fit(DataLoader(TensorDataset(x, t), batch_size=20, shuffle=True), (x[:60], t[:60]), epochs=EPOCHS, save_every=1, resume=resume)
    assert job.average is not None
    states = [net.state_dict(), job.average.state_dict()]
    content = b"".join(value.numpy().tobytes() for state in states for value in state.values())
    return hashlib.sha256(content).hexdigest() + json.dumps(job.history)


def kill_often(folder: Path, kills: int) -> dict[str, Any]:
    """Kill a run `kills` times, each time at a random moment after it has gone on, in the middle of writing, too.

    The processes are forked, for they need no second to begin then. A run that is faster than its end is followed by another.
    """
    expected, moments = run(folder / "whole", resume=False), random.Random(0)
    killed, runs, places = 0, [folder / "0"], set()
    while killed < kills:
        reads, writes = os.pipe()
        process = os.fork()
        if process == 0:
            os.dup2(writes, 1)
            finish(runs[-1])
            os._exit(0)
        assert os.read(reads, 6) == b"begins"
        os.close(reads)
        os.close(writes)
        time.sleep(moments.uniform(0, 0.15))
        os.kill(process, signal.SIGKILL)
        if os.waitpid(process, 0)[1] == 0:
            runs.append(folder / str(len(runs)))
            continue
        killed += 1
        places.add(max((path.name for path in runs[-1].glob("run-*.safetensors")), default=""))
    return {"expected": expected, "runs": list(map(str, runs)), "places": sorted(places)}


def finish(folder: Path) -> None:
    """Go on until the run is done, and leave its digest."""
    digest = run(folder, resume=True)
    (folder / "done").write_text(digest, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Path(sys.argv[1], "kills.json").write_text(json.dumps(kill_often(Path(sys.argv[1]), int(sys.argv[2]))), encoding="utf-8")
    else:
        finish(Path(sys.argv[1]))
