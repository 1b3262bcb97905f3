"""What a model did in one run: its ops in order, what each took, and where every tensor came from.

A tensor is known by its place in memory. A write into memory gives the tensor there a new value, and everything else that sees the
same memory is taken from the new value when it is next used: in-place ops become ordinary ones.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..engine.inplace import address, positions
from ..engine.mode import local, watching
from ..engine.node import COUNT, line_of, user_frame
from ..engine.promotion import common_dtype
from ..engine.spec import Op

TAKE, PUT = "take from memory", "put into memory"    # not ops: reading and writing places of a base through its views


class Value:
    """A tensor of the run. Made by a step, or named (an input or a part of the model), or a constant with its `array`."""
    __slots__ = ("shape", "dtype", "step", "index", "name", "array")

    def __init__(self, array: Any, step: Step | None = None, index: int = 0, name: str = "", constant: bool = False) -> None:
        self.shape, self.dtype = tuple(array.shape), array.dtype
        self.step, self.index, self.name = step, index, name
        self.array: Any = array.copy() if constant else array if name else None


class Step:
    """One op that ran. args: in the order of its parameters, tensors as Values; dtype: what its operands were promoted to."""
    __slots__ = ("op", "args", "results", "dtype", "path", "place")

    def __init__(self, op: str, args: list[Any], dtype: Any, path: str, place: str) -> None:
        self.op, self.args, self.dtype, self.path, self.place = op, args, dtype, path, place
        self.results: list[Value] = []

    def __str__(self) -> str:
        return f"{self.op} at {self.place}{f' in {self.path}' if self.path else ''}"


class Memory:
    """What is known of a block of memory: the value of its base, and of windows into it since the last write."""
    __slots__ = ("cell", "writes", "base", "value", "windows")

    def __init__(self, cell: Any, base: Any) -> None:
        self.cell, self.writes, self.base = cell, cell[COUNT], base
        self.value: Value | None = None
        self.windows: dict[Any, Value] = {}


class Recorder:
    """One run of a model. `constants` are told from state by their name."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._memories: dict[int, Memory] = {}
        self._raw: dict[Any, tuple[Any, Value]] = {}             # arrays that ops are given bare: masks, indices, statistics
        self._depth = 0
        self.inputs: list[Value] = []

    def name(self, tensors: Iterable[tuple[str, Tensor]]) -> list[Value]:
        """Let tensors be known by name: inputs, or parameters and buffers."""
        return [self._enter(t, Value(t.array, name=name)) for name, t in tensors]

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function and record what it does."""
        before = local.mode.written
        local.mode.written = self._written
        try:
            with watching(self._watch):
                return function()
        finally:
            local.mode.written = before

    # ---- ops
    def _watch(self, op: Op, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._depth or local.mode.arrays:         # casts within an op, rules of a gradient
            return call(*args, **kwargs)
        out = kwargs.get("out")
        known = {name: value for name, value in kwargs.items() if name != "out"}
        try:
            taken = [self._encoded(value) for value in op.bind(args, known)]
        except Exception:                            # the op says better what is wrong
            taken = []
        bare = [a.array if isinstance(a, Tensor) else a for a in op.bind(args, known)] if taken and op.promotes in PROMOTING else []
        if op.name.endswith("_scan"):
            taken[2] = [len(taken[2]), taken[2][0]] if len(set(taken[2])) == 1 else "sequences of several lengths"
        self._depth += 1
        try:
            result = call(*args, **kwargs)
        finally:
            self._depth -= 1
        frame, scope = user_frame(), local.mode.scope
        step = Step(op.name, taken, common_dtype(op, _listed(op, bare)) if bare else None, scope.path if scope is not None else "",
                    line_of(frame.f_code, frame.f_lasti))
        fixed = all(v.array is not None and not v.name for v in values_of(taken))
        for i, t in enumerate(tensors_of(result)):
            value = Value(t.array, step, i, constant=fixed)
            step.results.append(value)
            if out is None:
                self._enter(t, value)
        self.steps.append(step)
        return result

    def _encoded(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.value_of(value)
        if isinstance(value, np.ndarray):
            held = self._raw.get(_window(value))
            return held[1] if held is not None else Value(value, constant=True)
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return [self._encoded(v) for v in value]
        return value

    # ---- memory
    def value_of(self, t: Tensor) -> Value:
        """What stands in a tensor's memory now."""
        memory, window = self._memory(t), _window(t.array)
        if memory.writes != t.cell[COUNT]:           # somebody wrote whom we did not see: what is there is new to us
            memory.writes, memory.value = t.cell[COUNT], None
            memory.windows.clear()
        if window in memory.windows:
            return memory.windows[window]
        if memory.value is None:
            return self._enter(t, Value(t.array, constant=True))
        at = positions(memory.base, t.array)
        found = self._step(TAKE, [memory.value, Value(at, constant=True)], t.array)
        memory.windows[window] = found
        return found

    def _memory(self, t: Tensor) -> Memory:
        found = self._memories.get(id(t.cell))
        if found is None:
            found = self._memories[id(t.cell)] = Memory(t.cell, t.array if t.base is None else t.base.array)
        return found

    def _enter(self, t: Tensor, value: Value) -> Value:
        memory, window = self._memory(t), _window(t.array)
        if memory.writes != t.cell[COUNT]:
            memory.writes, memory.value = t.cell[COUNT], None
            memory.windows.clear()
        memory.windows[window] = value
        if window == _window(memory.base):
            memory.value = value
        if isinstance(t.array, np.ndarray) and (t.array.dtype.kind in "iub" or value.name):
            self._raw[window] = (t.array, value)     # kept alive, so that nothing else can come to stand there
        return value

    def _written(self, x: Tensor, result: Tensor) -> None:
        """`result` went into the memory of x."""
        value, memory = self.value_of_result(result), self._memory(x)
        if value.dtype != x.array.dtype:
            value = self._step("cast", [value, x.array.dtype], x.array)
        window = _window(x.array)
        old = memory.value
        memory.windows = {window: value}
        memory.writes = x.cell[COUNT]
        if window == _window(memory.base):
            memory.value = value
            return
        if old is None:
            old = Value(memory.base, constant=True)
        memory.value = self._step(PUT, [old, value, Value(positions(memory.base, x.array), constant=True)], memory.base)
        memory.windows[_window(memory.base)] = memory.value

    def value_of_result(self, result: Tensor) -> Value:
        """The value of what an op returned, whose memory may be that of its input: then the write is not news."""
        memory = self._memory(result)
        return memory.windows.get(_window(result.array)) or self.value_of(result)

    def _step(self, op: str, args: list[Any], like: Any) -> Value:
        scope = local.mode.scope
        frame = user_frame()
        step = Step(op, args, None, scope.path if scope is not None else "", line_of(frame.f_code, frame.f_lasti))
        fixed = all(v.array is not None and not v.name for v in values_of(args))
        value = Value(like, step, constant=fixed)
        step.results.append(value)
        self.steps.append(step)
        return value


PROMOTING = ("arithmetic", "to_float", "comparison")


def _listed(op: Op, arrays: list[Any]) -> list[Any]:
    """The operands of sequences as arrays."""
    return [[a.array if isinstance(a, Tensor) else a for a in v] if i in op.sequences and v is not None else v
            for i, v in enumerate(arrays)]


def _window(array: Any) -> Any:
    return address(array), array.shape, array.strides, array.dtype.char


def tensors_of(result: Any) -> list[Tensor]:
    """The tensors in what an op or a model returned, in order; of a dictionary, its values."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, dict):
        result = result.values()
    elif not isinstance(result, (tuple, list)):
        return []
    return [t for part in result for t in tensors_of(part)]


def values_of(args: Any) -> list[Value]:
    """The Values in encoded arguments."""
    if isinstance(args, Value):
        return [args]
    return [v for part in args for v in values_of(part)] if isinstance(args, list) else []
