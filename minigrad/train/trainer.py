"""Trainer: a training loop that can be read in a minute, stopped at any time, and gone on with exactly."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .. import amp, autograd, dtypes, optim, rng
from .._device import device as Device
from ..creation import as_tensor
from ..errors import ArgumentError
from ..nn import functional as F
from ..nn.module import Module
from ..nn.utils import clip_grad_norm_, clip_grad_value_
from ..optim.lr_scheduler import ReduceLROnPlateau
from . import resuming
from .averaging import averaged
from .batches import joined, loader_of, on_device, samples_in
from .callbacks.base import Callback, Callbacks
from .history import History
from .interrupts import Interrupts
from .metrics import Mean, Metrics, metrics_of

LOSSES = ("cross_entropy", "mse_loss", "l1_loss", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss",
          "smooth_l1_loss", "kl_div")


class Trainer:
    """Trains a model: `Trainer(model, loss, optimizer, metrics=["accuracy"]).fit(train, validation, epochs=10)`.

    loss: a function of output and target, or a name in `nn.functional`. optimizer: one, or a class or name in `optim`, to be made with
    its defaults. scheduler: of `optim.lr_scheduler`; it steps after every epoch, or after every step of the optimizer for
    `schedule="step"`. metrics and callbacks: see `train.metrics` and `train.callbacks`.

    device: where the model and batches go. accumulate: batches per step of the optimizer. clip_norm, clip_value: bounds of gradients.
    amp: a dtype to compute in under autocast, with scaled gradients for float16. ema: keep a mean of the weights that forgets at this rate
    (0.999, say; faster at first); it is what is evaluated. folder: where checkpoints go; with it `fit(..., resume=True)` goes on where a
    run ended.

    To change what a batch means, subclass and override `compute`.
    """

    def __init__(self, model: Module, loss: Any = None, optimizer: Any = None, *, metrics: Metrics = (), callbacks: Sequence[Callback] = (),
                 scheduler: Any = None, schedule: str = "epoch", device: Any = None, accumulate: int = 1, clip_norm: float | None = None,
                 clip_value: float | None = None, amp: Any = None, ema: float | None = None, folder: str | Path | None = None) -> None:
        if schedule not in ("epoch", "step"):
            raise ArgumentError(f"Trainer: schedule must be 'epoch' or 'step'; got {schedule!r}")
        if accumulate < 1:
            raise ArgumentError(f"Trainer: accumulate must be at least 1; got {accumulate}")
        self.device = Device(device) if device is not None else next((p.device for p in model.parameters()), Device("cpu"))
        self.model = model.to(self.device)
        self.scheduler, self.schedule, self.accumulate = scheduler, schedule, accumulate
        self.clip_norm, self.clip_value, self.amp = clip_norm, clip_value, amp
        self.average = averaged(model, ema) if ema is not None else None
        self.folder = Path(folder) if folder is not None else None
        self.callbacks = Callbacks(callbacks)
        self.history, self.logs = History(), dict[str, float]()
        self.epoch = self.batch = self.steps = 0     # epochs finished, batches of the running one, steps of the optimizer
        self.should_stop = False
        self.mean_loss = Mean("loss")
        self.compile(optimizer, loss, metrics)

    def compile(self, optimizer: Any = None, loss: Any = None, metrics: Metrics = ()) -> Trainer:
        """Say, or say again, how to train; returns the trainer. As in Keras."""
        if isinstance(loss, str) and loss not in LOSSES:
            raise ArgumentError(f"Trainer: {loss!r} is no loss; give a function of output and target, or one of {', '.join(LOSSES)}")
        self.loss = getattr(F, loss) if isinstance(loss, str) else loss
        if isinstance(optimizer, str):
            found = {name.lower(): getattr(optim, name) for name in dir(optim) if isinstance(getattr(optim, name), type)}
            if optimizer.lower() not in found:
                raise ArgumentError(f"Trainer: {optimizer!r} is no optimizer of minigrad.optim")
            optimizer = found[optimizer.lower()]
        self.optimizer = optimizer(self.model.parameters()) if isinstance(optimizer, type) else optimizer
        self.metrics = metrics_of(metrics)
        self.scaler = amp.GradScaler(self.device.type, enabled=self.amp is dtypes.float16)
        return self

    # ------------------------------------------------------------ what a batch means
    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        """Loss, output and target of a batch, here `(inputs, target)` or `(input, input, ..., target)`. Override it for other batches."""
        *inputs, target = batch
        output = self.active(*inputs)
        return self.loss(output, target), output, target

    @property
    def active(self) -> Module:
        """The model that computes now: where weights are averaged and nothing is trained, that of the means."""
        return self.model if self.average is None or self.model.training else self.average.module

    # ------------------------------------------------------------ training
    def fit(self, train: Any, validation: Any = None, epochs: int = 1, *, batch_size: int = 32, validate_every: int | None = None,
            save_every: int | None = None, keep: int = 2, resume: bool = False) -> History:
        """Train until `epochs` epochs are done, and return what was measured in each.

        train, validation: a DataLoader, a data set, or `(inputs, targets)`, of which batches of `batch_size` are made, shuffled for
        training. validate_every: batches between looks at the validation data; at each epoch's end by default. save_every: batches
        between checkpoints, beside those of each epoch's end; the newest `keep` stay. resume: go on from the newest good one in
        `folder`. Ctrl-C stops after the running batch, with a checkpoint if there is a folder; a second one stops at once.
        """
        if self.loss is None and type(self).compute is Trainer.compute or self.optimizer is None:
            raise ArgumentError("fit: needs a loss and an optimizer; give them to Trainer(...) or compile(...)")
        if (resume or save_every) and self.folder is None:
            raise ArgumentError("fit: checkpoints need a place; make the Trainer with folder=")
        self.train_loader, self.epochs = loader_of(train, batch_size, shuffle=True), epochs
        held_out = None if validation is None else loader_of(validation, batch_size, shuffle=False)
        self.should_stop = False
        resuming.settle()
        self.callbacks.call("on_train_begin", self)
        if resume:
            resuming.restore(self)
        try:
            with Interrupts() as interrupts:
                while self.epoch < epochs and not self.should_stop:
                    if not self._train_epoch(held_out, validate_every, save_every, keep, interrupts):
                        break
        finally:
            self.callbacks.call("on_train_end", self)
        return self.history

    def _train_epoch(self, held_out: Any, validate_every: int | None, save_every: int | None, keep: int, interrupts: Interrupts) -> bool:
        """One epoch, or what is left of it; False where it was interrupted."""
        self.model.train()
        if self.batch == 0:
            self._reset()
            self.callbacks.call("on_epoch_begin", self)
        total = len(self.train_loader) if hasattr(self.train_loader, "__len__") else None
        for batch in self.train_loader:
            self.train_batch(on_device(batch, self.device), last=total is not None and self.batch + 1 == total)
            if self.batch == total:
                continue                             # the loader ends by itself: only then its state is that of an epoch that is over
            if validate_every and self.batch % validate_every == 0:
                self._validate(held_out)
            stopping = interrupts.asked or self.should_stop
            if self.folder is not None and (stopping or save_every and self.batch % save_every == 0):
                resuming.save(self, keep)
            if stopping:
                return False
        self._finish_epoch(held_out)
        if self.folder is not None:
            resuming.save(self, keep)
        return not interrupts.asked

    def train_batch(self, batch: Any, last: bool = False) -> None:
        """Forward, backward, and where enough batches have come together a step of the optimizer."""
        self.callbacks.call("on_batch_begin", self)
        with amp.autocast(self.device.type, dtype=self.amp, enabled=self.amp is not None):
            loss, output, target = self.compute(batch)
        self.scaler.scale(loss / self.accumulate if self.accumulate > 1 else loss).backward()
        self.batch += 1
        self.mean_loss.update(loss.detach(), samples_in(batch))
        for metric in self.metrics.values():
            metric.update(output.detach(), target)
        self.logs = {"loss": self.mean_loss.compute(), **{name: metric.compute() for name, metric in self.metrics.items()}}
        if self.batch % self.accumulate == 0 or last:
            self.step()
        self.callbacks.call("on_batch_end", self)

    def step(self) -> None:
        """A step of the optimizer with the gradients that have come together."""
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.scaler.unscale_(self.optimizer)
        if self.clip_norm is not None:
            clip_grad_norm_(parameters, self.clip_norm)
        if self.clip_value is not None:
            clip_grad_value_(parameters, self.clip_value)
        self.callbacks.call("on_step", self)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        self.steps += 1
        if self.average is not None:
            self.average.update_parameters(self.model)
        if self.scheduler is not None and self.schedule == "step":
            self.scheduler.step()

    def _finish_epoch(self, held_out: Any) -> None:
        logs = dict(self.logs)
        if held_out is not None:
            logs |= self._validate(held_out)
        logs["lr"] = self.optimizer.param_groups[0]["lr"]
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(logs.get("val_loss", logs["loss"]))
        elif self.scheduler is not None and self.schedule == "epoch":
            self.scheduler.step()
        self.logs = logs
        self.epoch, self.batch = self.epoch + 1, 0
        self.history.add(logs)
        self.callbacks.call("on_epoch_end", self)

    def _reset(self) -> None:
        """Begin to measure anew."""
        for metric in (self.mean_loss, *self.metrics.values()):
            metric.reset()

    def _validate(self, held_out: Any) -> dict[str, float]:
        """Loss and metrics of the validation data; the training's own, and its random numbers, are left as they are."""
        if held_out is None:
            raise ArgumentError("fit: validate_every needs validation data")
        kept = [metric.state_dict() for metric in (self.mean_loss, *self.metrics.values())]
        with rng.fork_rng():                         # a loader draws a number whenever it begins
            found = {f"val_{name}": value for name, value in self.evaluate(held_out).items()}
        for metric, state in zip((self.mean_loss, *self.metrics.values()), kept):
            metric.load_state_dict(state)
        self.model.train()
        self.logs = {**self.logs, **found}
        self.callbacks.call("on_validation_end", self)
        return found

    # ------------------------------------------------------------ use
    def evaluate(self, data: Any, batch_size: int = 256) -> dict[str, float]:
        """Loss and metrics over data, without training: `{"loss": ..., "accuracy": ...}`."""
        self._reset()
        self.model.eval()
        (self.average or self.model).eval()
        with autograd.no_grad(), amp.autocast(self.device.type, dtype=self.amp, enabled=self.amp is not None):
            for batch in loader_of(data, batch_size, shuffle=False):
                loss, output, target = self.compute(on_device(batch, self.device))
                self.mean_loss.update(loss, samples_in(batch))
                for metric in self.metrics.values():
                    metric.update(output, target)
        return {"loss": self.mean_loss.compute(), **{name: metric.compute() for name, metric in self.metrics.items()}}

    def predict(self, data: Any, batch_size: int = 256) -> Any:
        """The model's outputs for inputs: a tensor, or batches of inputs, or of inputs and targets, whose targets are left out."""
        self.model.eval()
        (self.average or self.model).eval()
        inputs: Iterable[Any] = as_tensor(data).split(batch_size) if hasattr(data, "shape") else loader_of(data, batch_size, shuffle=False)
        with autograd.no_grad(), amp.autocast(self.device.type, dtype=self.amp, enabled=self.amp is not None):
            found = [self.active(*self.inputs_of(on_device(batch, self.device))) for batch in inputs]
        return joined([output.cpu() for output in found])

    def inputs_of(self, batch: Any) -> tuple[Any, ...]:
        """What of a batch the model takes: all but the last part, or a tensor as it is."""
        return tuple(batch[:-1]) if isinstance(batch, (list, tuple)) else (batch,)
