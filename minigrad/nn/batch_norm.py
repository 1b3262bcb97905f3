"""Normalisation over the batch, or over each sample's maps: layers that may keep running statistics."""
from __future__ import annotations

import warnings
from typing import Any

from .. import creation
from .._tensor import Tensor
from ..dtypes import int64
from ..errors import ArgumentError, describe
from . import functional as F
from . import init
from .factory import parameter
from .module import Module


class _RunningNorm(Module):
    """Scale and shift per channel, and running statistics.

    weight and bias (num_features,) if affine; running_mean, running_var (num_features,) and num_batches_tracked if
    track_running_stats. momentum: how much of a batch's statistics enters the running ones; None: they are the mean over all batches.
    """
    _version = 2                                     # 2: num_batches_tracked
    num_features: int

    def __init__(self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool, device: Any,
                 dtype: Any, bias: bool) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.register_parameter("weight", parameter(num_features, device=device, dtype=dtype) if affine else None)
        self.register_parameter("bias", parameter(num_features, device=device, dtype=dtype) if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", creation.zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", creation.ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", creation.tensor(0, device=device, dtype=int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Scale 1, shift 0, no statistics."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, bias={self.bias is not None}, "
                f"track_running_stats={self.track_running_stats}")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing_keys: list[str],
                              unexpected_keys: list[str], error_msgs: list[str]) -> None:
        version = local_metadata.get("version")
        key = f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            state_dict[key] = self.num_batches_tracked   # saved before there was one
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)


class _BatchNorm(_RunningNorm):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                share = 1.0 / self.num_batches_tracked.item()
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        tracks = not self.training or self.track_running_stats
        return F.batch_norm(input, self.running_mean if tracks else None, self.running_var if tracks else None, self.weight, self.bias,
                            by_batch, share, self.eps)


class BatchNorm1d(_BatchNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per channel, over the batch: (N, C) or (N, C, L). Ioffe and Szegedy, 2015.

    In evaluation mode mean and variance are the running ones.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim not in (2, 3):
            raise ArgumentError(f"expected 2D or 3D input (got {input.array.ndim}D input); got {describe(input)}")


class BatchNorm2d(_BatchNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per channel, over the batch: (N, C, H, W). Ioffe and Szegedy, 2015.

    In evaluation mode mean and variance are the running ones.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim != 4:
            raise ArgumentError(f"expected 4D input (got {input.array.ndim}D input); got {describe(input)}")


class BatchNorm3d(_BatchNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per channel, over the batch: (N, C, D, H, W). Ioffe and Szegedy, 2015."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim != 5:
            raise ArgumentError(f"expected 5D input (got {input.array.ndim}D input); got {describe(input)}")


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation of a model that trains in several processes: (N, C, ...).

    A process alone normalises over its own batch, as `BatchNorm2d` and its like do. process_group is kept for programs that read it.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, process_group: Any = None, device: Any = None, dtype: Any = None, *,
                 bias: bool = True) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim < 2:
            raise ArgumentError(f"SyncBatchNorm: expected at least 2D input (got {input.array.ndim}D input); got {describe(input)}")
        if not input.array.shape[1]:
            raise ArgumentError(f"SyncBatchNorm: number of input channels should be non-zero; got {describe(input)}")

    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: Any = None) -> Any:
        """The module with a SyncBatchNorm in place of every batch norm in it, which takes over its parameters and statistics."""
        made = module
        if isinstance(module, _BatchNorm):
            made = SyncBatchNorm(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats, process_group,
                                 bias=module.bias is not None)
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(made, name, getattr(module, name))
            made.training = module.training
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


class _InstanceNorm(_RunningNorm):
    dimensions: int                                  # spatial ones

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
                 track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def _check_input_dim(self, input: Tensor) -> None:
        n = self.dimensions
        if input.array.ndim not in (n + 1, n + 2):
            raise ArgumentError(f"expected {n + 1}D or {n + 2}D input (got {input.array.ndim}D input); got {describe(input)}")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        at = input.array.ndim - self.dimensions - 1
        if input.array.shape[at] != self.num_features:
            if self.affine:
                raise ArgumentError(f"expected input's size at dim={at} to match num_features ({self.num_features}), but got: "
                                    f"{input.array.shape[at]}.")
            warnings.warn(f"input's size at dim={at} does not match num_features. You can silence this warning by not passing in "
                          "num_features, which is not used because affine=False", stacklevel=2)
        share = 0.0 if self.momentum is None else self.momentum
        by_sample = self.training or not self.track_running_stats
        batched = input if at else input.unsqueeze(0)
        out = F.instance_norm(batched, self.running_mean, self.running_var, self.weight, self.bias, by_sample, share, self.eps)
        return out if at else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per sample and channel: (N, C, L) or (C, L). Ulyanov et al., 2016."""
    dimensions = 1


class InstanceNorm2d(_InstanceNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per sample and channel: (N, C, H, W) or (C, H, W). Ulyanov et al., 2016."""
    dimensions = 2


class InstanceNorm3d(_InstanceNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias per sample and channel: (N, C, D, H, W) or (C, D, H, W). Ulyanov et al., 2016."""
    dimensions = 3
