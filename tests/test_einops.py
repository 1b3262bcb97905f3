"""einops on our tensors, by itself and in programs that run as PyTorch's."""
from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg

einops = pytest.importorskip("einops")


def values(*shape: int, requires_grad: bool = True) -> mg.Tensor:
    return mg.arange(float(np.prod(shape))).reshape(shape).mul(0.5).sin().requires_grad_(requires_grad)


REARRANGED = ["b c h w -> b (c h w)", "b c (h p) (w q) -> b (h w) (p q c)", "b c h w -> w h c b", "(b one) c h w -> one b c h w",
"... h w -> ... w h"]


@pytest.mark.parametrize("pattern", REARRANGED)
def test_rearrange(pattern: str) -> None:
    x, sizes = values(2, 3, 4, 6), {"p": 2, "q": 3} if "p)" in pattern else {"one": 1} if "one" in pattern else {}
    y = einops.rearrange(x, pattern, **sizes)
    assert type(y) is mg.Tensor
    np.testing.assert_array_equal(y.detach().numpy(), einops.rearrange(x.detach().numpy(), pattern, **sizes))
    weights = mg.randn(*y.shape)
    (y * weights).sum().backward()
    back, _, forth = pattern.partition(" -> ")
    np.testing.assert_array_equal(x.grad.numpy(), einops.rearrange(weights.numpy(), f"{forth} -> {back}", **sizes_of(pattern, sizes)))


def sizes_of(pattern: str, sizes: dict[str, int]) -> dict[str, int]:
    """What einops must be told for the way back."""
    return {**sizes, **({"c": 3, "h": 4, "w": 6} if "(c h w)" in pattern else {"c": 3, "h": 2, "w": 2} if "p)" in pattern else {})}


@pytest.mark.parametrize("reduction", ["sum", "mean", "max", "min", "prod"])
def test_reduce(reduction: str) -> None:
    x = values(2, 3, 4, 6)
    y = einops.reduce(x, "b c (h p) (w q) -> b c h w", reduction, p=2, q=3)
    np.testing.assert_allclose(y.detach().numpy(), einops.reduce(x.detach().numpy(), "b c (h p) (w q) -> b c h w", reduction, p=2, q=3),
    rtol=1e-5)
    assert mg.autograd.gradcheck(lambda x: einops.reduce(x, "(a b) c -> c", reduction, a=2), (values(4, 3, requires_grad=False).double()
                                                                                              .requires_grad_(),))


def test_reduce_of_booleans_and_a_function() -> None:
    mask = values(4, 3, requires_grad=False) > 0
    assert einops.reduce(mask, "a b -> a", "any").tolist() == mask.any(1).tolist()
    assert einops.reduce(mask, "a b -> b", "all").tolist() == mask.all(0).tolist()
    assert einops.reduce(values(4, 3), "a b -> a", lambda x, axes: x.logsumexp(axes)).shape == (4,)
    with pytest.raises(NotImplementedError, match="reduce_mean is not available for non-floating"):
        einops.reduce(mg.ones(2, 2, dtype=mg.int64), "a b -> a", "mean")


def test_repeat_einsum_pack_and_unpack() -> None:
    x = values(2, 3)
    y = einops.repeat(x, "a b -> a (b n) m", n=2, m=4)
    np.testing.assert_array_equal(y.detach().numpy(), einops.repeat(x.detach().numpy(), "a b -> a (b n) m", n=2, m=4))
    y.sum().backward()
    assert (x.grad == 8).all()
    np.testing.assert_allclose(einops.einsum(x, x, "row k, col k -> row col").detach().numpy(), (x @ x.T).detach().numpy(), rtol=1e-6)
    packed, shapes = einops.pack([values(2, 3), values(2, 4, 5)], "b *")
    assert (packed.shape, list(map(tuple, shapes))) == ((2, 23), [(3,), (4, 5)])
    first, second = einops.unpack(packed, shapes, "b *")
    assert second.shape == (2, 4, 5)
    first.sum().backward()
    assert einops.rearrange([x, x], "n a b -> a n b").shape == (2, 2, 3)
    assert einops.parse_shape(x, "a b") == {"a": 2, "b": 3}
    assert type(einops.asnumpy(x)) is np.ndarray
    assert einops.rearrange(mg.nn.Parameter(mg.ones(2, 3)), "a b -> b a").requires_grad


