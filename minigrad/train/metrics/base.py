"""What a metric is: sums over batches, and a number made of them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...creation import as_tensor


class Metric:
    """A number over many batches. `update` takes what the model gave and what was right; `compute` says the number so far.

    A subclass names the sums that it keeps in `sums`, with what they begin from; they are plain numbers, lists or tensors on the CPU, and
    a checkpoint holds them.
    """
    name = "metric"
    best = max                           # how two values are compared: max where more is better, else min
    quick = True                         # whether the number can be asked for after every batch

    def sums(self) -> dict[str, Any]:
        """What is kept, at its beginning."""
        raise NotImplementedError

    def update(self, output: Any, target: Any) -> None:
        """Take in a batch."""
        raise NotImplementedError

    def compute(self) -> float:
        """The number over all that was taken in; nan before anything was."""
        raise NotImplementedError

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again."""
        self.__dict__.update(self.sums())

    def state_dict(self) -> dict[str, Any]:
        """The sums."""
        return {name: getattr(self, name) for name in self.sums()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.__dict__.update({name: state[name] for name in self.sums()})

    def __call__(self, output: Any, target: Any) -> float:
        """The number for these alone; what was kept is lost."""
        self.reset()
        self.update(output, target)
        return self.compute()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}={self.compute():.4g})"


def over(part: float, whole: float) -> float:
    """part / whole; nan where there is nothing."""
    return float(part) / float(whole) if whole else float("nan")


class Mean(Metric):
    """The mean of numbers, each for so many samples."""
    name, best = "mean", min

    def __init__(self, name: str = "mean") -> None:
        self.name = name
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"total": 0.0, "count": 0}

    def update(self, output: Any, target: Any = 1) -> None:
        """output: a number, or a tensor of one. target: how many samples it is the mean of."""
        value = output.item() if hasattr(output, "item") else float(output)
        self.total: float = self.total + value * int(target)
        self.count: int = self.count + int(target)

    def compute(self) -> float:
        return over(self.total, self.count)


class Averaged(Metric):
    """The mean over samples of what a function says of a batch: `Averaged(lambda y, t: (y - t).abs().mean(), "error")`."""
    best = min

    def __init__(self, function: Callable[[Any, Any], Any], name: str = "") -> None:
        self.function, self.name = function, name or getattr(function, "__name__", "mean")
        super().__init__()

    def sums(self) -> dict[str, Any]:
        return {"total": 0.0, "count": 0}

    def update(self, output: Any, target: Any) -> None:
        n = len(target)
        self.total: float = self.total + float(as_tensor(self.function(output, target)).item()) * n
        self.count: int = self.count + n

    def compute(self) -> float:
        return over(self.total, self.count)
