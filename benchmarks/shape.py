"""Views, indexing, writes in place and creation: chains on small arrays, and a few large ones."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Step, Workloads

FAMILY = Family("Views, indexing, creation", "Chains: 50 steps, forward and backward, on (8, 8).", threads=(1,), one_row=True)
LENGTH = 50


def workloads(torch: Any) -> Workloads:
    works: Workloads = {}
    for group, make in (("chain", chains), ("write", writes), ("create", creation), ("large", large)):
        for name in make(torch):
            works[f"{group}: {name}"] = lambda make=make, name=name: make(torch)[name]       # built anew, from the same seed
    return works


def chains(torch: Any) -> dict[str, Step]:
    rows, mask = torch.arange(8), torch.zeros(8, 8, dtype=torch.bool)
    columns = torch.arange(8).expand(8, 8)
    steps: dict[str, Callable[[Any], Any]] = {
        "view": lambda x: x.view(4, 16).view(8, 8),
        "reshape": lambda x: x.reshape(-1).reshape(8, 8),
        "transpose": lambda x: x.transpose(0, 1),
        "permute": lambda x: x.permute(1, 0),
        "unsqueeze squeeze": lambda x: x.unsqueeze(0).squeeze(0),
        "x[0]": lambda x: x[None][0],
        "x[:, 0:8]": lambda x: x[:, 0:8],
        "expand": lambda x: x.expand(8, 8),
        "cat of two slices": lambda x: torch.cat((x[:4], x[4:])),
        "chunk cat": lambda x: torch.cat(x.chunk(2)),
        "stack [0]": lambda x: torch.stack((x, x))[0],
        "x[rows]": lambda x: x[rows],
        "index_select": lambda x: x.index_select(0, rows),
        "gather": lambda x: x.gather(1, columns),
        "masked_fill": lambda x: x.masked_fill(mask, 0.0),
        "flip": lambda x: torch.flip(x, (0,)),
        "roll": lambda x: torch.roll(x, 1, 0),
        "repeat [:8]": lambda x: x.repeat(2, 1)[:8],
    }
    x, seed = torch.ones(8, 8, requires_grad=True), torch.ones(8, 8)
    works = {}
    for name, step in steps.items():
        def run(step: Callable[[Any], Any] = step) -> Any:
            y = x
            for _ in range(LENGTH):
                y = step(y)
            y.backward(seed)
            grad, x.grad = x.grad, None
            return grad
        works[name] = run
    return works


def writes(torch: Any) -> dict[str, Step]:
    x, row, at = torch.zeros(1000, 100), torch.ones(100), torch.arange(10)
    return {
        "x[3] = 1.0": lambda: x.__setitem__(3, 1.0),
        "x[3] = row": lambda: x.__setitem__(3, row),
        "x[2:5, 1] = 1.0": lambda: x.__setitem__((slice(2, 5), 1), 1.0),
        "x[indices] = row": lambda: x.__setitem__(at, row),
        "row.fill_": lambda: row.fill_(1.0),
        "row.zero_": lambda: row.zero_(),
        "row.copy_": lambda: row.copy_(x[0]),
        "row.add_": lambda: row.add_(1.0),
    }


def creation(torch: Any) -> dict[str, Step]:
    x = torch.ones(8)
    numbers = [[float(i + j) for i in range(100)] for j in range(100)]
    return {
        "zeros(2, 3)": lambda: torch.zeros(2, 3),
        "zeros_like": lambda: torch.zeros_like(x),
        "arange(10)": lambda: torch.arange(10),
        "tensor(1.0)": lambda: torch.tensor(1.0),
        "tensor of 3": lambda: torch.tensor([1.0, 2.0, 3.0]),
        "tensor of 100 x 100": lambda: torch.tensor(numbers),
        "randn(1_000_000)": lambda: torch.randn(1_000_000),
        "rand(1_000_000)": lambda: torch.rand(1_000_000),
    }


def large(torch: Any) -> dict[str, Step]:
    torch.manual_seed(0)
    table = torch.randn(10_000, 256, requires_grad=True)
    words = torch.randint(10_000, (4096,))
    x, half = torch.randn(1000, 1000), torch.ones(500, 1000)
    mask, index, order = x > 0, torch.randint(1000, (1000, 1000)), torch.randperm(1000)

    def embedding() -> Any:
        torch.nn.functional.embedding(words, table).sum().backward()
        grad, table.grad = table.grad, None
        return grad
    return {
        "embedding 4096 of (10000, 256)": embedding,
        "masked_fill (1000, 1000)": lambda: x.masked_fill(mask, 0.5),
        "x[mask] (1000, 1000)": lambda: x[mask],
        "gather (1000, 1000)": lambda: x.gather(1, index),
        "scatter_add (1000, 1000)": lambda: x.scatter_add(1, index, x),
        "x[order] (1000, 1000)": lambda: x[order],
        "x.t().contiguous()": lambda: x.t().contiguous(),
        "cat (1000, 1000)": lambda: torch.cat((x, x), 1),
        "tril (1000, 1000)": lambda: x.tril(),
        "x[:500] = half": lambda: x.__setitem__(slice(500), half),
    }
