"""What a callback is: told what a trainer does, and asked for what it must remember."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...errors import ArgumentError, ArgumentTypeError, describe

EVENTS = ("on_train_begin", "on_epoch_begin", "on_batch_begin", "on_step", "on_batch_end", "on_validation_end", "on_epoch_end",
          "on_train_end")


class Callback:
    """Override what interests you; each method gets the trainer, whose `logs` hold the numbers measured so far.

    Order: on_train_begin; of each epoch on_epoch_begin, of each batch on_batch_begin, on_step (gradients are there, the optimizer steps
    next), on_batch_end; on_validation_end; on_epoch_end; on_train_end, however training ends. `trainer.should_stop = True` ends it.
    """

    def on_train_begin(self, trainer: Any) -> None:
        """Training begins, or goes on."""

    def on_epoch_begin(self, trainer: Any) -> None:
        """An epoch begins."""

    def on_batch_begin(self, trainer: Any) -> None:
        """A batch is there."""

    def on_step(self, trainer: Any) -> None:
        """Gradients are there and clipped; the optimizer steps next."""

    def on_batch_end(self, trainer: Any) -> None:
        """A batch is done."""

    def on_validation_end(self, trainer: Any) -> None:
        """The validation data were looked at."""

    def on_epoch_end(self, trainer: Any) -> None:
        """An epoch is done; `trainer.epoch` counts it already."""

    def on_train_end(self, trainer: Any) -> None:
        """Training has ended, by itself, by Ctrl-C or by an error."""

    def state_dict(self) -> dict[str, Any]:
        """What must be in a checkpoint for a run to go on exactly."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class LambdaCallback(Callback):
    """A callback of functions: `LambdaCallback(on_epoch_end=lambda trainer: print(trainer.logs))`."""

    def __init__(self, **functions: Callable[[Any], None]) -> None:
        if unknown := set(functions) - set(EVENTS):
            raise ArgumentError(f"LambdaCallback: there is no event {', '.join(sorted(unknown))}; there are {', '.join(EVENTS)}")
        self.__dict__.update(functions)


class Callbacks:
    """Several, told one after the other."""

    def __init__(self, members: Iterable[Callback] = ()) -> None:
        self.members = [members] if isinstance(members, Callback) else list(members)
        for member in self.members:
            if not isinstance(member, Callback):
                kind = f"the class {member.__name__}; make one: {member.__name__}(...)" if isinstance(member, type) else describe(member)
                raise ArgumentTypeError(f"Trainer: callbacks must be instances of train.callbacks.Callback; got {kind}")

    def call(self, event: str, trainer: Any) -> None:
        """Tell all. At the end of training all are told, even if one of them fails."""
        errors = []
        for member in self.members:
            try:
                getattr(member, event)(trainer)
            except Exception as error:
                if event != "on_train_end":
                    raise
                errors.append(error)
        if errors:
            raise errors[0]

    def state_dict(self) -> list[dict[str, Any]]:
        """The states of all, with their kinds."""
        return [{"kind": type(member).__name__, "state": member.state_dict()} for member in self.members]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Give each the state of its kind, in their order; one that is new begins."""
        left = list(states)
        for member in self.members:
            found = next((s for s in left if s["kind"] == type(member).__name__), None)
            if found is not None:
                left.remove(found)
                member.load_state_dict(found["state"])


class Watcher(Callback):
    """A callback that looks at one number after each epoch that measured it.

    mode: "min", "max", or "auto", which tells by the name. min_delta: a smaller change is none.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"{type(self).__name__}: mode must be 'auto', 'min' or 'max'; got {mode!r}")
        self.monitor, self.min_delta = monitor, abs(min_delta)
        rises = any(word in monitor for word in ("acc", "f1", "iou", "map", "bleu", "precision", "recall", "top", "auc"))
        self.sign = 1 if mode == "max" or (mode == "auto" and rises) else -1
        self.best: float | None = None

    def on_epoch_end(self, trainer: Any) -> None:
        value = self.value(trainer)
        if value is not None:
            self.look(trainer, value)

    def look(self, trainer: Any, value: float) -> None:
        """An epoch is done, and the number is this."""

    def value(self, trainer: Any) -> float | None:
        """The number; None in an epoch that did not look at the validation data. Raises ArgumentError for what nobody measures."""
        if self.monitor in trainer.logs:
            return float(trainer.logs[self.monitor])
        lacks = self.monitor.startswith("val_") and "val_loss" not in trainer.logs
        if lacks and trainer.validation_loader is not None:
            return None
        raise ArgumentError(f"{type(self).__name__}: there is no {self.monitor!r}; measured are {', '.join(trainer.logs) or 'none'}"
                            + ("; give fit() validation data" if lacks else ""))

    def improves(self, value: float) -> bool:
        """Whether a value is better than the best by more than `min_delta`; nan never is."""
        return value == value and (self.best is None or self.sign * (value - self.best) > self.min_delta)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
