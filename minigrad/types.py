"""`torch.types`: what programs write in annotations."""
from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import IO, Any

from ._device import device as _device_class
from ._layout import layout as _layout
from ._size import Size
from ._storage import TypedStorage, UntypedStorage
from ._tensor import Tensor
from .dtypes import dtype as _dtype

_int, _float, _bool, _str, _bytes, _complex, _device = (
    builtins.int, builtins.float, builtins.bool, builtins.str, builtins.bytes, builtins.complex, _device_class)
_size = Size | list[int] | tuple[int, ...]
_symsize = Size | Sequence[int]
_dispatchkey = Any
_TensorOrTensors = Tensor | Sequence[Tensor]
_TensorOrOptionalTensors = Tensor | Sequence[Tensor | None]
Number = int | float | bool
_Number = (int, float, bool)
Device = _device_class | str | int | None
FileLike = str | os.PathLike[str] | IO[bytes]
Storage = TypedStorage | UntypedStorage
__all__ = ["Device", "FileLike", "Number", "Storage", "_dtype", "_layout"]
