"""Numbers that follow the size of an input: found by running a model with other sizes, and comparing what it did."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from .recorder import Step, Value, values_of


@dataclass(frozen=True)
class Size:
    """factor * (product of the axes) + offset, for axes of inputs by name."""
    factor: int
    axes: tuple[str, ...]
    offset: int = 0

    def __str__(self) -> str:
        text = "*".join([*([str(self.factor)] if self.factor != 1 else []), *self.axes])
        return f"{text}{self.offset:+d}" if self.offset else text


@dataclass(frozen=True)
class Family:
    """A constant whose shape follows the inputs: all one `value`, 0 1 2 ... ("range"), or true above the diagonal ("above")."""
    kind: str
    shape: tuple[int | Size, ...]
    dtype: Any
    value: Any = 0


class Runs:
    """Several runs of one model: with the sizes given, with each named axis longer, and with all of them longer and other values."""

    def __init__(self, steps: list[list[Step]], axes: list[dict[str, int]]) -> None:
        self.steps, self.axes = steps, axes          # axes[i]: the size of each named axis in run i
        self._chosen = 0
        self._where = [{id(v): (n, i) for n, step in enumerate(run) for i, v in enumerate(step.results)} for run in steps]

    def check(self) -> None:
        """Every run must have done the same."""
        first = self.steps[0]
        for run in self.steps[1:]:
            for a, b in zip(first, run):
                if a.op != b.op:
                    raise UnsupportedError(f"export: the model did {a}, and {b} when its inputs had other "
                                           "values or sizes; an ONNX graph is one way only: keep decisions out of forward()")
            if len(first) != len(run):
                raise UnsupportedError(f"export: the model did {len(first)} ops, and {len(run)} when its inputs had other values or sizes; "
                                       "an ONNX graph is one way only, so a loop must not depend on them (give no dynamic axis for its "
                                       "length)")

    # ---- merging: the same thing of all runs as one
    def merged(self, things: Sequence[Any], place: str) -> Any:
        """One argument as all runs had it."""
        first = things[0]
        if isinstance(first, Value):
            return self.value(things, place)
        if isinstance(first, list):
            if len({len(t) for t in things}) > 1:
                raise UnsupportedError(f"export: {place}: a list has another length when the inputs have other sizes or values")
            return [self.merged(part, place) for part in zip(*things)]
        if isinstance(first, slice):
            return slice(*[self.merged([getattr(t, end) for t in things], place) for end in ("start", "stop", "step")])
        if isinstance(first, int) and not isinstance(first, bool):
            return self.number(things, place)
        if any(t is not first and t != first for t in things):
            raise changed(place, f"{first!r} became {things[-1]!r}")
        return first

    def number(self, values: Sequence[Any], place: str) -> Any:
        """A number, or how it follows the named axes."""
        if len(set(values)) == 1:
            return int(values[0])
        base, names = self.axes[0], list(self.axes[0])
        moved = tuple([name for i, name in enumerate(names, 1) if values[i] != values[0]])
        for found in _guesses(values, moved, base, [axes[n] for axes, n in zip(self.axes[1:], names)]):
            if all(found.factor * prod([axes[n] for n in found.axes]) + found.offset == v for axes, v in zip(self.axes, values)):
                return found
        reason = "" if moved else "; it follows the values of the inputs, or chance: an ONNX graph would have it fixed"
        raise changed(place, f"the number {values[0]} became {values[-1]}{reason}")

    def shape(self, values: Sequence[Value], place: str) -> tuple[Any, ...]:
        """The shape of a value; a size that follows the values of the inputs, as of x[mask], has a name that is no axis."""
        if len({len(v.shape) for v in values}) > 1:
            raise changed(place, f"a tensor of shape {values[0].shape} became one of {values[-1].shape}")
        found: list[Any] = []
        for sizes in zip(*[v.shape for v in values]):
            try:
                found.append(self.number(sizes, place))
            except UnsupportedError:
                self._chosen += 1
                found.append(Size(1, (f"chosen_{self._chosen}",)))
        return tuple(found)

    def value(self, values: Sequence[Value], place: str) -> Any:
        """A Value that is the same in all runs, or a Family of constants."""
        first = values[0]
        if first.name:
            return first
        if all(v.array is not None for v in values):
            if all(same(v.array, first.array) for v in values):
                return first
            if first.step is None or not values_of(first.step.args):
                return self.family(values, place)
        if first.step is None or any(v.step is None or where.get(id(v)) != self._where[0].get(id(first))
                                     for v, where in zip(values, self._where)):
            raise changed(place, f"a constant {first.dtype} {first.shape} changed, and no op that can be exported made it")
        return first

    def family(self, values: Sequence[Value], place: str) -> Family:
        """What constants of several sizes have in common."""
        arrays = [v.array for v in values]
        first = arrays[0]
        if {a.shape for a in arrays} != {first.shape} and {a.ndim for a in arrays} == {first.ndim}:
            shape = tuple([self.number(sizes, place) for sizes in zip(*[a.shape for a in arrays])])
            if all(a.size and same(a, np.full_like(a, first.flat[0])) for a in arrays):
                return Family("full", shape, first.dtype, first.flat[0])
            if all(a.ndim == 1 and same(a, np.arange(len(a), dtype=a.dtype)) for a in arrays):
                return Family("range", shape, first.dtype)
            if all(a.ndim == 2 and a.dtype == bool and same(a, np.triu(np.ones_like(a), 1)) for a in arrays):
                return Family("above", shape, first.dtype)
            raise changed(place, f"a constant {first.dtype} {first.shape} became one of {arrays[-1].shape}, with values that follow no "
                                 "rule known here (all the same, 0 1 2 ..., above the diagonal)")
        raise changed(place, f"the values of a {first.dtype} {first.shape} changed; they come from the inputs by a way that is no op "
                             "(numpy(), item(), a list), or from chance")


def _guesses(values: Sequence[int], moved: tuple[str, ...], base: dict[str, int], longer: list[int]) -> list[Size]:
    """Formulas that fit the first run: of one axis a straight line, of several their product."""
    if len(moved) == 1:
        i = list(base).index(moved[0])
        slope, rest = divmod(values[i + 1] - values[0], longer[i] - base[moved[0]])
        return [] if rest else [Size(slope, moved, values[0] - slope * base[moved[0]])]
    whole = prod([base[n] for n in moved])
    return [Size(values[0] // whole, moved)] if moved and whole and not values[0] % whole else []


def same(a: Any, b: Any) -> bool:
    """Equal arrays, NaN included."""
    return a.shape == b.shape and a.dtype == b.dtype and bool(((a == b) | (a != a) & (b != b)).all())


def changed(place: str, what: str) -> UnsupportedError:
    """The error for something that an ONNX graph would have fixed."""
    return UnsupportedError(f"export: {place}: {what} when the model ran on other values or sizes, and an ONNX graph cannot follow; "
                            "compute it with tensor ops from the inputs, or fix the size by giving no dynamic axis")
