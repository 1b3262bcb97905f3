"""Greatest common divisors and least common multiples of integers."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..backend import backend_of
from ..engine.op import op
from .elementwise import refuse

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(broadcast=True, promotes="arithmetic")
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, not negative; gcd(0, x) is |x|."""
    refuse("gcd", input, "bfc")
    return backend_of(input).xp.gcd(input, other)


@op(broadcast=True, promotes="arithmetic")
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, not negative; lcm(0, x) is 0."""
    refuse("lcm", input, "bfc")
    return backend_of(input).xp.lcm(input, other)
