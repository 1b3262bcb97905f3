"""Every optimizer takes the same steps as PyTorch's, before and after its state was saved and loaded.

Each test runs twice: the formulas on whole arrays, and the compiled ones.
"""
from __future__ import annotations

import copy
import sys

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.backend import NUMPY
from minigrad.optim import pointwise

from ..kernels.both import compiled

torch = pytest.importorskip("torch")

SHAPES = ((3, 4), (4,), (), (2, 1, 3), (13, 14))
CASES = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "weight_decay": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "maximize": True, "weight_decay": 0.01}), ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}), ("Adam", {"amsgrad": True, "maximize": True}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}), ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}), ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "maximize": True}), ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "weight_decay": 0.1}), ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.9, "maximize": True}), ("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adadelta", {}), ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1, "maximize": True}), ("Adamax", {}),
    ("Adamax", {"weight_decay": 0.1, "maximize": True}), ("NAdam", {}), ("NAdam", {"weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}), ("RAdam", {}),
    ("RAdam", {"weight_decay": 0.1, "maximize": True}), ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}), ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.4, 1.4), "step_sizes": (1e-3, 1.0), "maximize": True}), ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "t0": 3, "weight_decay": 0.1, "maximize": True}),
]
IDS = [f"{name}-{'-'.join(options) or 'defaults'}" for name, options in CASES]


