"""Training that is stopped, saved and taken up again ends with the same weights, bit for bit, as training that went on."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.utils.data import DataLoader, TensorDataset

OPTIMIZERS: dict[str, Callable[[Any], mg.optim.Optimizer]] = {
    "SGD": lambda p: mg.optim.SGD(p, 0.1), "momentum": lambda p: mg.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda p: mg.optim.Adam(p, 0.01), "AdamW amsgrad": lambda p: mg.optim.AdamW(p, 0.01, amsgrad=True),
    "RMSprop": lambda p: mg.optim.RMSprop(p, 0.01, momentum=0.5, centered=True), "Adagrad": lambda p: mg.optim.Adagrad(p, 0.05),
    "Adadelta": lambda p: mg.optim.Adadelta(p, 0.5), "NAdam": lambda p: mg.optim.NAdam(p, 0.01), "RAdam": lambda p: mg.optim.RAdam(p, 0.01),
    "Adamax": lambda p: mg.optim.Adamax(p, 0.01), "Rprop": lambda p: mg.optim.Rprop(p, 0.01), "ASGD": lambda p: mg.optim.ASGD(p, 0.05),
    "Adafactor": lambda p: mg.optim.Adafactor(p, 0.05),
}
SCHEDULERS: dict[str, Callable[[Any], Any]] = {
    "cosine": lambda o: mg.optim.lr_scheduler.CosineAnnealingLR(o, 6), "step": lambda o: mg.optim.lr_scheduler.StepLR(o, 2, 0.5),
    "plateau": lambda o: mg.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0), "one cycle": lambda o: mg.optim.lr_scheduler.OneCycleLR(
        o, 0.1, total_steps=6, cycle_momentum=False)}


class Training:
    """A network with dropout and running statistics, data in random order."""

    def __init__(self, optimizer: str, scheduler: str) -> None:
        self.model = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters())
        self.scheduler = SCHEDULERS[scheduler](self.optimizer)
        self.epoch = 0
        data = np.random.default_rng(0)
        x, y = data.standard_normal((40, 5), np.float32), data.integers(0, 3, 40)
        self.loader = DataLoader(TensorDataset(mg.tensor(x), mg.tensor(y)), batch_size=8, shuffle=True)

    def run(self, epochs: int) -> Training:
        for _ in range(epochs):
            total = 0.0
            for x, y in self.loader:
                self.optimizer.zero_grad()
                loss = nn.functional.cross_entropy(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            self.scheduler.step(*([total] if isinstance(self.scheduler, mg.optim.lr_scheduler.ReduceLROnPlateau) else []))
            self.epoch += 1
        return self

    def save(self, path: Path, format: str) -> None:
        mg.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict(),
                 "chance": mg.get_rng_state(), "epoch": self.epoch}, path, format=format)

    def load(self, path: Path) -> Training:
        state = mg.load(path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        mg.set_rng_state(state["chance"])
        self.epoch = state["epoch"]
        return self

    def bits(self) -> dict[str, bytes]:
        return {"epoch": bytes([self.epoch]), **{name: t.numpy().tobytes() for name, t in self.model.state_dict().items()}}


def resumed(path: Path, optimizer: str, scheduler: str, format: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The state after six epochs in one go, and after three, a file, and three."""
    mg.manual_seed(1)
    whole = Training(optimizer, scheduler).run(6).bits()
    mg.manual_seed(1)
    Training(optimizer, scheduler).run(3).save(path, format)
    mg.manual_seed(99)                               # another start, which must not matter
    return whole, Training(optimizer, scheduler).load(path).run(3).bits()


@pytest.mark.parametrize("format", ["safetensors", "torch"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer: str, format: str, tmp_path: Path) -> None:
    whole, again = resumed(tmp_path / "checkpoint", optimizer, "cosine", format)
    assert again == whole


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_kind_of_scheduler(scheduler: str, tmp_path: Path) -> None:
    whole, again = resumed(tmp_path / "checkpoint", "Adam", scheduler, "safetensors")
    assert again == whole


def test_something_is_at_stake(tmp_path: Path) -> None:
    """Without the state of the optimizer, or of chance, the weights differ."""
    mg.manual_seed(1)
    whole = Training("Adam", "cosine").run(6).bits()
    for forgotten in ("optimizer", "chance"):
        mg.manual_seed(1)
        first = Training("Adam", "cosine").run(3)
        first.save(tmp_path / "checkpoint", "safetensors")
        second = Training("Adam", "cosine")
        fresh = second.optimizer.state_dict()
        second.load(tmp_path / "checkpoint")
        if forgotten == "optimizer":
            second.optimizer.load_state_dict(fresh)
        else:
            mg.manual_seed(99)
        assert second.run(3).bits() != whole


PROCESS = """
import sys
from pathlib import Path
import minigrad as mg
from tests.serialization.test_resume import Training
mg.manual_seed(1)
training = Training("Adam", "step")
if sys.argv[1] == "first":
    training.run(3).save(Path(sys.argv[2]), "torch")
else:
    training.load(Path(sys.argv[2])).run(3)
    print({name: bits.hex() for name, bits in training.bits().items()})
"""


def test_in_another_process(tmp_path: Path) -> None:
    mg.manual_seed(1)
    whole = Training("Adam", "step").run(6).bits()
    for part in ("first", "second"):
        ran = subprocess.run([sys.executable, "-c", PROCESS, part, str(tmp_path / "checkpoint.pt")], capture_output=True, text=True,
                             cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": "7"})
        assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str({name: bits.hex() for name, bits in whole.items()})
