"""ResNet (He et al., arXiv:1512.03385), ResNeXt (arXiv:1611.05431) and Wide ResNet (arXiv:1605.07146)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError, UnsupportedError, describe
from .registry import register_model
from .weights import WeightsEnum, chosen, filled, imagenet

Norm = Callable[..., nn.Module]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3 by 3 convolution without bias that keeps the size of the image, or divides it by its stride."""
    return nn.Conv2d(in_planes, out_planes, 3, stride, padding=dilation, dilation=dilation, groups=groups, bias=False)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1 by 1 convolution without bias."""
    return nn.Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3 by 3 convolutions beside a shortcut: (N, inplanes, H, W) -> (N, planes, H / stride, W / stride)."""
    expansion = 1

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, groups: int = 1,
                 base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ArgumentError(f"BasicBlock only supports groups=1 and base_width=64; got {groups} and {base_width}; use Bottleneck")
        if dilation > 1:
            raise UnsupportedError(f"BasicBlock: dilation > 1 is not supported, as in torchvision; got {dilation}; use Bottleneck")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        y: Tensor = self.relu(out)
        return y


class Bottleneck(nn.Module):
    """1 by 1, 3 by 3, 1 by 1 beside a shortcut: (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride).

    The stride is that of the 3 by 3 convolution, which is known as ResNet v1.5.
    """
    expansion = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, groups: int = 1,
                 base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        y: Tensor = self.relu(out)
        return y


class ResNet(nn.Module):
    """Four stages of blocks: (N, 3, H, W) -> (N, num_classes).

    layers: blocks per stage. zero_init_residual: every block begins as its shortcut. groups, width_per_group: of the 3 by 3
    convolutions in `Bottleneck`. replace_stride_with_dilation: for the last three stages, whether to dilate and not to shrink.
    norm_layer: made as norm_layer(channels); default BatchNorm2d.
    """

    def __init__(self, block: type[BasicBlock | Bottleneck], layers: list[int], num_classes: int = 1000, zero_init_residual: bool = False,
                 groups: int = 1, width_per_group: int = 64, replace_stride_with_dilation: list[bool] | None = None,
                 norm_layer: Norm | None = None) -> None:
        super().__init__()
        self._norm_layer: Norm = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilates = replace_stride_with_dilation or [False, False, False]
        if len(dilates) != 3:
            raise ArgumentError("ResNet: replace_stride_with_dilation should be None or a 3-element list, one for each of the last three "
                                f"stages; got {describe(dilates)}")
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilates[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilates[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilates[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._begin(zero_init_residual)

    def _begin(self, zero_init_residual: bool) -> None:
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
        for m in self.modules() if zero_init_residual else ():
            last = m.bn3 if isinstance(m, Bottleneck) else m.bn2 if isinstance(m, BasicBlock) else None
            if last is not None and last.weight is not None:
                nn.init.constant_(last.weight, 0)

    def _make_layer(self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1,
                    dilate: bool = False) -> nn.Sequential:
        norm, before = self._norm_layer, self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(conv1x1(self.inplanes, planes * block.expansion, stride), norm(planes * block.expansion))
        made = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, before, norm)]
        self.inplanes = planes * block.expansion
        made += [block(self.inplanes, planes, groups=self.groups, base_width=self.base_width, dilation=self.dilation, norm_layer=norm)
                 for _ in range(1, blocks)]
        return nn.Sequential(*made)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))     # (N, 64, H / 4, W / 4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        y: Tensor = self.fc(self.avgpool(x).flatten(1))
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


