"""Functions of PyTorch's that are private there, and used by packages all the same, where ours have another signature."""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Dict, List, Optional, Tuple  # noqa: F401, UP035 -- `torch.jit.annotations` hands them on

from .._printing import _contents, _with_suffixes
from .._tensor import Tensor
from ..backend import backend_of
from ..random import randn

CUDA_INITIALIZED = False                             # programs ask whether a GPU's generator has a state of its own; none has


def tensor_str(self: Tensor, indent: int, summarize: bool | None = None) -> str:
    """The values of a tensor as they stand between the parentheses of its repr."""
    return _contents(self.array, indent, backend_of(self.array).to_host)


def add_suffixes(tensor_str: str, suffixes: Sequence[str], indent: int, force_newline: bool) -> str:
    """Values with what follows them, closed by a parenthesis; force_newline: what follows begins a line."""
    if force_newline and suffixes:
        tensor_str, suffixes = f"{tensor_str},\n{' ' * indent}{suffixes[0]}", suffixes[1:]
    return _with_suffixes(tensor_str, tuple(suffixes), indent)


def standard_normal(shape: Sequence[int], dtype: Any, device: Any) -> Tensor:
    """Normal numbers."""
    return randn(tuple(shape), dtype=dtype, device=device)


def jit_overload(function: Any) -> Any:
    """Return the function: an overload is a hint for PyTorch's compiler."""
    return function


class _Required:
    """The default of an optimizer's option that must be given: `optimizer.required`."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
DEFAULT_PROTOCOL = 2                                 # of pickle, in checkpoints
np_str_obj_array_pattern = re.compile(r"[SaUO]")     # dtypes of arrays that make no tensors
