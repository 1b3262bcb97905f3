"""Two or three arithmetic steps in one op: interpolation, and sums with products and quotients."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError, describe
from .dims import Number
from .elementwise import refuse
from .scalars import fitting
from .select import blend

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(broadcast=True, promotes="same", casts_out=True,
    x=lambda g, w: g * (1 - w.conjugate()),
    end=lambda g, w: g * w.conjugate(),
    w=lambda g, x, end: g * (end - x).conjugate())
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """input + weight * (end - input): exactly `input` at weight 0 and `end` at weight 1."""
    x: Any = input
    w: Any = weight
    refuse("lerp", x, "biu")
    span = end - x
    near = abs(w) < 0.5
    if isinstance(w, (int, float, complex)):
        return x + w * span if near else end - span * (1 - w)
    from_start = x + w * span
    return blend(backend_of(x).xp.broadcast_to(near, from_start.shape), from_start, end - span * (1 - w))


def scale(name: str, x: Any, value: Any) -> Any:
    """The factor `value` as a number of x's dtype: whole where x is."""
    refuse(name, x, "b")
    return fitting(name, value, x.dtype) if x.dtype.kind in "iu" else value


@op(broadcast=True, promotes="arithmetic",
    x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * tensor2.conjugate() * value.conjugate(),
    tensor2=lambda g, tensor1, value: g * tensor1.conjugate() * value.conjugate())
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    factor = scale("addcmul", input, value)
    product: Any = tensor1 * tensor2
    return input + (product if factor == 1 else factor * product)


@op(broadcast=True, promotes="arithmetic", check=lambda x, tensor1, tensor2, value: two_integers(tensor1, tensor2),
    x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * value.conjugate() / tensor2.conjugate(),
    tensor2=lambda g, tensor1, tensor2, value: g * -(tensor1 / tensor2 / tensor2).conjugate() * value.conjugate())
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2. Raises DtypeError where both are integers."""
    quotient: Any = tensor1 / tensor2
    return input + (quotient if value == 1 else value * quotient)


def two_integers(tensor1: Any, tensor2: Any) -> None:
    """PyTorch once divided integers by integers here, rounding, and now refuses."""
    if all(v.array.dtype.kind in "biu" for v in (tensor1, tensor2)):
        raise DtypeError("addcdiv: Integer division with addcdiv is no longer supported; got "
                         f"{describe(tensor1)}, {describe(tensor2)}; write input + value * tensor1 / tensor2")
