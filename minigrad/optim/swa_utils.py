"""Averages of a model's weights over training: AveragedModel, what it averages by, and a schedule for it."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from .. import creation, dtypes
from ..engine.mode import no_grad
from ..errors import ArgumentError, AssertedArgumentError
from ..nn.batch_norm import _BatchNorm
from ..nn.module import Module
from .lr_scheduler.base import LRScheduler, option, per_group
from .optimizer import Optimizer

Tensors = list[Any]
Average = Callable[[Any, Any, Any], Any]             # (mean, current, how many the mean is of) -> the new mean
MultiAverage = Callable[[Tensors, Tensors, Any], None]       # the same in place, for many


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """A function that moves means in place: mean = decay * mean + (1 - decay) * current. Raises ValueError unless 0 <= decay <= 1."""
    check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Tensors, current_param_list: Tensors, _: Any) -> None:
        for mean, current in zip(ema_param_list, current_param_list, strict=True):
            move(mean, current, 1 - decay)

    return ema_update


def get_swa_multi_avg_fn() -> MultiAverage:
    """A function that takes one more model into equally weighted means, in place."""
    @no_grad()
    def swa_update(averaged_param_list: Tensors, current_param_list: Tensors, num_averaged: Any) -> None:
        for mean, current in zip(averaged_param_list, current_param_list, strict=True):
            move(mean, current, 1 / (int(num_averaged) + 1))

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """A function that gives decay * mean + (1 - decay) * current. Raises ValueError unless 0 <= decay <= 1."""
    check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Average:
    """A function that gives the mean of one more model, all weighted equally."""
    @no_grad()
    def swa_update(averaged_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def check_decay(decay: float) -> None:
    """Raise ArgumentError unless decay is in [0, 1]."""
    if not 0.0 <= decay <= 1.0:
        raise ArgumentError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def move(mean: Any, current: Any, part: float) -> None:
    """Move a mean towards a value, in place; integers are rounded towards zero."""
    if mean.is_floating_point() or mean.is_complex():
        mean.lerp_(current, part)
    else:
        mean.copy_(mean * (1 - part) + current * part)


class AveragedModel(Module):
    """A copy of a model whose parameters are means over those of the model at each `update_parameters`.

    Izmailov et al., 2018 (equal weights), Polyak averaging (exponential ones). The first update copies; further ones average.
    device: where the copy lives. avg_fn: (mean, current, number averaged) -> mean. multi_avg_fn: the same in place, for lists of one
    dtype and device. Equal weights if neither is given. use_buffers: average the buffers too, rather than copy the latest.

    >>> import minigrad
    >>> model = minigrad.nn.Linear(1, 1)
    >>> averaged = AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = minigrad.nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight.item(), averaged.n_averaged.item()
    (3.0, 3)
    """
    n_averaged: Any

    def __init__(self, model: Module, device: Any = None, avg_fn: Average | None = None, multi_avg_fn: MultiAverage | None = None,
                 use_buffers: bool = False) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertedArgumentError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", creation.tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the present parameters of the model into the means."""
        pairs = [(mean.detach(), current.detach().to(mean.device)) for mean, current in zip(self._averaged(self.module),
                                                                                            self._averaged(model))]
        if self.n_averaged == 0:
            for mean, current in pairs:
                mean.copy_(current)
        elif self.multi_avg_fn is not None:
            alike: dict[Any, list[tuple[Any, Any]]] = {}
            for mean, current in pairs:
                alike.setdefault((mean.device, mean.dtype), []).append((mean, current))
            for (device, _), found in alike.items():
                self.multi_avg_fn([mean for mean, _ in found], [current for _, current in found], self.n_averaged.to(device))
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for mean, current in pairs:
                mean.copy_(average(mean, current, self.n_averaged.to(mean.device)))
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach().to(mine.device))
        self.n_averaged += 1

    def _averaged(self, model: Module) -> Iterable[Any]:
        return chain(model.parameters(), model.buffers()) if self.use_buffers else model.parameters()


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of all batch norms anew, as means over one pass of the loader.

    A batch is a tensor, or a list or tuple that begins with one, which the model is called with. device: where to move it first.
    """
    momenta = {module: module.momentum for module in model.modules() if isinstance(module, _BatchNorm)}
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.reset_running_stats()
        module.momentum = None                       # a mean over all batches
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the rates as they are to swa_lr within anneal_epochs, along half a cosine wave or a line ("cos" or "linear").

    swa_lr: a rate for all groups, or a list with one per group.
    """

    def __init__(self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: int = 10, anneal_strategy: str = "cos",
                 last_epoch: int = -1) -> None:
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """How far the rate has come, 0 to 1, after the part t of the epochs."""
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self.anneal_func(max(0, min(1, n / max(1, self.anneal_epochs)))) for n in (step - 1, step))
        rates = []
        for group in self.optimizer.param_groups:
            lr, goal = option(group, "lr"), option(group, "swa_lr")
            start = goal if before == 1 else (lr - before * goal) / (1 - before)         # where the rate came from
            rates.append(goal * now + start * (1 - now))
        return rates
