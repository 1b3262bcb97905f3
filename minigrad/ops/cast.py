"""Changing the dtype."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import promotion
from ..engine.op import op
from .half import converted

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(x=lambda g, x_dtype: cast(g, x_dtype))
def cast(input: Tensor, dtype: Any) -> Tensor:
    """The values in another (NumPy) dtype; of a complex number, to a real dtype, the real part."""
    array: Any = input
    if array.dtype.kind == "c" and dtype.kind in "fiu":
        array = array.real
    return converted(array, dtype)


promotion.cast = cast                                # type: ignore[assignment]   # there it is typed for arrays too
