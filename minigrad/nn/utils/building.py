"""How modules are built and laid out where PyTorch has a choice that makes no difference here."""
from __future__ import annotations

from typing import Any, TypeVar

from ...errors import RefusedArgumentError
from ..module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module of a class; its initial values are not to be relied on. Raises RuntimeError unless it is a class of modules."""
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise RefusedArgumentError(f"skip_init: Expected a Module; got {module_cls}")
    return module_cls(*args, **kwargs)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module as it is: tensors are row-major here."""
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module as it is: tensors are row-major here."""
    return module
