"""First weights that several networks share."""
from __future__ import annotations

from ... import nn


def kaiming_fan_out(model: nn.Module) -> None:
    """Convolutions: normal, with a variance that keeps that of gradients, no bias. Normalisations: do nothing. Source: arXiv:1502.01852"""
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out")
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.ones_(m.weight)
            nn.init.zeros_(m.bias)


def small_normal(model: nn.Module) -> None:
    """Linear layers: normal with standard deviation 0.01, no bias."""
    for m in model.modules():
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, 0.01)
            nn.init.zeros_(m.bias)


def make_divisible(value: float, divisor: int = 8, least: int | None = None) -> int:
    """A number of channels rounded to a multiple, for fast kernels; never down by more than a tenth."""
    rounded = max(least or divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
