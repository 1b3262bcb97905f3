"""Feature pyramids (Lin et al., arXiv:1612.03144): coarse maps, which know what is seen, added to fine ones, which know where."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import nn
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...nn import functional as F
from .blocks import Conv2dNormActivation

Maps = list[Tensor]


def _begin(convolution: nn.Conv2d) -> None:
    nn.init.kaiming_uniform_(convolution.weight, a=1)
    if convolution.bias is not None:
        nn.init.constant_(convolution.bias, 0)


class ExtraFPNBlock(nn.Module):
    """Base of what adds maps: (maps of the pyramid, those it was made of, names) -> (maps, names)."""

    def forward(self, results: Maps, x: Maps, names: list[str]) -> tuple[Maps, list[str]]:
        raise NotImplementedError


class FeaturePyramidNetwork(nn.Module):
    """A dict of maps (N, in_channels_list[i], H / 2^i, W / 2^i) -> the same keys with maps of `out_channels` channels, finest first."""
    _version = 2

    def __init__(self, in_channels_list: Sequence[int], out_channels: int, extra_blocks: ExtraFPNBlock | None = None,
                 norm_layer: Callable[..., nn.Module] | None = None) -> None:
        super().__init__()
        if 0 in in_channels_list:
            raise ArgumentError("FeaturePyramidNetwork: in_channels=0 is currently not supported")
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise ArgumentTypeError(f"FeaturePyramidNetwork: extra_blocks should be of type ExtraFPNBlock not {describe(extra_blocks)}")
        self.inner_blocks, self.layer_blocks = nn.ModuleList(), nn.ModuleList()
        for channels in in_channels_list:
            self.inner_blocks.append(Conv2dNormActivation(channels, out_channels, 1, padding=0, norm_layer=norm_layer,
                                                          activation_layer=None))
            self.layer_blocks.append(Conv2dNormActivation(out_channels, out_channels, 3, norm_layer=norm_layer, activation_layer=None))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                _begin(m)
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        if local_metadata.get("version", 1) < 2:     # files from when a block was a bare convolution
            for blocks in ("inner_blocks", "layer_blocks"):
                for i in range(len(self.inner_blocks)):
                    for kind in ("weight", "bias"):
                        if (old := f"{prefix}{blocks}.{i}.{kind}") in state_dict:
                            state_dict[f"{prefix}{blocks}.{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def forward(self, x: Mapping[str, Tensor]) -> OrderedDict[str, Tensor]:
        names, maps = list(x), list(x.values())
        inner = self.inner_blocks[-1](maps[-1])
        results = [self.layer_blocks[-1](inner)]
        for i in reversed(range(len(maps) - 1)):
            beside = self.inner_blocks[i](maps[i])
            inner = beside + F.interpolate(inner, size=beside.shape[-2:], mode="nearest")
            results.insert(0, self.layer_blocks[i](inner))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results, strict=False))


class LastLevelMaxPool(ExtraFPNBlock):
    """Adds every second pixel of the last map, as "pool"."""

    def forward(self, results: Maps, x: Maps, names: list[str]) -> tuple[Maps, list[str]]:
        return [*results, F.max_pool2d(results[-1], 1, 2, 0)], [*names, "pool"]


class LastLevelP6P7(ExtraFPNBlock):
    """Adds two maps, "p6" and "p7", each half the size of that before. Source: RetinaNet, arXiv:1708.02002"""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        _begin(self.p6)
        _begin(self.p7)
        self.use_P5 = in_channels == out_channels

    def forward(self, results: Maps, x: Maps, names: list[str]) -> tuple[Maps, list[str]]:
        p6 = self.p6((results if self.use_P5 else x)[-1])
        return [*results, p6, self.p7(F.relu(p6))], [*names, "p6", "p7"]
