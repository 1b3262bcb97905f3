"""DataParallel, DistributedDataParallel: a model on several devices, or in several processes; of one, the model itself."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..accelerator import device_count
from ..distributed.process_group import ProcessGroup, member
from ..errors import RefusedArgumentError, UnsupportedError
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


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> list[Any]:
    """The inputs, once per device: for one device as they are. Raises UnsupportedError for several."""
    if len(target_gpus) != 1:
        raise UnsupportedError(f"scatter: batches are not split over devices; got {list(target_gpus)}; pass one of them")
    return [inputs]


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """The output of the one device. Raises UnsupportedError for several."""
    if len(outputs) != 1:
        raise UnsupportedError(f"gather: outputs come from one device; got {len(outputs)} of them")
    return outputs[0]


class DistributedDataParallel(Module):
    """Calls `module`; the process group has one process, so there are no gradients of others to average with.

    Its keys in a `state_dict` begin with `module.`, as in PyTorch. Other options say how processes talk, and change nothing here.
    Raises ValueError before `distributed.init_process_group`, RuntimeError for a module without parameters that require a gradient.
    """

    def __init__(self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0,
                 broadcast_buffers: bool | None = None, init_sync: bool = True, process_group: ProcessGroup | None = None,
                 bucket_cap_mb: float | None = None, find_unused_parameters: bool = False, **options: Any) -> None:
        super().__init__()
        if not any(p.requires_grad for p in module.parameters()):
            raise RefusedArgumentError("DistributedDataParallel is not needed when a module "
                                       "doesn't have any parameters that require a gradient")
        self.process_group = member(process_group)
        self.module = module
        self.device_ids, self.output_device, self.dim = device_ids, output_device, dim
        self.find_unused_parameters = find_unused_parameters
        self.require_backward_grad_sync = True

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Gradients that are computed in here stay in their process."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
