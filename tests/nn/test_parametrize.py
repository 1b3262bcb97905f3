"""Parametrizations against PyTorch: what is trained and saved, values, gradients, assignment, removal, copies, errors."""
from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
OURS, THEIRS = SIDES
X = np.random.default_rng(0).standard_normal((5, 4))


def tools(s: Side) -> Any:
    return s.library.nn.utils.parametrize


def parametrizations(s: Side) -> Any:
    from minigrad.nn.utils import parametrizations as ours
    return ours if s is OURS else torch.nn.utils.parametrizations


def filled(s: Side, net: Any) -> Any:
    """The same random parameters on both sides."""
    numbers = np.random.default_rng(1)
    net = net.double()
    with s.library.no_grad():
        for p in net.parameters():
            p.copy_(s.tensor(numbers.standard_normal(tuple(p.shape))))
    return net


def module(s: Side, forward: Any, **methods: Any) -> Any:
    """A module of one function."""
    own = {k: staticmethod(f) for k, f in methods.items()}
    return type("Own", (s.library.nn.Module,), {"forward": lambda self, *x: forward(*x), **own})()


def symmetric(s: Side) -> Any:
    return module(s, lambda x: x.triu() + x.triu(1).transpose(0, 1))


def positive(s: Side) -> Any:
    return module(s, lambda x: x.exp(), right_inverse=lambda y: y.log())


def square(s: Side) -> Any:
    return filled(s, s.library.nn.Linear(4, 4))


def state(net: Any) -> Any:
    return {k: v.detach() for k, v in net.state_dict().items()}


# ---------------------------------------------------------------- registering
def test_a_tensor_is_computed_from_its_original() -> None:
    def program(s: Side) -> Any:
        net = tools(s).register_parametrization(square(s), "weight", symmetric(s))
        net(s.tensor(X)).pow(2).sum().backward()
        return net.weight, state(net), {k: p.grad for k, p in net.named_parameters()}
    agree(program)


def test_chains_and_assignment() -> None:
    def program(s: Side) -> Any:
        net = square(s)
        with s.library.no_grad():
            net.weight.abs_()
        tools(s).register_parametrization(net, "weight", positive(s))
        tools(s).register_parametrization(net, "weight", module(s, lambda x: x * 2, right_inverse=lambda y: y / 2))
        before = net.weight
        net.weight = s.library.ones(4, 4).double() * 3
        return before, net.weight, state(net)
    agree(program)


def test_several_originals_and_buffers() -> None:
    def program(s: Side) -> Any:
        net = square(s)
        net.register_buffer("kept", s.tensor(X))
        tools(s).register_parametrization(net, "kept", positive(s))
        parts = module(s, lambda a, b: a * b, right_inverse=lambda w: (w.abs(), w.sign()))
        tools(s).register_parametrization(net, "weight", parts)
        return net.weight, state(net), {k: p.detach() for k, p in net.named_parameters()}, net.kept.isnan()
    agree(program)


@pytest.mark.parametrize("leave", [True, False])
def test_removal(leave: bool) -> None:
    def program(s: Side) -> Any:
        net = tools(s).register_parametrization(square(s), "weight", symmetric(s))
        tools(s).remove_parametrizations(net, "weight", leave_parametrized=leave)
        return net.weight, state(net)
    agree(program)
    net = tools(OURS).register_parametrization(square(OURS), "weight", symmetric(OURS))
    assert tools(OURS).is_parametrized(net)
    assert tools(OURS).is_parametrized(net, "weight")
    assert not tools(OURS).is_parametrized(net, "bias")
    assert tools(OURS).type_before_parametrizations(net) is mg.nn.Linear
    assert isinstance(net, mg.nn.Linear)
    tools(OURS).remove_parametrizations(net, "weight")
    assert type(net) is mg.nn.Linear
    assert isinstance(net.weight, mg.nn.Parameter)
    assert not tools(OURS).is_parametrized(net)


def test_representations_are_pytorch_s() -> None:
    for make in (lambda s: tools(s).register_parametrization(square(s), "weight", symmetric(s)),
                 lambda s: parametrizations(s).weight_norm(square(s)), lambda s: parametrizations(s).orthogonal(square(s))):
        assert repr(make(OURS)) == repr(make(THEIRS))


def test_the_original_stays_the_same_parameter() -> None:
    net = square(OURS)
    weight = net.weight
    tools(OURS).register_parametrization(net, "weight", symmetric(OURS))
    assert net.parametrizations.weight.original is weight


def test_values_are_kept_inside_cached() -> None:
    net = tools(OURS).register_parametrization(square(OURS), "weight", symmetric(OURS))
    assert net.weight is not net.weight
    with tools(OURS).cached():
        first = net.weight
        assert net.weight is first
    assert net.weight is not first


