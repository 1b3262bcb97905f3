"""Optimizers whose step is one formula for every element: a pass over whole arrays, or one compiled loop for all parameters."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..backend import NUMPY, backend_of
from ..engine.node import wrap
from . import recorded
from .optimizer import Group, Optimizer
from .together import Together

State = dict[str, Any]
Numbers = tuple[float, ...]

# Elements that are updated at a time on the CPU. With state and scratch they stay in the cache: Adam on 8 million
# elements takes half the time, and scratch memory stays small.
PIECE = 65536


class Pointwise(Optimizer):
    """An optimizer with a formula.

    A subclass says how the state of a parameter begins (`begin`), which arrays of it the formula takes (`uses`), and which numbers it
    takes at a step (`numbers`). The formula stands for arrays of any kind (`formula`), and under the name `compiled` as a loop over
    elements, in `kernels/cpu/updates.py` and for GPUs in `kernels/gpu/source/updates.cu`. All give the same results.
    """
    compiled: ClassVar[str]
    alike: ClassVar[bool] = True                     # whether parameters at the same step take the same numbers

    def begin(self, group: Group, p: Any) -> State:
        """The state of a parameter before its first step."""
        raise NotImplementedError

    def uses(self, group: Group) -> tuple[str, ...]:
        """The names of the state's arrays that the formula takes, at most three; "" for one that is not needed with these options."""
        raise NotImplementedError

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        """What the formula takes beside arrays at step n. May write into what is no array in the state."""
        raise NotImplementedError

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        """Write into w and the arrays of the state; the last two arrays are there to compute in. g must stay as it is."""
        raise NotImplementedError

    def _restart(self) -> None:
        super()._restart()
        self._scratch: dict[Any, tuple[Any, Any]] = {}
        self._together: dict[int, Together] = {}

    # ------------------------------------------------------------ a step
    def update_all(self, group: Group, params: list[Any]) -> None:
        if group.get("differentiable"):
            for p in params:
                self._recorded(group, p)
            return
        if type(self).update is Pointwise.update and params:
            least = backend_of(params[0].array).kernels.worthwhile()
            if not least or sum([p.array.size for p in params]) >= least:
                self._all_at_once(group, params)
                return
        super().update_all(group, params)

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        (state,), (n,) = self.advance(group, [p])
        self._on_arrays(group, p, gradient, state, n)

    def advance(self, group: Group, params: list[Any]) -> tuple[list[State], list[float]]:
        """The states of parameters, which begin at their first step, and the number of the step that each now takes."""
        states, steps = [], []
        for p in params:
            state = self.state[p]
            if not state:
                state.update(self.begin(group, p))
            counter = state["step"].array
            n = counter.item() + 1
            counter[()] = n
            states.append(state)
            steps.append(n)
        return states, steps

    def _on_arrays(self, group: Group, p: Any, gradient: Any, state: State, n: float) -> None:
        c, xp = self.numbers(group, state, n), backend_of(p.array).xp
        for arrays in self._pieces(p.array, gradient, *[state[name].array if name else None for name in self.uses(group)]):
            self.formula(xp, c, *arrays)

    def _recorded(self, group: Group, p: Any) -> None:
        """Update so that the new value has a gradient for the old one, for `p.grad`, and for options that are tensors."""
        (state,), (n,) = self.advance(group, [p])
        c = self.numbers(group, state, n)
        gradient = -p._grad if group.get("maximize", False) else p._grad
        recorded.update(p, gradient, state, self.uses(group), lambda xp, *cells: self.formula(xp, c, *cells))

    def _all_at_once(self, group: Group, params: list[Any]) -> None:
        """Update by compiled loops, one for all parameters that are alike; on arrays where they cannot."""
        states, steps = self.advance(group, params)
        weights, gradients = [p.array for p in params], [p._grad.array for p in params]
        columns = [weights, *[[state[name].array for state in states] if name else weights for name in self.uses(group)]]
        together = self._together.get(id(group))
        if together is None or not together.fit(columns):
            together = self._together[id(group)] = Together(columns)
        maximize = group.get("maximize", False)
        sign = -1.0 if maximize else 1.0
        for batch in together.batches:
            n = steps[batch.members[0]]
            if self.alike and steps.count(n) == len(steps):
                batch.run(self.compiled, None, gradients, (sign, *self.numbers(group, states[0], n)))
                continue
            calls: dict[Numbers, list[int]] = {}     # which take a step with these numbers
            for i, member in enumerate(batch.members):
                calls.setdefault(self.numbers(group, states[member], steps[member]), []).append(i)
            for c, chosen in calls.items():
                batch.run(self.compiled, chosen, gradients, (sign, *c))
        for i in together.others:
            g = gradients[i]
            self._on_arrays(group, params[i], -g if maximize else g, states[i], steps[i])

    # ------------------------------------------------------------ arrays
    def _pieces(self, *arrays: Any) -> Iterator[tuple[Any, ...]]:
        """Arrays of one shape, or None, to update element by element, with two arrays behind them to compute in.

        Long ones come in pieces that stay in the cache, complex ones as pairs of reals, float16 as float32: it is rounded at the end.
        """
        first = arrays[0]
        if first.dtype.kind == "c":
            yield from self._pieces(*[None if a is None else a.real for a in arrays])
            yield from self._pieces(*[None if a is None else a.imag for a in arrays])
        elif first.dtype.char == "e":
            wide = [None if a is None else a.astype("f4") for a in arrays]
            yield from self._pieces(*wide)
            for i, (a, w) in enumerate(zip(arrays, wide)):
                if i != 1 and a is not None:
                    a[...] = w
        elif first.size <= PIECE or backend_of(first) is not NUMPY or not all(a is None or a.flags.c_contiguous for a in arrays):
            yield *arrays, *self._scratch_like(first)
        else:
            flat = [None if a is None else a.reshape(-1) for a in arrays]
            for start in range(0, first.size, PIECE):
                part = [None if a is None else a[start:start + PIECE] for a in flat]
                yield *part, *self._scratch_like(part[0])

    def _scratch_like(self, array: Any) -> tuple[Any, Any]:
        key = array.shape, array.dtype.char, type(array)
        found = self._scratch.get(key)
        if found is None:
            xp = backend_of(array).xp
            found = self._scratch[key] = xp.empty(array.shape, array.dtype), xp.empty(array.shape, array.dtype)
        return found


def zeros(p: Any) -> Any:
    """State that begins with zeros."""
    return wrap(backend_of(p.array).xp.zeros(p.array.shape, p.array.dtype))


def number(value: float = 0.0) -> Any:
    """State that is one number, such as a count of steps: a 0-d float32 tensor on the CPU."""
    return wrap(np.array(value, np.float32))


def decayed(xp: Any, w: Any, g: Any, decay: float, s: Any) -> Any:
    """The gradient with weight decay: g + decay * w, in s."""
    return xp.add(xp.multiply(w, decay, s), g, s) if decay else g
