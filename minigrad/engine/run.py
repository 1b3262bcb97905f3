"""The backward pass: pop the youngest node, call its rules, add up what reaches its parents.

Nodes are popped by creation number from a heap, so there is no recursion and a graph of a million ops is no
problem. An ordinary pass runs the rules on plain arrays; with `create_graph` it runs the same rules on tensors.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from inspect import signature
from sys import getrefcount
from typing import Any, NamedTuple

import numpy as np

from ..backend import backend_of, is_array
from ..errors import GraphError
from . import inplace
from .hooks import run_after_hooks, run_hooks
from .inplace import check_unchanged
from .mode import BackwardScope, RuleWatch, local
from .node import Leaf, Node, Pick, TensorBase, new, tick, wrap
from .saving import opened

ndarray = np.ndarray


def run(roots: Sequence[Node], seeds: Sequence[Any], *, create_graph: bool = False, retain_graph: bool = False,
        inputs: Iterable[Node] | None = None, accumulate_inputs: bool = False, on_tensors: bool = False) -> dict[Node, Any]:
    """Run backward from `roots` with the gradients `seeds` (arrays; tensors under create_graph).

    Without `inputs`, leaves collect into `.grad`. With `inputs`, only paths to those nodes run, and the gradients
    that reached them are returned (None where none did) or, with `accumulate_inputs`, collected by the leaves among them.
    on_tensors: the seeds are tensors and rules run on them also without `create_graph`.
    """
    mode = local.mode
    before = mode.recording, mode.arrays, mode.watch, mode.scope, mode.running
    mode.recording, mode.arrays = create_graph, True
    if not create_graph and not on_tensors:
        mode.watch = None
    wanted = None if inputs is None else dict.fromkeys(inputs)
    todo = Pass(roots, seeds, create_graph or on_tensors, retain_graph or create_graph, wanted, accumulate_inputs, mode.rules)
    mode.running = tick(), todo
    try:
        return _run(*todo) if mode.anomaly is None else mode.anomaly.run(_run, todo)
    finally:
        mode.recording, mode.arrays, mode.watch, mode.scope, mode.running = before


class Pass(NamedTuple):
    """What a backward pass is to do.

    create: rules run on tensors. retain: nodes keep what they saved. wanted: the nodes whose gradients are asked for, None for all
    leaves. rules: what stands around every rule (`mode.rules`), or None.
    """
    roots: Sequence[Node]
    seeds: Sequence[Any]
    create: bool
    retain: bool
    wanted: dict[Node, Any] | None
    accumulate_inputs: bool
    rules: RuleWatch | None


def _run(roots: Sequence[Node], seeds: Sequence[Any], create: bool, retain: bool, wanted: dict[Node, Any] | None,
         accumulate_inputs: bool, rules: RuleWatch | None) -> dict[Node, Any]:
    pending: dict[Node, Any] = {}                    # gradients that wait; for an op of several outputs, a list of them
    heap: list[tuple[int, Node]] = []
    needed = leading_to(roots, wanted) if wanted is not None else None
    if wanted is None:
        wanted = {}
    mode = local.mode
    for root, g in zip(roots, seeds):
        add(pending, heap, root, g)
    node: Any = None
    i = -1                                           # which input's gradient is in the making
    try:
        while heap:
            node = heappop(heap)[1]
            if needed is not None and node not in needed and node not in wanted:
                del pending[node]                    # a by-path of a rule that was asked: its hooks do not run
                continue
            if node.op is None:                      # a leaf
                if needed is None or accumulate_inputs and node in wanted:
                    accumulate(node, pending, create)
                    continue
                g = pending.pop(node)
                if node.hooks is not None:
                    g = run_hooks(node, g)
                wanted[node] = g
                continue
            g = pending.pop(node)
            if node.hooks is not None:
                g = run_hooks(node, g)
            if needed is not None:
                if node in wanted:
                    wanted[node] = g
                if node not in needed:
                    continue
            if type(node) is Pick:
                put(pending, heap, node, g)
                continue
            op, saved = node.op, node.saved
            if type(saved) is not tuple:             # freed, or packed
                saved = opened(node)
            if inplace.last_write >= node.time:
                check_unchanged(node)
            if create:
                saved = rebuild(node, saved)
                mode.scope = backward_scope(node)
            if op.several:
                g = fill(node, g, create) if op.fills else tuple(g)
            shapes = node.shapes if op.broadcast else None
            pulls = op.pulls if op.together is None or create or None in node.parents else op.pulls_together()
            i = 0
            for parent in node.parents:
                if parent is not None:
                    pg = pulls[i](g, saved) if rules is None else rules(node, i, pulls[i], g, saved)
                    if type(parent) is tuple:
                        for p, each in zip(parent, pg):
                            if p is not None and each is not None:
                                add(pending, heap, p, each)
                    elif pg is not None:
                        if shapes is not None and pg.shape != shapes[i]:
                            pg = sum_to(pg, shapes[i])
                        waiting = pending.get(parent)
                        if waiting is None:
                            pending[parent] = pg
                            heappush(heap, (-parent.time, parent))
                        else:
                            waiting = None
                            add(pending, heap, parent, pg)
                i += 1
            pg = None
            if (node.cells or op.kept) and not retain:
                node.saved = None                    # values that only this pass needed; shapes and options may stay
            g = saved = None
            i = -1
    except Exception as error:
        if node is not None and node.op is not None and node.where() not in str(error):
            error.add_note(blame(node, i))
        raise
    return wanted


def blame(node: Node, i: int) -> str:
    """What to say of an error that came up while the gradient of a node was worked on."""
    names = getattr(node.op, "names", None)
    name = "" if i < 0 else f" for {names[node.op.inputs[i]]}" if names is not None else f" for input {i}"
    return f"minigrad: in the gradient of {node.op.name}{name}, output {node.dtype} {node.shape}; the op ran at {node.where()}"


def references(holder: dict[Any, Any], key: Any) -> int:
    """How many references there are to a value in a dictionary, as this function sees it."""
    value = holder[key]
    return getrefcount(value)


ALONE = references({0: object()}, 0)                 # what it sees when nobody else holds one


def add(pending: dict[Node, Any], heap: list[tuple[int, Node]], node: Node, g: Any) -> None:
    """Add g to what waits for a node; in place where the waiting buffer is nobody else's."""
    if node not in pending:
        pending[node] = g
        heappush(heap, (-node.time, node))
    elif is_ours_alone(pending, node) and pending[node].dtype == g.dtype:
        pending[node] += g
    else:
        pending[node] = pending[node] + g


