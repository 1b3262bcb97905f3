"""Layers that learn the size of their input from the first one that they see."""
from __future__ import annotations

from typing import Any, ClassVar

from .._tensor import Tensor
from ..creation import tensor
from ..errors import ArgumentError, GraphError, RefusedArgumentError, describe
from .batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .factory import Ints
from .linear import Linear
from .module import Module
from .parameter import UninitializedBuffer, UninitializedParameter, Unmade, is_lazy


class LazyModuleMixin(Module):
    """The part of a lazy layer that waits for its first input: `initialize_parameters(*args)` says what to do with it.

    Afterwards the layer is of the class `cls_to_become`. Loading a state_dict gives sizes, too.
    """
    cls_to_become: ClassVar[type | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def has_uninitialized_params(self) -> bool:
        """True before the first input."""
        return any(is_lazy(t) for t in (*self._parameters.values(), *self._buffers.values()))

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give sizes and values to what has none, from the first input."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def _lazy_load_hook(self, state: Any, prefix: str, *rest: Any) -> None:
        for name, member in (*self._parameters.items(), *self._buffers.items()):
            value = state.get(prefix + name)
            if is_lazy(member) and value is not None and not isinstance(value.array, Unmade):
                member.materialize(value.shape)

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise GraphError(f"module {type(self).__name__} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


# ---------------------------------------------------------------- layers
class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` with in_features from the first input."""
    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))   # type: ignore[attr-defined]
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        if self.in_features == 0:                    # the sizes came from a state_dict
            self.in_features = self.weight.shape[-1]


class _LazyConv(LazyModuleMixin):
    """A convolution with in_channels from the first input."""
    weight: Any
    bias: Any

    def _wait(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()               # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *rest: Any) -> None:
        own: Any = self
        n = own.dimensions
        if own.has_uninitialized_params():
            if input.dim() not in (n + 1, n + 2):
                raise RefusedArgumentError(f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(self).__name__}, but got "
                                           f"input of size: {tuple(input.shape)}; got {describe(input)}")
            own.in_channels = input.shape[-n - 1]
            if own.in_channels % own.groups:
                raise ArgumentError(f"in_channels must be divisible by groups; got {own.in_channels}, groups {own.groups}")
            inside, outside = own.in_channels, own.out_channels
            channels = (inside, outside // own.groups) if own.transposed else (outside, inside // own.groups)
            own.weight.materialize((*channels, *own.kernel_size))
            if own.bias is not None:
                own.bias.materialize((own.out_channels,))
            own.reset_parameters()
        if own.in_channels == 0:
            own.in_channels = own.weight.shape[0] if own.transposed else own.weight.shape[1] * own.groups


class LazyConv1d(_LazyConv, Conv1d):
    """`Conv1d` with in_channels from the first input."""
    cls_to_become = Conv1d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1, groups: int = 1,
                 bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class LazyConv2d(_LazyConv, Conv2d):
    """`Conv2d` with in_channels from the first input."""
    cls_to_become = Conv2d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1, groups: int = 1,
                 bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class LazyConv3d(_LazyConv, Conv3d):
    """`Conv3d` with in_channels from the first input."""
    cls_to_become = Conv3d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1, groups: int = 1,
                 bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """`ConvTranspose1d` with in_channels from the first input."""
    cls_to_become = ConvTranspose1d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                 bias: bool = True, dilation: int = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """`ConvTranspose2d` with in_channels from the first input."""
    cls_to_become = ConvTranspose2d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                 bias: bool = True, dilation: int = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """`ConvTranspose3d` with in_channels from the first input."""
    cls_to_become = ConvTranspose3d

    def __init__(self, out_channels: int, kernel_size: Ints, stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1,
                 bias: bool = True, dilation: int = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._wait(out_channels, bias, device, dtype)


# ---------------------------------------------------------------- norms
class _LazyNorm(LazyModuleMixin):
    """A norm with num_features from the first input."""

    def __init__(self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
                 device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, device=device)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()               # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        own: Any = self
        if own.has_uninitialized_params():
            own.num_features = input.shape[1]
            for t in (own.weight, own.bias, own.running_mean, own.running_var):
                if is_lazy(t):
                    t.materialize((own.num_features,))
            own.reset_parameters()
        if own.num_features == 0:
            known = own.weight if own.weight is not None else own.running_mean
            own.num_features = input.shape[1] if known is None else known.shape[0]


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """`BatchNorm1d` with num_features from the first input."""
    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """`BatchNorm2d` with num_features from the first input."""
    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """`BatchNorm3d` with num_features from the first input."""
    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """`InstanceNorm1d` with num_features from the first input."""
    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """`InstanceNorm2d` with num_features from the first input."""
    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """`InstanceNorm3d` with num_features from the first input."""
    cls_to_become = InstanceNorm3d
