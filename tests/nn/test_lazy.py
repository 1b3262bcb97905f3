"""Layers that learn the size of their input, against PyTorch."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import SIDES, Side, same_error

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules are a new feature", "ignore:Initializing zero-element")
LAYERS = [("Linear", (5,), {}, (2, 4)), ("Linear", (5,), {"bias": False}, (4,))]
LAYERS += [(f"Conv{n}d", (4, 3), {"groups": 2, "padding": 1}, (2, 6, *[5] * n)) for n in (1, 2, 3)]
LAYERS += [(f"ConvTranspose{n}d", (4, 3), {"stride": 2}, (2, 6, *[3] * n)) for n in (1, 2, 3)]
LAYERS += [(f"BatchNorm{n}d", (), {}, (3, 4, *[2] * n)) for n in (1, 2, 3)]
LAYERS += [("BatchNorm2d", (), {"affine": False}, (3, 4, 2, 2)), ("BatchNorm1d", (), {"track_running_stats": False}, (3, 4))]
LAYERS += [(f"InstanceNorm{n}d", (), {}, (3, 4, *[2] * n)) for n in (1, 2, 3)]


@pytest.mark.parametrize(("kind", "args", "options", "shape"), LAYERS, ids=str)
def test_the_first_input_says_the_size(kind: str, args: Any, options: Any, shape: Any) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype("f4")
    nets, outs = [], []
    for s in SIDES:
        s.library.manual_seed(2)
        nets.append(getattr(s.library.nn, f"Lazy{kind}")(*args, **options))
    ours, theirs = nets
    assert repr(ours) == repr(theirs)
    assert ours.has_uninitialized_params() == theirs.has_uninitialized_params()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    parameters = list(ours.parameters())
    for s, net in zip(SIDES, nets, strict=True):
        s.library.manual_seed(3)
        outs.append(net(s.tensor(x)))
    np.testing.assert_allclose(outs[0].detach().numpy(), outs[1].detach().numpy(), rtol=1e-4, atol=1e-5)
    assert type(ours) is getattr(mg.nn, kind)
    assert repr(ours) == repr(theirs)
    assert all(a is b for a, b in zip(parameters, ours.parameters(), strict=True))
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)
    if parameters:
        outs[0].sum().backward()
        assert all(p.grad is not None and p.grad.shape == p.shape for p in parameters)


def test_a_state_dict_says_the_size_too() -> None:
    source = mg.nn.Linear(5, 3)
    net = mg.nn.LazyLinear(3)
    net.load_state_dict(source.state_dict())
    assert not net.has_uninitialized_params()
    x = mg.ones(2, 5)
    np.testing.assert_array_equal(net(x).detach().numpy(), source(x).detach().numpy())
    assert type(net) is mg.nn.Linear
    assert net.in_features == 5
    conv = mg.nn.LazyConv2d(4, 3)
    conv.load_state_dict(mg.nn.Conv2d(2, 4, 3).state_dict())
    assert conv(mg.ones(1, 2, 4, 4)).shape == (1, 4, 2, 2)
    norm = mg.nn.LazyBatchNorm1d()
    norm.load_state_dict(mg.nn.BatchNorm1d(3).state_dict())
    assert norm(mg.ones(2, 3)).shape == (2, 3)
    assert norm.num_features == 3


def test_copies_and_dtypes_before_the_first_input() -> None:
    net = mg.nn.Sequential(mg.nn.LazyLinear(3), mg.nn.ReLU(), mg.nn.LazyLinear(2)).double()
    twin = copy.deepcopy(net)
    assert twin(mg.ones(1, 7).double()).dtype == mg.float64
    assert net[0].has_uninitialized_params()
    assert net(mg.ones(1, 4).double()).shape == (1, 2)
    assert twin[0].in_features == 7
    assert mg.nn.LazyLinear(3, dtype=mg.float64)(mg.ones(2, 2).double()).dtype == mg.float64
    optimizer = mg.optim.SGD((lazy := mg.nn.LazyLinear(3)).parameters(), lr=0.1)
    lazy(mg.ones(2, 4)).sum().backward()
    before = lazy.weight.detach().clone()
    optimizer.step()
    assert not mg.equal(before, lazy.weight)


def test_what_has_no_size_refuses() -> None:
    same_error(lambda s: s.library.nn.LazyLinear(3).weight.shape, "Can't access the shape of an uninitialized parameter or buffer")
    same_error(lambda s: s.library.nn.LazyLinear(3).weight + 1, "Attempted to use an uninitialized parameter")
    same_error(lambda s: s.library.nn.LazyConv2d(4, 3)(s.library.ones(4, 4)), "Expected 3D .* or 4D .* input to LazyConv2d")
    same_error(lambda s: s.library.nn.LazyConv2d(4, 3, groups=2)(s.library.ones(3, 4, 4)), "in_channels must be divisible by groups")

    def loaded(s: Side) -> Any:
        return s.library.nn.Linear(3, 3).load_state_dict(s.library.nn.LazyLinear(3).state_dict())
    with pytest.raises(RuntimeError, match=r"shape of an uninitialized parameter"):
        loaded(SIDES[0])
    assert repr(mg.nn.LazyLinear(3).weight) == "<UninitializedParameter>"
