"""The vision transformer (Dosovitskiy et al., arXiv:2010.11929).

An image is cut into patches, which a transformer reads as words; the classes come from a word of its own that is put before them.
"""
from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ... import creation, nn
from ..._tensor import Tensor
from ...errors import AssertedArgumentError, describe
from ...ops.join import cat
from ..ops.blocks import MLP, Conv2dNormActivation
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]
NORM = partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """One convolution of those that may stand in place of the cut into patches."""
    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: Norm = nn.BatchNorm2d
    activation_layer: Norm = nn.ReLU


class MLPBlock(MLP):
    """Two linear layers with a GELU between them, for each word alone."""
    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.normal_(m.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:     # files from when the layers had names of their own
            for i in range(2):
                for kind in ("weight", "bias"):
                    if (old := f"{prefix}linear_{i + 1}.{kind}") in state_dict:
                        state_dict[f"{prefix}{3 * i}.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class EncoderBlock(nn.Module):
    """Attention, then two linear layers, each beside a shortcut and normalised before: (N, words, hidden_dim) -> the same."""

    def __init__(self, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float, attention_dropout: float,
                 norm_layer: Norm = NORM) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        x = self.ln_1(input)
        x = self.dropout(self.self_attention(x, x, x, need_weights=False)[0]) + input
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class Encoder(nn.Module):
    """Blocks on words to whom their places are added: (N, seq_length, hidden_dim) -> the same."""

    def __init__(self, seq_length: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float,
                 attention_dropout: float, norm_layer: Norm = NORM) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(nn.init.normal_(creation.empty(1, seq_length, hidden_dim), std=0.02))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(OrderedDict([
            (f"encoder_layer_{i}", EncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer))
            for i in range(num_layers)]))
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 3:
            raise AssertedArgumentError(f"Encoder: Expected (batch_size, seq_length, hidden_dim) got {describe(input)}")
        y: Tensor = self.ln(self.layers(self.dropout(input + self.pos_embedding)))
        return y


class VisionTransformer(nn.Module):
    """(N, 3, image_size, image_size) -> (N, num_classes).

    representation_size: width of a hidden layer before the classes, by default none. conv_stem_configs: convolutions in place of the cut
    into patches of patch_size. Raises AssertionError where sizes do not fit.
    """

    def __init__(self, image_size: int, patch_size: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int,
                 dropout: float = 0.0, attention_dropout: float = 0.0, num_classes: int = 1000, representation_size: int | None = None,
                 norm_layer: Norm = NORM, conv_stem_configs: list[ConvStemConfig] | None = None) -> None:
        super().__init__()
        if image_size % patch_size:
            raise AssertedArgumentError(f"VisionTransformer: Input shape indivisible by patch size! got {image_size} and {patch_size}")
        self.image_size, self.patch_size, self.hidden_dim, self.mlp_dim = image_size, patch_size, hidden_dim, mlp_dim
        self.attention_dropout, self.dropout, self.num_classes = attention_dropout, dropout, num_classes
        self.representation_size, self.norm_layer = representation_size, norm_layer
        self.conv_proj = self._stem(conv_stem_configs) if conv_stem_configs else nn.Conv2d(3, hidden_dim, patch_size, patch_size)
        self.class_token = nn.Parameter(creation.zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer)
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is not None:
            heads["pre_logits"], heads["act"] = nn.Linear(hidden_dim, representation_size), nn.Tanh()
        heads["head"] = nn.Linear(representation_size or hidden_dim, num_classes)
        self.heads = nn.Sequential(heads)
        self._begin()

    def _stem(self, configs: list[ConvStemConfig]) -> nn.Sequential:
        stem, channels = nn.Sequential(), 3
        for i, cnf in enumerate(configs):
            stem.add_module(f"conv_bn_relu_{i}", Conv2dNormActivation(
                channels, cnf.out_channels, cnf.kernel_size, cnf.stride, norm_layer=cnf.norm_layer, activation_layer=cnf.activation_layer))
            channels = cnf.out_channels
        stem.add_module("conv_last", nn.Conv2d(channels, self.hidden_dim, 1))
        return stem

    def _begin(self) -> None:
        if isinstance(self.conv_proj, nn.Conv2d):
            first = self.conv_proj
            nn.init.trunc_normal_(first.weight, std=math.sqrt(1 / (first.in_channels * self.patch_size ** 2)))
        else:
            first = self.conv_proj.conv_last
            nn.init.normal_(first.weight, 0.0, math.sqrt(2.0 / first.out_channels))
        nn.init.zeros_(first.bias)
        if self.representation_size is not None:
            hidden = self.heads.pre_logits
            nn.init.trunc_normal_(hidden.weight, std=math.sqrt(1 / hidden.in_features))
            nn.init.zeros_(hidden.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def _process_input(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, patches, hidden_dim)"""
        for name, size in zip(("height", "width"), x.shape[2:], strict=True):
            if size != self.image_size:
                raise AssertedArgumentError(f"VisionTransformer: Wrong image {name}! Expected {self.image_size} but got {size}!")
        y: Tensor = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        return y

    def forward(self, x: Tensor) -> Tensor:
        x = self._process_input(x)
        x = self.encoder(cat([self.class_token.expand(x.shape[0], -1, -1), x], 1))
        y: Tensor = self.heads(x[:, 0])
        return y


class ViT_B_16_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("vit_b_16-c867db91.pth")
    IMAGENET1K_SWAG_E2E_V1 = imagenet("vit_b_16_swag-9ac1b537.pth", 384, 384, interpolation="bicubic")
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet("vit_b_16_lc_swag-4e70ced5.pth", 224, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class ViT_B_32_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("vit_b_32-d86f8d99.pth")
    DEFAULT = IMAGENET1K_V1


class ViT_L_16_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("vit_l_16-852ce7e3.pth", 242)
    IMAGENET1K_SWAG_E2E_V1 = imagenet("vit_l_16_swag-4f3808c9.pth", 512, 512, interpolation="bicubic")
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet("vit_l_16_lc_swag-4d563306.pth", 224, interpolation="bicubic")
    DEFAULT = IMAGENET1K_V1


class ViT_L_32_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("vit_l_32-c7638314.pth")
    DEFAULT = IMAGENET1K_V1


class ViT_H_14_Weights(WeightsEnum):
    IMAGENET1K_SWAG_E2E_V1 = imagenet("vit_h_14_swag-80465313.pth", 518, 518, interpolation="bicubic")
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet("vit_h_14_lc_swag-c1eb923e.pth", 224, interpolation="bicubic")
    DEFAULT = IMAGENET1K_SWAG_E2E_V1


def _built(patch: int, layers: int, heads: int, hidden: int, kind: type[WeightsEnum], weights: Any,
           options: dict[str, Any]) -> VisionTransformer:
    found = chosen(kind, weights, options)
    size = 224 if found is None else found.transforms().crop_size[0]
    return filled(VisionTransformer(options.pop("image_size", size), patch, layers, heads, hidden, 4 * hidden, **options), found)


@register_model
def vit_b_16(*, weights: ViT_B_16_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-B with patches of 16, 86.6 million parameters. kwargs: those of `VisionTransformer`, as image_size=224."""
    return _built(16, 12, 12, 768, ViT_B_16_Weights, weights, kwargs)


@register_model
def vit_b_32(*, weights: ViT_B_32_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-B with patches of 32, 88.2 million parameters."""
    return _built(32, 12, 12, 768, ViT_B_32_Weights, weights, kwargs)


@register_model
def vit_l_16(*, weights: ViT_L_16_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-L with patches of 16, 304.3 million parameters."""
    return _built(16, 24, 16, 1024, ViT_L_16_Weights, weights, kwargs)


@register_model
def vit_l_32(*, weights: ViT_L_32_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-L with patches of 32, 306.5 million parameters."""
    return _built(32, 24, 16, 1024, ViT_L_32_Weights, weights, kwargs)


@register_model
def vit_h_14(*, weights: ViT_H_14_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-H with patches of 14, 632.0 million parameters."""
    return _built(14, 32, 16, 1280, ViT_H_14_Weights, weights, kwargs)
