"""`@op`: a forward on arrays and one gradient rule per differentiable input make an op on tensors.

    @op(x=lambda g, y: g * y,
        y=lambda g, x: g * x, broadcast=True, promotes="arithmetic")
    def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
        return input * other

A rule asks by name for what it needs: `g` (gradient of the output), an input, `out`, an option, `x_shape`,
`x_dtype`, a kept value. Given tensors an op records; given arrays, as in the rules of an ordinary backward pass, it
just computes. So one rule serves first and second order.
"""
from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar, cast

from .call import make_call
from .spec import Op, Rule

F = TypeVar("F", bound=Callable[..., Any])

OPS: dict[str, Op] = {}                              # the registry: every op by name


def op(*, broadcast: bool = False, view: bool = False, several: bool = False, promotes: str | None = None,
       kept: tuple[str, ...] | dict[str, Rule] = (), returns: Callable[..., Any] | None = None,
       check: Callable[..., None] | None = None, casts_out: bool | None = None,
       large: dict[str, tuple[int, Rule]] | None = None, together: Rule | None = None, **rules: Rule) -> Callable[[F], F]:
    """Register an op.

    broadcast: the engine reduces each gradient to its input's shape.
    view: the result shares the first input's memory, always.
    several: the forward returns a tuple of outputs, each with a gradient; rules get `g` as a tuple, zeros filled in.
    promotes: "same" (mixed dtypes are an error), "arithmetic", "to_float" (integers become the default dtype),
        "comparison" (as arithmetic; the result is bool). None: the op takes dtypes as they come.
    kept: what the forward returns beside its output, for rules. A tuple of names: constants (masks, indices).
        A dict: values that depend on an input, each with the function that makes it again under `create_graph`.
    returns: makes what the caller sees from the output(s) and the kept values (a named tuple); without it, only outputs.
    check: called with the arguments as they came, before promotion, where they are not simply floats of one dtype.
    casts_out: whether `out=` may have another dtype than the result; by default where the op promotes between dtypes.
    large: short input name -> bytes of g from which on a loop is asked first, and the loop: called as the rule, it may return None.
    together: all gradients at once, in the order of the rules, as cheap as one of them: asked on arrays where every input needs
        its gradient. A rule as the others; None leaves them to the rules.
    rules: short input name -> rule.
    """
    def register(forward: F) -> F:
        o = Op(forward, rules, broadcast=broadcast, view=view, several=several, promotes=promotes, kept=kept, returns=returns,
               together=together)
        o.check = check
        for name, (least, loop) in (large or {}).items():
            o.ask_first(name, least, loop)
        o.casts_out = promotes not in (None, "same") if casts_out is None else casts_out
        if o.name in OPS:
            raise TypeError(f"{o.name}: an op of this name is registered already, in {OPS[o.name].forward.__module__}")
        OPS[o.name] = o
        return cast(F, make_call(o))
    return register


def direct(of: Callable[..., Any]) -> Callable[[F], F]:
    """Give an op a second forward, which writes into its first input and returns it: what the in-place op runs.

    Same parameters, same rules. It is not run where a rule needs the old input or the output.
    """
    def register(forward: F) -> F:
        o = copy(of.op)                              # type: ignore[attr-defined]
        o.forward = forward
        of.op.direct = make_call(o)                  # type: ignore[attr-defined]
        return forward
    return register
