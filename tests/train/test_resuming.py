"""A run that was killed goes on as if it had not been: every callback and every part."""
from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.train import Trainer, metrics, resuming
from minigrad.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    Freeze,
    GradientMonitor,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    Pruning,
    ReduceLROnPlateau,
    TensorBoard,
    TerminateOnNaN,
)
from minigrad.utils.data import DataLoader, TensorDataset

from .test_trainer import blobs, model, weights

EPOCHS, BATCHES = 6, 4
Make = Callable[[Path, nn.Module], list[Callback]]


class KilledError(BaseException):
    """What stands for SIGKILL: nobody is told of the end."""


class Kill(Callback):
    """Ends the run at an event of an epoch and batch, as if the process had died."""

    def __init__(self, event: str, epoch: int, batch: int) -> None:
        self.place = epoch, batch
        setattr(self, event, self.look)

    def look(self, trainer: Trainer) -> None:
        if (trainer.epoch, trainer.batch) == self.place:
            trainer.callbacks.members = []
            raise KilledError


MOMENTS = {"batch": ("on_batch_end", 2, 3), "step": ("on_step", 1, 3), "validation": ("on_validation_end", 3, 2),
           "end of an epoch": ("on_epoch_end", 4, 0), "beginning": ("on_epoch_begin", 3, 0), "last": ("on_epoch_end", 6, 0),
           "first": ("on_batch_begin", 0, 1)}


class Says(Callback):
    """Puts losses into the logs as if they had been measured: best in the second epoch."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        trainer.logs["val_loss"] = [5.0, 3.0, 4.0, 4.0, 9.0, 9.0][trainer.epoch - 1]


def job(folder: Path, make: Make | None = None, kill: Callback | None = None, resume: bool = False, **options: Any) -> Trainer:
    mg.manual_seed(3)
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.3)), nn.ReLU(), nn.Linear(8, 3))
    x, t = blobs(40)
    own = mg.Generator().manual_seed(5)
    validation = DataLoader(TensorDataset(*blobs(20, 1)), batch_size=8, shuffle=True, generator=mg.Generator().manual_seed(6))
    callbacks = [Says(), *(make(folder, net) if make else []), *([kill] if kill else [])]
    options.setdefault("optimizer", lambda p: optim.Adam(p, 1e-2))
    made = Trainer(net, "cross_entropy", folder=folder / "run", callbacks=callbacks, accumulate=3,
                   metrics=["accuracy", metrics.F1(3), metrics.TopK(2)], **options)
    made.fit(DataLoader(TensorDataset(x, t), batch_size=10, shuffle=True, generator=own), validation, epochs=EPOCHS, save_every=2,
             validate_every=2, resume=resume)
    return made


def same(one: Trainer, other: Trainer) -> None:
    """Two runs that ended with the same bits."""
    assert (one.epoch, one.steps) == (other.epoch, other.steps)
    assert repr(one.history) == repr(other.history)              # nan is nan
    for part in ("model", "optimizer", "average", "scaler"):
        states = [resuming.parts_of(run).get(part) for run in (one, other)]
        if states[0] is not None:
            assert digest(states[0].state_dict()) == digest(states[1].state_dict())


def digest(value: Any) -> Any:
    """Nested states with bytes in place of tensors, and names in place of paths."""
    if isinstance(value, dict):
        return {key: digest(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [digest(item) for item in value]
    if isinstance(value, str):
        return Path(value).name
    return value.numpy().tobytes() if isinstance(value, mg.Tensor) else value


def killed_and_resumed(tmp_path: Path, moment: tuple[str, int, int], make: Make | None = None, **options: Any) -> tuple[Trainer, Trainer]:
    """A run that was left alone in the folder "whole", and one that was killed in "cut"."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = job(tmp_path / "whole", make, **options)
    with pytest.raises(KilledError):
        job(tmp_path / "cut", make, Kill(*moment), **options)
    cut = job(tmp_path / "cut", make, resume=True, **options)
    same(whole, cut)
    return whole, cut


# ---------------------------------------------------------------- every callback
class Trial:
    """What a search gives to an objective."""

    def __init__(self) -> None:
        self.reports: dict[int, float] = {}

    def report(self, value: float, step: int) -> None:
        self.reports[step] = value

    def should_prune(self) -> bool:
        return False