class ResNet18_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnet18-f37072fd.pth")
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnet34-b627a593.pth")
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnet50-0676ba61.pth")
    IMAGENET1K_V2 = imagenet("resnet50-11ad3fa6.pth", 232)
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnet101-63fe2227.pth")
    IMAGENET1K_V2 = imagenet("resnet101-cd907fc2.pth", 232)
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnet152-394f9c45.pth")
    IMAGENET1K_V2 = imagenet("resnet152-f82ba261.pth", 232)
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnext50_32x4d-7cdf4587.pth")
    IMAGENET1K_V2 = imagenet("resnext50_32x4d-1a0047aa.pth", 232)
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnext101_32x8d-8ba56ff5.pth")
    IMAGENET1K_V2 = imagenet("resnext101_32x8d-110c445d.pth", 232)
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("resnext101_64x4d-173b62eb.pth", 232)
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("wide_resnet50_2-95faca4d.pth")
    IMAGENET1K_V2 = imagenet("wide_resnet50_2-9ba9bcbe.pth", 232)
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    IMAGENET1K_V1 = imagenet("wide_resnet101_2-32ee1156.pth")
    IMAGENET1K_V2 = imagenet("wide_resnet101_2-d733dc28.pth", 232)
    DEFAULT = IMAGENET1K_V2


def _built(block: type[BasicBlock | Bottleneck], layers: list[int], kind: type[WeightsEnum], weights: Any,
           options: dict[str, Any]) -> ResNet:
    found = chosen(kind, weights, options)
    return filled(ResNet(block, layers, **options), found)


@register_model
def resnet18(*, weights: ResNet18_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-18, 11.7 million parameters. kwargs: those of `ResNet`.

    >>> sum(p.numel() for p in resnet18().parameters())
    11689512
    """
    return _built(BasicBlock, [2, 2, 2, 2], ResNet18_Weights, weights, kwargs)


@register_model
def resnet34(*, weights: ResNet34_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-34, 21.8 million parameters."""
    return _built(BasicBlock, [3, 4, 6, 3], ResNet34_Weights, weights, kwargs)


@register_model
def resnet50(*, weights: ResNet50_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-50, 25.6 million parameters."""
    return _built(Bottleneck, [3, 4, 6, 3], ResNet50_Weights, weights, kwargs)


@register_model
def resnet101(*, weights: ResNet101_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-101, 44.5 million parameters."""
    return _built(Bottleneck, [3, 4, 23, 3], ResNet101_Weights, weights, kwargs)


@register_model
def resnet152(*, weights: ResNet152_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-152, 60.2 million parameters."""
    return _built(Bottleneck, [3, 8, 36, 3], ResNet152_Weights, weights, kwargs)


@register_model
def resnext50_32x4d(*, weights: ResNeXt50_32X4D_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-50: 32 groups of 4 channels, 25.0 million parameters."""
    return _built(Bottleneck, [3, 4, 6, 3], ResNeXt50_32X4D_Weights, weights, {"groups": 32, "width_per_group": 4, **kwargs})


@register_model
def resnext101_32x8d(*, weights: ResNeXt101_32X8D_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-101: 32 groups of 8 channels, 88.8 million parameters."""
    return _built(Bottleneck, [3, 4, 23, 3], ResNeXt101_32X8D_Weights, weights, {"groups": 32, "width_per_group": 8, **kwargs})


@register_model
def resnext101_64x4d(*, weights: ResNeXt101_64X4D_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-101: 64 groups of 4 channels, 83.5 million parameters."""
    return _built(Bottleneck, [3, 4, 23, 3], ResNeXt101_64X4D_Weights, weights, {"groups": 64, "width_per_group": 4, **kwargs})


@register_model
def wide_resnet50_2(*, weights: Wide_ResNet50_2_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """Wide ResNet-50-2: twice the channels within a block, 68.9 million parameters."""
    return _built(Bottleneck, [3, 4, 6, 3], Wide_ResNet50_2_Weights, weights, {"width_per_group": 128, **kwargs})


@register_model
def wide_resnet101_2(*, weights: Wide_ResNet101_2_Weights | str | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """Wide ResNet-101-2: twice the channels within a block, 126.9 million parameters."""
    return _built(Bottleneck, [3, 4, 23, 3], Wide_ResNet101_2_Weights, weights, {"width_per_group": 128, **kwargs})
