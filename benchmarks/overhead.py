"""What an op costs beside its arithmetic: 12 ops, chains of 100, forward and backward, on arrays too small to matter."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

TITLE = "Per-op overhead: chain of 100, forward + backward, one thread, CPU time"
OPTIONS = {"threads": 1, "clock": "cpu"}
LENGTH = 100


def workloads(torch: Any) -> dict[str, Callable[[], Any]]:
    F = torch.nn.functional
    steps: dict[str, Callable[[Any, Any, Any], Any]] = {
        "add": lambda y, c, w: y + c,
        "mul": lambda y, c, w: y * c,
        "div by number": lambda y, c, w: y / 1.01,
        "exp": lambda y, c, w: (-y).exp(),
        "tanh": lambda y, c, w: y.tanh(),
        "relu": lambda y, c, w: F.relu(y),
        "sum": lambda y, c, w: y + y.sum(1, True),
        "reshape": lambda y, c, w: y.reshape(-1).reshape(c.shape),
        "getitem": lambda y, c, w: y[1:] * c[1:] if y.shape[0] == c.shape[0] else y[:] * c[1:],
        "cat": lambda y, c, w: torch.cat([y[:1], y[1:]]),
        "matmul": lambda y, c, w: y @ w,
        "linear": lambda y, c, w: F.linear(y, w),
    }
    works = {}
    for rows, columns in ((2, 3), (32, 32)):
        torch.manual_seed(0)
        x = (torch.rand(rows, columns) * 0.1).requires_grad_()
        c = torch.rand(rows, columns) * 0.01 + 1.0
        w = torch.eye(columns)
        for name, step in steps.items():
            def run(step: Callable[..., Any] = step, x: Any = x, c: Any = c, w: Any = w) -> None:
                y = x
                for _ in range(LENGTH):
                    y = step(y, c, w)
                y.sum().backward()
                x.grad = None
            works[f"{name} ({rows}, {columns})"] = run
    return works
