"""PyTorch's `torch.autograd.forward_ad`: how results change along tangents that inputs carry.

    with dual_level():
        x = make_dual(primal, tangent)
        y, dy = unpack_dual(f(x))

Nothing is carried forward here: a dual is an input of the graph, and `unpack_dual` computes the Jacobian times the tangents by two
backward passes, as `func.jvp` does. So duals record, also under `no_grad` outside of the ops that make the result.
"""
from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..batching.differentiation import fresh, gradients, leads_elsewhere
from ..creation import zeros_like
from ..engine.mode import enable_grad, is_grad_enabled
from ..engine.node import TensorBase
from ..errors import ArgumentError, ArgumentTypeError, GraphError, describe


class _Local(threading.local):
    duals: list[tuple[Any, Any]] | None = None       # (dual, its tangent) of the level that is open


local = _Local()


class UnpackedDualTensor(NamedTuple):
    """A value, and how it changes along the tangents; None where it does not depend on a dual."""
    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open a level; there is one at a time. Prefer `with dual_level():`."""
    if local.duals is not None:
        raise GraphError("forward_ad: Nested forward mode AD is not supported at the moment; use func.jvp, which nests")
    local.duals = []
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: its duals carry no tangents any more."""
    if local.duals is None:
        raise GraphError("forward_ad: Trying to exit a forward AD level but no level is open; call enter_dual_level() first")
    local.duals = None


class dual_level:
    """A level for the duration of a `with` block."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor with the values of one and the tangent of another, of the same shape and dtype.

    Raises RuntimeError (GraphError) without a level, ValueError (ArgumentError) unless both are floating-point or complex.
    """
    if local.duals is None:
        raise GraphError("forward_ad: Trying to create a dual Tensor for forward AD but no level exists, make sure to "
                         "enter_dual_level() first.")
    for name, t in (("primal", tensor), ("tangent", tangent)):
        if not isinstance(t, TensorBase):
            raise ArgumentTypeError(f"make_dual: {name} must be a Tensor; got {describe(t)}")
        if t.array.dtype.kind not in "fc":
            raise ArgumentError(f"make_dual: Expected {name} to be floating point or complex, but got: {t.dtype}")
    if tuple(tensor.shape) != tuple(tangent.shape) or tensor.dtype != tangent.dtype:
        raise GraphError("make_dual: Trying to set a forward gradient that has a different size or dtype than that of the original "
                         f"Tensor, this is not supported. Tensor is {describe(tensor)} while the tangent is {describe(tangent)}.")
    with enable_grad():
        dual = fresh(tensor, True)
    local.duals.append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of a tensor, and its tangent."""
    if not local.duals or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    duals, tangents = [d for d, _ in local.duals], [t for _, t in local.duals]
    own = next((t for d, t in local.duals if d is tensor), None)
    elsewhere = leads_elsewhere([tensor], duals)
    primal = tensor if elsewhere else tensor.detach()
    if own is not None:
        return UnpackedDualTensor(primal, own)
    with enable_grad():
        u = fresh(zeros_like(tensor.detach()), False)
        pulled = gradients([tensor], duals, [u], True)
    live = [(g, t) for g, t in zip(pulled, tangents) if g is not None]
    if not live:
        return UnpackedDualTensor(tensor, None)
    live = [(g, t) for g, t in live if g.requires_grad]
    create = is_grad_enabled() and (elsewhere or any(t.requires_grad for t in tangents))
    found = gradients([g for g, _ in live], [u], [t for _, t in live], create)[0] if live else None
    return UnpackedDualTensor(primal, zeros_like(primal.detach()) if found is None else found)