def is_ours_alone(pending: dict[Node, Any], node: Node) -> bool:
    """True for an array with memory of its own that only `pending` holds."""
    g = pending[node]
    if type(g) is not ndarray or g.base is not None or not g.flags.writeable:
        return False
    del g
    return references(pending, node) == ALONE


def put(pending: dict[Node, Any], heap: list[tuple[int, Node]], pick: Pick, g: Any) -> None:
    """Hand the gradient of one output to the op that made several."""
    node = pick.parents[0]
    if node not in pending:
        pending[node] = [None] * len(node.shape)
        heappush(heap, (-node.time, node))
    gs = pending[node]
    gs[pick.index] = g if gs[pick.index] is None else gs[pick.index] + g


def fill(node: Node, gs: list[Any], create: bool) -> tuple[Any, ...]:
    """Gradients of all outputs, zeros where none came."""
    like = next(g for g in gs if g is not None)
    xp = backend_of(like.array if create else like).xp
    zeros = [None if g is not None else xp.zeros(s, d) for g, s, d in zip(gs, node.shape, node.dtype)]
    return tuple([g if z is None else wrap(z) if create else z for g, z in zip(gs, zeros)])


def accumulate(leaf: Leaf, pending: dict[Node, Any], create: bool) -> None:
    """Let a leaf collect its gradient, in its dtype; the buffer is given away when nobody else holds it."""
    t: Any = leaf.tensor()
    if t is None:
        del pending[leaf]
        return
    alone = leaf.hooks is None and not create and is_ours_alone(pending, leaf)
    g = pending.pop(leaf)
    if leaf.hooks is not None:
        g = run_hooks(leaf, g)
    if g.shape != leaf.shape:
        raise GraphError(f"backward: a gradient of shape {tuple(g.shape)} reached a leaf of shape {tuple(leaf.shape)}; "
                         "the backward of an autograd.Function returned it")
    if create:
        g = g if g.array.dtype == leaf.dtype else g.to(t.dtype)
        t._grad = g if t._grad is None else t._grad + g
    elif t._grad is not None and t._grad.node is None:
        t._grad.array[...] += g
        inplace.wrote(t._grad.cell)
    else:
        if not is_array(g):
            g = np.asarray(g)                        # a NumPy scalar, from a rule on 0-d arrays
        if g.dtype != leaf.dtype:
            g = g.astype(leaf.dtype)
        elif not alone:
            g = g.copy()
        t._grad = wrap(g) if t._grad is None else t._grad.detach() + wrap(g)
    if leaf.after is not None:
        run_after_hooks(leaf, t)


