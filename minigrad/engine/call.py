"""What happens when an op is called: one of a few paths, from the shortest to the one that can do everything.

`general.py` is the meaning; the paths in `fast.py`, `many.py` and `viewing.py` are what it comes down to when nothing unusual is
asked, and hand over to it otherwise. A general path for all would triple the cost of `mul`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import fast, many, viewing
from . import node as nodes
from .general import general
from .spec import Op

Call = Callable[..., Any]


def bind(tensor_class: Any) -> None:
    """Take the class that tensors are made of."""
    nodes.Tensor = fast.Tensor = many.Tensor = tensor_class


def make_call(op: Op) -> Call:
    """The function that users call, with the op's name, docstring and signature."""
    slow = general(op)
    if op.is_binary:
        call = fast.binary(op, slow)
    elif op.is_unary and len(op.slots) < 2:
        call = fast.unary(op, slow)
    elif viewing.is_plain(op):
        call = viewing.several_views(op, slow) if op.several else viewing.one_view(op, slow)
    elif op.is_one_input:
        call = fast.one_input(op, slow)
    elif op.is_ternary:
        call = many.ternary(op, slow)
    elif op.tensors and not (op.view or op.several or op.sequences):
        call = many.several_inputs(op, slow)
    elif op.tensors == [0] and op.sequences and not (op.view or op.several or op.kept or op.returns or op.broadcast):
        call = many.one_sequence(op, slow)
    else:
        call = slow
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(call, name, getattr(op.forward, name))
    call.__wrapped__ = op.forward                    # type: ignore[attr-defined]   # inspect.signature and help() look here
    op.call = call
    call.op = op                                     # type: ignore[attr-defined]
    return call
