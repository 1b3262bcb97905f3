"""The shapes on the way from a model's input to the call that failed. All of it is read off the exception: nothing is noted down before."""
from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..engine.inplace import node_of
from ..engine.mode import Scope
from ..engine.node import Leaf, Node, Pick, TensorBase

SHOWN = 12                                           # steps; of a longer way, the last ones
OPERANDS = ("input", "other", "weight", "bias", "args", "tensors", "mat2", "x")


def way_to(error: BaseException) -> str:
    """`input (8, 1, 28, 28) → conv: Conv2d (8, 30, 24, 24) → fc: Linear gets (8, 17280)`; "" where no tensor came along.

    Where a graph was recorded it is read back from the operand that failed; else, as under no_grad, only the inputs of the
    modules around the failure are known.
    """
    calls = [(frame.f_locals["scope"], frame.f_locals) for frame in frames(error) if is_module_call(frame)]
    inputs = [(scope, shapes_of(values["args"])) for scope, values in calls]
    if not inputs or not inputs[0][1]:
        return ""
    steps = walked_back(failed_operand(error), calls[0][0])
    if not steps:                                    # no graph: what each module around it got
        steps = [f"{name(scope)} gets {shapes}" for scope, shapes in inputs[1:-1] if shapes]
    if len(inputs) > 1:
        steps.append(f"{name(inputs[-1][0])} gets {inputs[-1][1]}")
    if len(steps) > SHOWN:
        steps[:-SHOWN] = ["..."]
    return " → ".join([f"input {inputs[0][1]}", *steps])


def frames(error: BaseException) -> Iterator[FrameType]:
    """The frames that an exception came through, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def is_module_call(frame: FrameType) -> bool:
    """True for `Module.__call__` under way."""
    return frame.f_code.co_name == "__call__" and isinstance(frame.f_locals.get("scope"), Scope) and "args" in frame.f_locals


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors among arguments."""
    if isinstance(value, TensorBase):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from tensors_in(v)


def shapes_of(args: Any) -> str:
    """The shapes of the tensors among arguments: `(2, 3), (2, 4)`."""
    return ", ".join(str(tuple(t.array.shape)) for t in tensors_in(args))


def name(scope: Scope) -> str:
    """`features.0: Conv2d`; of the outermost module, its class."""
    return f"{scope.path}: {scope.kind}" if scope.path else scope.kind


def failed_operand(error: BaseException) -> Any:
    """The first tensor of the innermost call that got one with a graph behind it."""
    for frame in reversed(list(frames(error))):
        values = frame.f_locals
        for operand in OPERANDS:
            for t in tensors_in(values.get(operand)):
                if not isinstance(node_of(t), (Leaf, type(None))):
                    return t
    return None


def walked_back(t: Any, outermost: Scope) -> list[str]:
    """What was computed on the way to a tensor since the outermost module was called: the last result of each module on it."""
    steps: list[tuple[Any, str]] = []
    node: Node | None = node_of(t) if t is not None else None
    while node is not None and not isinstance(node, Leaf) and is_inside(node.scope, outermost):
        scope, shape = node.scope, node.shape
        while isinstance(node, Pick):
            node = node.parents[0]
        if not steps or steps[-1][0] is not scope or scope is outermost:
            text = node.op.name if scope is outermost or scope is None else name(scope)
            steps.append((scope, f"{text} {tuple(shape)}"))
        node = next((p for p in node.inputs() if p is not None and not isinstance(p, Leaf)), None)
    return [text for _, text in reversed(steps)]


def is_inside(scope: Scope | None, outer: Scope) -> bool:
    """True for a scope in another, or that one itself."""
    while scope is not None and scope is not outer:
        scope = scope.parent
    return scope is outer
