"""Pruning against PyTorch: the same masks, also at random, names in the state, gradients, and how methods add up."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.nn.utils import prune as ours
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("torch.nn.utils.prune")
ROUTES: list[Any] = [
    lambda p, net, t: p.identity(net, "weight"),
    lambda p, net, t: p.random_unstructured(net, "weight", 0.4),
    lambda p, net, t: p.random_unstructured(net, "bias", 2),
    lambda p, net, t: p.l1_unstructured(net, "weight", 7),
    lambda p, net, t: p.l1_unstructured(net, "weight", 0.5, importance_scores=t(np.arange(24.0).reshape(4, 3, 2))),
    lambda p, net, t: p.random_structured(net, "weight", 2, dim=0),
    lambda p, net, t: p.random_structured(net, "weight", 0.5, dim=-1),
    lambda p, net, t: p.ln_structured(net, "weight", 1, n=2, dim=1),
    lambda p, net, t: p.ln_structured(net, "weight", 0.5, n=float("inf"), dim=0),
    lambda p, net, t: p.ln_structured(net, "weight", 0.0, n=1, dim=0),
    lambda p, net, t: p.custom_from_mask(net, "bias", t([1.0, 0.0, 1.0, 0.0])),
    lambda p, net, t: p.l1_unstructured(p.l1_unstructured(net, "weight", 0.25), "weight", 0.5),
    lambda p, net, t: p.l1_unstructured(p.ln_structured(net, "weight", 1, n=1, dim=0), "weight", 6),
    lambda p, net, t: p.ln_structured(p.random_structured(net, "weight", 1, dim=0), "weight", 1, n=2, dim=0),
    lambda p, net, t: p.custom_from_mask(p.random_unstructured(p.identity(net, "weight"), "weight", 3), "weight",
                                         t(np.arange(24).reshape(4, 3, 2) % 2 * 1.0)),
    lambda p, net, t: p.remove(p.l1_unstructured(net, "weight", 0.5), "weight"),
]


def net_of(s: Side) -> Any:
    s.library.manual_seed(0)
    return s.library.nn.Conv1d(3, 4, 2)


def prune_of(s: Side) -> Any:
    return theirs if s.library is torch else ours


@pytest.mark.parametrize("route", ROUTES)
def test_masks_state_and_gradients(route: Any) -> None:
    def pruned(s: Side) -> Any:
        net = net_of(s)
        s.library.manual_seed(1)
        assert route(prune_of(s), net, lambda v: s.tensor(np.asarray(v, "f4"))) is net
        x = s.tensor(np.random.default_rng(0).standard_normal((2, 3, 5)).astype("f4"))
        for _ in range(2):
            y = net(x)
        (y ** 2).sum().backward()
        grads = {k: p.grad.double() for k, p in net.named_parameters()}
        assert prune_of(s).is_pruned(net) == any("mask" in key for key in net.state_dict())
        return y.double(), {k: v.double() for k, v in net.state_dict().items()}, grads
    agree(pruned)


@pytest.mark.parametrize("method", ["L1Unstructured", "RandomUnstructured"])
def test_pruning_of_several_parameters_together(method: str) -> None:
    def pruned(s: Side) -> Any:
        s.library.manual_seed(0)
        n, p = s.library.nn, prune_of(s)
        net = n.Sequential(n.Linear(3, 4), n.ReLU(), n.Linear(4, 2))
        p.l1_unstructured(net[0], "weight", 2)
        p.global_unstructured([(net[0], "weight"), (net[2], "weight"), (net[2], "bias")], getattr(p, method), amount=0.4)
        assert p.is_pruned(net)
        return {k: v.double() for k, v in net.state_dict().items()}
    agree(pruned)


def test_a_state_is_loaded_and_a_module_copied() -> None:
    nets = [ours.l1_unstructured(nn.Linear(4, 3), "weight", 0.5) for _ in range(2)]
    nets[0].load_state_dict(nets[1].state_dict())
    x = minigrad.randn(2, 4)
    with minigrad.no_grad():                         # the weight is computed, and only a leaf can be copied: as in PyTorch
        nets[1](x)
    again = copy.deepcopy(nets[1])
    np.testing.assert_array_equal(nets[0](x).detach().numpy(), nets[1](x).detach().numpy())
    np.testing.assert_array_equal(again(x).detach().numpy(), nets[1](x).detach().numpy())
    assert isinstance(ours.remove(again, "weight").weight, nn.Parameter)
    assert list(again.state_dict()) == ["bias", "weight"]
    assert not ours.is_pruned(again)


def test_a_method_without_a_module_and_in_a_container() -> None:
    def found(s: Side) -> Any:
        p, t = prune_of(s), s.tensor(np.asarray([[3.0, -1.0], [0.5, 2.0]]))
        first, second = p.L1Unstructured(1), p.RandomUnstructured(1)
        first._tensor_name = second._tensor_name = "weight"
        container = p.PruningContainer(first)
        container.add_pruning_method(second)
        assert len(container) == 2
        assert list(container) == [container[0], container[1]]
        return p.L1Unstructured(2).prune(t), p.LnStructured(1, 2, dim=0).prune(t, importance_scores=-t)
    agree(found)


ERRORS: list[tuple[Any, str]] = [
    (lambda p, net, s: p.l1_unstructured(net, "weight", -1), "amount=-1 should either be a float in the range"),
    (lambda p, net, s: p.l1_unstructured(net, "weight", 1.5), "amount=1.5 should either be a float in the range"),
    (lambda p, net, s: p.l1_unstructured(net, "weight", "all"), "Invalid type for amount: all. Must be int or float"),
    (lambda p, net, s: p.l1_unstructured(net, "weight", 25), "amount=25 should be smaller than the number of parameters to prune=24"),
    (lambda p, net, s: p.ln_structured(net, "bias", 1, 2, 0), "Structured pruning can only be applied to multidimensional tensors"),
    (lambda p, net, s: p.ln_structured(net, "weight", 1, 2, 3), "Invalid index 3 for tensor of size"),
    (lambda p, net, s: p.remove(net, "weight"), "has to be pruned before pruning can be removed"),
    (lambda p, net, s: p.l1_unstructured(net, "weight", 1, s.library.ones(2)), "importance_scores should have the same shape as"),
    (lambda p, net, s: p.global_unstructured([(net, "weight")], p.LnStructured, amount=1, n=2), 'Only "unstructured" PRUNING_TYPE'),
    (lambda p, net, s: p.PruningContainer().add_pruning_method(3), "is not a BasePruningMethod subclass"),
]


@pytest.mark.parametrize(("act", "text"), ERRORS, ids=[text for _, text in ERRORS])
def test_errors(act: Any, text: str) -> None:
    same_error(lambda s: act(prune_of(s), net_of(s), s), text)


def test_an_error_leaves_the_module_as_it_was() -> None:
    net = net_of(SIDES[0])
    with pytest.raises(ValueError, match="amount=25"):
        ours.l1_unstructured(net, "weight", 25)
    assert list(net.state_dict()) == ["weight", "bias"]
