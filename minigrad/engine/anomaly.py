"""Who made the first NaN or Inf: behind `detect_anomaly` and `debug(3)`.

Watched closely, every result and every gradient is looked at as it is made. Sampled, only the two ends of a backward pass are: its roots
and the gradients of the leaves, where nearly every NaN ends up. Only when one is found there is the graph searched, and the pass run
again with every rule watched. So the cost is next to nothing, and the answer the same.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import isfinite, isnan
from typing import Any

import numpy as np

from ..backend import backend_of, has_values, is_array
from ..errors import NonFiniteError, operand
from .mode import around_rules, in_front, local, without
from .node import Leaf, Node, Pick, TensorBase, quoted_line, user_frame
from .run import Pass, leading_to


def finite(array: Any) -> bool:
    """True for an array without NaN and Inf. One pass that multiplies and adds; a second one only where the sum of squares is no number."""
    if array.dtype.kind not in "fc" or not array.size or not has_values(array):
        return True
    xp = backend_of(array).xp
    if array.dtype.itemsize > 2 and array.flags.c_contiguous:        # float16 has no fast product
        flat = array.reshape(-1)
        if bool(xp.isfinite(xp.dot(flat, flat))):
            return True
    return bool(xp.isfinite(array).all())


def has_nan(array: Any) -> bool:
    """True for an array with a NaN."""
    return array.dtype.kind in "fc" and bool(backend_of(array).xp.isnan(array).any())


def arrays_in(value: Any) -> Iterator[Any]:
    """The arrays of a tensor, of an array, or of a list or tuple of these."""
    if isinstance(value, TensorBase):
        yield value.array
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from arrays_in(v)
    elif is_array(value) or isinstance(value, np.generic):           # rules on 0-d arrays give NumPy scalars
        yield value


def is_bad_number(value: Any, test: Callable[[float], bool]) -> bool:
    """True for a float that a test finds."""
    return isinstance(value, float) and test(value)


class Detector:
    """Stops at the first NaN or Inf.

    check_nan: False looks for nothing. check_inf: also at Inf, unless an operand was infinite already: masks with -inf are no accident.
    sampled: look at the ends of a backward pass only, and search when there is something to be found.
    """

    def __init__(self, check_nan: bool = True, check_inf: bool = True, sampled: bool = False) -> None:
        self.check_nan, self.check_inf, self.sampled = check_nan, check_inf, sampled

    def attach(self) -> None:
        """Take part in what this thread does, in the place of any other detector."""
        mode = local.mode
        if mode.anomaly is not None:
            mode.anomaly.detach()
        mode.anomaly = self
        if self.check_nan and not self.sampled:
            mode.watch = in_front(self.watch, mode.watch)

    def detach(self) -> None:
        """Take no part any more."""
        mode = local.mode
        mode.anomaly = None
        mode.watch = without(self.watch, mode.watch)

    def is_bad(self, array: Any) -> bool:
        """True where there is something to complain of, were it made here."""
        return not finite(array) and (self.check_inf or has_nan(array))

    # ------------------------------------------------------------ forward
    def watch(self, op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Stands in front of every op."""
        result = call(*args, **kwargs)
        if not op.view:                              # the memory behind a view was looked at
            for out in arrays_in(result):
                if self.is_bad(out):
                    self.judge(op, [*zip(op.names, args), *kwargs.items()], out)
        return result

    def judge(self, op: Any, operands: list[tuple[str, Any]], out: Any) -> None:
        """Raise, unless an infinite operand made the result infinite."""
        nan = has_nan(out)
        name = next((name for name, value in operands if not is_clean(value, nan, out)), "")
        if name and not nan:
            return
        cause = f"as its operand {name} does, which came in from outside" if name else "and none of its operands did"
        frame, scope = user_frame(), local.mode.scope
        place = f" in {scope.path}" if scope is not None and scope.path else ""
        raise NonFiniteError(f"{op.name}: the result {operand(out)} holds {share(out, nan)}, {cause}; the op ran at "
                             f"{quoted_line(frame.f_code, frame.f_lasti)}{place}")

    def look_at_root(self, t: Any) -> None:
        """A backward pass is about to start from this tensor."""
        if self.sampled and self.check_nan and self.is_bad(t.array):
            if t.node is not None:
                self.search([t.node])
            where = f"; its last op ran at {t.node.where()}" if t.node is not None else ""
            raise NonFiniteError(f"backward: starts from {operand(t)}, which holds {share(t.array, has_nan(t.array))}; no value that its "
                                 f"graph can tell of does{where}")

    def search(self, roots: Iterable[Node]) -> None:
        """Raise, naming the first op of a graph with a bad result. A node knows its operands, or its result, or can be computed again."""
        nodes = everything_below(roots)
        known: dict[Node, Any] = {}
        for node in nodes:
            if node.op is None:
                t = node.tensor() if isinstance(node, Leaf) else None
                if t is not None:
                    known[node] = t.array
                continue
            for kind, parent, value in kept_by(node):
                if kind == "out":
                    known[node] = value
                elif parent is not None:
                    known.setdefault(parent, value)
        for node in nodes:
            for kind, parent, value in kept_by(node):
                if kind == "input" and parent is None and has_nan(value):
                    raise NonFiniteError(f"{node.op.name}: an operand {operand(value)} that came in from outside holds "
                                         f"{share(value, True)}; the op ran at {node.where()}")
            if node not in known and (value := computed_again(node, known)) is not None:
                known[node] = value
            if node in known and self.is_bad(known[node]):
                self.judge_node(node, known)

    def judge_node(self, node: Node, known: dict[Node, Any]) -> None:
        """Raise for a node with a bad result, unless infinite operands account for it."""
        value = known[node]
        nan = has_nan(value)
        if node.op is None:
            if nan:
                raise NonFiniteError(f"backward: a leaf, {operand(value)}, holds {share(value, nan)}: a parameter or an input was bad "
                                     "before this pass; look at what wrote it, such as an optimizer's step")
            return
        infinite = any(not finite(v) for _, parent, v in kept_by(node) if parent is None and v is not value)
        infinite = infinite or any(is_bad_number(v, lambda v: not isfinite(v)) for v in node.options)
        infinite = infinite or any(p in known and not finite(known[p]) for p in node.inputs() if p is not None)
        if infinite and not nan:
            return
        unknown = [p for p in node.inputs() if p is not None and p not in known]
        before = f", or by an op before it, whose result nobody kept: {unknown[0].where()}" if unknown else ""
        raise NonFiniteError(f"{node.op.name}: the result {operand(value)} holds {share(value, nan)}; made at {node.where()}{before}")

    # ------------------------------------------------------------ backward
    def rule(self, node: Node, i: int, pull: Callable[..., Any], g: Any, saved: tuple[Any, ...]) -> Any:
        """Stands around every gradient rule."""
        found = pull(g, saved)
        for array in arrays_in(found):
            if self.is_bad(array):
                self.judge_gradient(node, i, g, array)
        return found

    def judge_gradient(self, node: Node, i: int, g: Any, array: Any) -> None:
        """Raise for a bad gradient, unless it is infinite because of what the op kept or of what came."""
        nan = has_nan(array)
        came = next((v for v in arrays_in(g) if not finite(v)), None)
        if not nan and (came is not None or any(not finite(v) for v in arrays_in(node.saved or ()))):
            return
        given = "finite" if came is None else f"{operand(came)} with {share(came, has_nan(came))}"
        raise NonFiniteError(f"Function '{node.name()}' returned {'nan' if nan else 'inf'} values in its {i}th output: the gradient of "
                             f"{node.op.name} for {input_name(node, i)}, {operand(array)}, holds {share(array, nan)}; the gradient that "
                             f"came to it was {given}; the op ran at {node.where()}")

    def run(self, run: Callable[..., dict[Node, Any]], todo: Pass) -> dict[Node, Any]:
        """A backward pass under watch."""
        if not self.check_nan:
            return run(*todo)
        watched = todo._replace(rules=around_rules(self.rule, todo.rules))
        if not self.sampled:
            return run(*watched)
        found = run(*todo._replace(retain=True))     # buffers stay until we know that no search is needed
        nodes = everything_below(todo.roots) if todo.wanted is None else list(leading_to(todo.roots, todo.wanted))
        ends = dict(found)
        if todo.wanted is None or todo.accumulate_inputs:
            ends |= {n: gradient_at(n) for n in (nodes if todo.wanted is None else found) if isinstance(n, Leaf)}
        bad = [n for n, g in ends.items() if any(self.is_bad(v) for v in arrays_in(g))]
        if bad:
            self.search(todo.roots)
            run(*watched._replace(retain=True, wanted=dict.fromkeys(bad), accumulate_inputs=False))
            g = next(arrays_in(ends[bad[0]]))
            raise NonFiniteError(f"backward: the gradient of a leaf, {operand(g)}, holds {share(g, has_nan(g))}; no rule made it: it was "
                                 "there before this pass, or a hook put it there")
        if not todo.retain:
            for node in nodes:
                if node.op is not None and (node.cells or node.op.kept):
                    node.saved = None
        return found


