"""From the nodes of a graph to a picture of it: one walk, without recursion."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._tensor import Tensor
from ..engine.inplace import node_of
from ..engine.mode import BackwardScope, Scope
from ..engine.node import OURS, Leaf, Node, Pick
from ..errors import ArgumentTypeError, GraphError, describe
from ..nn.parameter import Parameter
from . import details
from .gradients import norm, norms_of, run_backward
from .lines import decoded, place_of
from .model import GRADIENT, Arrow, Box, Cluster, Graph, largest, shape_text


def graph_of(roots: Tensor | Iterable[Tensor], names: Mapping[str, Tensor] | None = None, gradients: bool = False) -> Graph:
    """The picture of all that led to `roots`. names: of leaves, as in `dict(model.named_parameters())`; those of a model's
    parameters are found without. gradients: run a backward pass to see them.

    Raises GraphError for a root without a graph, or, with gradients, for a graph that has freed what it kept.
    """
    tensors = [roots] if isinstance(roots, Tensor) else list(roots)
    starts = []
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ArgumentTypeError(f"draw_graph: draws from Tensors or a Module; got {describe(t)}")
        node = node_of(t)
        if node is None:
            raise GraphError(f"draw_graph: this tensor, {describe(t)}, has no graph; it came from no tensor with requires_grad=True, "
                             "or was made under no_grad()")
        starts.append(node)
    walk = Walk(starts, names or {}, tensors if gradients else ())
    for i, node in enumerate(starts):
        walk.add_output(f"out{i}", node)
    return walk.finish()


def reached(starts: Iterable[Node]) -> list[Node]:
    """All nodes below some, the small ones of several outputs left out, in the order in which they were made."""
    stack = list({solid(n): None for n in starts})
    seen = set(stack)
    while stack:
        for parent in stack.pop().inputs():
            if parent is not None and (p := solid(parent)) not in seen:
                seen.add(p)
                stack.append(p)
    return sorted(seen, key=lambda n: n.time)


def solid(node: Node) -> Node:
    """The op behind one of its outputs."""
    found: Any = node.parents[0] if type(node) is Pick else node
    return found


class Walk:
    """Turns nodes into boxes; `graph` is what has been made so far.

    names: of parameters. inputs: of other leaves. through: tensors to run a backward pass from.
    """

    def __init__(self, starts: Iterable[Node], names: Mapping[str, Tensor], through: Sequence[Tensor] = (),
                 inputs: Mapping[str, Tensor] | None = None, around: Scope | None = None) -> None:
        self.graph = Graph()
        self.nodes = reached(starts)
        self.norms = run_backward(through, self.nodes) if through else None    # of leaves, where a pass was run for the picture
        self.ids = {node: f"n{i}" for i, node in enumerate(self.nodes)}
        self.order = {node: i for i, node in enumerate(self.nodes)}
        self.names: dict[Node, str] = {node: name for name, t in names.items() if (node := node_of(t)) is not None}
        self.inputs = {node: name for name, t in (inputs or {}).items() if (node := node_of(t)) is not None}
        self.memory = details.Memory()
        self.scopes = Scopes(self.graph)
        self.around = self.scopes.key(around)        # a module call that is of interest though no op may have run in it
        self.users: dict[Leaf, tuple[Node, str]] = {}          # of a leaf: the first op that uses it, and as what
        self.homes: dict[Leaf, str] = {}                       # of a leaf: the innermost cluster around all its users
        for node in self.nodes:
            if isinstance(node, Leaf):
                self.memory.leaf(node)
        for node in self.nodes:
            if not isinstance(node, Leaf):
                self.add_op(node)
        self.models = self.scopes.models()
        self.name_parameters()
        self.trained = self.norms is not None or any(isinstance(n, Leaf) and getattr(n.tensor(), "_grad", None) is not None
                                                     for n in self.nodes)
        for node in self.nodes:
            if isinstance(node, Leaf):
                self.add_leaf(node)

    def add_op(self, node: Node) -> None:
        """The box of an op, with arrows from its inputs."""
        key, scope = self.ids[node], self.scopes.key(node.scope)
        shape, dtype, nbytes = details.output(node)
        kept, keeps = self.memory.kept(node)
        line, code = place_of(node)
        options = details.options(node)
        if isinstance(node.scope, BackwardScope):
            options = (f"in the gradient of {node.scope.op}", *options)
        path = node.scope.path if node.scope is not None else ""
        kind = "function" if details.is_function(node) else "op"
        self.graph.boxes[key] = Box(key, kind, details.title(node), scope, (self.order[node], 1), details.family(node), options,
                                    shape, dtype, nbytes, kept, keeps, path, line=line, code=code)
        norms, arrows = norms_of(node), []
        for place, name, parent, rule in details.parents(node):
            below = solid(parent)
            label = shape_text(parent.shape) if type(parent) is Pick else ""
            arrows.append(Arrow(self.ids[below], key, name, place, label, norms.get(rule)))
            if isinstance(below, Leaf):
                self.users.setdefault(below, (node, name))
                if below not in self.homes:
                    self.homes[below] = scope
                elif not isinstance(node.scope, BackwardScope):      # later users in a backward pass do not move it
                    self.homes[below] = self.scopes.around(self.homes[below], scope)
        for operand in details.constants(node):
            box = f"{key}_{operand.place[0]}_{operand.place[1]}"
            self.graph.boxes[box] = Box(box, "constant", operand.name, scope, (self.order[node], 0), shape=shape_text(operand.shape),
                                        dtype=operand.dtype)
            arrows.append(Arrow(box, key, operand.name, operand.place))
        self.graph.arrows += sorted(arrows, key=lambda a: a.place)

    def name_parameters(self) -> None:
        """Names of parameters by the modules that ran; those of no module, by what an op calls them."""
        for prefix, module in self.models:
            for name, p in module.named_parameters():
                if (node := node_of(p)) is not None:
                    self.names.setdefault(node, f"{prefix}{name}")

    def add_leaf(self, leaf: Leaf) -> None:
        """The box of a parameter or of an input that requires grad, just before its first user."""
        key, t = self.ids[leaf], leaf.tensor()
        user, operand = self.users.get(leaf, (leaf, ""))
        name = self.names.get(leaf, "")
        home = self.homes.get(leaf, "")
        kind = "parameter" if name or isinstance(t, Parameter) or t is None and home else "input"     # None: its model is gone, too
        if kind == "input":
            home = ""                                # it comes from outside
        title = name or self.inputs.get(leaf, "") or (operand if kind == "parameter" else "leaf")
        box = Box(key, kind, title, home, (self.order[user], 0 if kind == "parameter" else -1),
                  shape=shape_text(leaf.shape), dtype=str(leaf.dtype), nbytes=details.size_of(leaf.shape, leaf.dtype), path=name)
        if kind == "parameter":
            box.parameters = box.nbytes // leaf.dtype.itemsize
        self.add_gradient(box, leaf)
        self.graph.boxes[key] = box

    def add_gradient(self, box: Box, leaf: Leaf) -> None:
        """The norm of a leaf's gradient, or that there is none though others have one."""
        grad = getattr(leaf.tensor(), "_grad", None)
        if self.norms is not None:
            box.gradient = self.norms.get(leaf)
        elif grad is not None:
            box.gradient = norm(grad.array)
        if self.trained and box.gradient is None:
            box.flag = "no gradient"

    def add_output(self, key: str, node: Node, title: str = "output") -> None:
        """The box of a root."""
        dtype = node.dtype if not node.op or not node.op.several or type(node) is Pick else node.dtype[0]
        self.graph.boxes[key] = Box(key, "output", title, "", (len(self.nodes), 0), shape=shape_text(node.shape), dtype=str(dtype))
        self.graph.arrows.append(Arrow(self.ids[solid(node)], key))

    def forget_gradients(self) -> None:
        """Drop what is known of gradients."""
        self.trained = False
        for box in self.graph.boxes.values():
            box.gradient, box.flag = None, ""

    def finish(self) -> Graph:
        """The picture, with marks for what backward did: parameters of the models that are not in the graph, NaN."""
        self.graph.kept = sum([b.kept or 0 for b in self.graph.boxes.values()])
        if self.trained:
            self.add_unused()
        incoming: dict[str, float | None] = {}
        for arrow in self.graph.arrows:
            incoming[arrow.source] = largest(incoming.get(arrow.source), arrow.gradient)
        for box in self.graph.boxes.values():
            if box.gradient is None:
                box.gradient = incoming.get(box.id)
            if box.gradient is not None and not is_finite(box.gradient):
                box.flag = "not finite"
        return self.graph

    def add_unused(self) -> None:
        """Parameters of the models that ran which the roots do not depend on: backward gave them nothing."""
        count, known = 0, set(self.nodes)
        for prefix, module in self.models:
            for name, p in module.named_parameters():
                node = node_of(p)
                if node is not None and node not in known and p._grad is None:
                    known.add(node)
                    key = f"unused{count}"
                    count += 1
                    self.graph.boxes[key] = Box(key, "parameter", f"{prefix}{name}", self.scopes.of_module(f"{prefix}{name}"),
                                                (len(self.nodes), 1), shape=shape_text(node.shape), dtype=str(node.dtype),
                                                nbytes=details.size_of(node.shape, node.dtype), path=f"{prefix}{name}", flag="no gradient",
                                                note="not in this graph", parameters=p.numel())