def leading_to(roots: Iterable[Node], targets: dict[Node, Any]) -> set[Node]:
    """The nodes below `roots` whose rules must run for gradients to reach `targets`."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for parent in stack.pop().inputs():
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    needed: set[Node] = set()
    for node in sorted(seen, key=lambda n: n.time):
        if any(p in needed or p in targets for p in node.inputs() if p is not None):
            needed.add(node)
    return needed


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Reduce a gradient to the shape that broadcasting started from."""
    if isinstance(g, TensorBase):
        return g.sum_to_size(shape)                  # type: ignore[attr-defined]
    lead = g.ndim - len(shape)
    axes = tuple([i for i, n in enumerate(g.shape) if i < lead or (n != 1 and shape[i - lead] == 1)])
    if axes:
        half = g.dtype.char == "e"                   # added up in float32
        g = backend_of(g).xp.add.reduce(g, axes, "f4" if half else None, None, True)
        g = g.astype("e") if half else g
    return g if g.shape == shape else g.reshape(shape)


def gone() -> None:
    """What stands for the module of an op that ran in none."""


def backward_scope(node: Node) -> BackwardScope:
    """What the rules of a node run under: so that what they record knows which op, line and module it is the gradient of."""
    scope: BackwardScope = new(BackwardScope)
    outer = scope.parent = node.scope
    scope.path, scope.cls, scope.module = (outer.path, outer.cls, outer.module) if outer is not None else ("", Node, gone)
    scope.op, scope.code, scope.lasti = node.op.name, node.code or gone.__code__, node.lasti
    return scope


def rebuild(node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """Saved arrays as tensors again, from array and edge; values that depend on inputs are made anew from those."""
    op = node.op
    values = list(saved)
    edge = dict(zip(op.inputs, node.parents))
    for k, (kind, i) in enumerate(op.slots):
        if k >= len(values) or values[k] is None:
            continue
        if kind == "out":
            values[k] = wrap(values[k], node, node.cells[k])
        elif kind == "input" and isinstance(values[k], (list, tuple)):
            several = edge[i] or (None,) * len(values[k])
            values[k] = [wrap(v, p) for v, p in zip(values[k], several)]
        elif kind == "input" and is_array(values[k]):
            values[k] = wrap(values[k], edge[i], node.cells[k])
    for name, remake in op.remake.items():
        k = op.slot_names.index(name) if name in op.slot_names else -1
        if k >= 0 and values[k] is not None:
            values[k] = remake(*[values[op.slot_names.index(p)] for p in signature(remake).parameters])
    return tuple(values)


SAVED = {"self": "x", "result": "out", "other": "y", "weight": "w", "bias": "b", "target": "t"}


def saved_by_name(node: Node, name: str) -> Any:
    """What `node._saved_self` is; by PyTorch's names or those of our rules. Raises AttributeError for what no rule of the op keeps."""
    node = node.parents[0] if isinstance(node, Pick) else node
    short = name.removeprefix("_saved_")
    for known in (short, SAVED.get(short, short)):
        if known in node.op.slot_names:
            k = node.op.slot_names.index(known)
            value = rebuild(node, opened(node))[k]
            if value is not None:
                return wrap(value) if is_array(value) else value
    kept = [f"_saved_{n}" for n, value in zip(node.op.slot_names, node.saved or ()) if value is not None]
    raise AttributeError(f"{node.name()!r} object has no attribute {name!r}; it has {', '.join(kept) or 'saved nothing'}")
