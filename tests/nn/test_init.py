"""Initialisations draw what PyTorch's draw."""
from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.nn import init

torch = pytest.importorskip("torch")

CASES = [
    ("uniform_", (), {}), ("uniform_", (-2.0, 0.5), {}), ("normal_", (), {}), ("normal_", (1.0, 0.1), {}), ("constant_", (0.3,), {}),
    ("ones_", (), {}), ("zeros_", (), {}), ("trunc_normal_", (), {}), ("trunc_normal_", (0.0, 1.0, -0.5, 0.7), {}),
    ("trunc_normal_", (0.5, 0.1, 0.4, 1.0), {}), ("trunc_normal_", (), {"mean": 0.0, "std": 1.0, "a": 1.5, "b": 3.0}),
    ("trunc_normal_", (0.0, 1.0, -0.1, 0.1), {}), ("xavier_uniform_", (), {}), ("xavier_uniform_", (2.0,), {}),
    ("xavier_normal_", (), {}), ("xavier_normal_", (0.5,), {}), ("kaiming_uniform_", (), {}), ("kaiming_uniform_", (math.sqrt(5),), {}),
    ("kaiming_uniform_", (), {"mode": "fan_out", "nonlinearity": "relu"}), ("kaiming_normal_", (), {}),
    ("kaiming_normal_", (0.2, "fan_out"), {}), ("kaiming_normal_", (), {"nonlinearity": "selu"}), ("orthogonal_", (), {}),
    ("orthogonal_", (2.0,), {}),
]


@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (6, 4, 3, 2)])
@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_values(name: str, args, kwargs, shape) -> None:
    for dtype in ("float32", "float64"):
        minigrad.manual_seed(5)
        torch.manual_seed(5)
        ours, theirs = minigrad.empty(*shape, dtype=getattr(minigrad, dtype)), torch.empty(*shape, dtype=getattr(torch, dtype))
        with np.errstate(all="ignore"):
            assert getattr(init, name)(ours, *args, **kwargs) is ours
        getattr(torch.nn.init, name)(theirs, *args, **kwargs)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 2e-5 if dtype == "float32" else 1e-10,
            1e-6 if dtype == "float32" else 1e-12)


def test_the_matrices() -> None:
    cases = [("eye_", (3, 5), ()), ("dirac_", (4, 3, 5), ()), ("dirac_", (4, 2, 3, 3), (2,)), ("dirac_", (2, 3, 2, 3, 4), ())]
    for name, shape, args in cases:
        ours, theirs = getattr(init, name)(minigrad.ones(*shape), *args), getattr(torch.nn.init, name)(torch.ones(*shape), *args)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    minigrad.manual_seed(1)
    torch.manual_seed(1)
    np.testing.assert_allclose(init.sparse_(minigrad.empty(6, 4), 0.3).numpy(), torch.nn.init.sparse_(torch.empty(6, 4), 0.3).numpy(), 1e-5)


@pytest.mark.parametrize("name", [
    "uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_",
])
def test_a_generator_of_one_s_own(name: str) -> None:
    before = minigrad.get_rng_state()
    ours = getattr(init, name)(minigrad.empty(4, 5), generator=minigrad.Generator().manual_seed(7))
    theirs = getattr(torch.nn.init, name)(torch.empty(4, 5), generator=torch.Generator().manual_seed(7))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 2e-5, 1e-6)
    np.testing.assert_array_equal(np.asarray(minigrad.get_rng_state()), np.asarray(before))


def test_gains() -> None:
    names = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid", "tanh", "relu",
             "leaky_relu", "selu")
    for name in names:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_parameters_are_written_outside_the_graph() -> None:
    p = minigrad.nn.Parameter(minigrad.zeros(2, 2))
    out = (p * p).sum()
    init.ones_(p)
    assert p.is_leaf
    assert p.requires_grad
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


ERRORS = [
    (lambda i, t: i.calculate_gain("no"), "Unsupported nonlinearity no"),
    (lambda i, t: i.calculate_gain("leaky_relu", True), "negative_slope True not a valid"),
    (lambda i, t: i.xavier_uniform_(t.ones(3)), "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"),
    (lambda i, t: i.kaiming_normal_(t.ones(3, 3), mode="no"), "Mode no not supported, please use one of"),
    (lambda i, t: i.eye_(t.ones(3)), "Only tensors with 2 dimensions are supported"),
    (lambda i, t: i.sparse_(t.ones(3), 0.1), "Only tensors with 2 dimensions are supported"),
    (lambda i, t: i.dirac_(t.ones(3, 3)), "Only tensors with 3, 4, or 5 dimensions are supported"),
    (lambda i, t: i.dirac_(t.ones(3, 3, 3), 2), "dim 0 must be divisible by groups"),
    (lambda i, t: i.orthogonal_(t.ones(3)), "Only tensors with 2 or more dimensions are supported"),
]


@pytest.mark.parametrize(("act", "text"), ERRORS)
def test_errors(act, text: str) -> None:
    for i, t in ((init, minigrad), (torch.nn.init, torch)):
        with pytest.raises(ValueError, match=text):
            act(i, t)


def test_warnings() -> None:
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        init.kaiming_uniform_(minigrad.empty(0, 3))
    with pytest.warns(UserWarning, match="mean is more than 2 std from"):
        init.trunc_normal_(minigrad.empty(3), mean=5.0)
