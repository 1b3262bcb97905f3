"""Gradients of a backward pass, as norms: one for each arrow of the picture."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from .._tensor import Tensor
from ..backend import backend_of
from ..engine.backward import root_of
from ..engine.mode import RuleWatch, around_rules, local
from ..engine.node import Leaf, Node, TensorBase
from ..engine.run import run, sum_to
from ..errors import GraphError

# node -> {(rule, element of a sequence): norm of the gradient that the rule made}
_recorded: WeakKeyDictionary[Node, dict[tuple[int, int], float]] = WeakKeyDictionary()


def norm(array: Any) -> float:
    """The Euclidean norm of an array, in float64 lest it overflow; NaN or Inf where one is in it."""
    xp = backend_of(array).xp
    if array.dtype.kind != "c":
        array = array.astype("float64", copy=False)
    flat = array.reshape(-1)
    return float(xp.sqrt(xp.vdot(flat, flat).real))


def norms_of(node: Node) -> dict[tuple[int, int], float]:
    """What was recorded for the inputs of a node."""
    return _recorded.get(node, {})


def _keep(node: Node, i: int, gradient: Any) -> None:
    """Note the norm of what a rule made for input i; of a sequence, of each element."""
    if gradient is None:
        return
    norms = _recorded.setdefault(node, {})
    if isinstance(gradient, (list, tuple)):
        for k, g in enumerate(gradient):
            if g is not None:
                norms[i, k] = norm(g.array if isinstance(g, TensorBase) else g)
        return
    array = gradient.array if isinstance(gradient, TensorBase) else gradient
    if node.op.broadcast and node.shapes is not None and array.shape != node.shapes[i]:
        array = sum_to(array, node.shapes[i])
    norms[i, 0] = norm(array)


def _watch(node: Node, i: int, pull: Callable[..., Any], g: Any, saved: tuple[Any, ...]) -> Any:
    gradient = pull(g, saved)
    _keep(node, i, gradient)
    return gradient


class record_gradients:
    """Backward passes of the block leave the norm of each gradient for the picture; a pass over all of it costs some time.

    >>> import minigrad
    >>> from minigrad import viz
    >>> w = minigrad.ones(3, requires_grad=True)
    >>> loss = (w * 2).sum()
    >>> with viz.record_gradients():
    ...     loss.backward()
    >>> [round(arrow.gradient, 3) for arrow in viz.draw_graph(loss).graph.arrows if arrow.gradient]
    [3.464, 1.732]
    """

    def __init__(self) -> None:
        self._before: list[RuleWatch | None] = []

    def __enter__(self) -> record_gradients:
        self._before.append(local.mode.rules)
        local.mode.rules = around_rules(_watch, local.mode.rules)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        local.mode.rules = self._before.pop()


def run_backward(roots: Sequence[Tensor], nodes: Sequence[Node]) -> dict[Node, float]:
    """A backward pass for the picture alone: it keeps the graph and touches no `.grad`. Returns the norms at the leaves.

    Raises GraphError where the graph's buffers are freed already.
    """
    leaves = [n for n in nodes if isinstance(n, Leaf)]
    seeds = [backend_of(t.array).xp.ones(t.array.shape, t.array.dtype) for t in roots]
    if any(n.op is not None and n.saved is None for n in nodes):
        raise GraphError("draw_graph: gradients=True runs a backward pass for the picture, but this graph has freed what it kept; draw it "
                         "before backward(), or run backward() inside viz.record_gradients()")
    with record_gradients():
        found = run([root_of(t) for t in roots], seeds, retain_graph=True, inputs=leaves)
    return {leaf: norm(g) for leaf, g in found.items() if g is not None}
