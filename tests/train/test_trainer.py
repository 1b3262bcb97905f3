"""Trainer: what it measures, how it steps, and that it goes on exactly."""
from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.train import History, Trainer
from minigrad.train.callbacks import Callback, EarlyStopping, LambdaCallback
from minigrad.utils.data import DataLoader, IterableDataset, TensorDataset


def blobs(n: int = 64, seed: int = 0) -> tuple[mg.Tensor, mg.Tensor]:
    """Three classes around three places of the plane."""
    rng = np.random.default_rng(seed)
    t = rng.integers(0, 3, n)
    x = rng.standard_normal((n, 2)) * 0.3 + np.array([[0, 2], [2, 0], [-2, -2]])[t]
    return mg.tensor(x).float(), mg.tensor(t)


def model(dropout: float = 0.0) -> nn.Module:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 3))


def trainer(dropout: float = 0.0, **options: Any) -> Trainer:
    net = model(dropout)
    return Trainer(net, F.cross_entropy, optim.Adam(net.parameters(), 1e-2), metrics=["accuracy"], **options)


def weights(net: nn.Module) -> list[Any]:
    return [p.detach().numpy().copy() for p in net.parameters()]


# ---------------------------------------------------------------- the loop
def test_fit_is_the_loop_that_one_would_write() -> None:
    x, t = blobs()
    made = trainer()
    mg.manual_seed(1)
    history = made.fit(DataLoader(TensorDataset(x, t), batch_size=16, shuffle=True), epochs=3)
    by_hand = model()
    optimizer, losses = optim.Adam(by_hand.parameters(), 1e-2), []
    mg.manual_seed(1)
    loader = DataLoader(TensorDataset(x, t), batch_size=16, shuffle=True)
    for _ in range(3):
        total = 0.0
        for xs, ts in loader:
            loss = F.cross_entropy(by_hand(xs), ts)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(ts)
        losses.append(total / len(t))
    for a, b in zip(weights(made.model), weights(by_hand), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(history["loss"], losses)
    assert isinstance(history, History)
    assert history.history is history
    assert history.epoch == [0, 1, 2]
    assert set(history) == {"loss", "accuracy", "lr"}


def test_keras_users_find_their_way() -> None:
    made = Trainer(model()).compile(optimizer="adam", loss="cross_entropy", metrics=["accuracy"])
    history = made.fit(blobs(), blobs(30, 1), epochs=20, batch_size=8)
    assert history["val_accuracy"][-1] > 0.9
    assert made.evaluate(blobs(30, 1))["accuracy"] == history["val_accuracy"][-1]
    scores = made.predict(blobs(30, 1)[0])
    assert scores.shape == (30, 3)
    assert (scores.argmax(1) == blobs(30, 1)[1]).float().mean().item() == pytest.approx(history["val_accuracy"][-1])
    np.testing.assert_array_equal(made.predict(TensorDataset(*blobs(30, 1))).numpy(), scores.numpy())


def test_a_subclass_says_what_a_batch_means() -> None:
    class Autoencoder(Trainer):
        def compute(self, batch: Any) -> tuple[Any, Any, Any]:
            output = self.active(batch)
            return F.mse_loss(output, batch), output, batch

    mg.manual_seed(0)
    net = nn.Linear(2, 2)
    made = Autoencoder(net, optimizer=optim.Adam(net.parameters(), 1e-1))
    history = made.fit(DataLoader(blobs()[0], batch_size=16), epochs=20)
    assert history["loss"][-1] < 0.1 * history["loss"][0]


def test_accumulated_batches_are_one_large_batch() -> None:
    x, t = blobs()
    small = trainer(accumulate=4)
    small.fit(DataLoader(TensorDataset(x, t), batch_size=16), epochs=2)
    large = trainer()
    large.fit(DataLoader(TensorDataset(x, t), batch_size=64), epochs=2)
    assert (small.steps, large.steps) == (2, 2)
    for a, b in zip(weights(small.model), weights(large.model), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_what_is_left_at_an_epoch_s_end_is_a_step_too() -> None:
    made = trainer(accumulate=3)
    made.fit(DataLoader(TensorDataset(*blobs()), batch_size=16), epochs=2)
    assert made.steps == 4                           # of 4 batches: 3 and 1, twice


def test_gradients_are_clipped() -> None:
    norms: list[float] = []
    callback = LambdaCallback(on_step=lambda made: norms.append(
        float(sum(float((p.grad ** 2).sum()) for p in made.model.parameters()) ** 0.5)))
    trainer(clip_norm=0.1, callbacks=[callback]).fit(blobs(), epochs=2)
    assert max(norms) <= 0.1001
    largest: list[float] = []
    callback = LambdaCallback(on_step=lambda made: largest.append(max(float(p.grad.abs().max()) for p in made.model.parameters())))
    trainer(clip_value=0.01, callbacks=[callback]).fit(blobs(), epochs=1)
    assert max(largest) <= 0.01001


def test_averaged_weights_are_evaluated() -> None:
    made = trainer(ema=0.9)
    made.fit(blobs(), epochs=3)
    assert made.average is not None
    x, t = blobs()
    made.average.module.eval()
    with mg.no_grad():
        expected = F.cross_entropy(made.average.module(x), t).item()
    assert made.evaluate((x, t))["loss"] == pytest.approx(expected, rel=1e-5)
    assert any((a != b).any() for a, b in zip(weights(made.model), weights(made.average.module), strict=True))


def test_averaged_weights_forget_the_first_ones_quickly() -> None:
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    seen: list[Any] = []
    made = Trainer(net, F.cross_entropy, optim.SGD(net.parameters(), 0.1), ema=0.5,
                   callbacks=[LambdaCallback(on_batch_end=lambda made: seen.append([t.clone() for t in net.state_dict().values()]))])
    made.fit(blobs(), epochs=9, batch_size=32)
    means = seen[0]
    for n, current in enumerate(seen[1:], 1):
        decay = min(0.5, (1 + n) / (10 + n))         # 0.18 at first, 0.5 from the eighth step on
        means = [decay * mean + (1 - decay) * now for mean, now in zip(means, current)]
    assert made.average is not None
    for (name, found), mean in zip(made.average.module.state_dict().items(), means, strict=True):
        if not name.endswith("num_batches_tracked"):
            np.testing.assert_allclose(found.numpy(), mean.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)
    with pytest.raises(ValueError, match=r"Invalid decay value 1\.5"):
        trainer(ema=1.5)


def test_half_precision() -> None:
    made = trainer(amp=mg.float16)
    history = made.fit(blobs(), epochs=15)
    assert history["accuracy"][-1] > 0.9
    assert all(p.dtype == mg.float32 for p in made.model.parameters())


def test_schedulers_step_by_epoch_by_step_or_by_what_is_measured() -> None:
    net = model()
    optimizer = optim.SGD(net.parameters(), 1.0)
    by_epoch = Trainer(net, F.cross_entropy, optimizer, scheduler=optim.lr_scheduler.StepLR(optimizer, 1, 0.5))
    assert by_epoch.fit(blobs(), epochs=3)["lr"] == [1.0, 0.5, 0.25]
    optimizer = optim.SGD(net.parameters(), 1.0)
    by_step = Trainer(net, F.cross_entropy, optimizer, scheduler=optim.lr_scheduler.StepLR(optimizer, 1, 0.5), schedule="step")
    by_step.fit(blobs(), epochs=1, batch_size=16)
    assert optimizer.param_groups[0]["lr"] == 0.5 ** 4
    optimizer = optim.SGD(net.parameters(), 1e-6)
    plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    Trainer(net, F.cross_entropy, optimizer, scheduler=plateau).fit(blobs(), blobs(20, 1), epochs=4)
    assert optimizer.param_groups[0]["lr"] < 1e-6


def test_a_scheduler_outlives_compile_and_may_be_made_of_the_optimizer() -> None:
    made = trainer(scheduler=lambda optimizer: optim.lr_scheduler.StepLR(optimizer, 1, 0.5))
    made.compile(made.optimizer, "cross_entropy")
    assert made.fit(blobs(), epochs=3)["lr"] == [0.01, 0.005, 0.0025]


def test_validation_between_epochs() -> None:
    seen: list[tuple[int, int]] = []
    made = trainer(callbacks=[LambdaCallback(on_validation_end=lambda made: seen.append((made.epoch, made.batch)))])
    history = made.fit(blobs(), blobs(20, 1), epochs=2, batch_size=16, validate_every=2)
    assert seen == [(0, 2), (0, 4), (1, 2), (1, 4)]
    plain = trainer().fit(blobs(), epochs=2, batch_size=16)
    np.testing.assert_allclose(history["loss"], plain["loss"])       # looking changes nothing


def test_validation_data_may_be_a_part_of_the_training_data() -> None:
    x, t = blobs(50)
    for train in ((x, t), (x.numpy(), t.numpy()), TensorDataset(x, t)):
        part = trainer().fit(train, 0.2, epochs=2)
        mg.manual_seed(0)
        own = trainer().fit((x[:40], t[:40]), (x[40:], t[40:]), epochs=2)
        assert part == own


def test_epochs_without_a_look_at_the_validation_data() -> None:
    stop, seen = EarlyStopping(patience=2, mode="max"), list[int]()
    made = trainer(callbacks=[stop, LambdaCallback(on_validation_end=lambda made: seen.append(made.epoch))])
    history = made.fit(blobs(), blobs(20, 1), epochs=9, validate_epochs=2)
    assert seen == [1, 3, 5]                         # it falls: two looks without a new maximum
    assert np.isnan(history["val_loss"]).tolist() == [True, False] * 3


def test_looking_at_data_in_the_midst_of_training_changes_nothing() -> None:
    def look(made: Trainer) -> None:
        made.evaluate(blobs(20, 1))
        made.predict(blobs(20, 1)[0])
        assert not made.model[0].training            # as it was set
        assert made.model.training

    def freeze(made: Trainer) -> None:
        made.model[0].eval()
    freezes = LambdaCallback(on_epoch_begin=freeze)
    looked = trainer(0.3, callbacks=[freezes, LambdaCallback(on_batch_end=look)]).fit(blobs(), epochs=2, batch_size=16)
    mg.manual_seed(0)
    assert looked == trainer(0.3, callbacks=[freezes]).fit(blobs(), epochs=2, batch_size=16)


class Stream(IterableDataset[Any]):
    """Samples one after the other, and nobody knows how many."""

    def __iter__(self) -> Iterator[Any]:
        return iter(zip(*blobs(40)))


def test_data_without_a_length() -> None:
    streams = trainer(accumulate=3)
    history = streams.fit(DataLoader(Stream(), batch_size=10), Stream(), epochs=2)
    known = trainer(accumulate=3)
    assert history == known.fit(DataLoader(TensorDataset(*blobs(40)), batch_size=10), blobs(40), epochs=2)
    assert streams.steps == known.steps == 4


def test_outputs_that_are_not_tensors() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classes, self.place = nn.Linear(2, 3), nn.Linear(2, 1)

        def forward(self, x: mg.Tensor) -> tuple[mg.Tensor, dict[str, mg.Tensor]]:
            return self.classes(x), {"place": self.place(x)}

    class Job(Trainer):
        def compute(self, batch: Any) -> tuple[Any, Any, Any]:
            output = self.active(batch["x"])
            return F.cross_entropy(output[0], batch["t"]) + output[1]["place"].square().mean(), output, batch["t"]

        def inputs_of(self, batch: Any) -> tuple[Any, ...]:
            return (batch["x"],)

    x, t = blobs(30)
    data = DataLoader([{"x": x[i], "t": t[i]} for i in range(30)], batch_size=8)
    made = Job(Two(), optimizer="adam", metrics={"right": lambda y, t: (y[0].argmax(1) == t).float().mean()})
    assert set(made.fit(data, data, epochs=1)) == {"loss", "right", "val_loss", "val_right", "lr"}
    scores, more = made.predict(data)
    assert (scores.shape, more["place"].shape) == ((30, 3), (30, 1))


def test_what_may_be_predicted_from() -> None:
    made, (x, t) = trainer(), blobs(30)
    expected = made.predict(x).numpy()
    for data in (x.numpy(), (x, t), (x,), TensorDataset(x), DataLoader(TensorDataset(x, t), batch_size=7), list(x)):
        np.testing.assert_allclose(made.predict(data).numpy(), expected, rtol=1e-6)


def test_a_step_that_overflows_is_none() -> None:
    made = trainer(amp=mg.float16, ema=0.9)
    before = weights(made.model)
    made.fit((blobs()[0] * 1e5, blobs()[1]), epochs=1, batch_size=64)
    assert made.steps == 0
    np.testing.assert_array_equal(weights(made.model)[0], before[0])


def test_binary_losses_say_what_an_accuracy_by_name_means() -> None:
    x, t = blobs()
    labels = (t == 0).float().unsqueeze(1)
    for last, loss in ((nn.Sigmoid(), "binary_cross_entropy"), (nn.Sigmoid(), nn.BCELoss()), (nn.Identity(), nn.BCEWithLogitsLoss())):
        mg.manual_seed(0)
        net = nn.Sequential(nn.Linear(2, 1), last)
        assert Trainer(net, loss, optim.Adam(net.parameters(), 0.1), metrics=["accuracy"]).fit((x, labels), epochs=20)["accuracy"][-1] > 0.9


# ---------------------------------------------------------------- stopping and going on
class Draws(Callback):
    """Uses random numbers of all kinds, as augmentation does."""

    def on_batch_begin(self, trainer: Any) -> None:
        with mg.no_grad():
            trainer.model[0].bias.add_(1e-3 * (random.random() + float(np.random.rand()) + mg.rand(()).item()))


class StopAfter(Callback):
    """Ends training behind so many batches."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def on_batch_end(self, trainer: Any) -> None:
        self.left -= 1
        trainer.should_stop = trainer.should_stop or self.left == 0


def run(folder: Path | None, callbacks: list[Callback], resume: bool = False, **fit: Any) -> Trainer:
    mg.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    net = model(0.3)
    optimizer = optim.Adam(net.parameters(), 1e-2)
    made = Trainer(net, F.cross_entropy, optimizer, metrics=["accuracy"], callbacks=[Draws(), *callbacks], folder=folder, ema=0.9,
                   scheduler=optim.lr_scheduler.CosineAnnealingLR(optimizer, 4), accumulate=2)
    made.fit(DataLoader(TensorDataset(*blobs()), batch_size=10, shuffle=True), blobs(20, 1), epochs=4, resume=resume, **fit)
    return made


@pytest.mark.parametrize("batches", [1, 3, 6, 7, 8, 14, 20, 27])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(tmp_path: Path, batches: int) -> None:
    whole = run(None, [])
    run(tmp_path, [StopAfter(batches)])
    again = run(tmp_path, [], resume=True)
    for a, b in zip(weights(whole.model), weights(again.model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.history == again.history
    assert whole.average is not None
    assert again.average is not None
    for a, b in zip(weights(whole.average.module), weights(again.average.module), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    whole = run(None, [])
    run(tmp_path, [StopAfter(20)], save_every=3, keep=3)
    newest = max(tmp_path.glob("run-*"))
    assert len(list(tmp_path.glob("run-*"))) == 3
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.warns(UserWarning, match=f"{newest.name} cannot be read .*; going on from the checkpoint before it"):
        again = run(tmp_path, [], resume=True)
    for a, b in zip(weights(whole.model), weights(again.model), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C means what it does in a terminal, also where the tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_stops_behind_the_batch_with_a_checkpoint(tmp_path: Path) -> None:
    whole = run(None, [])

    def press(made: Trainer) -> None:
        if (made.epoch, made.batch) == (1, 2):
            signal.raise_signal(signal.SIGINT)
    stopped = run(tmp_path, [LambdaCallback(on_batch_begin=press)])
    assert (stopped.epoch, stopped.batch) == (1, 3)
    again = run(tmp_path, [], resume=True)
    np.testing.assert_array_equal(weights(whole.model)[0], weights(again.model)[0])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_program_that_ignores_ctrl_c_goes_on_to(heard: None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    made = trainer(callbacks=[LambdaCallback(on_batch_begin=lambda made: signal.raise_signal(signal.SIGINT))])
    made.fit(blobs(), epochs=2)
    assert made.epoch == 2


@pytest.mark.usefixtures("heard")
def test_a_second_ctrl_c_stops_at_once() -> None:
    def press(made: Trainer) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(None, [LambdaCallback(on_batch_begin=press)])


def test_training_in_a_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(trainer().fit(blobs(), epochs=1)))
    thread.start()
    thread.join()
    assert len(found[0]["loss"]) == 1


def test_resuming_without_a_checkpoint_begins(tmp_path: Path) -> None:
    np.testing.assert_array_equal(weights(run(tmp_path, [], resume=True).model)[0], weights(run(None, []).model)[0])


def test_more_epochs_are_trained_by_another_fit() -> None:
    made = trainer()
    made.fit(blobs(), epochs=2)
    made.fit(blobs(), epochs=5)
    assert made.epoch == 5
    assert len(made.history["loss"]) == 5
