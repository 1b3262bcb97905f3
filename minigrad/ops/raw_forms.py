"""Functions of `nn.functional` as PyTorch's own namespace has them: other orders of arguments, options as numbers, no defaults."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import RefusedArgumentError, ShapeError, operand
from . import channel_norm, norm
from . import dropout as drops
from .adaptive_pool import adaptive_max_pool1d_with_indices
from .axes import permute
from .conv import conv1d, conv2d, conv3d
from .conv_transposed import conv_transpose1d, conv_transpose2d, conv_transpose3d
from .dims import Dims, one_dim
from .lookup import embedding as table_lookup
from .lookup import shorten_rows
from .magnitude import matrix_norm, vector_norm
from .magnitude import norm as any_norm
from .operands import need_tensors
from .shuffle import channel_shuffle
from .warp import MODES, PADDINGS, affine_grid, grid_sample

if TYPE_CHECKING:
    from .._tensor import Tensor

# by the dimensions of the weight
CONVOLUTIONS = {3: (conv1d, conv_transpose1d), 4: (conv2d, conv_transpose2d), 5: (conv3d, conv_transpose3d)}


# ---------------------------------------------------------------- dropout
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout`, with no defaults."""
    return drops.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place."""
    return drops.dropout(input, p, train, inplace=True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`, with no defaults."""
    return drops.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place."""
    return drops.alpha_dropout(input, p, train, inplace=True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout of whole channels: input (N, C, ...)."""
    return drops.dropped("feature_dropout", input, p, train, False, drops.drop, True)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place."""
    return drops.dropped("feature_dropout", input, p, train, True, drops.drop, True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels: input (N, C, ...)."""
    return drops.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place."""
    return drops.feature_alpha_dropout(input, p, train, inplace=True)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and which elements are left."""
    x: Any = input.array
    if train is False:
        return input, wrap(backend_of(x).xp.ones(x.shape, bool))
    out = drops.dropout(input.new_ones(x.shape), p, True)
    return input * out, out != 0


# ---------------------------------------------------------------- normalization
def batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
               training: bool, momentum: float, eps: float, cudnn_enabled: bool) -> Tensor:
    """`nn.functional.batch_norm` with weight and bias before the running statistics. cudnn_enabled: has no effect."""
    return channel_norm.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
                  use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool) -> Tensor:
    """`nn.functional.instance_norm` with weight and bias before the running statistics. cudnn_enabled: has no effect."""
    return channel_norm.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-05, cudnn_enable: bool = True) -> Tensor:
    """`nn.functional.layer_norm`. cudnn_enable: has no effect."""
    return norm.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05,
               cudnn_enabled: bool = True) -> Tensor:
    """`nn.functional.group_norm`. cudnn_enabled: has no effect."""
    return channel_norm.group_norm(input, num_groups, weight, bias, eps)


def statistics(input: Tensor, dims: tuple[int, ...], eps: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The mean, and 1 / sqrt(variance + eps), as constants."""
    x: Any = input.detach()
    return x.mean(dims, keepdim), (x.var(dims, unbiased=False, keepdim=keepdim) + eps).rsqrt()


def native_layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the means and the reciprocal standard deviations."""
    return norm.layer_norm(input, normalized_shape, weight, bias, eps), *statistics(input, norm.last(normalized_shape), eps, True)


def native_group_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm`, the means and the reciprocal standard deviations, (N, group). N, C, HxW: the sizes of the input."""
    if input.numel() != N * C * HxW:
        raise ShapeError(f"native_group_norm: expected N * C * HxW elements, {N} * {C} * {HxW}; got input {operand(input)}")
    out = channel_norm.group_norm(input, group, weight, bias, eps)
    return out, *statistics(input.reshape((N, group, C // group * HxW)), (2,), eps, False)


def native_batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
                      training: bool, momentum: float, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm`, and the means and reciprocal standard deviations of the batch, (C,); two empty tensors without training."""
    out = channel_norm.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return out, input.new_empty(0), input.new_empty(0)
    return out, *statistics(input, channel_norm.others(input.ndim), eps, False)


# ---------------------------------------------------------------- convolution
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int],
                transposed: bool, output_padding: Sequence[int], groups: int) -> Tensor:
    """A convolution, or a transposed one, over as many dimensions as the weight has, without two."""
    if weight.ndim not in CONVOLUTIONS:
        raise ShapeError(f"convolution: weight must have 3, 4 or 5 dimensions; got w {operand(weight)}")
    plain, back = CONVOLUTIONS[weight.ndim]
    if transposed:
        return back(input, weight, bias, tuple(stride), tuple(padding), tuple(output_padding), groups, tuple(dilation))
    return plain(input, weight, bias, tuple(stride), tuple(padding), tuple(dilation), groups)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """`conv1d` of time, batch, channels: input (L, N, C), weight (K, C, F) -> (OL, N, F)."""
    if input.ndim != 3 or weight.ndim != 3:
        raise ShapeError(f"conv_tbc: input and weight must have 3 dimensions; got x {operand(input)}, w {operand(weight)}")
    return permute(conv1d(permute(input, (1, 2, 0)), permute(weight, (2, 1, 0)), bias, 1, pad), (2, 0, 1))


# ---------------------------------------------------------------- tables, images, norms
def embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """`nn.functional.embedding` with the table first. padding_idx: a row that gets no gradient; none if negative."""
    return table_lookup(indices, weight, padding_idx if padding_idx >= 0 else None, scale_grad_by_freq=scale_grad_by_freq)


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Shorten the rows of a table that are named in `indices` and longer than `max_norm`, in place."""
    shorten_rows(input, indices, max_norm, norm_type)
    return input


def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`nn.functional.grid_sample`; interpolation_mode: 0 bilinear, 1 nearest, 2 bicubic; padding_mode: 0 zeros, 1 border, 2 reflection."""
    if interpolation_mode not in (0, 1, 2) or padding_mode not in (0, 1, 2):
        raise RefusedArgumentError(f"grid_sampler: modes are 0, 1 or 2; got interpolation_mode {interpolation_mode}, padding_mode "
                                   f"{padding_mode}")
    return grid_sample(input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """`nn.functional.affine_grid`."""
    return affine_grid(theta, size, align_corners)


def adaptive_max_pool1d(input: Tensor, output_size: int | Sequence[int]) -> tuple[Tensor, Tensor]:
    """`nn.functional.adaptive_max_pool1d` with the positions of the maxima."""
    return adaptive_max_pool1d_with_indices(input, output_size if isinstance(output_size, int) else output_size[0])


def frobenius_norm(input: Tensor, dim: Dims, keepdim: bool = False, *, out: Any = None) -> Tensor:
    """The root of the sum of squares over `dim`; () for all dimensions."""
    return any_norm(input, 2, dim if isinstance(dim, int) or dim else None, keepdim, out)


def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Tensor:
    """The sum of singular values of matrices in two dimensions, by default the last: `nuclear_norm(x, keepdim)`, `(x, dim, keepdim)`."""
    need_tensors("nuclear_norm", input=input)
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    found: Tensor = matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, out=out)       # type: ignore[call-arg]
    return found


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, kept as 1; over all, as a 0-d tensor, with dim=-1. What weight normalization divides by."""
    need_tensors("norm_except_dim", v=v)
    if dim == -1:
        return vector_norm(v, pow)
    kept = one_dim("norm_except_dim", dim, v.ndim)
    others = [d for d in range(v.ndim) if d != kept]
    return vector_norm(v, pow, others, True) if others else v.abs()


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`nn.functional.channel_shuffle`."""
    return channel_shuffle(input, groups)
