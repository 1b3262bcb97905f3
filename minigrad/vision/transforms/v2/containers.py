"""Transforms made of transforms."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....errors import ArgumentError, ArgumentTypeError, describe
from ....rng import default_generator, discrete
from .structure import uniform

Step = Callable[..., Any]


class Compose:
    """One transform after another, each for the whole sample. Raises TypeError for what is no sequence, ValueError for none."""

    def __init__(self, transforms: Sequence[Step]) -> None:
        if not isinstance(transforms, Sequence):
            raise ArgumentTypeError(f"{type(self).__name__}: argument transforms should be a sequence of callables; got "
                                    f"{describe(transforms)}")
        if not transforms:
            raise ArgumentError(f"{type(self).__name__}: pass at least one transform")
        self.transforms = list(transforms)

    def __call__(self, *inputs: Any) -> Any:
        return self._run(range(len(self.transforms)), inputs)

    def _run(self, order: Sequence[int], inputs: tuple[Any, ...]) -> Any:
        sample: Any = inputs if len(inputs) > 1 else inputs[0]
        for i in order:
            sample = self.transforms[i](*sample) if len(inputs) > 1 else self.transforms[i](sample)
        return sample

    def __repr__(self) -> str:
        lines = [line for transform in self.transforms for line in repr(transform).splitlines()]
        return "\n    ".join([f"{type(self).__name__}(", *lines]) + "\n)"


class RandomApply(Compose):
    """All of the transforms with probability `p`, else none."""

    def __init__(self, transforms: Sequence[Step], p: float = 0.5) -> None:
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(f"RandomApply: `p` should be a floating point value in the interval [0.0, 1.0]; got {p}")
        self.p = p

    def __call__(self, *inputs: Any) -> Any:
        skip = uniform() >= self.p
        return self._run((), inputs) if skip else super().__call__(*inputs)


class RandomChoice(Compose):
    """One of the transforms, with the probabilities `p` (default: all the same)."""

    def __init__(self, transforms: Sequence[Step], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1.0] * len(self.transforms) if p is None else list(p)
        if len(weights) != len(self.transforms):
            raise ArgumentError(f"RandomChoice: length of p doesn't match the number of transforms: {len(weights)} != "
                                f"{len(self.transforms)}")
        self.p = [w / sum(weights) for w in weights]

    def __call__(self, *inputs: Any) -> Any:
        pick = discrete.multinomial(default_generator, np.asarray(self.p, np.float32), 1, False)
        return self._run(pick.tolist(), inputs)


class RandomOrder(Compose):
    """All of the transforms in random order."""

    def __call__(self, *inputs: Any) -> Any:
        return self._run(discrete.permutation(default_generator, len(self.transforms)).tolist(), inputs)
