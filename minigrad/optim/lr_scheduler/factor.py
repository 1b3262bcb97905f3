"""Schedules that multiply the learning rate by a factor per epoch."""
from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ...errors import ArgumentError, ArgumentTypeError
from ..optimizer import Optimizer
from .base import LRScheduler, checked_optimizer, saved_functions

Factor = Callable[[int], float]


class _ByFactor(LRScheduler):
    """One factor from each epoch to the next; or one for epoch n at once, of the initial rate."""

    def get_lr(self) -> list[float]:
        self._warn_outside_step()
        factor = self._factor()
        return [lr * factor for lr in self._current()]

    def _factor(self) -> float:
        """From the epoch before to `last_epoch`."""
        raise NotImplementedError

    def _total(self) -> float:
        """From the initial rate to `last_epoch`."""
        raise NotImplementedError

    def _closed_form(self) -> list[float]:
        total = self._total()
        return [base * total for base in self.base_lrs]


class StepLR(_ByFactor):
    """Times gamma every `step_size` epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else 1

    def _total(self) -> float:
        return float(self.gamma ** (self.last_epoch // self.step_size))


class MultiStepLR(_ByFactor):
    """Times gamma at each of the epochs `milestones`."""

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return float(self.gamma ** self.milestones[self.last_epoch]) if self.last_epoch in self.milestones else 1

    def _total(self) -> float:
        return float(self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch))


class ExponentialLR(_ByFactor):
    """Times gamma every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1 if self._is_initial else self.gamma

    def _total(self) -> float:
        return float(self.gamma ** self.last_epoch)


class ConstantLR(_ByFactor):
    """Times `factor` for the first `total_iters` epochs, then back to the initial rate."""

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if not 0 <= factor <= 1:
            raise ArgumentError(f"Constant multiplicative factor expected to be between 0 and 1; got {factor}.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.factor if self.last_epoch == 0 else 1 / self.factor if self.last_epoch == self.total_iters else 1

    def _total(self) -> float:
        return 1 if self.last_epoch >= self.total_iters else self.factor


class LinearLR(_ByFactor):
    """From start_factor to end_factor of the initial rate, in equal steps over `total_iters` epochs."""

    def __init__(self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
                 last_epoch: int = -1) -> None:
        if not 0 < start_factor <= 1:
            raise ArgumentError(f"Starting multiplicative factor expected to be greater than 0 and less or equal to 1; got {start_factor}.")
        if not 0 <= end_factor <= 1:
            raise ArgumentError(f"Ending multiplicative factor expected to be between 0 and 1; got {end_factor}.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _total(self) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, self.last_epoch) / self.total_iters


class PolynomialLR(_ByFactor):
    """(1 - epoch / total_iters) ** power of the initial rate, 0 afterwards."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1
        now, before = 1.0 - self.last_epoch / self.total_iters, 1.0 - (self.last_epoch - 1) / self.total_iters
        return float((now / before) ** self.power)

    def _total(self) -> float:
        return float((1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power)


class _ByFunction(LRScheduler):
    """Functions of the user's, one per group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        groups = checked_optimizer(optimizer).param_groups
        functions = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * len(groups)
        if len(functions) != len(groups):
            raise ArgumentError(f"Expected {len(groups)} lr_lambdas, but got {len(functions)}")
        for f in functions:
            if not callable(f):
                raise ArgumentTypeError(f"lr_lambda should be a function, but got {type(f).__name__}")
        self.lr_lambdas: list[Factor] = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer. Of the functions only the attributes of callable objects: give the same ones again."""
        return {**super().state_dict(), "lr_lambdas": saved_functions(self.lr_lambdas)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for f, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if attributes is not None:
                f.__dict__.update(attributes)


class LambdaLR(_ByFunction):
    """The initial rate times lr_lambda(epoch); one function for all groups, or one each."""

    def get_lr(self) -> list[float]:
        self._warn_outside_step()
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_ByFunction):
    """The rate of the epoch before times lr_lambda(epoch)."""

    def get_lr(self) -> list[float]:
        self._warn_outside_step()
        if self._is_initial:
            return self._current()
        return [lr * f(self.last_epoch) for lr, f in zip(self._current(), self.lr_lambdas, strict=True)]
