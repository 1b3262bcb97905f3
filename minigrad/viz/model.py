"""What is drawn: boxes, arrows and module scopes, taken from a graph's nodes.

Ids follow creation order, never memory addresses, so the same program gives the same drawing.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._tensor import Tensor
from ..engine.inplace import node_of
from ..engine.mode import Scope
from ..engine.node import Leaf, Node, Pick
from ..errors import ArgumentTypeError, GraphError, describe


@dataclass
class Box:
    """A thing in the picture: an op, a parameter, a leaf without a name, a constant input, or an output."""
    id: str
    kind: str                                        # "op", "parameter", "leaf", "constant", "output"
    title: str
    details: list[str]
    scope: str = ""                                  # key of the cluster that it stands in; "" for none


@dataclass
class Arrow:
    """From what was made to what used it; of several outputs, with the shape of the one that was used."""
    source: str
    target: str
    label: str = ""


@dataclass
class Cluster:
    """One module call, with the calls inside it."""
    key: str
    title: str
    children: list[Cluster] = field(default_factory=list)


@dataclass
class Model:
    """Everything a writer needs."""
    boxes: list[Box]
    arrows: list[Arrow]
    clusters: list[Cluster]


def shape_text(shape: Iterable[int]) -> str:
    """(2, 3) as `2 x 3`; a 0-d tensor is a scalar."""
    return " × ".join(str(n) for n in shape) or "scalar"


def model_of(roots: Tensor | Iterable[Tensor], params: Mapping[str, Tensor] | None = None) -> Model:
    """The drawing of all that led to `roots`. params: names for leaves, as `dict(model.named_parameters())`.

    Raises GraphError for a root without a graph.
    """
    tensors = [roots] if isinstance(roots, Tensor) else list(roots)
    starts = []
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ArgumentTypeError(f"draw_graph: draws from Tensors; got {describe(t)}")
        node = node_of(t)
        if node is None:
            raise GraphError(f"draw_graph: this tensor, {describe(t)}, has no graph; it came from no tensor with requires_grad=True, "
                             "or was made under no_grad()")
        starts.append(node)
    return _Builder(starts, params or {}).build()


class _Builder:
    def __init__(self, starts: list[Node], params: Mapping[str, Tensor]) -> None:
        self.starts = starts
        self.names = {node: name for name, t in params.items() if (node := node_of(t)) is not None}
        self.nodes = sorted(self.reach(), key=lambda n: n.time)
        self.ids = {node: f"n{i}" for i, node in enumerate(self.nodes)}
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.clusters: dict[str, Cluster] = {}
        self.top: list[Cluster] = []
        self.keys: dict[Scope, str] = {}

    def reach(self) -> set[Node]:
        """All nodes below the roots, the small ones of several outputs left out."""
        stack = [solid(n) for n in self.starts]
        seen = set(stack)
        while stack:
            for parent in stack.pop().inputs():
                if parent is not None and (p := solid(parent)) not in seen:
                    seen.add(p)
                    stack.append(p)
        return seen

    def build(self) -> Model:
        for node in self.nodes:
            if isinstance(node, Leaf):
                continue
            self.boxes.append(Box(self.ids[node], "op", node.op.name, [text for text in [output_text(node), *options(node)] if text],
                                  self.key_of(node.scope)))
            self.inputs_of(node)
        leaves = [n for n in self.nodes if isinstance(n, Leaf)]
        for leaf in leaves:
            name = self.names.get(leaf, "")
            kind = "parameter" if name else "leaf"
            self.boxes.append(Box(self.ids[leaf], kind, name or "leaf", [shape_text(leaf.shape), str(leaf.dtype)],
                                  self.home_of(leaf, name)))
        for i, node in enumerate(self.starts):
            self.boxes.append(Box(f"out{i}", "output", "output", [shape_text(node.shape), str(node.dtype)]))
            self.arrows.append(Arrow(self.ids[solid(node)], f"out{i}"))
        return Model(self.boxes, self.arrows, self.top)

    def inputs_of(self, node: Node) -> None:
        """Arrows into an op; an input that needs no gradient gets a box of its own."""
        target = self.ids[node]
        for position, entry in enumerate(node.parents):
            several = entry if type(entry) is tuple else (entry,)
            for k, parent in enumerate(several):
                if parent is not None:
                    self.arrows.append(Arrow(self.ids[solid(parent)], target, shape_text(parent.shape) if type(parent) is Pick else ""))
                elif (shape := operand_shape(node, position, k)) is not None:
                    box = f"{target}_{position}_{k}"
                    self.boxes.append(Box(box, "constant", operand_name(node, position), [shape_text(shape)], self.key_of(node.scope)))
                    self.arrows.append(Arrow(box, target))

    def key_of(self, scope: Scope | None) -> str:
        """The cluster of a module call, made with those around it."""
        if scope is None:
            return ""
        if scope not in self.keys:
            outer = self.key_of(scope.parent)
            key = f"{outer}/{scope.path}:{scope.kind}"
            self.keys[scope] = key
            if key not in self.clusters:
                name = scope.path.rpartition(".")[2] if outer else scope.path
                cluster = self.clusters[key] = Cluster(key, f"{name}: {scope.kind}" if name else scope.kind)
                (self.clusters[outer].children if outer else self.top).append(cluster)
        return self.keys[scope]

    def home_of(self, leaf: Leaf, name: str) -> str:
        """A parameter stands beside the first op that uses it."""
        if not name:
            return ""
        user = next((n for n in self.nodes if not isinstance(n, Leaf) and any(p is leaf for p in n.inputs())), None)
        return self.key_of(user.scope) if user is not None else ""


def solid(node: Node) -> Node:
    """The op behind one of its outputs."""
    found: Any = node.parents[0] if type(node) is Pick else node
    return found


def output_text(node: Node) -> str:
    """Shape and dtype of what an op made; of several outputs, each shape."""
    if node.op.several:
        return ", ".join(shape_text(s) for s in node.shape[:4]) + (", ..." if len(node.shape) > 4 else "")
    return shape_text(node.shape)


PLAIN = (bool, int, float, str)


def options(node: Node) -> list[str]:
    """Options worth showing: numbers and short tuples of them that are not the default."""
    if not hasattr(node.op, "tensors"):              # an autograd.Function
        return []
    shown = [i for i in range(len(node.op.names)) if i not in node.op.tensors]
    found = []
    for i, value in zip(shown, node.options):
        short = isinstance(value, PLAIN) or (isinstance(value, (tuple, list)) and len(value) <= 4 and all(is_small(v) for v in value))
        if short and value != node.op.defaults[i]:
            found.append(f"{node.op.names[i]}={value}")
    return found


def is_small(value: Any) -> bool:
    return isinstance(value, PLAIN) or (isinstance(value, tuple) and all(isinstance(v, PLAIN) for v in value))


def operand_shape(node: Node, position: int, k: int) -> tuple[int, ...] | None:
    """The shape of an input that is no node; None for a number or an absent one."""
    if not hasattr(node.op, "tensors") or node.shapes is None:
        return node.shape if hasattr(node.op, "tensors") and node.op.is_binary and node.shapes is None else None
    i = position if node.op.broadcast or node.op.is_binary else node.op.tensors.index(node.op.inputs[position])
    if i >= len(node.shapes):
        return None
    shape = node.shapes[i]
    if node.op.inputs[position] in node.op.sequences:
        shape = shape[k]
    return shape if shape != () else None


def operand_name(node: Node, position: int) -> str:
    """The op's own name for an input."""
    return str(node.op.names[node.op.inputs[position]])
