"""Gradients where tensors are batched: the bridge between `vmap` and the engine.

What batched tensors hold has an ordinary graph. As samples are independent, one backward pass over it gives the gradient of
each sample, if every input has its own copy per sample (`fresh`). Seeds that are batched although the graph is not,
as for a Jacobian, run through the rules as tensors, so that each op in a rule takes its batching rule.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._tensor import Tensor
from ..creation import zeros
from ..engine.backward import as_list, leaf_of
from ..engine.inplace import node_of
from ..engine.node import Leaf, Node, TensorBase, wrap
from ..engine.run import run
from ..errors import ArgumentTypeError, DtypeError, GraphError, describe
from ..ops.axes import permute
from ..ops.cast import cast
from ..ops.shape import view
from .level import Level, active, bare, clothe, spread
from .mapping import vmap


def fresh(x: Tensor, track: bool) -> Tensor:
    """x as an input to differentiate by: with a node of its own, and with a copy for each sample of the vmaps around.

    track: gradients shall lead back to where x came from.
    """
    if x.array.dtype.kind not in "fc":
        raise DtypeError(f"func: only Tensors of floating point and complex dtype can require gradients; got {describe(x)}; convert it "
                         "with .float(), or leave it out of argnums")
    inside, levels = bare(spread(x, active()))
    if track and node_of(inside) is not None:
        return clothe(view(inside, inside.array.shape), levels)
    return clothe(inside.detach().requires_grad_(), levels)


def leads_elsewhere(outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """True if the outputs depend on something that requires grad besides fresh inputs that begin here."""
    own = {node_of(x) for x in inputs}
    if any(not isinstance(node, Leaf) for node in own):
        return True
    stack: list[Node] = [node for node in map(node_of, outputs) if node is not None]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf) and node not in own:
            return True
        for parent in node.inputs():
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return False


def gradients(outputs: Sequence[Tensor], inputs: Sequence[Tensor], seeds: Sequence[Tensor], create_graph: bool,
              retain_graph: bool = True) -> list[Any]:
    """The gradients of outputs, weighted by seeds, for inputs; None where there is none. Any of them may be batched."""
    roots: list[Node] = []
    starts: list[Any] = []
    on_tensors = False
    for out, s in zip(outputs, seeds):
        node = node_of(out)
        if node is None:
            continue
        g, more = to_graph(out, s)
        on_tensors = on_tensors or more
        roots.append(node)
        starts.append(g)
    if not roots:
        return [None] * len(inputs)
    nodes = [leaf_of(x) for x in inputs]
    found = run(roots, starts if create_graph or on_tensors else [g.array for g in starts], create_graph=create_graph,
                retain_graph=retain_graph or create_graph, inputs=nodes, on_tensors=on_tensors)
    return [None if found[node] is None else from_graph(x, found[node]) for x, node in zip(inputs, nodes)]


def to_graph(out: Tensor, s: Tensor) -> tuple[Tensor, bool]:
    """A seed as the graph of `out` wants it: levels of `out` are ordinary dimensions there, others stay. And whether there are others."""
    own = bare(out)[1]
    inside, levels = bare(spread(s, own))
    other = [level for level in levels if level not in own]
    if inside.array.dtype != out.array.dtype:
        inside = cast(inside, out.array.dtype)
    return clothe(arranged(inside, levels, [*other, *own]), other), bool(other)


def from_graph(x: Tensor, g: Any) -> Tensor:
    """A gradient that arrived at x's node, with x's levels again."""
    own = bare(x)[1]
    inside, other = bare(g if isinstance(g, TensorBase) else wrap(g))
    if inside.array.dtype != x.array.dtype:
        inside = cast(inside, x.array.dtype)
    levels = sorted([*own, *other], key=lambda level: level.depth)
    return clothe(arranged(inside, [*other, *own], levels), levels)


def arranged(t: Tensor, now: list[Level], then: list[Level]) -> Tensor:
    """A tensor whose first dimensions belong to levels, with those in another order."""
    if now == then:
        return t
    n = len(now)
    return permute(t, (*[now.index(level) for level in then], *range(n, t.array.ndim)))


def batched_grads(outputs: Sequence[Tensor], inputs: Sequence[Tensor], seeds: Sequence[Tensor], create_graph: bool) -> list[Any]:
    """`gradients` for seeds with a leading dimension each, which the gradients get too."""
    for t in outputs:
        if node_of(t) is None:
            raise GraphError(f"grad: an output does not require grad and does not have a grad_fn; got {describe(t)}")
    present: list[int] = []

    def one(*seed: Tensor) -> tuple[Tensor, ...]:
        found = gradients(outputs, inputs, seed, create_graph)
        present[:] = [i for i, g in enumerate(found) if g is not None]
        return tuple([found[i] for i in present])
    results = vmap(one)(*seeds)
    every: list[Any] = [None] * len(inputs)
    for i, g in zip(present, results):
        every[i] = g
    return every


def grads_of_seeds(outputs: Any, inputs: Any, seeds: Any, retain_graph: bool | None, create_graph: bool, allow_unused: bool | None,
                   materialize: bool) -> tuple[Any, ...]:
    """`autograd.grad` with is_grads_batched."""
    roots, targets, given = as_list(outputs), as_list(inputs), as_list(seeds)
    if any(not isinstance(s, TensorBase) for s in given) or len(given) != len(roots):
        raise ArgumentTypeError("grad: is_grads_batched wants grad_outputs, one tensor per output with a leading dimension more")
    found = batched_grads(roots, targets, given, create_graph)
    results = []
    for x, g in zip(targets, found):
        if g is None and materialize:
            g = zeros(tuple(x.shape), dtype=x.dtype, device=x.device)
        elif g is None and not allow_unused:
            raise GraphError(f"grad: one of the differentiated tensors appears to not have been used in the graph: {describe(x)}; "
                             "set allow_unused=True if this is the desired behavior")
        results.append(g)
    return tuple(results)