def all_of_them(folder: Path, net: nn.Module) -> list[Callback]:
    """Every callback that keeps or writes something."""
    return [EarlyStopping(patience=9), ReduceLROnPlateau(patience=1, factor=0.5, cooldown=1), Freeze(net[0], epochs=2), TerminateOnNaN(),
            ModelCheckpoint(folder / "best.safetensors", save_best_only=True), CSVLogger(folder / "log.csv"), GradientMonitor(each=True),
            LearningRateScheduler(lambda epoch, rate: rate * 0.9), ModelCheckpoint(folder / "{epoch}-{val_loss}.safetensors", keep=2)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_callback_goes_on(tmp_path: Path, moment: str) -> None:
    whole, cut = killed_and_resumed(tmp_path, MOMENTS[moment], all_of_them)
    for one, other in zip(whole.callbacks.members, cut.callbacks.members, strict=True):
        assert digest(one.state_dict()) == digest(other.state_dict())
    files = [{path.name: path.read_bytes() for path in (tmp_path / run).iterdir() if path.is_file()} for run in ("whole", "cut")]
    assert files[0] == files[1]
    assert sorted(files[0]) == ["2-3.0.safetensors", "5-9.0.safetensors", "6-9.0.safetensors", "best.safetensors", "log.csv"]


@pytest.mark.parametrize("moment", ["batch", "validation", "end of an epoch"])
def test_early_stopping_goes_on(tmp_path: Path, moment: str) -> None:
    whole, _ = killed_and_resumed(tmp_path, MOMENTS[moment], lambda folder, net: [EarlyStopping(patience=2)], ema=0.9)
    assert whole.epoch == 4


def test_rows_that_were_there_stay_once(tmp_path: Path) -> None:
    def make(folder: Path, net: nn.Module) -> list[Callback]:
        if not (folder / "log.csv").exists():
            (folder / "log.csv").write_text("epoch,loss\n1,7.5\n", encoding="utf-8")
        return [CSVLogger(folder / "log.csv", append=True)]

    killed_and_resumed(tmp_path, MOMENTS["end of an epoch"], make)
    lines = (tmp_path / "cut" / "log.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "1", *map(str, range(1, EPOCHS + 1))]


def test_a_finished_run_that_goes_on_changes_nothing(tmp_path: Path) -> None:
    def make(folder: Path, net: nn.Module) -> list[Callback]:
        return [CSVLogger(folder / "log.csv")]

    whole = job(tmp_path, make)
    before = (tmp_path / "log.csv").read_bytes()
    same(whole, job(tmp_path, make, resume=True))
    assert (tmp_path / "log.csv").read_bytes() == before


def test_a_run_that_had_stopped_early_stays_stopped(tmp_path: Path) -> None:
    def make(folder: Path, net: nn.Module) -> list[Callback]:
        return [EarlyStopping(patience=2)]

    whole = job(tmp_path, make)
    again = job(tmp_path, make, resume=True)
    assert whole.epoch == 4
    same(whole, again)


def events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows: steps and numbers of each tag; a writer that begins at a step hides what was written of later ones."""
    from tensorboardX.proto.event_pb2 import Event
    shown: list[tuple[str, int, float]] = []
    for path in sorted(folder.glob("events*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            size = struct.unpack_from("<Q", content, at)[0]
            event = Event.FromString(content[at + 12:at + 12 + size])
            at += 16 + size
            if event.HasField("session_log"):
                shown = [item for item in shown if item[1] < event.step]
            shown += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    return {tag: [(step, value) for found, step, value in shown if found == tag] for tag, _, _ in shown}


@pytest.mark.parametrize("moment", ["batch", "end of an epoch", "validation"])
def test_tensorboard_shows_each_step_once(tmp_path: Path, moment: str) -> None:
    pytest.importorskip("tensorboardX")
    killed_and_resumed(tmp_path, MOMENTS[moment], lambda folder, net: [TensorBoard(folder / "board", every=1)])
    whole, cut = events(tmp_path / "whole" / "board"), events(tmp_path / "cut" / "board")
    assert whole == cut
    assert [step for step, _ in cut["batch/loss"]] == sorted({step for step, _ in cut["batch/loss"]})
    assert [value for _, value in cut["epoch"]] == list(range(1, EPOCHS + 1))


def test_what_is_told_to_a_search(tmp_path: Path) -> None:
    trials = [Trial(), Trial()]
    job(tmp_path / "1", lambda folder, net: [Pruning(trials[0], "val_loss")])
    with pytest.raises(KilledError):
        job(tmp_path / "2", lambda folder, net: [Pruning(trials[1], "val_loss")], Kill(*MOMENTS["end of an epoch"]))
    job(tmp_path / "2", lambda folder, net: [Pruning(trials[1], "val_loss")], resume=True)
    assert trials[0].reports == trials[1].reports


# ---------------------------------------------------------------- every part
def plateau(optimizer: Any) -> Any:
    return optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)


@pytest.mark.parametrize("moment", ["batch", "end of an epoch"])
@pytest.mark.parametrize("options", [
    {"ema": 0.9}, {"amp": mg.float16, "clip_norm": 1.0}, {"scheduler": plateau},
    {"scheduler": lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=12), "schedule": "step"},
    {"optimizer": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True)},
], ids=["ema", "float16", "plateau", "cycle", "momentum"])
def test_every_part_goes_on(tmp_path: Path, options: dict[str, Any], moment: str) -> None:
    killed_and_resumed(tmp_path, MOMENTS[moment], **options)


class Adversaries(Trainer):
    """Two networks, two optimizers, and a loss that counts its calls."""

    def __init__(self, **options: Any) -> None:
        generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
        super().__init__(generator, optimizer=optim.Adam(generator.parameters(), 1e-3), **options)
        self.critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        self.critic_optimizer = optim.Adam(self.critic.parameters(), 1e-2)

    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        real, _ = batch
        n, loss = len(real), F.binary_cross_entropy_with_logits
        made = self.active(mg.randn(n, 2))
        if self.model.training:
            self.critic_optimizer.zero_grad()
            (loss(self.critic(real), mg.ones(n, 1)) + loss(self.critic(made.detach()), mg.zeros(n, 1))).backward()
            self.critic_optimizer.step()
        return loss(self.critic(made), mg.ones(n, 1)), None, None


def test_what_a_subclass_holds_goes_on(tmp_path: Path) -> None:
    def adversaries(folder: Path | None, epochs: int, resume: bool = False) -> Adversaries:
        mg.manual_seed(0)
        made = Adversaries(folder=folder, metrics=["accuracy"])
        made.fit(blobs(), epochs=epochs, resume=resume)
        return made

    whole = adversaries(None, 4)
    adversaries(tmp_path, 2)
    again = adversaries(tmp_path, 4, resume=True)
    same(whole, again)
    assert digest(whole.critic.state_dict()) == digest(again.critic.state_dict())
    assert digest(whole.critic_optimizer.state_dict()) == digest(again.critic_optimizer.state_dict())
    assert np.isnan(whole.history["accuracy"]).all()     # nothing was given to measure


class Centres(nn.Module):
    """A loss with weights of its own: the distance to a class's centre, which follows."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centres", mg.zeros(3, 3))

    def forward(self, output: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
        loss = (output - self.centres[target]).square().mean() + F.cross_entropy(output, target)
        with mg.no_grad():
            self.centres[target] = 0.9 * self.centres[target] + 0.1 * output
        return loss


def test_a_loss_with_a_state_goes_on(tmp_path: Path) -> None:
    def run(folder: Path | None, epochs: int, resume: bool = False) -> Trainer:
        made = Trainer(model(), Centres(), "adam", folder=folder)
        mg.manual_seed(1)
        made.fit(blobs(), epochs=epochs, resume=resume)
        return made

    whole = run(None, 4)
    run(tmp_path, 2)
    again = run(tmp_path, 4, resume=True)
    same(whole, again)
    assert digest(whole.loss.state_dict()) == digest(again.loss.state_dict())


# ---------------------------------------------------------------- going on without a checkpoint
def test_an_epoch_that_was_interrupted_begins_anew_in_another_fit() -> None:
    made = Trainer(model(), "cross_entropy", "sgd", accumulate=3)
    made.callbacks.members = [LambdaCallback(on_batch_end=lambda trainer: setattr(trainer, "should_stop", trainer.batch == 2))]
    loader = DataLoader(TensorDataset(*blobs(40)), batch_size=10)
    made.fit(loader, epochs=1)
    assert (made.epoch, made.batch, made.steps) == (0, 2, 0)
    made.callbacks.members = []
    made.fit(loader, epochs=1)
    fresh = Trainer(model(), "cross_entropy", "sgd", accumulate=3)
    fresh.fit(loader, epochs=1)
    for a, b in zip(weights(made.model), weights(fresh.model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert made.history == fresh.history


def test_the_same_trainer_goes_on_in_its_folder(tmp_path: Path) -> None:
    made = Trainer(model(), "cross_entropy", "adam", folder=tmp_path)
    made.fit(blobs(), epochs=1)
    assert len(made.fit(blobs(), epochs=3)["loss"]) == 3
    with pytest.warns(UserWarning, match="3 epochs are done already, and epochs counts them in: epochs=5 would train 2 more"):
        made.fit(blobs(), epochs=2)