def test_a_copy_has_properties_of_its_own() -> None:
    net = tools(OURS).register_parametrization(square(OURS), "weight", symmetric(OURS))
    twin = copy.deepcopy(net)
    tools(OURS).remove_parametrizations(twin, "weight")
    np.testing.assert_array_equal(net.weight.detach().numpy(), twin.weight.detach().numpy())
    with pytest.raises(RuntimeError, match=r"only supported through state_dict\(\)"):
        pickle.dumps(net)


def test_transfer() -> None:
    def program(s: Side) -> Any:
        source = tools(s).register_parametrization(square(s), "weight", symmetric(s))
        target = s.library.nn.Linear(4, 4).double()
        tools(s).transfer_parametrizations_and_params(source, target)
        return target.weight
    agree(program)


@pytest.mark.parametrize(("program", "match"), [
    (lambda s: tools(s).register_parametrization(square(s), "nope", symmetric(s)), "does not have a parameter, a buffer"),
    (lambda s: tools(s).register_parametrization(square(s), "weight", module(s, lambda x: x[0])), "may not change the shape of the tensor"),
    (lambda s: tools(s).register_parametrization(square(s), "weight", module(s, lambda x: x.float())), "may not change the dtype"),
    (lambda s: tools(s).register_parametrization(square(s), "weight", module(s, lambda x: 1)), "must return a tensor"),
    (lambda s: setattr(tools(s).register_parametrization(square(s), "weight", symmetric(s)), "weight", s.tensor(np.ones((4, 4)))),
     "does not implement right_inverse"),
    (lambda s: tools(s).remove_parametrizations(square(s), "weight"), "does not have a parametrization on weight"),
    (lambda s: tools(s).remove_parametrizations(parametrizations(s).weight_norm(square(s)), "weight", False), "Cannot leave"),
    (lambda s: parametrizations(s).spectral_norm(square(s), "nope"), "has no parameter or buffer with name"),
    (lambda s: parametrizations(s).spectral_norm(square(s), n_power_iterations=0), "Expected n_power_iterations to be positive"),
    (lambda s: parametrizations(s).orthogonal(square(s), "bias"), "Got a tensor of 1 dimensions"),
    (lambda s: parametrizations(s).orthogonal(square(s), orthogonal_map="x"), "orthogonal_map has to be one of"),
])
def test_errors(program: Any, match: str) -> None:
    same_error(program, match)


# ---------------------------------------------------------------- those that come with it
@pytest.mark.parametrize("dim", [0, 1, None, -1])
def test_weight_norm(dim: Any) -> None:
    def program(s: Side) -> Any:
        net = parametrizations(s).weight_norm(filled(s, s.library.nn.Conv1d(3, 2, 2)), dim=dim)
        with s.library.no_grad():
            net.parametrizations.weight.original0.mul_(2)
        net(s.tensor(X[None, :3])).pow(2).sum().backward()
        return net.weight, state(net), {k: p.grad for k, p in net.named_parameters()}
    agree(program)


def test_weight_norm_reads_older_files() -> None:
    net = parametrizations(OURS).weight_norm(square(OURS))
    old = {"bias": net.bias.detach(), "weight_g": mg.ones(4, 1).double(), "weight_v": mg.ones(4, 4).double()}
    net.load_state_dict(old)
    np.testing.assert_allclose(net.weight.detach().numpy(), np.full((4, 4), 0.5))


def test_spectral_norm() -> None:
    def program(s: Side) -> Any:
        net = parametrizations(s).spectral_norm(square(s))
        with s.library.no_grad():                    # the same vectors to begin with
            net.parametrizations.weight[0]._u.copy_(s.tensor([0.5, 0.5, 0.5, 0.5]))
            net.parametrizations.weight[0]._v.copy_(s.tensor([0.5, -0.5, 0.5, 0.5]))
        out = (net(s.tensor(X)) - net(s.tensor(X[::-1].copy()))).pow(2).sum()
        out.backward()
        return out, state(net), {k: p.grad for k, p in net.named_parameters()}, net.eval().weight
    agree(program)
    net = parametrizations(OURS).spectral_norm(square(OURS), n_power_iterations=50)
    assert np.linalg.norm(net.weight.detach().numpy(), 2) == pytest.approx(1)
    assert parametrizations(OURS).spectral_norm(mg.nn.ConvTranspose2d(3, 5, 2)).parametrizations.weight[0]._u.shape == (5,)


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal(kind: str, sizes: Any) -> None:
    net = parametrizations(OURS).orthogonal(filled(OURS, mg.nn.Linear(*sizes)), orthogonal_map=kind)
    w = net.weight.detach().numpy()
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, np.eye(min(sizes)), atol=1e-6)

    def program(s: Side) -> Any:                     # the same map without the base, which is random where the matrix is not square
        layer = parametrizations(s).orthogonal(filled(s, s.library.nn.Linear(*sizes)), orthogonal_map=kind)
        first = layer.parametrizations.weight
        n = max(sizes)
        first[0].base = s.library.eye(n).double()
        with s.library.no_grad():
            first.original.copy_(s.tensor(np.random.default_rng(5).standard_normal(tuple(first.original.shape)) * 2))
        (layer(s.tensor(np.random.default_rng(6).standard_normal((2, sizes[0])))) ** 3).sum().backward()
        return layer.weight, first.original.grad
    agree(program, rtol=1e-6)


