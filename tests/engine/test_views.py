"""Random programs of views, writes and reads: PyTorch's values and gradients, or refused where PyTorch refuses."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

torch = pytest.importorskip("torch")

VIEWS = {
    "row": lambda t: t[0],
    "rows": lambda t: t[1:],
    "column": lambda t: t[..., 1],
    "transposed": lambda t: t.transpose(0, -1),
    "reversed": lambda t: t.permute(tuple(range(t.ndim))[::-1]),
    "flat": lambda t: t.view(-1),
    "new": lambda t: t.unsqueeze(0),
    "every second": lambda t: t[..., ::2],
    "diagonal": lambda t: t.diagonal(),
    "window": lambda t: t.unfold(0, 2, 2),
    "strided": lambda t: t.as_strided((2, 2), (1, 4)) if t._base is None else t[:1],
    "half": lambda t: t.chunk(2)[0],
    "detached": lambda t: t.detach(),
}
WRITES = {
    "add": lambda t, y: t.add_(1.5),
    "mul": lambda t, y: t.mul_(2.0),
    "add y": lambda t, y: t.add_(y.sum()),
    "mul y": lambda t, y: t.mul_(y.sum()),
    "exp": lambda t, y: t.exp_(),
    "fill": lambda t, y: t.fill_(0.5),
    "zero": lambda t, y: t.zero_(),
    "copy y": lambda t, y: t.copy_(y[0]),
    "set first": lambda t, y: t.__setitem__(0, y[1]),
    "set last": lambda t, y: t.__setitem__((..., -1), 0.25),
    "set listed": lambda t, y: t.__setitem__([0, -1], y[2]),
    "masked": lambda t, y: t.masked_fill_(t.detach() > 1, 0.125),
    "swap": lambda t, y: t.transpose_(0, -1),
}


def test_overlapping_windows_are_no_place_to_write() -> None:
    x = mg.zeros(4)
    windows = x.unfold(0, 2, 1)
    with pytest.raises(RuntimeError, match="are one memory cell; clone"):
        windows.add_(1)
    windows[0].add_(1)                               # one window alone is
    assert x.tolist() == [1.0, 1.0, 0.0, 0.0]


STEPS = st.tuples(st.sampled_from(["view"] * 4 + ["write"] * 3 + ["read", "square"]), st.integers(0, 9), st.integers(0, 999))


def run(library: Any, steps: list[tuple[str, int, int]]) -> tuple[str, Any]:
    """The gradients of everything that was read, or what refused: the step, or the backward pass."""
    x = library.tensor(np.linspace(0.1, 1.2, 12).reshape(3, 4)).requires_grad_()
    y = library.tensor(np.array([0.3, -0.2, 0.7, 0.5])).requires_grad_()
    tensors = [x * 1.0]
    total = 0
    for kind, which, how in steps:
        t = tensors[which % len(tensors)]
        try:
            if kind == "view":
                tensors.append(list(VIEWS.values())[how % len(VIEWS)](t))
            elif kind == "write":
                list(WRITES.values())[how % len(WRITES)](t, y)
            else:
                total = total + (t * t if kind == "square" else t * 3.0).sum()
        except (RuntimeError, IndexError, ValueError):
            return "refused", None
    try:
        total = total + sum((i + 1) * t.sum() for i, t in enumerate(tensors))
        gradients = library.autograd.grad(total, (x, y), allow_unused=True)
    except RuntimeError:
        return "refused", None
    return "done", [total.item(), *[0 if g is None else g.numpy() for g in gradients]]


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=12))
def test_programs(steps: list[tuple[str, int, int]]) -> None:
    theirs, ours = run(torch, steps), run(mg, steps)
    if theirs[0] == "refused":                       # we may do more than PyTorch, as long as it is not wrong
        return
    assert ours[0] == "done"
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
