"""Dropout of more than numbers: of whole branches, and of square regions."""
from __future__ import annotations

from typing import Any

from ... import creation, nn
from ..._tensor import Tensor
from ...errors import ArgumentError, describe
from ...nn import functional as F


def _check_probability(name: str, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"{name}: drop probability has to be between 0 and 1, but got {p}")


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """A residual branch that is zero with probability p, and else divided by 1 - p: (N, ...) -> the same. Source: arXiv:1603.09382

    mode: "row" draws for each of the N alone, "batch" once.
    """
    _check_probability("stochastic_depth", p)
    if mode not in ("batch", "row"):
        raise ArgumentError(f"stochastic_depth: mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    lives = 1.0 - p
    rows = input.shape[0] if mode == "row" else 1
    noise = creation.empty((rows, *[1] * (input.ndim - 1)), dtype=input.dtype, device=input.device).bernoulli_(lives)
    return input * (noise.div_(lives) if lives > 0.0 else noise)


class StochasticDepth(nn.Module):
    """See `stochastic_depth`."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p, self.mode = p, mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"


def _drop_block(name: str, n: int, input: Tensor, p: float, block_size: int, inplace: bool, eps: float, training: bool) -> Tensor:
    _check_probability(name, p)
    if input.ndim != n + 2:
        raise ArgumentError(f"{name}: input should be {n + 2} dimensional. Got {input.ndim} dimensions: {describe(input)}.")
    if not training or p == 0.0:
        return input
    sizes = input.shape[2:]
    block = min(block_size, *sizes)
    if block % 2 == 0:
        raise ArgumentError(f"{name}: block size should be odd. Got {block} which is even.")
    gamma = p / block ** n                           # of a block's centre, so that a share p of all is dropped
    for size in sizes:
        gamma *= size / (size - block + 1)
    centres = [size - block + 1 for size in sizes]
    noise: Any = creation.empty((*input.shape[:2], *centres), dtype=input.dtype, device=input.device).bernoulli_(gamma)
    noise = F.pad(noise, [block // 2] * 2 * n)
    noise = 1 - (F.max_pool2d if n == 2 else F.max_pool3d)(noise, block, 1, block // 2)
    scale = noise.numel() / (eps + noise.sum())
    return input.mul_(noise).mul_(scale) if inplace else input * noise * scale


def drop_block2d(input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6, training: bool = True) -> Tensor:
    """Images with square blocks of zeros, a share p of each in the mean: (N, C, H, W) -> the same. Source: arXiv:1810.12890"""
    return _drop_block("drop_block2d", 2, input, p, block_size, inplace, eps, training)


def drop_block3d(input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6, training: bool = True) -> Tensor:
    """`drop_block2d` of volumes (N, C, D, H, W)."""
    return _drop_block("drop_block3d", 3, input, p, block_size, inplace, eps, training)


class DropBlock2d(nn.Module):
    """See `drop_block2d`."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.p, self.block_size, self.inplace, self.eps = p, block_size, inplace, eps

    def forward(self, input: Tensor) -> Tensor:
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, block_size={self.block_size}, inplace={self.inplace})"


class DropBlock3d(DropBlock2d):
    """See `drop_block3d`."""

    def forward(self, input: Tensor) -> Tensor:
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
