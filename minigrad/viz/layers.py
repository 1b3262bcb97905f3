"""`summary`: the layers of a model, with what each makes, holds, computes and keeps for the backward pass."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import rng
from .._tensor import Tensor
from ..creation import zeros
from ..engine.mode import enable_grad, local, watching
from ..engine.node import Pick, TensorBase
from ..errors import ArgumentTypeError, describe
from ..nn import Module
from ..profiler.averages import bytes_text, grid
from ..profiler.costs import macs

Shape = tuple[int, ...]


@dataclass
class Layer:
    """One module. Everything is its own: what modules inside it do stands in their rows.

    params, trainable: numbers of elements; those of a parameter that an earlier layer has too are in `shared` instead. macs:
    multiply-accumulates of products of matrices. activations: bytes of the results that its ops made. kept: bytes that its part of the
    graph keeps alive until backward, parameters and the model's input not counted.
    """
    path: str
    kind: str
    depth: int
    has_children: bool
    calls: int = 0
    shape: str = ""
    params: int = 0
    trainable: int = 0
    shared: int = 0
    macs: int = 0
    activations: int = 0
    kept: int = 0


@dataclass
class Summary:
    """What `summary` returns; printed it is a table."""
    layers: list[Layer]
    input: str
    parameter_bytes: int = 0
    buffer_bytes: int = 0

    @property
    def total_params(self) -> int:
        """Elements of all parameters, shared ones once."""
        return sum(layer.params for layer in self.layers)

    @property
    def trainable_params(self) -> int:
        """Of these, those that require a gradient."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def frozen_params(self) -> int:
        """And those that do not."""
        return self.total_params - self.trainable_params

    @property
    def total_macs(self) -> int:
        """Multiply-accumulates of one forward pass."""
        return sum(layer.macs for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all results of one forward pass."""
        return sum(layer.activations for layer in self.layers)

    @property
    def kept_bytes(self) -> int:
        """Bytes that are alive between forward and backward because of the graph."""
        return sum(layer.kept for layer in self.layers)

    def __str__(self) -> str:
        rows = [[f"{'  ' * layer.depth}{layer.path.rpartition('.')[2] or '(model)'}: {layer.kind}" + f" ×{layer.calls}" * (layer.calls > 1),
                 layer.shape or "not called", params_text(layer), f"{layer.macs:,}" if layer.macs else "--",
                 *[bytes_text(n) if n else "--" for n in (layer.activations, layer.kept)]] for layer in self.layers]
        text = grid(["Layer", "Output shape", "Params", "MACs", "Activations", "Kept for backward"], rows, left=2)
        return "\n".join([
            f"input {self.input}", text,
            f"parameters   {self.total_params:,}: {self.trainable_params:,} trainable, {self.frozen_params:,} frozen; "
            f"{bytes_text(self.parameter_bytes)}" + (f", and {bytes_text(self.buffer_bytes)} of buffers" if self.buffer_bytes else ""),
            f"MACs         {self.total_macs:,}",
            f"activations  {bytes_text(self.activation_bytes)}; kept for backward {bytes_text(self.kept_bytes)}"])

    __repr__ = __str__


def params_text(layer: Layer) -> str:
    """`20`, `20 (8 frozen)`, `shared 40`: how many parameters a layer has."""
    n, frozen = layer.params, layer.params - layer.trainable
    if layer.shared:
        return f"{n:,} (+{layer.shared:,} shared)" if n else f"shared {layer.shared:,}"
    if frozen:
        return f"{n:,} (frozen)" if frozen == n else f"{n:,} ({frozen:,} frozen)"
    return f"{n:,}" if n else "--"


class _Watcher:
    """Counts what ops do while the model runs, by the path of the module they run in."""

    def __init__(self, layers: dict[str, Layer], known: Sequence[Any]) -> None:
        self.layers, self.inside = layers, False
        self.made = {id(owner): owner for owner in map(owner_of, known)}         # held, so that no id is used again
        self.kept = dict(self.made)

    def watch(self, op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Stands in front of every op; ops inside ops are part of these."""
        if self.inside:
            return call(*args, **kwargs)
        self.inside = True
        try:
            result = call(*args, **kwargs)
        finally:
            self.inside = False
        scope = local.mode.scope
        layer = self.layers.get(scope.path) if scope is not None else None
        if layer is None:
            return result
        outs = list(tensors_of(result))
        layer.macs += macs(op.name, args, [t.array.shape for t in outs])
        for t in outs:
            layer.activations += self.new_bytes(t.array, self.made)
            node = t.node.parents[0] if isinstance(t.node, Pick) else t.node
            for array in arrays_of(node.saved if node is not None else ()):
                layer.kept += self.new_bytes(array, self.kept)
        return result

    @staticmethod
    def new_bytes(array: Any, seen: dict[int, Any]) -> int:
        """The size of the memory that an array lives in, the first time it is met."""
        owner = owner_of(array)
        if id(owner) in seen:
            return 0
        seen[id(owner)] = owner
        return int(owner.nbytes)


def owner_of(array: Any) -> Any:
    """The array that holds the memory."""
    while hasattr(getattr(array, "base", None), "nbytes") and hasattr(array.base, "dtype"):
        array = array.base
    return array


def tensors_of(value: Any) -> Iterator[Any]:
    """The tensors in a result."""
    if isinstance(value, TensorBase):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from tensors_of(v)
    elif isinstance(value, Mapping):
        for v in value.values():
            yield from tensors_of(v)


def arrays_of(value: Any) -> Iterator[Any]:
    """The arrays among what a node saved; a Function keeps them in its context."""
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from arrays_of(v)
    elif hasattr(value, "_saved"):
        for entry in value._saved:
            yield from arrays_of(entry[:1] if entry is not None else ())
    elif hasattr(value, "nbytes") and hasattr(value, "dtype") and hasattr(value, "ndim") and value.ndim:
        yield value


def summary(model: Module, input: Any, *, dtype: Any = None) -> Summary:
    """Run a model once and tell what each of its layers makes, holds, computes and keeps.

    input: a tensor, a tuple of tensors (several arguments), a dict (named arguments), or shapes instead of tensors: `(1, 1, 28, 28)`, or a
    list of such; these become zeros of `dtype`. The model runs as it is set, in training or evaluation mode, and with recording on; its
    buffers and the random stream are put back afterwards. Raises whatever the model raises.

    >>> from minigrad import nn, viz
    >>> print(viz.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (2, 4)))
    input float32 (2, 4)
    -------------------  ------------  ------  ----  -----------  -----------------
    Layer                Output shape  Params  MACs  Activations  Kept for backward
    -------------------  ------------  ------  ----  -----------  -----------------
    (model): Sequential  (2, 3)            --    --           --                 --
      0: Linear          (2, 3)            15    24         24 B                 --
      1: ReLU            (2, 3)            --    --         24 B               24 B
    -------------------  ------------  ------  ----  -----------  -----------------
    parameters   15: 15 trainable, 0 frozen; 60 B
    MACs         24
    activations  48 B; kept for backward 24 B
    """
    if not isinstance(model, Module):
        raise ArgumentTypeError(f"summary: model must be an nn.Module; got {describe(model)}")
    args, kwargs = arguments(input, dtype)
    layers: dict[str, Layer] = {}
    paths = {}
    for path, module in model.named_modules():
        layers[path] = Layer(path, type(module).__name__, path.count(".") + 1 if path else 0, next(module.children(), None) is not None)
        paths[module] = layers[path]
    buffers = [(b, b.detach().clone()) for b in model.buffers() if not hasattr(b, "materialize")]
    stream = rng.default_generator.state_array()

    def note_output(module: Any, args: Any, result: Any) -> None:
        layer = paths[module]
        layer.calls += 1
        layer.shape = ", ".join(str(tuple(t.array.shape)) for t in tensors_of(result)) or type(result).__name__
    handles = [module.register_forward_hook(note_output) for module in paths]
    known = [t.array for t in (*model.parameters(), *model.buffers(), *tensors_of((args, kwargs))) if hasattr(t, "array")]
    watcher = _Watcher(layers, known)
    scope, module = local.mode.scope, local.mode.module
    local.mode.scope = local.mode.module = None      # paths start at this model
    try:
        with enable_grad(), watching(watcher.watch):
            model(*args, **kwargs)
    finally:
        local.mode.scope, local.mode.module = scope, module
        for handle in handles:
            handle.remove()
        for buffer, before in buffers:
            buffer.array[...] = before.array
        rng.default_generator.set_state(stream)
    shown = ", ".join(describe(t).removeprefix("Tensor ") for t in tensors_of((args, kwargs)))
    found = Summary(list(layers.values()), shown, buffer_bytes=sum(b.nbytes for b in model.buffers()))
    count_parameters(paths, found)
    return found


def count_parameters(layers: Mapping[Any, Layer], found: Summary) -> None:
    """Each parameter once, in the first layer that has it."""
    seen: set[int] = set()
    for module, layer in layers.items():
        for parameter in module.parameters(recurse=False):
            n = parameter.numel()
            if id(parameter) in seen:
                layer.shared += n
                continue
            seen.add(id(parameter))
            layer.params += n
            layer.trainable += n * parameter.requires_grad
            found.parameter_bytes += parameter.nbytes


def arguments(input: Any, dtype: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a model is called with."""
    if isinstance(input, Mapping):
        return (), {name: argument(value, dtype) for name, value in input.items()}
    if isinstance(input, (tuple, list)) and not is_shape(input):
        return tuple([argument(value, dtype) for value in input]), {}
    return (argument(input, dtype),), {}


def argument(value: Any, dtype: Any) -> Any:
    """A tensor of zeros for a shape; anything else as it is."""
    return zeros(tuple(value), dtype=dtype) if is_shape(value) else value


def is_shape(value: Any) -> bool:
    """True for a tuple or list of whole numbers."""
    return isinstance(value, (tuple, list)) and not isinstance(value, Tensor) and all(type(n) is int for n in value)
