"""GoogLeNet (Szegedy et al., arXiv:1409.4842), with batch normalisation."""
from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError
from ...nn import functional as F
from ...ops.join import cat, stack
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Block = Callable[..., nn.Module]

# What GoogLeNet gives in training, when it has auxiliary classifiers.
GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"])

# Of each `Inception`: channels in, of the 1 by 1 branch, of the two 3 by 3 branches before and after, of the branch with a pool.
CHANNELS = {
    "3a": (192, 64, 96, 128, 16, 32, 32), "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64), "4b": (512, 160, 112, 224, 24, 64, 64), "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64), "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128), "5b": (832, 384, 192, 384, 48, 128, 128),
}


class BasicConv2d(nn.Module):
    """Convolution without bias, batch normalisation, ReLU. kwargs: those of `nn.Conv2d`."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


def imagenet_to_half(x: Tensor) -> Tensor:
    """From (v - mean) / std of each channel of ImageNet to (v - 0.5) / 0.5."""
    means, stds = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return stack([x[:, c] * (std / 0.5) + (mean - 0.5) / 0.5 for c, (mean, std) in enumerate(zip(means, stds))], 1)


class Inception(nn.Module):
    """Four branches side by side: (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W).

    The third branch, 5 by 5 in the paper, has 3 by 3 filters, with which torchvision's weights were trained.
    """

    def __init__(self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int, pool_proj: int,
                 conv_block: Block | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(conv(in_channels, ch3x3red, kernel_size=1), conv(ch3x3red, ch3x3, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(conv(in_channels, ch5x5red, kernel_size=1), conv(ch5x5red, ch5x5, kernel_size=3, padding=1))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), conv(in_channels, pool_proj, kernel_size=1))

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]

    def forward(self, x: Tensor) -> Tensor:
        return cat(self._forward(x), 1)


class InceptionAux(nn.Module):
    """A classifier on inner features, for training: (N, in_channels, H, W) -> (N, num_classes)."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: Block | None = None, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4))).flatten(1)           # (N, 2048)
        y: Tensor = self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))
        return y


class GoogLeNet(nn.Module):
    """(N, 3, H, W) -> (N, num_classes); in training with aux_logits, `GoogLeNetOutputs` of three of them.

    transform_input: takes images that are normalised with ImageNet's means, for weights that were trained without.
    blocks: the classes of convolution, inception and auxiliary classifier. init_weights: truncated normal, which takes its time.
    """

    def __init__(self, num_classes: int = 1000, aux_logits: bool = True, transform_input: bool = False, init_weights: bool | None = None,
                 blocks: list[Block] | None = None, dropout: float = 0.2, dropout_aux: float = 0.7) -> None:
        super().__init__()
        if blocks is not None and len(blocks) != 3:
            raise ArgumentError(f"GoogLeNet: blocks must be three classes: convolution, inception, auxiliary classifier; got {len(blocks)}")
        conv, inception, aux = blocks or [BasicConv2d, Inception, InceptionAux]
        if init_weights is None:
            warnings.warn("GoogLeNet: initialises its weights, as torchvision does unless told otherwise; say init_weights=True or False",
                          FutureWarning, stacklevel=2)
            init_weights = True
        self.aux_logits, self.transform_input = aux_logits, transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a = inception(*CHANNELS["3a"])
        self.inception3b = inception(*CHANNELS["3b"])
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception4a = inception(*CHANNELS["4a"])
        self.inception4b = inception(*CHANNELS["4b"])
        self.inception4c = inception(*CHANNELS["4c"])
        self.inception4d = inception(*CHANNELS["4d"])
        self.inception4e = inception(*CHANNELS["4e"])
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.inception5a = inception(*CHANNELS["5a"])
        self.inception5b = inception(*CHANNELS["5b"])
        self.aux1 = aux(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = aux(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights:
            self._begin()

    def _begin(self) -> None:
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(m.weight, mean=0.0, std=0.01, a=-2, b=2)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)

    def _transform_input(self, x: Tensor) -> Tensor:
        return imagenet_to_half(x) if self.transform_input else x

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = self.maxpool1(self.conv1(x))                         # (N, 64, H / 4, W / 4)
        x = self.maxpool2(self.conv3(self.conv2(x)))             # (N, 192, H / 8, W / 8)
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)                                  # (N, 512, H / 16, W / 16)
        aux1 = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.maxpool4(self.inception4e(x))
        x = self.avgpool(self.inception5b(self.inception5a(x)))  # (N, 1024, 1, 1)
        return self.fc(self.dropout(x.flatten(1))), aux2, aux1

    def eager_outputs(self, x: Tensor, aux2: Tensor | None, aux1: Tensor | None) -> Any:
        """What the caller sees: the logits, in training with those of the auxiliary classifiers."""
        return GoogLeNetOutputs(x, aux2, aux1) if self.training and self.aux_logits else x

    def forward(self, x: Tensor) -> Any:
        return self.eager_outputs(*self._forward(self._transform_input(x)))


class GoogLeNet_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("googlenet-1378be20.pth")
    DEFAULT = IMAGENET1K_V1


@register_model
def googlenet(*, weights: GoogLeNet_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> GoogLeNet:
    """GoogLeNet, 6.6 million parameters and 6.4 million of auxiliary classifiers. kwargs: those of `GoogLeNet`."""
    found = chosen(GoogLeNet_Weights, weights, kwargs)
    if found is None:
        return GoogLeNet(**kwargs)
    wanted = kwargs.pop("aux_logits", False)         # the file holds them; without a word they are dropped
    kwargs = {"transform_input": True, **kwargs, "init_weights": False}
    model = filled(GoogLeNet(aux_logits=True, **kwargs), found)
    if not wanted:
        model.aux_logits, model.aux1, model.aux2 = False, None, None
    return model
