"""LRScheduler, the base of all schedules: when a learning rate changes, and where it is written."""
from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

from ...engine.inplace import wrote
from ...engine.node import TensorBase
from ...errors import ArgumentError, ArgumentTypeError, NameTakenError, UnsupportedError, describe
from ..optimizer import Group, Optimizer


def set_option(group: Group, key: str, value: float) -> None:
    """group[key] = value; an option that is a tensor keeps its memory."""
    if isinstance(group[key], TensorBase):
        group[key].array[...] = value
        wrote(group[key].cell)
    else:
        group[key] = value


def option(group: Group, key: str) -> Any:
    """An option as a number."""
    return group[key].array.item() if isinstance(group[key], TensorBase) else group[key]


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value per parameter group, from one for all or a list."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise ArgumentError(f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
                            f"param_groups has {n}.")
    return list(value)


def checked_optimizer(optimizer: Any) -> Optimizer:
    """The optimizer, or the error that says what came instead."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentTypeError(f"{type(optimizer).__name__} is not an Optimizer; got {describe(optimizer)}")
    return optimizer


def saved_functions(functions: list[Any]) -> list[Any]:
    """What a state_dict keeps of functions: the attributes of callable objects, nothing of plain functions."""
    return [None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in functions]


class LRScheduler:
    """Base of all schedules. A subclass computes in `get_lr` one rate per parameter group, for epoch `last_epoch`.

    last_epoch: -1 to begin; an epoch to resume from, for an optimizer whose groups have an "initial_lr".

    >>> import minigrad
    >>> from minigrad import optim
    >>> optimizer = optim.SGD([minigrad.nn.Parameter(minigrad.ones(1))], lr=1.0)
    >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(4):
    ...     print(scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    [1.0]
    [1.0]
    [0.5]
    [0.5]
    """
    _get_lr_called_within_step = False
    _is_initial = False                              # inside the step that the constructor makes
    _closed_form: Callable[[], list[float]] | None = None    # the rates of any epoch, if they can be had without the ones before

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", option(group, "lr"))
            elif "initial_lr" not in group:
                raise NameTakenError(f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                                     "last_epoch >= 0; load the optimizer's state first, or begin with last_epoch=-1")
        self.base_lrs: list[float] = [option(group, "initial_lr") for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list[float]:
        """The rates, one per group, as the last step set them."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rates of epoch `last_epoch`; only for use within `step`."""
        raise UnsupportedError(f"{type(self).__name__}: a schedule must implement get_lr()")

    def _current(self) -> list[float]:
        """The rates as they are now."""
        return [option(group, "lr") for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, and set its rates. Called once per epoch or per step, after `optimizer.step()`."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`; call them the other way round, or the first "
                          "learning rate of the schedule is skipped", stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn("the epoch parameter of `scheduler.step()` is deprecated; call `scheduler.step()` without it", stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self._closed_form() if epoch is not None and self._closed_form is not None else self._ask())

    def _ask(self) -> list[float]:
        """`get_lr`, which may know that it was called from a step."""
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_option(group, "lr", rate)
        self._last_lr = self._current()

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.", stacklevel=3)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.__dict__.update(state_dict)
