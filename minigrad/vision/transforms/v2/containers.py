"""Transforms made of transforms."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ....errors import ArgumentError, ArgumentTypeError, describe
from ....nn.container import ModuleList
from ....rng import default_generator, discrete
from .structure import Transform, probability, uniform

Step = Callable[..., Any]


class Compose(Transform):
    """One transform after another, each for the whole sample. Raises TypeError for what is no sequence, ValueError for none."""

    def __init__(self, transforms: Sequence[Step] | ModuleList) -> None:
        if not isinstance(transforms, (Sequence, ModuleList)):
            raise ArgumentTypeError(f"{type(self).__name__}: argument transforms should be a sequence of callables; got "
                                    f"{describe(transforms)}")
        if not len(transforms):
            raise ArgumentError(f"{type(self).__name__}: pass at least one transform")
        super().__init__()
        self._transforms: Any = transforms           # behind a property: a plain list of transforms hides nothing that trains

    @property
    def transforms(self) -> Any:
        """The transforms."""
        return self._transforms

    @transforms.setter
    def transforms(self, transforms: Sequence[Step] | ModuleList) -> None:
        self._transforms = transforms

    def forward(self, *inputs: Any) -> Any:
        return self._run(range(len(self.transforms)), inputs)

    def _run(self, order: Iterable[int], inputs: tuple[Any, ...]) -> Any:
        sample: Any = inputs if len(inputs) > 1 else inputs[0]
        for i in order:
            sample = self.transforms[i](*sample) if len(inputs) > 1 else self.transforms[i](sample)
        return sample

    def __repr__(self) -> str:
        lines = [f"      {line}" for transform in self.transforms for line in repr(transform).splitlines()]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


class RandomApply(Compose):
    """All of the transforms with probability `p`, else none."""

    def __init__(self, transforms: Sequence[Step] | ModuleList, p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = probability(p, "RandomApply")

    def forward(self, *inputs: Any) -> Any:
        return self._run((), inputs) if uniform() >= self.p else super().forward(*inputs)


class RandomChoice(Compose):
    """One of the transforms, with the probabilities `p` (default: all the same)."""

    def __init__(self, transforms: Sequence[Step] | ModuleList, p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1.0] * len(self.transforms) if p is None else list(p)
        if len(weights) != len(self.transforms):
            raise ArgumentError(f"RandomChoice: length of p doesn't match the number of transforms: {len(weights)} != "
                                f"{len(self.transforms)}")
        self.p = [w / sum(weights) for w in weights]

    def forward(self, *inputs: Any) -> Any:
        pick = discrete.multinomial(default_generator, np.asarray(self.p, np.float32), 1, False)
        return self._run(pick.tolist(), inputs)


class RandomOrder(Compose):
    """All of the transforms in random order."""

    def forward(self, *inputs: Any) -> Any:
        return self._run(discrete.permutation(default_generator, len(self.transforms)).tolist(), inputs)
