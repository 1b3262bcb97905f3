"""PyTorch's names for memory layouts. There is one here: strided, row-major unless a view says otherwise."""
from __future__ import annotations

from .dtypes import dtype


class layout:
    """How elements lie in memory; `strided` is the only one."""
    strided: layout

    def __repr__(self) -> str:
        return f"{dtype.prefix}.strided"


layout.strided = strided = layout()


class memory_format:
    """An order of dimensions in memory, accepted where PyTorch takes one; arrays stay row-major."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{dtype.prefix}.{self.name}"


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
