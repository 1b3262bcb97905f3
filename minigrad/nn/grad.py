"""The gradients of convolutions for their input and their weight, as functions."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import autograd, creation
from .._tensor import Tensor
from ..engine.mode import enable_grad
from . import functional as F
from .factory import Ints


def _at_zeros(conv: Callable[[Tensor], Tensor], size: Sequence[int], other: Tensor, grad_output: Tensor) -> Tensor:
    """The gradient of a function that is linear, so that zeros do; it records if `other` or `grad_output` require a gradient."""
    with enable_grad():
        zeros = creation.zeros(tuple(size), dtype=other.dtype, device=other.device, requires_grad=True)
        records = other.requires_grad or grad_output.requires_grad
        found: Tensor = autograd.grad(conv(zeros), zeros, grad_output, create_graph=records)[0]
    return found


def conv1d_input(input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                 groups: int = 1) -> Tensor:
    """The gradient of `conv1d` for an input of this size."""
    return _at_zeros(lambda x: F.conv1d(x, weight, None, stride, padding, dilation, groups), input_size, weight, grad_output)


def conv1d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of `conv1d` for a weight of this size."""
    return _at_zeros(lambda w: F.conv1d(input, w, None, stride, padding, dilation, groups), weight_size, input, grad_output)


def conv2d_input(input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                 groups: int = 1) -> Tensor:
    """The gradient of `conv2d` for an input of this size."""
    return _at_zeros(lambda x: F.conv2d(x, weight, None, stride, padding, dilation, groups), input_size, weight, grad_output)


def conv2d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of `conv2d` for a weight of this size."""
    return _at_zeros(lambda w: F.conv2d(input, w, None, stride, padding, dilation, groups), weight_size, input, grad_output)


def conv3d_input(input_size: Sequence[int], weight: Tensor, grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                 groups: int = 1) -> Tensor:
    """The gradient of `conv3d` for an input of this size."""
    return _at_zeros(lambda x: F.conv3d(x, weight, None, stride, padding, dilation, groups), input_size, weight, grad_output)


def conv3d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of `conv3d` for a weight of this size."""
    return _at_zeros(lambda w: F.conv3d(input, w, None, stride, padding, dilation, groups), weight_size, input, grad_output)
