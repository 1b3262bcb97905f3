"""The mistake guard: programs that run without an error and learn nothing, or the wrong thing.

What is looked at, where: a softmax in front of `cross_entropy` and a target that broadcasts in `ops/`; steps without new gradients
here, for `optim/optimizer.py`; modules that a model does not know in `nn/place.py`; on request, parameters that a loss does not
depend on. None of it stands in the path of an op.
"""
from __future__ import annotations

import sys
import warnings
import weakref
from types import TracebackType
from typing import Any

from . import config
from .engine.inplace import node_of
from .engine.node import COUNT, Node, TensorBase, user_frame
from .errors import ArgumentTypeError, describe

# Ops that hand on the values that they get.
SAME_VALUES = frozenset(("view", "squeeze", "unsqueeze", "transpose", "permute", "clone", "cast"))
SWITCH = "(off: minigrad.guard(False) or MINIGRAD_GUARD=0)"
PATIENCE = 10                                        # steps of an optimizer that never saw a gradient


class MistakeWarning(UserWarning):
    """Something in the program is very likely not meant; the text says what, and what to write instead."""


class guard:
    """Switch the mistake guard on or off: at once when called, and back at the end of a `with` block. It is on unless MINIGRAD_GUARD=0.

    >>> import minigrad
    >>> x = minigrad.randn(4, 3, requires_grad=True)
    >>> with minigrad.guard(False):
    ...     loss = minigrad.nn.functional.cross_entropy(x.softmax(1), minigrad.tensor([0, 1, 2, 0]))
    """

    def __init__(self, mode: bool = True) -> None:
        self._before = config.GUARD
        config.GUARD = bool(mode)

    def __enter__(self) -> guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        config.GUARD = self._before


def tell(text: str) -> None:
    """Warn at the user's line that led here; Python's filters show a text once per line."""
    frame = user_frame()
    names = frame.f_globals
    warnings.warn_explicit(f"{text} {SWITCH}", MistakeWarning, frame.f_code.co_filename, frame.f_lineno, names.get("__name__", "<string>"),
                           names.setdefault("__warningregistry__", {}))


# ---------------------------------------------------------------- losses
def look_for(op: str, loss: str, x: Any) -> None:
    """Warn if x, of which `loss` takes the logarithm of `op`, comes out of `op` already."""
    node: Node | None = x.node
    while node is not None and node.op is not None and node.op.name in SAME_VALUES:
        node = node.parents[0]
    if node is not None and node.op is not None and node.op.name == op:
        tell(f"{loss}: the input comes out of {op}, and {loss} applies {op} itself: twice, it learns slowly and never gets sure; "
             f"pass it what went into {op} at {node.where()}")


# ---------------------------------------------------------------- steps
class StepWatch:
    """What an optimizer remembers of its steps, to notice that they have no new gradients to go by.

    Looked at closely is only what looks wrong already: an ordinary step costs a comparison of one parameter's gradient.
    """
    __slots__ = ("_first", "_all", "_idle", "_told")

    def __init__(self) -> None:
        self._first: tuple[Any, int] | None = None   # a gradient, held weakly, and how often it was written
        self._all: list[tuple[Any, int]] | None = None   # all of them, once the first one stayed as it was
        self._idle = 0                               # steps before the first gradient; -1 once there was one
        self._told: set[str] = set()

    def stepped(self, optimizer: Any, params: list[Any]) -> None:
        """After a step, with the parameters that it updated."""
        if not params:
            self._without_gradients(optimizer)
            return
        self._idle = -1
        g = params[0]._grad
        if self._first is not None and self._first[0]() is g and self._first[1] == g.cell[COUNT]:
            self._unchanged(optimizer, params)
        else:
            self._first, self._all = (weakref.ref(g), g.cell[COUNT]), None

    def _unchanged(self, optimizer: Any, params: list[Any]) -> None:
        before, self._all = self._all, [(weakref.ref(p._grad), p._grad.cell[COUNT]) for p in params]
        same = before is not None and len(before) == len(params) and all(
            ref() is p._grad and count == p._grad.cell[COUNT] for (ref, count), p in zip(before, params))
        if same and "unchanged" not in self._told and any(in_a_graph(p) for p in params):
            self._told.add("unchanged")
            tell(f"{type(optimizer).__name__}.step: all gradients are those of the step before; call loss.backward() before each step()")

    def _without_gradients(self, optimizer: Any) -> None:
        if self._idle < 0 or "none" in self._told:
            return
        params = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        self._idle += 1
        remedy = ""
        if any(in_a_graph(p) for p in params):
            remedy = "call loss.backward() before step(), and zero_grad() before backward(), not after it"
        elif params and self._idle == PATIENCE and "initial_lr" not in optimizer.param_groups[0]:    # a schedule may be tried out alone
            remedy = "no loss has ever reached them: was the optimizer made with the parameters of the model that is trained?"
        if remedy:
            self._told.add("none")
            tell(f"{type(optimizer).__name__}.step: none of the {len(params)} parameters has a gradient; {remedy}")


def in_a_graph(p: Any) -> bool:
    """True if a graph that is still held, by a loss say, leads to this leaf: beside the leaf and the call here, it refers to its node."""
    return p.node is not None and sys.getrefcount(p.node) > 2


# ---------------------------------------------------------------- on request
def unreached(loss: Any, parameters: Any) -> list[str]:
    """The names of the parameters that require a gradient and that `loss` does not depend on, with a warning if there are any.

    parameters: a module, pairs of name and parameter, or parameters. Ask before `loss.backward()` or after it.

    >>> import minigrad
    >>> model = minigrad.nn.ModuleDict({"used": minigrad.nn.Linear(2, 1), "forgotten": minigrad.nn.Linear(2, 1)})
    >>> with minigrad.guard(False):
    ...     minigrad.unreached(model["used"](minigrad.ones(1, 2)).sum(), model)
    ['forgotten.weight', 'forgotten.bias']
    """
    if not isinstance(loss, TensorBase):
        raise ArgumentTypeError(f"unreached: loss must be a Tensor; got {describe(loss)}")
    given = parameters.named_parameters() if hasattr(parameters, "named_parameters") else parameters
    named = [pair if isinstance(pair, tuple) else (str(i), pair) for i, pair in enumerate(given)]
    reached = below(node_of(loss))
    names = [name for name, p in named if p.node is not None and p.node not in reached]
    if names and config.GUARD:
        tell(f"unreached: the loss does not depend on {', '.join(names)}: no step will change them; use them in forward(), remove them, "
             "or look for a detach(), a no_grad() or a .data on the way")
    return names


def below(root: Node | None) -> set[Node]:
    """A node and all that it depends on."""
    found: set[Node] = set()
    waiting: list[Node | None] = [root]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting.extend(node.inputs())
    return found