def is_clean(value: Any, nan: bool, out: Any) -> bool:
    """True for an operand that cannot be the cause of a NaN (or, with nan False, an Inf) in a result."""
    bad = isnan if nan else (lambda v: not isfinite(v))
    if is_bad_number(value, bad):
        return False
    return not any((has_nan(v) if nan else not finite(v)) for v in arrays_in(value) if v is not out)


def share(array: Any, nan: bool) -> str:
    """How much of an array is bad: `NaN (3 of 10 elements)`."""
    xp = backend_of(array).xp
    n = int((xp.isnan(array) if nan else xp.isinf(array)).sum())
    return f"{'NaN' if nan else 'Inf'} ({n} of {array.size} element{'s' * (array.size != 1)})"


def input_name(node: Node, i: int) -> str:
    """How an op calls its i-th input with a gradient."""
    names = getattr(node.op, "names", None)
    return str(names[node.op.inputs[i]]) if names is not None else f"input {i}"


def gradient_at(leaf: Leaf) -> Any:
    """What a leaf has collected."""
    t: Any = leaf.tensor()
    return None if t is None else t._grad


def everything_below(roots: Iterable[Node]) -> list[Node]:
    """All nodes that a pass from `roots` could reach, the oldest first."""
    stack = list(roots)
    seen = set(stack)
    while stack:
        for parent in stack.pop().inputs():
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=lambda n: n.time)


