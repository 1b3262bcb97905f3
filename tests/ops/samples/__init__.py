"""Sample inputs for every registered op, one file per stem.

    @samples("mul", oracle=np.multiply)
    def mul(r):
        yield S(r(3, 4), r(3, 4))
        yield S(r(3, 1), r(4))               # broadcasting
        yield S(r(), r(2))                   # 0-d
        yield S(r(0, 3), r(3))               # empty

Arguments are NumPy arrays where the op takes tensors. `r` draws them (class Draw). `oracle` computes the expected output
(or tuple of outputs) from the same arguments with NumPy or SciPy. Inputs stay away from kinks and ties, which have tests of
their own. What cannot be checked is said with its reason:
    S(...).constant("integer input")         no gradient is expected for this sample
    S(...).first_only("needs third-order kernel")
    S(...).leaves_device("that is what it is for")
    S(...).as_laid_out("a view that only contiguous memory has")
    @samples("dropout", unchecked="random; moments are tested in test_dropout.py")
"""
from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class S:
    """One call of an op."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    no_gradient: str = ""
    no_second: str = ""
    leaves: str = ""
    layout: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args, self.kwargs = args, kwargs

    def constant(self, reason: str) -> S:
        self.no_gradient = reason
        return self

    def first_only(self, reason: str) -> S:
        self.no_second = reason
        return self

    def as_laid_out(self, reason: str) -> S:
        self.layout = reason
        return self

    def leaves_device(self, reason: str) -> S:
        self.leaves = reason
        return self

    def __repr__(self) -> str:
        return f"S({', '.join([_short(a) for a in self.args] + [f'{k}={_short(v)}' for k, v in self.kwargs.items()])})"


def _short(value: Any) -> str:
    return f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else repr(value)


class Draw:
    """Float64 arrays to feed ops with; the same ones each run."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> np.ndarray:
        """Values of both signs with 0.2 <= |v| <= 2, so that no kink at 0 is near."""
        return np.asarray(self.rng.uniform(0.2, 2.0, shape) * self.rng.choice([-1.0, 1.0], shape))

    def positive(self, *shape: int) -> np.ndarray:
        """0.2 <= v <= 2."""
        return np.asarray(self.rng.uniform(0.2, 2.0, shape))

    def unit(self, *shape: int) -> np.ndarray:
        """0.1 <= v <= 0.9."""
        return np.asarray(self.rng.uniform(0.1, 0.9, shape))

    def distinct(self, *shape: int) -> np.ndarray:
        """No two values nearer than 0.1: for maxima, sorts, medians."""
        n = int(np.prod(shape))
        return np.asarray((self.rng.permutation(n) - n // 2) * 0.13 + 0.05).reshape(shape)

    def complex(self, *shape: int) -> np.ndarray:
        return np.asarray(self(*shape) + 1j * self(*shape))

    def ints(self, *shape: int, low: int = 0, high: int = 5) -> np.ndarray:
        """int64 values low <= v < high."""
        return np.asarray(self.rng.integers(low, high, shape))

    def bools(self, *shape: int) -> np.ndarray:
        return np.asarray(self.rng.integers(0, 2, shape).astype(bool))


@dataclass
class Entry:
    """The samples of one op."""
    make: Callable[[Draw], Iterator[S]]
    oracle: Callable[..., Any] | None
    unchecked: str
    rtol: float

    def draw(self) -> list[S]:
        found = list(self.make(Draw(7)))
        assert found, "an op with no sample is an op that nobody tried"
        return found


SAMPLES: dict[str, Entry] = {}


def samples(name: str, oracle: Callable[..., Any] | None = None, unchecked: str = "", rtol: float = 1e-7) -> Callable[..., Any]:
    """Register the samples of one op."""
    if (oracle is None) == (not unchecked):
        raise TypeError(f"{name}: give an oracle, or say why values are unchecked")
    if name in SAMPLES:
        raise TypeError(f"{name}: has samples already")

    def register(make: Callable[[Draw], Iterator[S]]) -> Callable[[Draw], Iterator[S]]:
        SAMPLES[name] = Entry(make, oracle, unchecked, rtol)
        return make
    return register


def load() -> dict[str, Entry]:
    """All samples, with every stem's file imported."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return SAMPLES