class Scopes:
    """Clusters for module calls: one each, in the order in which they come up."""

    def __init__(self, graph: Graph) -> None:
        self.clusters = graph.clusters
        self.keys: dict[tuple[str, Scope | str], str] = {}
        self.calls: dict[tuple[str, str], int] = {}
        self.found: dict[Scope, str] = {}
        self.roots: dict[int, tuple[str, Any]] = {}            # outermost modules by id: the prefix of their names, and they

    def key(self, scope: Scope | None) -> str:
        """The cluster of a module call, made with those around it; what `create_graph` recorded stands apart."""
        if scope is None:
            return ""
        if scope in self.found:
            return self.found[scope]
        chain: list[Scope | str] = []
        step: Scope | None = scope
        backward = 0
        while step is not None:
            if isinstance(step, BackwardScope):
                backward += 1
            else:
                chain.append(step)
            step = step.parent
        if backward:
            chain.append("gradient" if backward == 1 else f"gradient {backward}")
        key = ""
        for entry in reversed(chain):
            outer, key = key, self.keys.get((key, entry), "")
            if not key:
                key = self.keys[outer, entry] = self.make(outer, entry)
        self.found[scope] = key
        return key

    def make(self, outer: str, entry: Scope | str) -> str:
        """A new cluster inside another."""
        key = f"c{len(self.clusters)}"
        if isinstance(entry, str):
            self.clusters[key] = Cluster(key, entry, GRADIENT, outer)
            return key
        around = self.clusters[outer].path if outer else ""
        name = entry.path.removeprefix(around + ".") if around else entry.path
        module = entry.module()
        detail = module.extra_repr().partition("\n")[0] if module is not None else ""
        call = self.calls[outer, entry.path] = self.calls.get((outer, entry.path), 0) + 1
        line = "" if OURS[entry.code.co_filename] else decoded(entry.code, entry.lasti)[0]
        name = name if call == 1 or not name else f"{name} (call {call})"
        self.clusters[key] = Cluster(key, name, entry.kind, outer, entry.path, detail, line)
        if module is not None and entry.parent is None:
            self.roots.setdefault(id(module), (f"{entry.path}." if entry.path else "", module))
        return key

    def models(self) -> list[tuple[str, Any]]:
        """The outermost modules that ran and are still there, each with the prefix of its parameters' names."""
        return list(self.roots.values())

    def of_module(self, name: str) -> str:
        """The cluster of the module that a parameter belongs to, or of the nearest one around it that ran."""
        best, longest = "", -1
        for key, cluster in self.clusters.items():
            inside = cluster.kind != GRADIENT and (not cluster.path or name.startswith(cluster.path + "."))
            if inside and len(cluster.path) > longest:
                best, longest = key, len(cluster.path)
        return best

    def around(self, a: str, b: str) -> str:
        """The innermost cluster that holds both."""
        above = {""}
        while a:
            above.add(a)
            a = self.clusters[a].parent
        while b not in above:
            b = self.clusters[b].parent
        return b


def is_finite(x: float) -> bool:
    return x - x == 0