def computed_again(node: Node, known: dict[Node, Any]) -> Any:
    """The result of a node whose operands are known; None where one is not, or where the op draws or has more than a result."""
    op = node.op
    if op is None or isinstance(node, Pick) or not hasattr(op, "tensors") or op.kept or op.several or op.sequences or op.returns:
        return None
    constants = {i: value for (kind, i), value in zip(op.slots, node.saved or ()) if kind == "input"}
    parents = dict(zip(op.inputs, node.parents))
    options = iter(node.options)
    values = []
    for i in range(len(op.names)):
        if i not in op.tensors:
            values.append(next(options, op.defaults[i]))
            continue
        value = known.get(parents[i]) if parents.get(i) is not None else constants.get(i)
        if value is None:
            return None
        values.append(value)
    try:
        return op.forward(*values[:op.positional], **dict(zip(op.names[op.positional:], values[op.positional:])))
    except Exception:                                # a search must not end in another error than the one it looks for
        return None


def kept_by(node: Node) -> Iterator[tuple[str, Node | None, Any]]:
    """Arrays that a node keeps: ("out", itself, result) or ("input", the node that made it or None, operand)."""
    op = node.op
    if op is None or isinstance(node, Pick) or not node.saved:
        return
    parents = dict(zip(op.inputs, node.parents))
    for (kind, i), value in zip(op.slots, node.saved):
        if kind == "out" and is_array(value):
            yield "out", node, value
        elif kind == "input" and is_array(value):
            yield "input", parents.get(i), value
        elif kind == "input" and isinstance(value, (list, tuple)):
            for v, p in zip(value, parents.get(i) or (None,) * len(value)):
                if is_array(v):
                    yield "input", p, v
