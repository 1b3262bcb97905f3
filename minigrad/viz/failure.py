"""The picture of an error: the graph up to the op that failed, and the shapes that did not fit."""
from __future__ import annotations

import inspect
import sys
from pathlib import PurePath
from types import FrameType
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..engine.inplace import node_of
from ..engine.mode import Scope
from ..engine.node import OURS, Leaf, Node
from ..engine.spec import EMPTY, Op
from ..errors import ArgumentError, ArgumentTypeError, describe, operand
from . import details
from .lines import decoded
from .model import Arrow, Box, Graph, shape_text
from .picture import GraphPicture
from .walk import Walk, solid


class Failure(NamedTuple):
    """What a traceback tells of the call that failed: its name, its tensors, where it stood."""
    name: str
    family: str
    operands: list[tuple[str, Tensor]]
    line: tuple[str, str]
    scope: Scope | None


def explain(error: BaseException | None = None, *, depth: int | None = None, fold: bool = True, name: str = "minigrad") -> GraphPicture:
    """Draw the graph up to the op that failed, in red, with the tensors it was given. Without an error: the last one not caught.

    For an error in a backward pass, the op whose gradient failed is marked in the whole graph. depth, fold: as in `draw_graph`.
    Raises ArgumentError where no tensor is to be found in the error's traceback.

    >>> import minigrad
    >>> from minigrad import viz
    >>> try:
    ...     minigrad.ones(2, 3) @ minigrad.ones(4, 5)
    ... except RuntimeError as error:
    ...     picture = viz.explain(error)
    >>> [box.title for box in picture.graph.boxes.values() if box.flag == "failed"]
    ['matmul']
    """
    if error is None:
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if not isinstance(error, BaseException):
        raise ArgumentTypeError(f"explain: expects the error that was raised; got {describe(error)}; use it after `except ... as error`")
    frames = frames_of(error)
    graph = backward_failure(frames, error) or forward_failure(frames, error)
    graph.message = f"{type(error).__name__}: {first_line(error)}"
    return GraphPicture(graph, name, depth, fold)


