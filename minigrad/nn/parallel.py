"""DataParallel: a model on several devices; with one device, or none, the model itself."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..accelerator import device_count
from ..errors import UnsupportedError
from .module import Module


class DataParallel(Module):
    """Calls `module`; its keys in a `state_dict` begin with `module.`, as in PyTorch, and `device_ids` is empty without a GPU.

    Raises UnsupportedError where there is more than one device to split batches over.
    """

    def __init__(self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        found = list(range(device_count()))
        self.module = module
        self.dim = dim
        self.device_ids = [] if not found else list(device_ids) if device_ids is not None else found
        if len(self.device_ids) > 1:
            raise UnsupportedError(f"DataParallel: batches are not split over devices; got device_ids {self.device_ids}; pass one of them")
        self.output_device = output_device

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(module: Module, inputs: Any, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0,
                  module_kwargs: dict[str, Any] | None = None) -> Any:
    """What `DataParallel(module, device_ids)` makes of the inputs: a tuple, or one alone."""
    parallel = DataParallel(module, device_ids, output_device, dim)
    return parallel(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))
