"""A batch norm in evaluation mode drawn into the layer before it."""
from __future__ import annotations

import copy
from typing import Any

from ..._tensor import Tensor
from ...creation import ones_like, zeros_like
from ...errors import AssertedArgumentError
from ..parameter import Parameter


def fused(w: Tensor, b: Tensor | None, mean: Tensor, var: Tensor, eps: float, scale: Tensor | None, shift: Tensor | None,
          dim: int) -> tuple[Parameter, Parameter]:
    """Weight and bias of a layer whose outputs, along `dim` of the weight, are normalized."""
    b = zeros_like(mean) if b is None else b
    scale = ones_like(mean) if scale is None else scale
    shift = zeros_like(mean) if shift is None else shift
    factor: Any = scale / (var + eps).sqrt()
    shape = [-1 if d == dim else 1 for d in range(w.ndim)]
    needed = w.requires_grad
    weight: Any = w * factor.reshape(shape).to(w.dtype)
    bias: Any = (b - mean) * factor + shift
    return Parameter(weight.detach(), needed), Parameter(bias.detach(), b.requires_grad)


def fuse_conv_bn_weights(conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
                         bn_b: Tensor | None, transpose: bool = False) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution, transposed or not, with a batch norm drawn in."""
    return fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


def fuse_linear_bn_weights(linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor,
                           bn_b: Tensor) -> tuple[Parameter, Parameter]:
    """Weight and bias of an affine layer with a batch norm drawn in."""
    return fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def copied(layer: Any, bn: Any, dim: int) -> Any:
    """A copy of a layer with a batch norm drawn in."""
    if layer.training or bn.training:
        raise AssertedArgumentError("fuse: Fusion only for eval!")
    twin = copy.deepcopy(layer)
    twin.weight, twin.bias = fused(layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, dim)
    return twin


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does what `bn(conv(x))` does, both in evaluation mode. Raises AssertionError in training."""
    return copied(conv, bn, 1 if transpose else 0)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """An affine layer that does what `bn(linear(x))` does, both in evaluation mode. Raises AssertionError in training."""
    if bn.num_features != linear.out_features and bn.num_features != 1:
        raise AssertedArgumentError("fuse_linear_bn_eval: To fuse, linear.out_features == bn.num_features or bn.num_features == 1")
    return copied(linear, bn, 0)
