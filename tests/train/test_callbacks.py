"""Callbacks."""
from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.errors import ArgumentError
from minigrad.nn import functional as F
from minigrad.train import Trainer
from minigrad.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    Freeze,
    GradientMonitor,
    LambdaCallback,
    LearningCurves,
    LearningRateScheduler,
    ModelCheckpoint,
    NaNError,
    ProgressBar,
    ReduceLROnPlateau,
    TensorBoard,
    TerminateOnNaN,
)

from .test_trainer import blobs, model, trainer, weights


class Said(Callback):
    """Writes numbers into the logs, epoch by epoch, as if they had been measured."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def on_epoch_end(self, trainer: Any) -> None:
        trainer.logs["val_loss"] = self.values[trainer.epoch - 1]


# ---------------------------------------------------------------- stopping
def test_early_stopping_puts_the_best_weights_back() -> None:
    kept: list[Any] = []
    remember = type("Remember", (Callback,), {"on_epoch_end": lambda self, made: kept.append(weights(made.model))})()
    made = trainer(callbacks=[Said(5, 3, 4, 4, 9), EarlyStopping(patience=2), remember])
    made.fit(blobs(), epochs=5)
    assert made.epoch == 4
    for a, b in zip(weights(made.model), kept[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_best_weights_come_back_also_after_an_error() -> None:
    kept: list[Any] = []

    class Fails(Callback):
        def on_epoch_end(self, trainer: Any) -> None:
            kept.append(weights(trainer.model))
            if trainer.epoch == 3:
                raise RuntimeError("the disk is full")
    made = trainer(callbacks=[Said(5, 3, 4), EarlyStopping(patience=5), Fails()])
    with pytest.raises(RuntimeError, match="the disk is full"):
        made.fit(blobs(), epochs=5)
    np.testing.assert_array_equal(weights(made.model)[0], kept[1][0])


def test_the_best_means_of_weights_come_back_too() -> None:
    made = trainer(callbacks=[EarlyStopping(patience=9, mode="max")], ema=0.9)       # the highest loss: the first
    history = made.fit(blobs(), blobs(20, 1), epochs=4)
    assert made.evaluate(blobs(20, 1), batch_size=32)["loss"] == history["val_loss"][0] == max(history["val_loss"])


def test_nan_is_never_an_improvement() -> None:
    made = trainer(callbacks=[Said(3, float("nan"), float("nan"), 1), EarlyStopping(patience=2)])
    made.fit(blobs(), epochs=4)
    assert made.epoch == 3


@pytest.mark.parametrize(("monitor", "sign"), [("val_loss", -1), ("val_accuracy", 1), ("loss", -1), ("val_f1", 1), ("iou", 1)])
def test_the_direction_follows_from_the_name(monitor: str, sign: int) -> None:
    assert EarlyStopping(monitor).sign == sign
    assert EarlyStopping(monitor, mode="min").sign == -1


def test_a_number_that_was_not_measured_is_an_error() -> None:
    with pytest.raises(ArgumentError, match=r"EarlyStopping: there is no 'val_loss'; measured are loss, accuracy, lr; give fit\(\) valid"):
        trainer(callbacks=[EarlyStopping()]).fit(blobs())


def test_terminate_on_nan_names_the_op() -> None:
    class Breaks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(2, 3)

        def forward(self, x: Any) -> Any:
            y = self.fc(x)
            return y + (y.detach() * 0 - 1).sqrt()
    net = Breaks()
    made = Trainer(net, F.cross_entropy, optim.SGD(net.parameters(), 0.1), callbacks=[TerminateOnNaN()])
    with pytest.raises(NaNError, match=r"the loss of epoch 1, batch 1, is nan: (.|\n)*sqrt"):
        made.fit(blobs())
    assert np.isfinite(weights(net)[0]).all()        # it stopped before the step
    assert "compute" not in vars(made)


# ---------------------------------------------------------------- files
def test_model_checkpoints(tmp_path: Path) -> None:
    best = ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True)
    last = ModelCheckpoint(tmp_path / "{epoch:02}-{val_loss:.1f}.safetensors", keep=2)
    kept: list[Any] = []
    remember = type("Remember", (Callback,), {"on_epoch_end": lambda self, made: kept.append(weights(made.model))})()
    trainer(callbacks=[Said(5, 3, 4, 4), best, last, remember]).fit(blobs(), epochs=4)
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["02-3.0", "03-4.0", "04-4.0", "best"]
    net = model()
    net.load_state_dict(mg.load(tmp_path / "best.safetensors"))
    np.testing.assert_array_equal(weights(net)[0], kept[1][0])


def test_of_best_files_one_stays(tmp_path: Path) -> None:
    trainer(callbacks=[Said(5, 6, 7, 4, 4, 4), ModelCheckpoint(tmp_path / "{epoch}.pt", keep=1)]).fit(blobs(), epochs=6)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["4.pt", "6.pt"]
    with pytest.raises(ArgumentError, match="needs 'val_acc'; measured are epoch, loss, accuracy, lr"):
        trainer(callbacks=[ModelCheckpoint(tmp_path / "{val_acc}.pt")]).fit(blobs())
    with pytest.raises(ArgumentError, match="keep must be at least 1, or None for all; got 0"):
        ModelCheckpoint("a", keep=0)


def test_csv_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    made = trainer(callbacks=[CSVLogger(path)])
    history = made.fit(blobs(), blobs(10, 1), epochs=2)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [float(row["val_loss"]) for row in rows] == history["val_loss"]
    trainer(callbacks=[CSVLogger(path, append=True)]).fit(blobs(), epochs=1)
    assert len(path.read_text().splitlines()) == 4
    twice = trainer(callbacks=[CSVLogger(path, append=True)])
    twice.fit(blobs(), epochs=1)
    twice.fit(blobs(), epochs=2)
    assert len(path.read_text().splitlines()) == 6


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    trainer(callbacks=[TensorBoard(tmp_path, every=1)]).fit(blobs(), epochs=1)
    assert list(tmp_path.glob("events*"))


def test_learning_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    trainer(callbacks=[LearningCurves(tmp_path / "curves.png")]).fit(blobs(), blobs(10, 1), epochs=2)
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert [p.name for p in tmp_path.iterdir()] == ["curves.png"]


def test_a_log_without_a_terminal_has_a_line_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    trainer(callbacks=[ProgressBar()]).fit(blobs(), blobs(10, 1), epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch   1/2: loss ")
    assert "val_accuracy" in lines[1]
    assert not any("\x1b" in line for line in lines)


def test_an_early_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    stop = LambdaCallback(on_batch_end=lambda trainer: setattr(trainer, "should_stop", trainer.epoch == 1))
    trainer(callbacks=[ProgressBar(), stop]).fit(blobs(), epochs=3, batch_size=16)
    assert capsys.readouterr().out.splitlines()[-1] == "stopped in epoch 2 of 3, after batch 1"
    stop = LambdaCallback(on_epoch_end=lambda trainer: setattr(trainer, "should_stop", True))
    trainer(callbacks=[ProgressBar(), stop]).fit(blobs(), epochs=3)
    assert capsys.readouterr().out.splitlines()[-1] == "stopped after epoch 1 of 3"


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [100, 60, 40])
def test_a_bar_fits_into_its_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    for name, value in (("COLUMNS", str(width)), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    trainer(callbacks=[ProgressBar()]).fit(blobs(), blobs(10, 1), epochs=2)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    bars = [part for part in re.split(r"[\r\n]+", shown) if "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in part]
    assert bars
    assert max(map(len, bars)) <= width
    assert any("2/2" in bar and "loss" in bar for bar in bars)
    assert len(re.findall(r"epoch   [12]/2: loss .* val_accuracy .* lr 0\.01  \(.* s\)\n", shown)) == 2


def test_a_log_has_no_bars_whatever_the_colours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("FORCE_COLOR", "1")
    trainer(callbacks=[ProgressBar()]).fit(blobs(), epochs=2)
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 2
    assert "\x1b" not in out


# ---------------------------------------------------------------- learning rates, gradients
def test_learning_rate_scheduler() -> None:
    made = trainer(callbacks=[LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))])
    assert made.fit(blobs(), epochs=3)["lr"] == pytest.approx([0.1, 0.05, 0.1 / 3])


def test_reduce_on_plateau() -> None:
    made = trainer(callbacks=[Said(5, 5, 5, 1, 5, 5), ReduceLROnPlateau(patience=2, factor=0.5)])
    made.fit(blobs(), epochs=6)
    assert made.optimizer.param_groups[0]["lr"] == pytest.approx(1e-2 * 0.25)


def test_gradient_monitor() -> None:
    total, each = GradientMonitor(), GradientMonitor(each=True)
    made = trainer(callbacks=[total, each])
    made.fit(blobs(), epochs=1, batch_size=16)
    assert len(total.norms) == len(each.norms) == 4
    assert set(each.norms[0]) == {name for name, _ in made.model.named_parameters()}
    assert total.norms[0] == pytest.approx(sum(norm ** 2 for norm in each.norms[0].values()) ** 0.5)


# ---------------------------------------------------------------- freezing
def frozen_parts(epochs: int | None) -> list[bool]:
    """Of each epoch, whether the first layers, with their running statistics, stayed as they were."""
    mg.manual_seed(0)
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)), nn.Linear(8, 3))
    net[0][0].bias.requires_grad_(False)             # stays frozen by itself
    states: list[Any] = []
    remember = type("Remember", (Callback,), {"on_epoch_end": lambda self, made: states.append(
        [[t.clone() for t in part.state_dict().values()] for part in net])})()
    made = Trainer(net, F.cross_entropy, optim.AdamW(net.parameters(), 1e-2), callbacks=[Freeze(net[0], epochs), remember])
    states.append([[t.clone() for t in part.state_dict().values()] for part in net])
    made.fit(blobs(), blobs(20, 1), epochs=4, validate_every=1)
    assert [p.requires_grad for p in net.parameters()] == [True, False, True, True, True, True]
    assert all(any((a != b).any() for a, b in zip(before[1], after[1])) for before, after in itertools.pairwise(states))
    return [all((a == b).all() for a, b in zip(before[0], after[0])) for before, after in itertools.pairwise(states)]


def test_frozen_layers_stay_as_they_are() -> None:
    assert frozen_parts(None) == [True] * 4
    assert frozen_parts(2) == [True, True, False, False]
    assert frozen_parts(0) == [False] * 4
    with pytest.raises(ArgumentError, match="Freeze: needs a module; got Parameter"):
        Freeze(nn.Linear(1, 1).weight)               # type: ignore[arg-type]