def frames_of(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames that an error came through, outermost first, each with its instruction."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lasti))
        trace = trace.tb_next
    return found


def first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def backward_failure(frames: list[tuple[FrameType, int]], error: BaseException) -> Graph | None:
    """The graph of a backward pass, with the op whose gradient failed; None where there was no such pass."""
    for frame, _ in reversed(frames):
        if frame.f_code.co_name == "_run" and frame.f_code.co_filename.endswith("run.py") and OURS[frame.f_code.co_filename]:
            node, roots = frame.f_locals.get("node"), frame.f_locals["roots"]
            if isinstance(node, Node):
                walk = Walk(roots, {})
                for i, root in enumerate(roots):
                    walk.add_output(f"out{i}", root)
                graph = walk.finish()
                box = graph.boxes.get(walk.ids.get(solid(node), ""))
                if box is not None:
                    box.flag, box.note = "failed", f"in its gradient: {first_line(error)}"
                return graph
    return None


def forward_failure(frames: list[tuple[FrameType, int]], error: BaseException) -> Graph:
    """What led to the operands of a call that failed, and the call."""
    failure = call_that_failed(frames)
    walk = Walk([n for _, t in failure.operands if (n := node_of(t)) is not None], {}, around=failure.scope)
    graph = walk.graph
    last = len(walk.nodes)
    shapes = tuple([f"{name}: {operand(t)}" for name, t in failure.operands])
    path = failure.scope.path if failure.scope is not None else ""
    line, code = failure.line
    graph.boxes["failed"] = Box("failed", "op", failure.name, walk.around, (last, 1), failure.family, shapes, path=path, line=line,
                                code=code, flag="failed", note=f"{type(error).__name__}: {first_line(error)}")
    for i, (name, t) in enumerate(failure.operands):
        node, shape = node_of(t), shape_text(t.array.shape)
        if node is None:
            key = f"failed_{i}"
            graph.boxes[key] = Box(key, "constant", name, walk.around, (last, 0), shape=shape, dtype=str(t.array.dtype),
                                   nbytes=int(t.array.nbytes))
        else:
            below = solid(node)
            key = walk.ids[below]
            if isinstance(below, Leaf) and below not in walk.users:
                graph.boxes[key].scope, graph.boxes[key].order = walk.around, (last, 0)
        graph.arrows.append(Arrow(key, "failed", name, (i, 0), shape))
    return walk.finish()


def call_that_failed(frames: list[tuple[FrameType, int]]) -> Failure:
    """The innermost op on the way to an error; or, where a check came before any op, the innermost of our functions with tensors."""
    line, scope = ("", ""), None
    for frame, lasti in frames:
        if not OURS[frame.f_code.co_filename]:
            line = decoded(frame.f_code, lasti)
        found = frame.f_locals.get("scope")
        if isinstance(found, Scope) and frame.f_code.co_name == "__call__":
            scope = found
    running = [frame for frame, _ in frames]
    for i in reversed(range(len(running))):
        op = running[i].f_locals.get("op")
        if isinstance(op, Op) and running[i].f_code.co_name in ("call", "plain"):
            operands = tensors_of(running[i], op.names)
            name, operands = as_called(running[:i], op.name, operands)
            return Failure(name, details.family_of(op), operands, line, scope)
    last = max([i for i, frame in enumerate(running) if not OURS[frame.f_code.co_filename]], default=-1)
    for frame in running[last + 1:]:                 # a check came before any op: the first function of ops/ with tensors
        if stem_in_ops(frame) and (operands := tensors_of(frame, [])):
            return Failure(plain_name(frame), details.FAMILY.get(stem_in_ops(frame), "math"), operands, line, scope)
    raise ArgumentError("explain: there is no op in this error's traceback; it draws errors of ops, layers and backward passes")


def stem_in_ops(frame: FrameType) -> str:
    """`conv` for a function in ops/conv.py; "" for any other."""
    path = PurePath(frame.f_code.co_filename)
    return path.stem if OURS[frame.f_code.co_filename] and path.parent.name == "ops" else ""


def plain_name(frame: FrameType) -> str:
    """The name of a function as users know it."""
    return frame.f_code.co_name.removesuffix("_method")


def as_called(outer: list[FrameType], name: str, operands: list[tuple[str, Tensor]]) -> tuple[str, list[tuple[str, Tensor]]]:
    """The public function that handed an op its tensors, and what it was called with: `cross_entropy` and its target."""
    name = details.TITLES.get(name, name)
    for frame in reversed(outer):
        if frame.f_code.co_name in ("call", "plain", "slow"):
            continue
        around = tensors_of(frame, []) if stem_in_ops(frame) else []
        if len(around) <= len(operands) or not all(any(t is u for _, u in around) for _, t in operands):
            break
        name, operands = plain_name(frame), around
    return name, operands


def tensors_of(frame: FrameType, names: list[str]) -> list[tuple[str, Tensor]]:
    """The tensors that a function was called with, by the names of an op's parameters."""
    given = inspect.getargvalues(frame)
    values: list[Any] = [given.locals[a] for a in given.args if given.locals.get(a) is not EMPTY]
    named = ["input" if name == "self" else name for name in given.args]
    if given.varargs:
        values += given.locals[given.varargs]
    pairs = list(zip([*(names or named), *["input"] * len(values)], values))
    if given.keywords:
        pairs += given.locals[given.keywords].items()
    found: list[tuple[str, Tensor]] = []
    for name, value in pairs:
        if isinstance(value, Tensor):
            found.append((name, value))
        elif isinstance(value, (tuple, list)):
            found += [(f"{name}[{i}]", v) for i, v in enumerate(value) if isinstance(v, Tensor)]
    return found
