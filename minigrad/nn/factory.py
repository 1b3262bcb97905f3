"""New parameters and buffers for layers."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..creation import empty
from ..errors import ArgumentTypeError
from .parameter import Parameter

Ints = int | Sequence[int]


def parameter(*shape: int, device: Any, dtype: Any) -> Parameter:
    """A parameter whose memory is yet to be filled."""
    return Parameter(empty(shape, device=device, dtype=dtype))


def repeated(value: Any, n: int) -> tuple[Any, ...]:
    """One value for each of n dimensions, from one for all or one each."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """What a layer that takes **kwargs hands on to `empty` and its like: device, dtype, memory_format, from kwargs or from the dictionary
    kwargs["factory_kwargs"]. Raises ArgumentTypeError for anything else, and for what is given twice.

    >>> factory_kwargs({"dtype": "float32", "factory_kwargs": {"device": "cpu"}})
    {'device': 'cpu', 'dtype': 'float32'}
    """
    given = dict(kwargs or {})
    found = dict(given.pop("factory_kwargs", {}))
    if unknown := given.keys() - {"device", "dtype", "memory_format"}:
        raise ArgumentTypeError(f"unexpected kwargs {unknown}; a factory takes device, dtype and memory_format")
    if twice := given.keys() & found.keys():
        raise ArgumentTypeError(f"{', '.join(sorted(twice))} specified twice, in **kwargs and in factory_kwargs")
    return {**found, **given}
