"""The shape of a tensor."""
from __future__ import annotations

import math
from typing import Any

from .dtypes import dtype


class Size(tuple[int, ...]):
    """A tuple of ints that prints as `torch.Size` does and counts elements.

    >>> Size((2, 3)).numel()
    6
    """
    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"{dtype.prefix}.Size({list(self)})"

    def __getitem__(self, item: Any) -> Any:
        value = super().__getitem__(item)
        return Size(value) if isinstance(item, slice) else value

    def __add__(self, other: Any) -> Size:
        return Size(super().__add__(tuple(other)))

    def __mul__(self, n: Any) -> Size:
        return Size(super().__mul__(n))
    __rmul__ = __mul__
