"""`einops.layers.minigrad`: einops' layers as modules, with the arguments that they have in `einops.layers.torch`.

    from einops.layers.minigrad import EinMix, Rearrange, Reduce
"""
from __future__ import annotations

from typing import Any

from einops.layers import RearrangeMixin, ReduceMixin
from einops.layers._einmix import _EinmixMixin

from minigrad import nn
from minigrad._tensor import Tensor
from minigrad.creation import empty
from minigrad.ops.einsum import einsum


class Rearrange(RearrangeMixin, nn.Module):
    """`einops.rearrange` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        found: Tensor = self._apply_recipe(input)    # type: ignore[no-untyped-call]
        return found


class Reduce(ReduceMixin, nn.Module):
    """`einops.reduce` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        found: Tensor = self._apply_recipe(input)    # type: ignore[no-untyped-call]
        return found


class EinMix(_EinmixMixin, nn.Module):
    """A product with weights of its own over named axes, with reshaping before and after."""
    weight: nn.Parameter
    bias: nn.Parameter | None

    def _create_parameters(self, weight_shape: Any, weight_bound: float, bias_shape: Any, bias_bound: float) -> None:
        self.weight = nn.Parameter(empty(weight_shape).uniform_(-weight_bound, weight_bound))
        self.bias = nn.Parameter(empty(bias_shape).uniform_(-bias_bound, bias_bound)) if bias_shape else None

    def _create_rearrange_layers(self, pre_reshape_pattern: str | None, pre_reshape_lengths: dict[str, int] | None,
                                 post_reshape_pattern: str | None, post_reshape_lengths: dict[str, int] | None) -> None:
        self.pre_rearrange = Rearrange(pre_reshape_pattern, **pre_reshape_lengths or {}) if pre_reshape_pattern else None
        self.post_rearrange = Rearrange(post_reshape_pattern, **post_reshape_lengths or {}) if post_reshape_pattern else None

    def forward(self, input: Tensor) -> Tensor:
        x = input if self.pre_rearrange is None else self.pre_rearrange(input)
        x = einsum(self.einsum_pattern, x, self.weight)
        if self.bias is not None:
            x = x + self.bias
        return x if self.post_rearrange is None else self.post_rearrange(x)
