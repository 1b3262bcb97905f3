"""An example of a model's inputs, and the others that are made of it: longer along free axes, and with other values."""
from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._tensor import Tensor
from ..backend import backend_of
from ..engine.node import wrap
from ..errors import ArgumentError, describe
from ..nn.module import Module
from .recorder import tensors_of


class Example:
    """An example of the inputs: its tensors in order, their names, and which of their axes are free."""

    def __init__(self, model: Any, args: Any, kwargs: Mapping[str, Any] | None) -> None:
        self.args = tuple(args) if isinstance(args, (tuple, list)) else (args,)
        self.kwargs = dict(kwargs or {})
        if kwargs is None and self.args and isinstance(self.args[-1], dict) and len(self.args) > 1:
            *rest, last = self.args                  # PyTorch's older way to give keyword arguments
            self.args, self.kwargs = tuple(rest), last
        self.tensors = tensors_of([list(self.args), self.kwargs])
        if not self.tensors:
            raise ArgumentError("export: args must hold an example of each input, as Tensors; got none")
        self.parameters = self._parameters(model)
        self.names = [name for name, given in self._given() for name in _numbered(name, len(tensors_of(given)))]
        self.axes: list[dict[int, str]] = [{} for _ in self.tensors]

    def _parameters(self, model: Any) -> list[str]:
        """What forward calls its arguments."""
        try:
            parameters = list(inspect.signature(model.forward if isinstance(model, Module) else model).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        return [*named, *[f"input_{i}" for i in range(len(named), len(self.args))]][:len(self.args)]

    def _given(self) -> list[tuple[str, Any]]:
        return [*zip(self.parameters, self.args), *self.kwargs.items()]

    def name(self, input_names: Sequence[str] | None, dynamic_axes: Mapping[str, Any] | None, dynamic_shapes: Any) -> None:
        """Take the user's names for inputs, and for their free axes."""
        axes: list[Any] = [None] * len(self.tensors)
        if dynamic_shapes is not None:
            axes = self._in_order(dynamic_shapes)
        for i, name in enumerate(input_names or ()):
            if i >= len(self.names):
                raise ArgumentError(f"export: {len(list(input_names or ()))} input_names for {len(self.names)} inputs")
            self.names[i] = name
        for i, name in enumerate(self.names):
            axes[i] = (dynamic_axes or {}).get(name, axes[i])
            given = axes[i] if isinstance(axes[i], Mapping) else dict.fromkeys(axes[i] or ())
            for d, symbol in given.items():
                n = self.tensors[i].ndim
                if not -n <= d < n:
                    raise ArgumentError(f"export: axis {d} of {name!r} cannot be dynamic: it is {describe(self.tensors[i])}")
                if isinstance(symbol, int):          # dynamic_shapes may fix a size
                    continue
                text = symbol if isinstance(symbol, str) else getattr(symbol, "__name__", None)
                self.axes[i][d % n] = text if text not in (None, "_DimHint") else f"{name}_dynamic_axes_{d % n}"
        sizes: dict[str, int] = {}
        for t, free in zip(self.tensors, self.axes):
            for d, symbol in free.items():
                if sizes.setdefault(symbol, t.shape[d]) != t.shape[d]:
                    raise ArgumentError(f"export: the dynamic axis {symbol!r} has size {sizes[symbol]} in one input and {t.shape[d]} in "
                                        "another")
        self.sizes = sizes

    def _in_order(self, shapes: Any) -> list[Any]:
        """dynamic_shapes, by parameter or by position, for each tensor."""
        if isinstance(shapes, Mapping):
            shapes = [shapes.get(name) for name, _ in self._given()]
        found: list[Any] = []
        for (_, given), free in zip(self._given(), shapes):
            count = len(tensors_of(given))
            nested = isinstance(free, (list, tuple)) and not isinstance(given, Tensor)
            found += list(free) if nested else [dict(enumerate(free)) if isinstance(free, (list, tuple)) else free] * count
        found = [{d: s for d, s in f.items() if s is not None} if isinstance(f, Mapping) else f for f in found]
        return [*found, *[None] * (len(self.tensors) - len(found))]

    def variants(self) -> Iterator[tuple[tuple[list[Tensor], Any], dict[str, int]]]:
        """The inputs of each run with the sizes of the free axes: as given, one axis longer at a time, all longer with other values."""
        yield self._variant(self.sizes, False), self.sizes
        for symbol in self.sizes:
            sizes = {**self.sizes, symbol: self.sizes[symbol] + 1}
            yield self._variant(sizes, False), sizes
        sizes = {symbol: n + 2 + i for i, (symbol, n) in enumerate(self.sizes.items())}
        yield self._variant(sizes, True), sizes

    def _variant(self, sizes: dict[str, int], other: bool) -> tuple[list[Tensor], Any]:
        made = []
        for t, free in zip(self.tensors, self.axes):
            array = t.array.copy()
            for d, symbol in free.items():
                xp = backend_of(array).xp
                array = array.take(xp.arange(sizes[symbol]) % max(array.shape[d], 1), axis=d)
            made.append(wrap(array.reshape(-1)[::-1].reshape(array.shape).copy() if other else array))
            if other and array.dtype.kind == "f":
                made[-1].array *= array.dtype.type(0.75)
        feed = iter(made)
        return made, (_rebuilt(list(self.args), feed), _rebuilt(self.kwargs, feed))


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{i}" for i in range(count)]


def _rebuilt(value: Any, feed: Iterator[Tensor]) -> Any:
    """The same structure with other tensors."""
    if isinstance(value, Tensor):
        return next(feed)
    if isinstance(value, dict):
        return {key: _rebuilt(v, feed) for key, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_rebuilt(v, feed) for v in value])
    if isinstance(value, (list, tuple)):
        return type(value)([_rebuilt(v, feed) for v in value])
    return value
