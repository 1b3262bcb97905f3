"""Trainer: a training loop that can be read in a minute, stopped at any time, and gone on with exactly."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import amp, autograd, dtypes, rng
from .._device import device as Device
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, describe
from ..nn.module import Module
from ..nn.utils import clip_grad_norm_, clip_grad_value_
from ..optim.lr_scheduler import ReduceLROnPlateau
from . import resuming
from .averaging import averaged
from .batches import detached, inputs_in, joined, length_of, loader_of, on_device, samples_in, split_off
from .callbacks.base import Callback, Callbacks
from .choices import check_fit, loss_of, model_of, optimizer_of, scheduler_of, threshold_of
from .history import History
from .interrupts import Interrupts
from .metrics import Mean, Metrics, metrics_of


class Trainer:
    """Trains a model: `Trainer(model, loss, optimizer, metrics=["accuracy"]).fit(train, validation, epochs=10)`.

    loss: a function of output and target, a module like `nn.CrossEntropyLoss()`, or a name in `nn.functional`. optimizer: one, or a class
    or name in `optim`, to be made with its defaults. scheduler: of `optim.lr_scheduler`, or a function that makes one of the optimizer;
    it steps after every epoch, or after every step of the optimizer for `schedule="step"`. metrics and callbacks: see `train.metrics`
    and `train.callbacks`.

    device: where the model and batches go. accumulate: batches per step of the optimizer. clip_norm, clip_value: bounds of gradients.
    amp: a dtype to compute in under autocast, with scaled gradients for float16. ema: keep a mean of the weights that forgets at this rate
    (0.999, say; faster at first); it is what is evaluated. folder: where checkpoints go; with it `fit(..., resume=True)` goes on where a
    run ended.

    To change what a batch means, subclass and override `compute`. Whatever a subclass holds beside (a second network, its optimizer) is
    in the checkpoints too, if it has a `state_dict`.
    """

    def __init__(self, model: Module, loss: Any = None, optimizer: Any = None, *, metrics: Metrics = (), callbacks: Sequence[Callback] = (),
                 scheduler: Any = None, schedule: str = "epoch", device: Any = None, accumulate: int = 1, clip_norm: float | None = None,
                 clip_value: float | None = None, amp: Any = None, ema: float | None = None, folder: str | Path | None = None) -> None:
        if schedule not in ("epoch", "step"):
            raise ArgumentError(f"Trainer: schedule must be 'epoch' or 'step'; got {schedule!r}")
        if accumulate < 1:
            raise ArgumentError(f"Trainer: accumulate must be at least 1; got {accumulate}")
        model = model_of(model)
        self.device = Device(device) if device is not None else next((p.device for p in model.parameters()), Device("cpu"))
        self.model = model.to(self.device)
        self.schedule, self.accumulate = schedule, accumulate
        self.clip_norm, self.clip_value, self.amp = clip_norm, clip_value, amp
        self.average = averaged(model, ema) if ema is not None else None
        self.folder = Path(folder) if folder is not None else None
        self.saved: Path | None = None               # the newest checkpoint of this run
        self.callbacks = Callbacks(callbacks)
        self.history, self.logs = History(), dict[str, float]()
        self.epoch = self.batch = self.steps = 0     # epochs finished, batches of the running one, steps of the optimizer
        self.should_stop = self.fitting = False
        self.mean_loss = Mean("loss")
        self.train_loader: Any = None
        self.validation_loader: Any = None
        self.scheduler: Any = None
        self.compile(optimizer, loss, metrics, scheduler)

    def compile(self, optimizer: Any = None, loss: Any = None, metrics: Metrics = (), scheduler: Any = None) -> Trainer:
        """Say, or say again, how to train; returns the trainer. As in Keras. A scheduler stays until there is another."""
        self.loss = loss_of(loss, self.device)
        self.optimizer = optimizer_of(optimizer, self.model)
        if scheduler is not None:
            self.scheduler = scheduler_of(scheduler, self.optimizer, self.schedule)
        self.metrics = metrics_of(metrics, threshold_of(self.loss))
        self.scaler = amp.GradScaler(self.device.type, enabled=self.amp is dtypes.float16)
        return self

    # ------------------------------------------------------------ what a batch means
    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        """Loss, output and target of a batch, here `(inputs, target)` or `(input, input, ..., target)`. Override it for other batches."""
        if not isinstance(batch, (list, tuple)) or len(batch) < 2:
            raise ArgumentTypeError(f"Trainer: a batch must be (inputs, target); got {describe(batch)}; for other batches subclass Trainer "
                                    "and override compute")
        if self.loss is None:
            raise ArgumentError("Trainer: needs a loss; give it to Trainer(...) or compile(...)")
        *inputs, target = batch
        output = self.active(*inputs)
        if output is None:
            raise ArgumentTypeError(f"Trainer: {type(self.model).__name__} gave None for a batch; does its forward end with return?")
        return self.loss(output, target), output, target

    @property
    def active(self) -> Module:
        """The model that computes now: where weights are averaged and nothing is trained, that of the means."""
        return self.model if self.average is None or self.model.training else self.average.module

    # ------------------------------------------------------------ training
    def fit(self, train: Any, validation: Any = None, epochs: int = 1, *, batch_size: int = 32, validate_every: int | None = None,
            validate_epochs: int = 1, save_every: int | None = None, keep: int = 2, resume: bool = False) -> History:
        """Train until `epochs` epochs are done, those of earlier calls included, and return what was measured in each.

        train, validation: a DataLoader, a data set, or `(inputs, targets)`, of which batches of `batch_size` are made, shuffled for
        training. validation=0.1 holds out the last tenth of the training data. It is looked at when every `validate_epochs`th epoch ends,
        and every `validate_every` batches. save_every: batches between checkpoints, beside those of each epoch's end; the newest `keep`
        stay. resume: go on from the newest good one in `folder`. Ctrl-C stops after the running batch, with a checkpoint if there is a
        folder; a second one stops at once.
        """
        check_fit(self, train, validation, epochs, validate_every, save_every, resume)
        if isinstance(validation, float):
            train, validation = split_off(train, validation)
        self.train_loader, self.epochs = loader_of(train, batch_size, shuffle=True), epochs
        self.validation_loader = None if validation is None else loader_of(validation, batch_size, shuffle=False)
        self.batch, self.should_stop = 0, False      # what is left of an epoch that was interrupted, only a checkpoint knows
        self.optimizer.zero_grad()
        resuming.settle()
        with resuming.folder_of(self, resume), Interrupts() as interrupts:
            try:
                self.fitting = True
                self.callbacks.call("on_train_begin", self)
                while self.epoch < epochs and not self.should_stop:
                    if not self._train_epoch(validate_every, validate_epochs, save_every, keep, interrupts):
                        break
            finally:
                self.fitting = False
                self.callbacks.call("on_train_end", self)
        return self.history

    def _train_epoch(self, validate_every: int | None, validate_epochs: int, save_every: int | None, keep: int,
                     interrupts: Interrupts) -> bool:
        """One epoch, or what is left of it; False where it was interrupted."""
        self.model.train()
        if self.batch == 0:
            self._reset()
            self.callbacks.call("on_epoch_begin", self)
        total = length_of(self.train_loader)
        for batch in self.train_loader:
            self.train_batch(on_device(batch, self.device))
            if self.batch == total:
                continue                             # the loader ends by itself: only then its state is that of an epoch that is over
            if validate_every and self.batch % validate_every == 0:
                self._validate()
            stopping = interrupts.asked or self.should_stop
            if self.folder is not None and (stopping or save_every and self.batch % save_every == 0):
                resuming.save(self, keep)
            if stopping:
                return False
        self._finish_epoch((self.epoch + 1) % validate_epochs == 0)
        if self.folder is not None:
            resuming.save(self, keep)
        return not interrupts.asked

    def train_batch(self, batch: Any) -> None:
        """Forward, backward, and where enough batches have come together a step of the optimizer."""
        self.callbacks.call("on_batch_begin", self)
        with self.autocast():
            loss, output, target = self._computed(batch)
        self.scaler.scale(loss / self.accumulate if self.accumulate > 1 else loss).backward()
        self.batch += 1
        self._measure(loss, output, target, batch)
        self.logs = self._measured(running=True)
        if self.batch % self.accumulate == 0:
            self.step()
        self.callbacks.call("on_batch_end", self)

    def step(self) -> None:
        """A step of the optimizer with the gradients that have come together; none where float16 overflowed."""
        self.scaler.unscale_(self.optimizer)
        if self.clip_norm is not None:
            clip_grad_norm_(self.parameters(), self.clip_norm)
        if self.clip_value is not None:
            clip_grad_value_(self.parameters(), self.clip_value)
        self.callbacks.call("on_step", self)
        scale = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        if self.scaler.get_scale() < scale:
            return
        self.steps += 1
        if self.average is not None:
            self.average.update_parameters(self.model)
        if self.scheduler is not None and self.schedule == "step":
            self.scheduler.step()

    def _finish_epoch(self, validate: bool) -> None:
        if self.batch == 0:
            raise ArgumentError(f"fit: the training data gave no batch in epoch {self.epoch + 1}; a generator can be walked over once: "
                                "give a DataLoader, and with drop_last=True more samples than a batch holds")
        if self.batch % self.accumulate:
            self.step()                              # with what is left
        logs = {**self.logs, **self._measured()}
        if self.validation_loader is not None and validate:
            logs |= self._validate()
        logs["lr"] = self.optimizer.param_groups[0]["lr"]
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(logs.get("val_loss", logs["loss"]))
        elif self.scheduler is not None and self.schedule == "epoch":
            self.scheduler.step()
        self.logs = logs
        self.epoch, self.batch = self.epoch + 1, 0
        self.history.add(logs)
        self.callbacks.call("on_epoch_end", self)

    def _validate(self) -> dict[str, float]:
        """Loss and metrics of the validation data; the training's own, and its random numbers, are left as they are."""
        with self._aside():
            found = {f"val_{name}": value for name, value in self._look(self.validation_loader).items()}
            self.logs = {**self.logs, **found}
            self.callbacks.call("on_validation_end", self)
        return found

    # ------------------------------------------------------------ use
    def evaluate(self, data: Any, batch_size: int = 256) -> dict[str, float]:
        """Loss and metrics over data, without training: `{"loss": ..., "accuracy": ...}`."""
        with self._aside():
            return self._look(loader_of(data, batch_size, shuffle=False))

    def predict(self, data: Any, batch_size: int = 256) -> Any:
        """The model's outputs for inputs: a tensor, or batches of inputs, or of inputs and targets, whose targets are left out.

        Outputs that are tuples, lists or dicts of tensors come as such.
        """
        with self._aside(), autograd.no_grad(), self.autocast():
            found = [self.active(*self.inputs_of(on_device(batch, self.device))) for batch in inputs_in(data, batch_size)]
        return joined([on_device(output, Device("cpu")) for output in found])

    def inputs_of(self, batch: Any) -> tuple[Any, ...]:
        """What of a batch the model takes: all but the last part, if there are several. Override it with `compute`."""
        if not isinstance(batch, (list, tuple)):
            return (batch,)
        return tuple(batch[:-1] if len(batch) > 1 else batch)

    # ------------------------------------------------------------ what they share
    def parameters(self) -> list[Any]:
        """What the optimizer trains."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def autocast(self) -> amp.autocast:
        """The context that forward passes run in."""
        return amp.autocast(self.device.type, dtype=self.amp, enabled=self.amp is not None)

    def _look(self, loader: Any) -> dict[str, float]:
        self._reset()
        loss = None
        with autograd.no_grad(), self.autocast():
            for batch in (on_device(batch, self.device) for batch in loader):
                loss, output, target = self._computed(batch)
                self._measure(loss, output, target, batch)
        if loss is None:
            raise ArgumentError("evaluate: there is nothing to evaluate: the data gave no batch")
        return self._measured()

    def _computed(self, batch: Any) -> tuple[Any, Any, Any]:
        """What `compute` gives, which a subclass may have got wrong."""
        found = self.compute(batch)
        if not isinstance(found, (tuple, list)) or len(found) != 3 or not isinstance(found[0], TensorBase):
            raise ArgumentTypeError("Trainer: compute must return (loss, output, target), where the loss is a tensor of one number; got "
                                    f"{describe(found)}")
        return found[0], found[1], found[2]

    def _measure(self, loss: Any, output: Any, target: Any, batch: Any) -> None:
        """Take a batch into what is measured; where `compute` gives no output (None), into the loss alone."""
        self.mean_loss.update(loss.detach(), samples_in(batch))
        if output is not None:
            output = detached(output)
            for metric in self.metrics.values():
                metric.update(output, target)

    def _measured(self, running: bool = False) -> dict[str, float]:
        """The numbers so far; running: without those that take long."""
        found = {name: metric.compute() for name, metric in self.metrics.items() if metric.quick or not running}
        return {"loss": self.mean_loss.compute(), **found}

    def _reset(self) -> None:
        """Begin to measure anew."""
        for metric in (self.mean_loss, *self.metrics.values()):
            metric.reset()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """The model as in evaluation. In the midst of training layers' modes, what is measured, and random numbers come back afterwards."""
        measures = (self.mean_loss, *self.metrics.values())
        kept = [(m.load_state_dict, m.state_dict()) for m in measures] if self.fitting else []
        modes = [(module, module.training) for module in self.model.modules()] if self.fitting else []
        self.model.eval()
        (self.average or self.model).eval()
        try:
            with rng.fork_rng(enabled=self.fitting):     # a loader draws a number whenever it begins
                yield
        finally:
            for load, state in kept:
                load(state)
            for module, training in modes:
                module.training = training
