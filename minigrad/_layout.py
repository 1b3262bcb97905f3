"""PyTorch's names for memory layouts. Tensors have one here: strided, row-major unless a view says otherwise."""
from __future__ import annotations

from .dtypes import dtype


class layout:
    """How elements lie in memory. Tensors are `strided`; the sparse ones are names, which functions refuse."""
    strided: layout

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{dtype.prefix}.{self.name}"


layout.strided = strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
sparse_csc = layout("sparse_csc")
sparse_bsr = layout("sparse_bsr")
sparse_bsc = layout("sparse_bsc")


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
