"""What all optimizers share: groups, closures, hooks, gradients, states, errors."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

torch = pytest.importorskip("torch")
WORLDS = pytest.mark.parametrize(("t", "n", "o"), [(minigrad, nn, optim), (torch, torch.nn, torch.optim)], ids=["ours", "theirs"])


def parameter(*values: float) -> nn.Parameter:
    p = nn.Parameter(minigrad.tensor(values or (1.0,)))
    p.grad = minigrad.ones_like(p.detach())
    return p


ERRORS = [
    (lambda o, n, t: o.SGD([]), ValueError, "optimizer got an empty parameter list"),
    (lambda o, n, t: o.SGD(t.ones(1)), TypeError, "params argument given to the optimizer should be an iterable of Tensors or dicts"),
    (lambda o, n, t: o.SGD(n.Linear(1, 1)), TypeError, "'Linear' object is not iterable"),
    (lambda o, n, t: o.SGD([3]), TypeError, "optimizer can only optimize Tensors, but one of the params is int"),
    (lambda o, n, t: o.SGD([t.ones(1, requires_grad=True) * 2]), ValueError, "can't optimize a non-leaf Tensor"),
    (lambda o, n, t: o.SGD([{"params": {n.Parameter(t.ones(1))}}]), TypeError, "need to be organized in ordered collections"),
    (lambda o, n, t: twice(o, n.Parameter(t.ones(1))), ValueError, "some parameters appear in more than one parameter group"),
    (lambda o, n, t: o.SGD([n.Parameter(t.ones(1))]).add_param_group([1]), TypeError, "param_group must be a dict"),
    (lambda o, n, t: o.SGD([n.Parameter(t.ones(1))], lr=-1), ValueError, "Invalid learning rate: -1"),
    (lambda o, n, t: o.SGD([n.Parameter(t.ones(1))], momentum=-1), ValueError, "Invalid momentum value: -1"),
    (lambda o, n, t: o.SGD([n.Parameter(t.ones(1))], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    (lambda o, n, t: o.SGD([n.Parameter(t.ones(1))], nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
    (lambda o, n, t: o.Adam([n.Parameter(t.ones(1))], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: 1.0"),
    (lambda o, n, t: o.AdamW([n.Parameter(t.ones(1))], betas=(0.9, -1)), ValueError, "Invalid beta parameter at index 1: -1"),
    (lambda o, n, t: o.Adam([n.Parameter(t.ones(1))], eps=-1), ValueError, "Invalid epsilon value: -1"),
    (lambda o, n, t: o.Adam([n.Parameter(t.ones(1))], fused=True, foreach=True), RuntimeError, "`fused` and `foreach` cannot be `True`"),
    (lambda o, n, t: o.RMSprop([n.Parameter(t.ones(1))], alpha=-1), ValueError, "Invalid alpha value: -1"),
    (lambda o, n, t: o.Adagrad([n.Parameter(t.ones(1))], lr_decay=-1), ValueError, "Invalid lr_decay value: -1"),
    (lambda o, n, t: o.Adadelta([n.Parameter(t.ones(1))], rho=2), ValueError, "Invalid rho value: 2"),
    (lambda o, n, t: o.Rprop([n.Parameter(t.ones(1))], etas=(0.5, 0.9)), ValueError, "Invalid eta values: 0.5, 0.9"),
    (lambda o, n, t: o.NAdam([n.Parameter(t.ones(1))], momentum_decay=-1), ValueError, "Invalid momentum_decay value: -1"),
    (lambda o, n, t: o.SGD([("a", n.Parameter(t.ones(1))), n.Parameter(t.ones(1))]), ValueError, "params should be with/without names"),
    (lambda o, n, t: load(o, n, t, 2), ValueError, "loaded state dict has a different number of parameter groups"),
    (lambda o, n, t: load(o, n, t, 1), ValueError, "a parameter group that doesn't match the size of optimizer's group"),
]


def twice(o, p) -> None:
    o.SGD([{"params": [p]}, {"params": [p]}])


def load(o, n, t, groups: int) -> None:
    state = o.SGD([{"params": [n.Parameter(t.ones(1))]} for _ in range(groups)]).state_dict()
    o.SGD([n.Parameter(t.ones(1)), n.Parameter(t.ones(1))]).load_state_dict(state)


@pytest.mark.parametrize(("act", "kind", "text"), ERRORS, ids=[text[:40] for _, _, text in ERRORS])
def test_errors(act, kind: type, text: str) -> None:
    for o, n, t in ((optim, nn, minigrad), (torch.optim, torch.nn, torch)):
        with pytest.raises(kind, match=text):
            act(o, n, t)


def test_a_module_instead_of_its_parameters() -> None:
    with pytest.raises(TypeError, match=r"an optimizer takes parameters; write model\.parameters\(\)"):
        optim.Adam(nn.Linear(1, 1))


def test_limits_are_stated() -> None:
    with pytest.raises(NotImplementedError, match=r"Empty: an optimizer must implement update\(group, p, gradient\), or step\(\)"):
        type("Empty", (optim.Optimizer,), {})([parameter()], {}).step()


@WORLDS
def test_a_parameter_twice_in_a_group_gets_a_warning(t, n, o) -> None:
    p = n.Parameter(t.ones(1))
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters"):
        o.SGD([p, p])


@WORLDS
def test_named_parameters(t, n, o) -> None:
    model = n.Linear(2, 1)
    optimizer = o.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


@WORLDS
def test_a_closure_computes_the_loss_again(t, n, o) -> None:
    p = n.Parameter(t.tensor([3.0]))
    optimizer = o.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss
    with t.no_grad():
        assert optimizer.step(closure).item() == 9
    assert p.item() == 0
    assert optimizer.step() is None


def test_gradients_are_forgotten() -> None:
    p, q = parameter(), nn.Parameter(minigrad.ones(1))
    optimizer = optim.SGD([p, q])
    gradient = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is gradient
    assert p.grad.item() == 0
    optimizer.zero_grad()
    assert p.grad is None
    assert q.grad is None


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD"])
def test_a_graph_from_before_the_step_fails_loudly(name: str) -> None:
    p, q = parameter(2.0), parameter(3.0)
    out = (p * q).sum()
    before = p._version, q._version
    getattr(optim, name)([p, q]).step()
    assert p._version > before[0]
    assert q._version > before[1]
    with pytest.raises(RuntimeError, match=r"needed for its gradient, was modified by an inplace operation at .*test_optimizer.py"):
        out.backward()


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD"])
def test_the_gradient_stays_as_it_is(name: str) -> None:
    p = parameter(1.0, 2.0)
    optimizer = getattr(optim, name)([p], **({} if name == "Rprop" else {"weight_decay": 0.1}))
    for _ in range(3):
        optimizer.step()
    assert p.grad.tolist() == [1, 1]
    assert p.is_leaf
    assert p.requires_grad


def test_options_may_be_changed_between_steps() -> None:
    p = parameter(1.0)
    optimizer = optim.SGD([p], lr=1.0)
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.step()
    assert p.item() == 0.75
    optimizer.param_groups[0]["lr"] = minigrad.tensor(0.5)
    optimizer.step()
    assert p.item() == 0.25


# ---------------------------------------------------------------- hooks
@WORLDS
def test_hooks_around_a_step(t, n, o) -> None:
    p = n.Parameter(t.ones(1))
    p.grad = t.ones(1)
    optimizer = o.SGD([p], lr=1.0)
    seen = []
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append(("pre", opt is optimizer, p.item(), args)))
    handle = optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append(("post", p.item())))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert seen[0][:3] == ("pre", True, 1)
    assert seen[1] == ("post", 0)
    assert len(seen) == 3


@WORLDS
def test_a_hook_may_change_the_arguments(t, n, o) -> None:
    p = n.Parameter(t.ones(1))
    optimizer = o.SGD([p], lr=1.0)
    handle = optimizer.register_step_pre_hook(lambda opt, args,
        kwargs: ((opt, lambda: 7) if len(args) > 0 and args[0] is opt else (lambda: 7,), {}))
    assert optimizer.step() == 7
    handle.remove()
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        optimizer.step()


def test_hooks_of_all_optimizers() -> None:
    seen = []
    handles = [register_optimizer_step_pre_hook(lambda opt, args, kwargs: seen.append("pre")),
               register_optimizer_step_post_hook(lambda opt, args, kwargs: seen.append("post"))]
    optim.SGD([parameter()]).step()
    for handle in handles:
        handle.remove()
    optim.SGD([parameter()]).step()
    assert seen == ["pre", "post"]


def test_a_step_of_one_s_own_has_hooks_too() -> None:
    class Own(optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            return "own"
    optimizer = Own([parameter()])
    seen = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("pre"))
    optimizer.register_step_post_hook(lambda *_: seen.append("post"))
    assert optimizer.step() == "own"
    assert seen == ["pre", "post"]
    optim.lr_scheduler.StepLR(optimizer, 1).step()


@WORLDS
def test_hooks_around_states(t, n, o) -> None:
    p = n.Parameter(t.ones(1))
    optimizer = o.SGD([p], lr=1.0)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda opt: seen.append("saving"))
    optimizer.register_state_dict_post_hook(lambda opt, state: {**state, "extra": 1})
    optimizer.register_load_state_dict_pre_hook(lambda opt, state: seen.append(sorted(state)))
    optimizer.register_load_state_dict_post_hook(lambda opt: seen.append("loaded"))
    optimizer.register_load_state_dict_post_hook(lambda opt: seen.append("first"), prepend=True)
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["saving", ["extra", "param_groups", "state"], "first", "loaded"]


# ---------------------------------------------------------------- states
def test_a_loaded_state_is_a_copy() -> None:
    p, q = parameter(), parameter()
    a, b = optim.Adam([p]), optim.Adam([q])
    a.step()
    b.load_state_dict(a.state_dict())
    a.step()
    assert b.state[q]["step"].item() == 1
    assert a.state[p]["step"].item() == 2
    assert b.state[q]["exp_avg"].item() != a.state[p]["exp_avg"].item()


def test_a_loaded_state_takes_the_parameters_dtype() -> None:
    p, q = parameter(), nn.Parameter(minigrad.ones(1, dtype=minigrad.float64))
    a, b = optim.Adam([p]), optim.Adam([q])
    a.step()
    b.load_state_dict(a.state_dict())
    assert b.state[q]["exp_avg"].dtype == minigrad.float64
    assert b.state[q]["step"].dtype == minigrad.float32


def test_a_state_from_pytorch_goes_on() -> None:
    values = np.random.default_rng(0).normal(size=(5, 4))
    ours, theirs = nn.Parameter(minigrad.tensor(values)), torch.nn.Parameter(torch.tensor(values))
    a, b = optim.Adam([ours], lr=0.1), torch.optim.Adam([theirs], lr=0.1)
    theirs.grad = torch.tensor(values)
    b.step()
    state = copy.deepcopy(b.state_dict())
    state["state"] = {i: {k: minigrad.tensor(v.numpy()) for k, v in s.items()} for i, s in state["state"].items()}
    a.load_state_dict(state)
    with minigrad.no_grad():
        ours.copy_(minigrad.tensor(theirs.detach().numpy()))
    ours.grad = minigrad.tensor(values)
    a.step()
    b.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-12)


def test_steps_counted_in_python_are_understood() -> None:
    p = parameter()
    optimizer = optim.Adam([p])
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0]["step"] = 41
    optimizer.load_state_dict(state)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 42


def test_pickle_and_copy() -> None:
    p = parameter(1.0, 2.0)
    optimizer = optim.Adam([p], lr=0.5)
    optimizer.step()
    for twin in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        q = twin.param_groups[0]["params"][0]
        assert q is not p
        assert twin.state[q]["step"].item() == 1
        assert repr(twin) == repr(optimizer)
        q.grad = minigrad.ones(2)
        twin.step()
    assert optimizer.state[p]["step"].item() == 1


def test_training_lowers_the_loss() -> None:
    minigrad.manual_seed(0)
    x = minigrad.randn(64, 3)
    y = x @ minigrad.tensor([[1.0], [-2.0], [0.5]])
    for name, lr in (("SGD", 0.1), ("Adam", 0.05), ("AdamW", 0.05), ("RMSprop", 0.02), ("Adagrad", 0.3), ("NAdam", 0.05), ("RAdam", 0.1),
        ("Adamax", 0.1)):
        model = nn.Linear(3, 1)
        optimizer = getattr(optim, name)(model.parameters(), lr=lr)
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 10, name


def test_an_optimizer_may_wrap_another_and_never_call_init() -> None:
    class Every(optim.Optimizer):
        def __init__(self, inner) -> None:
            self.inner, self.param_groups, self.state, self.defaults = inner, inner.param_groups, inner.state, {"k": 2}

        def step(self, closure=None):
            return self.inner.step(closure)

    p = parameter(1.0)
    wrapped = Every(optim.SGD([p], lr=0.5, momentum=0.9))
    seen: list[str] = []
    wrapped.register_step_pre_hook(lambda *_: seen.append("before"))
    other = Every(optim.SGD([parameter(1.0)], lr=0.5))
    other.step()                                     # has no hooks of the first
    schedule = optim.lr_scheduler.StepLR(wrapped, 1, 0.1)
    wrapped.step()
    schedule.step()
    assert (p.item(), seen, wrapped.param_groups[0]["lr"]) == (0.5, ["before"], pytest.approx(0.05))
    saved = wrapped.state_dict()
    assert saved["state"][0]["momentum_buffer"].item() == 1
    wrapped.load_state_dict(saved)
    wrapped.zero_grad()
    assert p.grad is None
    assert "lr: 0.05" in repr(wrapped)
    assert copy.deepcopy(wrapped)._optimizer_step_pre_hooks == {}
