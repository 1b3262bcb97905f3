"""Functions of PyTorch's that are private there, and used by packages all the same, where ours have another signature."""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Dict, List, Optional, Tuple  # noqa: F401, UP035 -- `torch.jit.annotations` hands them on

from .._tensor import Tensor
from ..errors import UnsupportedError
from ..random import randn

CUDA_INITIALIZED = False                             # programs ask whether a GPU's generator has a state of its own; none has


def standard_normal(shape: Sequence[int], dtype: Any, device: Any) -> Tensor:
    """Normal numbers."""
    return randn(tuple(shape), dtype=dtype, device=device)


class PyTorchFileReader:
    """PyTorch's reader of the files within a checkpoint, a part of its compiled code. Raises UnsupportedError."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedError("PyTorchFileReader: checkpoints are read by load(); give it the file")


class _Required:
    """The default of an optimizer's option that must be given: `optimizer.required`."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
DEFAULT_PROTOCOL = 2                                 # of pickle, in checkpoints
np_str_obj_array_pattern = re.compile(r"[SaUO]")     # dtypes of arrays that make no tensors
