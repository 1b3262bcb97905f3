"""How many multiplications an op does: from the shapes of its operands and of its result, whatever layer it runs in."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

Shape = tuple[int, ...]
Rule = Callable[[Sequence[Any], Sequence[Shape]], int]


def shape_of(value: Any) -> Shape:
    """The shape of a tensor; () of anything else."""
    return tuple(getattr(getattr(value, "array", value), "shape", ()))


def by_weight(args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """Each output element is a sum over all but the first dimension of the weight (out, in / groups, *kernel)."""
    return prod(outs[0]) * prod(shape_of(args[1])[1:])


def by_input(args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """Transposed: each input element meets all but the first dimension of the weight (in, out / groups, *kernel)."""
    return prod(shape_of(args[0])) * prod(shape_of(args[1])[1:])


def by_last(args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """Each element of the product is a sum over the last dimension of the first operand."""
    return prod(outs[0]) * (shape_of(args[0]) or (1,))[-1]


def by_last_of_second(args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """addmm and its like: the first operand is only added."""
    return prod(outs[0]) * (shape_of(args[1]) or (1,))[-1]


def by_labels(args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """einsum's contraction of two: one multiplication for every combination of labels."""
    sizes = dict(zip((*args[2], *args[3]), (*shape_of(args[0]), *shape_of(args[1]))))
    return prod(sizes.values())


def recurrent(states: int) -> Rule:
    """Operands x (rows, I), so many states, and weights: each row meets every matrix among the weights."""
    def rule(args: Sequence[Any], outs: Sequence[Shape]) -> int:
        weights = [shape_of(w) for w in args[0][1 + states:]]
        return shape_of(args[0][0])[0] * sum(prod(shape) for shape in weights if len(shape) == 2)
    return rule


RULES: dict[str, Rule] = {
    **dict.fromkeys(("convolution", "linear"), by_weight),
    "conv2d_input": by_input,
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "vdot"), by_last),
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), by_last_of_second),
    "addbmm": lambda args, outs: prod(shape_of(args[1])) * shape_of(args[2])[-1],
    "contract": by_labels,
    **dict.fromkeys(("lstm_step", "lstm_scan"), recurrent(2)),
    **dict.fromkeys(("gru_step", "gru_scan", "rnn_tanh_step", "rnn_relu_step", "rnn_scan"), recurrent(1)),
}


def macs(name: str, args: Sequence[Any], outs: Sequence[Shape]) -> int:
    """Multiply-accumulates of one call of an op; 0 for ops that are no products of matrices, as elementwise ones."""
    rule = RULES.get(name)
    return rule(args, outs) if rule is not None and outs else 0
