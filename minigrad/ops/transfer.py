"""Moving an array to another device."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_for, backend_of
from ..engine.op import op

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(kept=("source",), x=lambda g, source: transfer(g, source))
def transfer(input: Tensor, device: Any) -> Tensor:
    """The same values on another device; the gradient travels back."""
    here = backend_of(input)
    target = backend_for(device)
    moved = target.moved(input, device) if here is target else target.from_host(here.to_host(input), device)
    return moved, here.device_of(input)              # type: ignore[return-value]
