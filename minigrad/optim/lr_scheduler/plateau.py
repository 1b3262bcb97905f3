"""A schedule that lowers the rate when training gets nowhere."""
from __future__ import annotations

import math
import warnings
from typing import Any, Literal, SupportsFloat

from ...errors import ArgumentError, StateDictError
from ..optimizer import Optimizer
from .base import LRScheduler, checked_optimizer, option, set_option


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` once a metric has not improved for more than `patience` epochs; `step` takes the metric.

    mode: "min" if less is better, or "max". threshold: what counts as better, relative ("rel") or absolute ("abs").
    cooldown: epochs to wait after a change. min_lr: never below. eps: smaller changes are left out.
    """

    def __init__(self, optimizer: Optimizer, mode: Literal["min", "max"] = "min", factor: float = 0.1, patience: int = 10,
                 threshold: float = 1e-4, threshold_mode: Literal["rel", "abs"] = "rel", cooldown: int = 0,
                 min_lr: list[float] | float = 0, eps: float = 1e-8) -> None:
        if factor >= 1.0:
            raise ArgumentError(f"Factor should be < 1.0; got {factor}.")
        if mode not in ("min", "max"):
            raise ArgumentError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f"threshold mode {threshold_mode} is unknown!")
        self.factor = factor
        self.optimizer = checked_optimizer(optimizer)
        groups = optimizer.param_groups
        several = isinstance(min_lr, (list, tuple))
        if several and len(min_lr) != len(groups):   # type: ignore[arg-type]
            raise ArgumentError(f"expected {len(groups)} min_lrs, got {len(min_lr)}")    # type: ignore[arg-type]
        self.default_min_lr: Any = None if several else min_lr
        self.min_lrs: list[float] = list(min_lr) if several else [min_lr] * len(groups)    # type: ignore[arg-type,list-item]
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.last_epoch = 0
        self._last_lr = self._current()
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self._reset()

    def _reset(self) -> None:
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:    # type: ignore[override]
        """Say how well an epoch went."""
        current = float(metrics)
        if epoch is not None:
            warnings.warn("the epoch parameter of `scheduler.step()` is deprecated; call `scheduler.step(metrics)` without it",
                          stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._current()

    def _reduce_lr(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise StateDictError(f"The number of param groups in the `optimizer` ({len(groups)}) differs from when "
                                     f"`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}); set `min_lrs` to one value per group")
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs):
            old = float(option(group, "lr"))
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_option(group, "lr", new)

    @property
    def in_cooldown(self) -> bool:
        """True while the last change is too recent to judge."""
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        bar = best * (1 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return a > bar if self.mode == "max" else a < bar

    def get_lr(self) -> list[float]:
        """The rates as they are now."""
        return self._current()
