"""LBFGS: the same iterates as PyTorch's, and what it is for: minima found in few evaluations."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim.line_search import Point, strong_wolfe

torch = pytest.importorskip("torch")


def rosenbrock(library: Any, optimizer: Any, p: Any, calls: list[float]) -> Any:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((1 - p[:-1]) ** 2).sum() + 100 * ((p[1:] - p[:-1] ** 2) ** 2).sum()
        loss.backward()
        calls.append(loss.item())
        return loss
    return closure


@pytest.mark.parametrize("options", [
    {"lr": 1e-3}, {"lr": 1e-3, "max_iter": 7, "history_size": 2}, {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 4, "max_eval": 6}, {"line_search_fn": "strong_wolfe", "max_eval": 1},
    {"line_search_fn": "strong_wolfe", "history_size": 1, "lr": 0.5}, {"tolerance_grad": 1e9}, {"lr": 1e-3, "tolerance_change": 1.0},
], ids=str)
def test_every_evaluation_is_pytorchs(options: dict) -> None:
    start, seen = np.array([-1.2, 1.0, 0.5, -0.7]), []
    for library, module in ((minigrad, optim), (torch, torch.optim)):
        p = library.nn.Parameter(library.tensor(start))
        optimizer, calls = module.LBFGS([p], **options), []
        for _ in range(3):
            calls.append(optimizer.step(rosenbrock(library, optimizer, p, calls)).item())
        state = optimizer.state_dict()["state"][0]
        seen.append((calls, p.detach().numpy(), state["func_evals"], state["n_iter"], set(state)))
    np.testing.assert_allclose(seen[0][0], seen[1][0], 1e-5, 1e-12)
    np.testing.assert_allclose(seen[0][1], seen[1][1], 1e-6)
    assert seen[0][2:] == seen[1][2:]


def test_the_valley_of_rosenbrock_is_walked_to_its_end() -> None:
    p = nn.Parameter(minigrad.tensor([-1.2, 1.0], dtype=minigrad.float64))
    optimizer, calls = optim.LBFGS([p], max_iter=100, tolerance_change=1e-16, line_search_fn="strong_wolfe"), []
    optimizer.step(rosenbrock(minigrad, optimizer, p, calls))
    np.testing.assert_allclose(p.detach().numpy(), [1, 1], 1e-6)
    assert len(calls) < 60


def test_what_it_refuses() -> None:
    p, q = (nn.Parameter(minigrad.zeros(2)) for _ in range(2))
    with pytest.raises(ValueError, match="LBFGS doesn't support per-parameter options"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS([p], lr=-1)
    optimizer = optim.LBFGS([p], line_search_fn="armijo")
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported as line_search_fn; got 'armijo'"):
        optimizer.step(rosenbrock(minigrad, optimizer, p, []))
    optimizer.add_param_group({"params": [q]})
    with pytest.raises(AssertionError, match="Expected exactly one param_group, but got 2"):
        optimizer.step(rosenbrock(minigrad, optimizer, p, []))


def test_a_parameter_without_gradient_stays_and_shapes_are_mixed() -> None:
    used, unused, scalar = nn.Parameter(minigrad.ones(2, 3)), nn.Parameter(minigrad.ones(4)), nn.Parameter(minigrad.tensor(3.0))
    optimizer = optim.LBFGS([used, unused, scalar])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (used ** 2).sum() + (scalar - 1) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(used.detach().numpy(), np.zeros((2, 3)), atol=1e-5)
    np.testing.assert_array_equal(unused.detach().numpy(), np.ones(4))
    assert scalar.item() == pytest.approx(1, abs=1e-5)


def test_a_graph_from_before_the_step_is_stale() -> None:
    p = nn.Parameter(minigrad.tensor([-1.2, 1.0]))
    optimizer = optim.LBFGS([p], lr=1e-3, max_iter=2)
    early = (p * p).sum()
    optimizer.step(rosenbrock(minigrad, optimizer, p, []))
    with pytest.raises(RuntimeError, match="was modified by an inplace operation"):
        early.backward()


@pytest.mark.parametrize("first", [1e-3, 0.3, 1.0, 50.0])
def test_the_line_search_ends_where_both_conditions_hold(first: float) -> None:
    def at(t: float) -> Point:
        return Point(t, (t - 2) ** 2 + np.sin(3 * t), None, 2 * (t - 2) + 3 * np.cos(3 * t))

    start = at(0.0)
    assert start.slope < 0
    found, evaluations = strong_wolfe(at, start, first, 1.0, 1e-9, 25)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= -0.9 * start.slope
    assert evaluations <= 26