def test_orthogonal_from_an_orthogonal_matrix_and_without_a_base() -> None:
    q = np.linalg.qr(np.random.default_rng(2).standard_normal((4, 4)))[0]
    net = square(OURS)
    with mg.no_grad():
        net.weight.copy_(mg.tensor(q))
    parametrizations(OURS).orthogonal(net)
    np.testing.assert_allclose(net.weight.detach().numpy(), q, atol=1e-12)

    def program(s: Side) -> Any:
        layer = filled(s, s.library.nn.Linear(3, 5))
        parametrizations(s).orthogonal(layer, orthogonal_map="householder", use_trivialization=False)
        first = layer.weight
        layer.weight = s.tensor(np.linalg.qr(np.random.default_rng(3).standard_normal((5, 3)))[0])
        return first, layer.weight
    agree(program, rtol=1e-6)
    with pytest.raises(NotImplementedError, match="not possible to assign to the matrix exponential or the Cayley"):
        parametrizations(OURS).orthogonal(square(OURS), use_trivialization=False).weight = mg.tensor(q)


# ---------------------------------------------------------------- the older hooks
@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm`")
@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_the_older_hooks(name: str) -> None:
    def program(s: Side) -> Any:
        u = s.library.nn.utils
        net = getattr(u, name)(square(s))
        if name == "spectral_norm":
            with s.library.no_grad():
                net.weight_u.copy_(s.tensor([0.5, 0.5, 0.5, 0.5]))
                net.weight_v.copy_(s.tensor([0.5, -0.5, 0.5, 0.5]))
        net(s.tensor(X)).pow(2).sum().backward()
        grads = {k: p.grad for k, p in net.named_parameters()}
        saved = state(net)
        getattr(u, f"remove_{name}")(net)
        return saved, grads, state(net), net(s.tensor(X))
    agree(program)
    same_error(lambda s: getattr(s.library.nn.utils, f"remove_{name}")(square(s)), f"{name} of 'weight' not found in")
    same_error(lambda s: getattr(s.library.nn.utils, name)(getattr(s.library.nn.utils, name)(square(s))), f"Cannot register two {name}")


def test_the_older_weight_norm_says_that_it_is_old() -> None:
    with pytest.warns(FutureWarning, match="is deprecated in favor of"):
        mg.nn.utils.weight_norm(square(OURS))


# ---------------------------------------------------------------- fusion, and helpers without effect
def test_a_batch_norm_is_drawn_into_the_layer_before() -> None:
    def trained(s: Side, bn: Any) -> Any:
        bn = filled(s, bn)
        numbers = np.random.default_rng(4)
        with s.library.no_grad():
            bn.running_mean.copy_(s.tensor(numbers.standard_normal(bn.num_features)))
            bn.running_var.copy_(s.tensor(numbers.uniform(0.5, 2, bn.num_features)))
        return bn.eval()

    def program(s: Side) -> Any:
        nn = s.library.nn
        u = torch.nn.utils.fusion if s is THEIRS else nn.utils
        image = s.tensor(np.random.default_rng(7).standard_normal((2, 3, 4, 4)))
        found = []
        for conv, x, transpose in ((nn.Conv2d(3, 5, 2), image, False), (nn.Conv2d(3, 5, 2, bias=False), image, False),
                                   (nn.ConvTranspose2d(3, 5, 2), image, True)):
            conv = filled(s, conv).eval()
            bn = trained(s, nn.BatchNorm2d(5))
            made = u.fuse_conv_bn_eval(conv, bn, transpose)
            found += [made(x), bn(conv(x)), made.weight, made.bias]
        linear, bn = square(s).eval(), trained(s, nn.BatchNorm1d(4))
        return found, u.fuse_linear_bn_eval(linear, bn)(s.tensor(X)), bn(linear(s.tensor(X)))
    agree(program)
    with pytest.raises(AssertionError, match="only for eval"):
        mg.nn.utils.fuse_conv_bn_eval(mg.nn.Conv2d(3, 5, 2), mg.nn.BatchNorm2d(5))


def test_helpers_that_change_nothing() -> None:
    net = mg.nn.utils.skip_init(mg.nn.Linear, 2, 3, bias=False)
    assert net.weight.shape == (3, 2)
    assert mg.nn.utils.convert_conv2d_weight_memory_format(net, mg.channels_last) is net
    assert mg.nn.utils.convert_conv3d_weight_memory_format(net, mg.channels_last) is net
    with pytest.raises(RuntimeError, match="Expected a Module"):
        mg.nn.utils.skip_init(dict)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = mg.nn.utils.stateless.functional_call(net, {"weight": mg.ones(3, 2)}, mg.ones(2))
    assert out.tolist() == [2, 2, 2]
