"""einops on our tensors: rearrange, reduce, repeat, einsum, pack, unpack, and layers in `einops.layers.minigrad`.

einops finds the subclasses of its AbstractBackend. Ours is made when a program imports einops, before or after minigrad: a finder
waits for that one import, and for nothing else.
"""
from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

BACKENDS = "einops._backends"
LAYERS = "einops.layers.minigrad"


class Finder:
    """Knows where `einops.layers.minigrad` is, and looks on when einops reads its own list of frameworks."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == LAYERS:
            from importlib.util import spec_from_file_location
            return spec_from_file_location(LAYERS, __file__.replace("_einops.py", "_einops_layers.py"))
        if name != BACKENDS:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = AndThen(spec.loader)       # type: ignore[assignment]
        return spec


class AndThen:
    """A loader that does what another does, and then adds our backend."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        add_backend(module)


def attend() -> None:
    """Let einops know our tensors: at once if it is there already, else as soon as it is imported."""
    sys.meta_path.insert(0, Finder())
    if BACKENDS in sys.modules:
        add_backend(sys.modules[BACKENDS])


def add_backend(backends: Any) -> None:
    """Make the subclass that einops finds when it meets the first of our tensors; kept there, as a list of subclasses is a weak one."""
    backends.MinigradBackend = type("MinigradBackend", (Backend, backends.AbstractBackend), {})


class Backend:
    """What einops asks of a framework. A backend is made once; its imports wait until then."""
    framework_name = __name__.partition(".")[0]

    def __init__(self) -> None:
        from ._tensor import Tensor
        from .creation import arange, from_numpy
        from .ops.einsum import einsum
        from .ops.join import cat, stack
        self._tensor, self._cat, self._stack, self._einsum = Tensor, cat, stack, einsum
        self._arange, self._from_numpy = arange, from_numpy

    def is_appropriate_type(self, tensor: Any) -> bool:
        return isinstance(tensor, self._tensor)

    def from_numpy(self, x: Any) -> Any:
        made = self._from_numpy(x)
        return made.requires_grad_() if made.is_floating_point() else made

    def to_numpy(self, x: Any) -> Any:
        return x.numpy(force=True)

    def arange(self, start: int, stop: int) -> Any:
        return self._arange(start, stop)

    def transpose(self, x: Any, axes: Sequence[int]) -> Any:
        return x.permute(axes)

    def reduce(self, x: Any, operation: str, axes: Sequence[int]) -> Any:
        if operation != "prod":
            return getattr(x, {"min": "amin", "max": "amax"}.get(operation, operation))(dim=tuple(axes))
        for axis in sorted(axes, reverse=True):      # prod takes one dimension
            x = x.prod(dim=axis)
        return x

    def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
        return self._stack(tensors)

    def add_axis(self, x: Any, new_position: int) -> Any:
        return x.unsqueeze(new_position)

    def add_axes(self, x: Any, n_axes: int, pos2len: dict[int, int]) -> Any:
        """New axes of some lengths: a view."""
        for position in pos2len:
            x = x.unsqueeze(position)
        return x.expand([pos2len.get(i, -1) for i in range(n_axes)])

    def tile(self, x: Any, repeats: Sequence[int]) -> Any:
        return x.repeat(*repeats)

    def concat(self, tensors: Sequence[Any], axis: int) -> Any:
        return self._cat(tensors, axis)

    def is_float_type(self, x: Any) -> bool:
        return bool(x.is_floating_point() or x.is_complex())

    def einsum(self, pattern: str, *x: Any) -> Any:
        return self._einsum(pattern, *x)

    def layers(self) -> Any:
        from importlib import import_module
        return import_module(LAYERS)
