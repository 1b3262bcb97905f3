"""Second gradients of ops that do many steps at once: of the same steps, said again as ops on tensors.

Such an op takes its operands as one sequence, and has one rule for all of them. On arrays the rule uses what the forward kept.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.inplace import node_of
from ..engine.mode import enable_grad, local
from ..engine.node import TensorBase
from ..engine.run import run
from .shape import view

Steps = Callable[..., tuple[Any, ...]]


def through_steps(steps: Steps, g: Sequence[Any], operands: Sequence[Any], needs: tuple[bool, ...]) -> list[Any]:
    """The gradients of `steps(operands)`, on tensors, which can be differentiated again."""
    create = local.mode.recording
    with enable_grad():
        own = [view(t, tuple(t.shape)) if need else t for t, need in zip(operands, needs)]      # nodes that no other operand leads to
        outs = steps(own)
    pairs = [(node_of(out), s) for out, s in zip(outs, g)]
    nodes = {i: node_of(t) for i, (t, need) in enumerate(zip(own, needs)) if need}
    found = run([n for n, _ in pairs if n is not None], [s for n, s in pairs if n is not None], create_graph=create, retain_graph=True,
                inputs=[n for n in nodes.values() if n is not None], on_tensors=True)
    return [found[nodes[i]] if i in nodes else None for i in range(len(operands))]     # type: ignore[index]


def on_tensors(g: Sequence[Any]) -> bool:
    """True where a rule runs on tensors."""
    return any(isinstance(s, TensorBase) for s in g)


def needed(operands: Sequence[Any]) -> tuple[bool, ...]:
    """Which operands want a gradient."""
    return tuple([node_of(t) is not None for t in operands])


def keeps(needs: tuple[bool, ...]) -> bool:
    """Whether there may be a way back."""
    return local.mode.recording and any(needs)
