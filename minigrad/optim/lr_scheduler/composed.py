"""Schedules made of schedules: one after another, or all at once."""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError, ArgumentTypeError
from ..optimizer import Optimizer
from .base import LRScheduler, set_option
from .plateau import ReduceLROnPlateau


def check(name: str, schedulers: Sequence[Any], optimizer: Any) -> None:
    """Raise unless all are schedules of one optimizer that step without arguments."""
    for i, s in enumerate(schedulers):
        if not hasattr(s, "optimizer"):
            raise ArgumentTypeError(f"{name} at index {i} should have `optimizer` as its attribute.")
        if isinstance(s, ReduceLROnPlateau):
            raise ArgumentError(f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified "
                                f"when calling `step`, but got one at index {i} in the given schedulers sequence.")
        if s.optimizer is not optimizer:
            raise ArgumentError(f"{name} expects all schedulers to belong to the same optimizer, but got scheduler {type(s).__name__} "
                                f"at index {i} with another {type(s.optimizer).__name__}.")


class _Composed(LRScheduler):
    _schedulers: Sequence[LRScheduler]

    def _initial_step(self) -> None:
        for s in self._schedulers:                   # the step below is the first one for them too
            s._step_count = 0
        super()._initial_step()

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer; of each schedule its own state."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for s, state in zip(self._schedulers, state_dict["_schedulers"]):
            s.load_state_dict(state)


class SequentialLR(_Composed):
    """One schedule after another; `milestones` are the epochs at which the next one begins, at its own epoch 0."""

    def __init__(self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ArgumentError(f"{name} expects at least one scheduler, but got no scheduler.")
        check(name, schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError("Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone "
                                f"points, but got number of schedulers {len(schedulers)} and the number of milestones to be equal to "
                                f"{len(milestones)}")
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:         # each schedule has made its first step already: back to before that
            set_option(group, "lr", group["initial_lr"])
        undo_first_step(schedulers)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:                          # type: ignore[override]
        """Go to the next epoch of the schedule whose turn it is."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def undo_first_step(schedulers: Sequence[LRScheduler]) -> None:
    """Put schedules, and those inside them, back to before the step that their constructor made."""
    for s in schedulers:
        if isinstance(s, _Composed):
            undo_first_step(s._schedulers)
        else:
            s.last_epoch -= 1


class ChainedScheduler(_Composed):
    """All schedules at once: each changes what the one before it left."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ArgumentError(f"{name} expects at least one scheduler to be chained, but got no scheduler.")
        optimizer = schedulers[0].optimizer if optimizer is None and hasattr(schedulers[0], "optimizer") else optimizer
        check(name, schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = schedulers[0].optimizer
        self._last_lr = self._current()

    def step(self) -> None:                          # type: ignore[override]
        """Let every schedule go to its next epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._current()
