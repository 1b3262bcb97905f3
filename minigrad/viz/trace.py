"""The picture of a model before anything was run: it is called once, and left as it was."""
from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..creation import tensor
from ..engine.backward import root_of
from ..engine.inplace import node_of
from ..engine.mode import enable_grad
from ..errors import ArgumentTypeError, GraphError, describe
from ..nn.module import Module
from ..random import get_rng_state, set_rng_state
from .model import Graph
from .walk import Walk


def graph_of(model: Module, inputs: Any, names: Mapping[str, Tensor] | None = None, gradients: bool = False) -> Graph:
    """Call the model and draw what it did. Everything of floats is recorded, frozen parameters and inputs too; buffers, the random
    stream and `requires_grad` are afterwards what they were.

    inputs: a Tensor, a shape (filled with normal numbers), a tuple or list of these, or a dict of them by argument name.
    Raises ArgumentTypeError for anything else; GraphError for a model whose outputs depend on no float.
    """
    with unchanged(model) as frozen, enable_grad():
        args, kwargs = arguments(model, inputs)
        named = dict(zip(argument_names(model, len(args)), args)) | kwargs
        output = model(*args, **kwargs)
        outputs = [(name, t) for name, t in tensors_in(output) if node_of(t) is not None]
        if not outputs:
            raise GraphError(f"draw_graph: {type(model).__name__} returned {describe(output)}, which depends on no tensor of floats: "
                             "there is nothing to draw")
        leaves = {name: t for name, t in named.items() if isinstance(t, Tensor)}
        nodes = [root_of(t) for _, t in outputs]
        walk = Walk(nodes, names or {}, [t for _, t in outputs] if gradients else (), leaves)
        for i, ((name, _), node) in enumerate(zip(outputs, nodes)):
            walk.add_output(f"out{i}", node, name)
        if not gradients:                            # a `.grad` from another run says nothing of this one
            walk.forget_gradients()
        for p in frozen:
            leaf = node_of(p)
            if leaf is not None and leaf in walk.ids:
                walk.graph.boxes[walk.ids[leaf]].options = ("frozen",)
        return walk.finish()


@contextmanager
def unchanged(model: Module) -> Iterator[list[Any]]:
    """Let all parameters record; put back what a call changes. Gives the parameters that did not record before."""
    frozen = [p for p in model.parameters() if not p.requires_grad and p.array.dtype.kind in "fc"]
    buffers = [(m, name, b, b.array.copy()) for m in model.modules() for name, b in m._buffers.items() if b is not None]
    state = get_rng_state()
    try:
        for p in frozen:
            p.requires_grad_(True)
        yield frozen
    finally:
        for p in frozen:
            p.requires_grad_(False)
        for module, name, buffer, values in buffers:
            buffer.array[...] = values
            module._buffers[name] = buffer
        set_rng_state(state)


def arguments(model: Module, inputs: Any) -> tuple[list[Any], dict[str, Any]]:
    """What to call the model with."""
    if isinstance(inputs, Mapping):
        return [], {name: made(model, value) for name, value in inputs.items()}
    if inputs is None:
        return [], {}
    if isinstance(inputs, (tuple, list)) and not is_shape(inputs):
        return [made(model, value) for value in inputs], {}
    return [made(model, inputs)], {}


def is_shape(value: Any) -> bool:
    """A tuple or list of ints."""
    return isinstance(value, (tuple, list)) and bool(value) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)


def made(model: Module, value: Any) -> Any:
    """A tensor to call the model with: the values of one, or normal numbers of a shape; floats require grad, so that all is recorded."""
    if isinstance(value, Tensor):
        return value.detach().requires_grad_(True) if value.array.dtype.kind in "fc" else value
    if is_shape(value):
        like = next((p for p in model.parameters() if p.array.dtype.kind == "f"), None)
        numbers = tensor(np.random.default_rng(0).standard_normal(value, np.float32))
        return (numbers if like is None else numbers.to(like.device, like.dtype)).detach().requires_grad_(True)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ArgumentTypeError(f"draw_graph: inputs must be a Tensor, a shape such as (1, 3, 224, 224), or a tuple or dict of these; "
                            f"got {describe(value)}")


def argument_names(model: Module, count: int) -> list[str]:
    """What `forward` calls its first arguments."""
    names = [p.name for p in inspect.signature(model.forward).parameters.values()
             if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*names[:count], *[f"input {i}" for i in range(len(names), count)]]


def tensors_in(value: Any, name: str = "output") -> list[tuple[str, Tensor]]:
    """Every tensor of an output, named by where it is."""
    found: list[tuple[str, Tensor]] = []
    stack = [(name, value)]
    while stack:
        where, v = stack.pop()
        if isinstance(v, Tensor):
            found.append((where, v))
        elif isinstance(v, Mapping):
            stack += [(str(k), inner) for k, inner in reversed(list(v.items()))]
        elif isinstance(v, (tuple, list)):
            fields = getattr(v, "_fields", None) or [f"{where} {i}" for i in range(len(v))]
            stack += list(zip(reversed(fields), reversed(v)))
        elif hasattr(v, "__dict__") and not isinstance(v, type):
            stack += list(reversed(list(vars(v).items())))
    return found