def test_a_rearranged_tensor_is_a_view_where_it_can_be() -> None:
    x = values(2, 3, requires_grad=False)
    einops.rearrange(x, "a b -> b a")[0, 0] = 7
    assert x[0, 0].item() == 7


def test_layers() -> None:
    from einops.layers.minigrad import EinMix, Rearrange, Reduce
    mg.manual_seed(0)
    model = mg.nn.Sequential(Rearrange("b (h w) -> b h w", h=4), EinMix("b h w -> b h o", "h w o", "h o", h=4, w=3, o=5),
    Reduce("b h o -> b o", "max"))
    assert [name for name, _ in model.named_parameters()] == ["1.weight", "1.bias"]
    assert "Rearrange('b (h w) -> b h w', h=4)" in repr(model)
    y = model(mg.ones(2, 12))
    assert y.shape == (2, 5)
    y.sum().backward()
    weight, bias = model[1].weight, model[1].bias
    np.testing.assert_allclose(y[0].detach().numpy(), (weight.sum(1) + bias.reshape(4, 5)).amax(0).detach().numpy(), rtol=1e-5)
    assert weight.grad is not None
    assert EinMix("t (h c) -> (t d)", "h c d", h=2, c=3, d=4)(mg.ones(5, 6)).shape == (20,)
    assert einops._backends.get_backend(y).layers().Reduce is Reduce


PROGRAM = """
import torch
from einops import rearrange, reduce
from einops.layers.torch import EinMix, Rearrange, Reduce
x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
reduce(rearrange(x, "a b c -> (a b) c"), "n c -> c", "mean").sum().backward()
model = torch.nn.Sequential(Rearrange("a b c -> a c b"), EinMix("a c b -> a c d", "b d", "d", b=3, d=5), Reduce("a c d -> a d", "mean"))
model(x).sum().backward()
print(type(x).__module__, tuple(model(x).shape), x.grad is not None, repr(model[0]))
"""


@pytest.mark.parametrize("first", ["", "import einops\n"])
def test_programs_of_pytorch(tmp_path: Any, first: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(first + PROGRAM)
    ran = subprocess.run([sys.executable, "-m", "minigrad", "run", str(path)], capture_output=True, text=True)
    assert ran.stdout == "minigrad._tensor (2, 5) True Rearrange('a b c -> a c b')\n", ran.stderr


@pytest.mark.parametrize("order", ["import einops, minigrad", "import minigrad, einops"])
def test_either_may_be_imported_first(order: str) -> None:
    code = f"{order}\nimport inspect, numpy\nnumpy.ones(1)\neinops.rearrange(numpy.ones((2, 3)), 'a b -> b a')\n" \
        "print(einops.rearrange(minigrad.ones(2, 3), 'a b -> b a').shape, len(inspect.getsource(einops._backends)) > 1000)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "minigrad.Size([3, 2]) True\n", ran.stderr


def test_beside_pytorch() -> None:
    torch = pytest.importorskip("torch")
    assert type(einops.rearrange(torch.ones(2, 3), "a b -> b a")) is torch.Tensor
    assert type(einops.rearrange(mg.ones(2, 3), "a b -> b a")) is mg.Tensor


def test_minigrad_does_not_import_einops() -> None:
    code = "import sys, minigrad; print('einops' in sys.modules, sum(type(f).__module__ == 'minigrad._einops' for f in sys.meta_path))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False 1\n"