@pytest.fixture(autouse=True, params=["arrays", pytest.param("compiled", marks=compiled)])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How steps are made. On arrays, the largest parameter is updated in pieces, the last of them shorter."""
    monkeypatch.setattr(pointwise, "PIECE", 50)
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0 if request.param == "compiled" else sys.maxsize)
    return request.param


def gradients(step: int, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(step)
    found = [rng.normal(size=shape) for shape in SHAPES]
    if dtype.startswith("complex"):
        found = [g + 1j * rng.normal(size=g.shape) for g in found]
    return [np.asarray(g, dtype) for g in found]


class Twins:
    """The same parameters under both optimizers."""

    def __init__(self, name: str, options: dict, dtype: str = "float64") -> None:
        self.name, self.options, self.dtype = name, options, dtype
        start = gradients(-1 % 1000, dtype)
        self.ours = [nn.Parameter(minigrad.tensor(v)) for v in start]
        self.theirs = [torch.nn.Parameter(torch.tensor(v)) for v in start]
        self.restart()

    def restart(self) -> None:
        self.our_optimizer = getattr(optim, self.name)(self.ours, **self.options)
        self.their_optimizer = getattr(torch.optim, self.name)(self.theirs, **self.options)

    def step(self, n: int) -> None:
        for i, g in enumerate(gradients(n, self.dtype)):
            missing = n % 4 == 1 and i == 1          # a parameter without a gradient is left alone
            self.ours[i].grad = None if missing else minigrad.tensor(g)
            self.theirs[i].grad = None if missing else torch.tensor(g)
        self.our_optimizer.step()
        self.their_optimizer.step()

    def check(self, rtol: float, atol: float) -> None:
        for ours, theirs in zip(self.ours, self.theirs):
            np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol, atol)
            for g in (ours.grad,):
                assert g is None or g.dtype == ours.dtype


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_twenty_steps_with_a_state_round_trip(name: str, options: dict) -> None:
    twins = Twins(name, options)
    for n in range(10):
        twins.step(n)
        twins.check(1e-8, 1e-10)
    ours, theirs = twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict()
    compare_layout(ours, theirs)
    twins.restart()
    twins.our_optimizer.load_state_dict(ours)
    twins.their_optimizer.load_state_dict(theirs)
    for n in range(10, 20):
        twins.step(n)
        twins.check(1e-8, 1e-10)


def compare_layout(ours: dict, theirs: dict) -> None:
    assert [list(group) for group in ours["param_groups"]] == [list(group) for group in theirs["param_groups"]]
    assert [dict(group) for group in ours["param_groups"]] == [dict(group) for group in theirs["param_groups"]]
    assert list(ours["state"]) == list(theirs["state"])
    for number, state in theirs["state"].items():
        assert list(ours["state"][number]) == list(state)
        for key, value in state.items():
            found = ours["state"][number][key]
            assert tuple(found.shape) == tuple(value.shape), key
            assert str(found.dtype).split(".")[1] == str(value.dtype).split(".")[1], key
            np.testing.assert_allclose(found.numpy(), value.numpy(), 1e-6, 1e-10)


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if not case[1]], ids=[i for i in IDS if "defaults" in i])
def test_float32_parameters(name: str, options: dict) -> None:
    twins = Twins(name, options, "float32")
    for n in range(20):
        twins.step(n)
    twins.check(2e-5, 2e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "ASGD", "RAdam", "NAdam", "Adamax", "Rprop"])
def test_complex_parameters_are_pairs_of_reals(name: str) -> None:
    twins = Twins(name, {"lr": 0.1}, "complex128")
    for n in range(5):
        twins.step(n)
    twins.check(1e-8, 1e-10)
    ours, theirs = twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict()
    twins.restart()
    twins.our_optimizer.load_state_dict(ours)        # real numbers of the state stay real
    twins.their_optimizer.load_state_dict(theirs)
    compare_layout(twins.our_optimizer.state_dict(), twins.their_optimizer.state_dict())
    twins.step(5)
    twins.check(1e-8, 1e-10)


def test_rate_and_betas_may_be_tensors() -> None:
    p, q = (nn.Parameter(minigrad.ones(3)) for _ in range(2))
    number = minigrad.tensor
    a = optim.Adam([p], lr=number(0.5), betas=(number(0.5), number(0.75)))      # all three exact in float32
    b = optim.Adam([q], lr=0.5, betas=(0.5, 0.75))
    for n in range(3):
        for each, optimizer in ((p, a), (q, b)):
            each.grad = minigrad.full((3,), 1.0 + n)
            optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())
    for options, text in (({"betas": (0.5, number(0.75))}, "betas must be either both floats or both Tensors"),
                          ({"lr": number([0.1, 0.2])}, "Tensor lr must be 1-element"),
                          ({"lr": number(0.1), "foreach": True}, "lr as a Tensor is not supported for capturable=False and foreach=True")):
        with pytest.raises(ValueError, match=text):
            optim.Adam([p], **options)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_parameters_and_gradients_of_any_memory_layout(name: str) -> None:
    options = {"lr": 0.1, "weight_decay": 0.1}
    start = np.random.default_rng(0).normal(size=(15, 16))
    ours = nn.Parameter(minigrad.tensor(start).T)
    theirs = torch.nn.Parameter(torch.tensor(start).T)
    assert not ours.is_contiguous()
    optimizers = getattr(optim, name)([ours], **options), getattr(torch.optim, name)([theirs], **options)
    for n in range(3):
        g = np.random.default_rng(n).normal(size=(15, 16))
        ours.grad, theirs.grad = minigrad.tensor(g).T, torch.tensor(g).T
        for each in optimizers:
            each.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-10)


def test_groups_have_options_of_their_own() -> None:
    start = np.ones(3)
    ours = [nn.Parameter(minigrad.tensor(start)) for _ in range(3)]
    theirs = [torch.nn.Parameter(torch.tensor(start)) for _ in range(3)]
    made = []
    for module, ps in ((optim, ours), (torch.optim, theirs)):
        groups = module.SGD([{"params": ps[0], "lr": 0.5}, {"params": [ps[1]], "momentum": 0.9}], lr=0.1, weight_decay=0.1)
        groups.add_param_group({"params": [ps[2]], "maximize": True})
        made.append(groups)
    for _ in range(3):
        for p in ours:
            p.grad = minigrad.tensor(start)
        for q in theirs:
            q.grad = torch.tensor(start)
        for each in made:
            each.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy())
    compare_layout(made[0].state_dict(), made[1].state_dict())
    assert repr(made[0]) == repr(made[1])


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_repr(name: str, options: dict) -> None:
    twins = Twins(name, options)
    assert repr(twins.our_optimizer) == repr(twins.their_optimizer)
    assert twins.our_optimizer.defaults == twins.their_optimizer.defaults


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_float16_is_updated_in_float32(name: str) -> None:
    """A gradient of 0 does no harm: in float16 eps would be 0, and 0 / 0 nan."""
    start = np.linspace(-2, 2, 24).reshape(4, 6).astype("f2")
    p = nn.Parameter(minigrad.tensor(start))
    q = torch.nn.Parameter(torch.tensor(start.astype("f4")))
    optimizers = getattr(optim, name)([p], lr=0.05), getattr(torch.optim, name)([q], lr=0.05)
    for n in range(5):
        g = np.random.default_rng(n).normal(size=(4, 6)).astype("f2")
        g[0, 0] = 0
        p.grad, q.grad = minigrad.tensor(g), torch.tensor(g.astype("f4"))
        for each in optimizers:
            each.step()
        assert p.dtype is minigrad.float16
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 4e-3, 4e-3)
    assert all(value.dtype is minigrad.float16 for key, value in optimizers[0].state[p].items() if key != "step")


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_memory_is_looked_up_again_when_it_is_another(name: str) -> None:
    """New data, new state, another set of parameters with gradients, another layout, a copy of the optimizer."""
    options = {"lr": 0.1, "momentum": 0.9} if name == "SGD" else {"lr": 0.1}
    start = np.random.default_rng(0).normal(size=(5, 6))
    ours, theirs = ([make(start) for _ in range(3)] for make in (lambda v: nn.Parameter(minigrad.tensor(v)),
                                                                 lambda v: torch.nn.Parameter(torch.tensor(v))))
    a, b = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)

    def step(*with_gradient: int) -> None:
        for i in range(3):
            ours[i].grad = minigrad.tensor(start * i + 1) if i in with_gradient else None
            theirs[i].grad = torch.tensor(start * i + 1) if i in with_gradient else None
        a.step()
        b.step()
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-10)

    step(0, 1, 2)
    ours[1].data, theirs[1].data = minigrad.tensor(start * 3), torch.tensor(start * 3)
    step(0, 1, 2)
    ours[2].data, theirs[2].data = minigrad.tensor(start.T.copy()).T, torch.tensor(start.T.copy()).T
    step(0, 1, 2)
    step(2)
    a.load_state_dict(a.state_dict())
    b.load_state_dict(b.state_dict())
    step(0, 1)
    a.param_groups[0]["lr"] = b.param_groups[0]["lr"] = 0.01
    step(0, 1, 2)
    ours, a = copy.deepcopy((ours, a))
    theirs, b = copy.deepcopy((theirs, b))
    step(0, 1, 2)


def test_a_parameter_that_is_there_twice_takes_two_steps() -> None:
    p, q = nn.Parameter(minigrad.ones(3)), torch.nn.Parameter(torch.ones(3))
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizers = optim.Adam([p, p], lr=0.1), torch.optim.Adam([q, q], lr=0.1)
    for _ in range(3):
        p.grad, q.grad = minigrad.ones(3), torch.ones(3)
        for each in optimizers:
            each.step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-6)


def test_an_update_of_your_own_is_the_one_that_runs() -> None:
    class Backwards(optim.Adam):
        def update(self, group: dict, p: nn.Parameter, gradient: np.ndarray) -> None:
            super().update(group, p, -gradient)

    p, q = nn.Parameter(minigrad.ones(3)), nn.Parameter(minigrad.ones(3))
    p.grad, q.grad = minigrad.ones(3), minigrad.ones(3)
    Backwards([p]).step()
    optim.Adam([q], maximize=True).step()
    np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_memory_that_must_not_be_written() -> None:
    """Refused, not written."""
    p = nn.Parameter(minigrad.ones(3))
    p.array.flags.writeable = False
    p.grad = minigrad.ones(3)
    with pytest.raises(ValueError, match="read-only"):
        optim.SGD([p]).step()


def test_a_gradient_of_another_size_is_refused(way: str) -> None:
    p = nn.Parameter(minigrad.ones(3))
    p.grad = minigrad.ones(3)
    p.data = minigrad.ones(6)
    with pytest.raises((RuntimeError, ValueError), match=r"3 elements for 6|broadcast"):
        optim.SGD([p]).step()
