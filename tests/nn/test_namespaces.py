"""What `torch.nn` holds beside layers: old names, gradients of convolutions, `nn.modules`, synchronized batch norm."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn
from tests.func.torch_side import SIDES, Side, agree, same_error

pytest.importorskip("torch")
rng = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1, "groups": 2}, {"dilation": 2}], ids=str)
def test_gradients_of_convolutions(n: int, options: dict[str, Any]) -> None:
    size, kernel = (2, 4, *(7, 6, 5)[:n]), (6, 4 // options.get("groups", 1), *(3, 2, 2)[:n])
    x, w = rng.standard_normal(size), rng.standard_normal(kernel)

    def both(s: Side) -> Any:
        grad, a, b = s.library.nn.grad, s.tensor(x), s.tensor(w)
        y = getattr(s.library.nn.functional, f"conv{n}d")(a, b, None, **options)
        g = s.tensor(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)))
        return (getattr(grad, f"conv{n}d_input")(size, b, g, **options), getattr(grad, f"conv{n}d_weight")(a, kernel, g, **options))
    agree(both)


def test_gradients_of_convolutions_have_gradients() -> None:
    g = minigrad.ones(1, 3, 3, 3, dtype=minigrad.float64, requires_grad=True)
    w = minigrad.ones(3, 2, 2, 2, dtype=minigrad.float64, requires_grad=True)
    assert minigrad.autograd.gradcheck(lambda w, g: nn.grad.conv2d_input((1, 2, 4, 4), w, g), (w, g))
    assert not nn.grad.conv2d_input((1, 2, 4, 4), w.detach(), g.detach()).requires_grad


@pytest.mark.parametrize("name", ["uniform", "normal", "eye", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
                                  "orthogonal"])
def test_old_names_of_initializers(name: str) -> None:
    minigrad.manual_seed(0)
    with pytest.warns(FutureWarning, match=rf"`nn\.init\.{name}` is now deprecated in favor of `nn\.init\.{name}_`"):
        old = getattr(nn.init, name)(minigrad.empty(3, 4))
    minigrad.manual_seed(0)
    assert minigrad.equal(old, getattr(nn.init, f"{name}_")(minigrad.empty(3, 4)))


def test_the_old_name_of_clipping() -> None:
    p = nn.Parameter(minigrad.ones(4))
    p.grad = minigrad.full((4,), 3.0)
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        assert nn.utils.clip_grad_norm([p], 1.0).item() == 6.0
    assert p.grad.norm().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("expression", [
    "nn.modules.utils._pair(3)", "nn.modules.utils._triple((1, 2, 3))", "nn.modules.utils._reverse_repeat_tuple((1, 2), 2)",
    "nn.modules.utils._list_with_default([None, 3], [5, 6, 7])", "nn.modules.container._addindent('a\\nb\\nc', 2)",
    "isinstance(nn.BatchNorm1d(2), nn.modules.batchnorm._BatchNorm)", "isinstance(nn.BatchNorm1d(2), nn.modules.batchnorm._NormBase)",
    "isinstance(nn.InstanceNorm1d(2), nn.modules.instancenorm._InstanceNorm)", "isinstance(nn.MSELoss(), nn.modules.loss._Loss)",
    "isinstance(nn.Conv2d(1, 1, 1), nn.modules.conv._ConvNd)", "isinstance(nn.ConvTranspose2d(1, 1, 1), nn.modules.conv._ConvTransposeNd)",
    "isinstance(nn.LazyLinear(2), nn.modules.lazy.LazyModuleMixin)", "isinstance(nn.Dropout2d(), nn.modules.dropout._DropoutNd)",
    "isinstance(nn.MaxPool1d(2), nn.modules.pooling._MaxPoolNd)", "nn.modules.Linear is nn.Linear is nn.modules.linear.Linear",
])
def test_modules(expression: str) -> None:
    found = [eval(expression, {"nn": side.library.nn}) for side in SIDES]
    assert found[0] == found[1]
    with pytest.raises(AttributeError, match=r"module 'minigrad.nn.modules' has no attribute 'Lineer'"):
        nn.modules.Lineer  # noqa: B018


def test_a_prefix_is_taken_off_a_state() -> None:
    model = nn.Linear(2, 3)
    state = nn.DataParallel(model).state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["weight", "bias"]
    assert nn.Linear(2, 3).load_state_dict(state).missing_keys == []
    assert list(state._metadata) == [""]


def test_kernels_of_attention_are_accepted() -> None:
    from minigrad.nn.attention import SDPBackend, sdpa_kernel
    q = minigrad.randn(1, 2, 3, 4)
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH], set_priority=True):
        nn.functional.scaled_dot_product_attention(q, q, q)
    with pytest.raises(AssertionError, match="sdpa_kernel: backends must be an instance of SDPBackend"), sdpa_kernel("math"):    # type: ignore[arg-type]
        pass


def test_factory_kwargs() -> None:
    for s in SIDES:
        find = s.library.nn.factory_kwargs
        assert find(None) == {}
        assert find({"dtype": 1, "factory_kwargs": {"device": 2}}) == {"dtype": 1, "device": 2}
    same_error(lambda s: s.library.nn.factory_kwargs({"dtypo": 1}), "unexpected kwargs {'dtypo'}")
    same_error(lambda s: s.library.nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"dtype": 2}}), "dtype specified twice")


def test_a_model_is_converted_to_synchronized_batch_norm() -> None:
    def converted(s: Side) -> Any:
        n = s.library.nn
        s.library.manual_seed(0)
        model = n.Sequential(n.Conv2d(1, 2, 2), n.BatchNorm2d(2, momentum=None), n.Sequential(n.BatchNorm2d(2, affine=False)),
                             n.BatchNorm2d(2, track_running_stats=False)).eval()
        model[1].weight.data.fill_(3.0)
        weight = model[1].weight
        made = n.SyncBatchNorm.convert_sync_batchnorm(model, process_group="all")
        assert made is model
        assert isinstance(made[1], n.SyncBatchNorm)
        assert made[1].weight is weight
        assert made[2][0].process_group == "all"
        assert not made[1].training
        assert isinstance(n.SyncBatchNorm.convert_sync_batchnorm(n.BatchNorm1d(3)), n.SyncBatchNorm)
        made.train()
        out = made(s.tensor(np.random.default_rng(0).standard_normal((4, 1, 3, 3)).astype("f4")))
        assert repr(made).count("SyncBatchNorm(2, eps=1e-05") == 3
        return out.double(), {k: v.double() for k, v in made.state_dict().items()}
    agree(converted)
    same_error(lambda s: s.library.nn.SyncBatchNorm(3)(s.library.ones(3)), "expected at least 2D input .got 1D input")
    same_error(lambda s: s.library.nn.CrossMapLRN2d(3)(s.library.ones(3)), "CrossMapLRN2d: Expected input to be 4D, got 1D instead")


def test_the_gradient_of_normalization_across_maps() -> None:
    x = minigrad.tensor(rng.standard_normal((2, 5, 2, 2)), requires_grad=True)
    for size in (1, 2, 3, 5, 9):
        assert minigrad.autograd.gradcheck(nn.CrossMapLRN2d(size, 0.5, 0.75, 2.0), (x,))
