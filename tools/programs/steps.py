"""What the drivers share: cases that print numbers, and a few steps of training."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import numpy
import torch


def case(body: Callable[[], Any]) -> None:
    """Run `body` with a fixed seed and print `its name: numbers`, or how it failed; used as a decorator."""
    torch.manual_seed(0)
    numpy.random.seed(0)
    try:
        print(f"{body.__name__}: {' '.join(f'{x:.7g}' for x in numbers(body()))}", flush=True)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        print(f"{body.__name__}: FAILED {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)


def numbers(value: Any) -> Iterable[float]:
    """Every number in a nest of lists, dicts, tensors; of a tensor with more than eight elements its mean and its mean square."""
    if isinstance(value, torch.Tensor):
        flat = (
            value.detach().double().flatten() if not value.is_complex() else torch.view_as_real(value.detach()).double().flatten()
        )
        yield from flat.tolist() if flat.numel() <= 8 else (flat.mean().item(), flat.square().mean().item())
    elif isinstance(value, dict):
        for key in value:
            yield from numbers(value[key])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from numbers(part)
    elif value is not None:
        yield float(value)


def train(model: torch.nn.Module, loss_of: Callable[[], torch.Tensor], steps: int = 2, make: Any = None) -> list[float]:
    """Losses of `steps` steps, then the mean magnitude of all gradients of the last one."""
    optimizer = make(model.parameters()) if make else torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    grads = [p.grad.abs().mean().item() for p in model.parameters() if p.grad is not None]
    return [*losses, sum(grads) / len(grads)]


def classify(model: torch.nn.Module, *size: int, classes: int = 10, **options: Any) -> list[float]:
    """Train a classifier on two noise images."""
    x, y = torch.randn(2, *size), torch.randint(classes, (2,))
    return train(model, lambda: torch.nn.functional.cross_entropy(model(x), y), **options)
