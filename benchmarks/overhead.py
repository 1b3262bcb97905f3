"""What an op costs beside its arithmetic: 12 ops, chains of 100, forward and backward, on arrays too small to matter."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Step, Workloads

FAMILY = Family("Per-op overhead", "Chains of 100, forward and backward, on arrays too small to matter.", threads=(1,), one_row=True)
LENGTH = 100


def workloads(torch: Any) -> Workloads:
    F = torch.nn.functional
    steps: dict[str, Callable[..., Any]] = {
        "add": lambda y, c, w, s: y + c,
        "mul": lambda y, c, w, s: y * c,
        "div by number": lambda y, c, w, s: y / 1.01,
        "exp": lambda y, c, w, s: (-y).exp(),
        "tanh": lambda y, c, w, s: y.tanh(),
        "relu": lambda y, c, w, s: F.relu(y),
        "sum": lambda y, c, w, s: s * y.sum(1, True),
        "reshape": lambda y, c, w, s: y.reshape(-1).reshape(c.shape),
        "getitem": lambda y, c, w, s: y[1:] * c[1:] if y.shape[0] == c.shape[0] else y[:] * c[1:],
        "cat": lambda y, c, w, s: torch.cat([y[:1], y[1:]]),
        "matmul": lambda y, c, w, s: y @ w,
        "linear": lambda y, c, w, s: F.linear(y, w),
    }

    def chain(step: Callable[..., Any], rows: int, columns: int) -> Step:
        x = (torch.rand(rows, columns) * 0.1).requires_grad_()
        c = torch.rand(rows, columns) * 0.01 + 1.0
        w, s = torch.eye(columns), torch.full((rows, columns), 1.0 / columns)

        def run() -> Any:
            y = x
            for _ in range(LENGTH):
                y = step(y, c, w, s)
            y.sum().backward()
            grad, x.grad = x.grad, None
            return grad
        return run
    return {f"{shape}: {name}": lambda step=step, shape=shape: chain(step, *shape)
            for shape in ((2, 3), (32, 32)) for name, step in steps.items()}
