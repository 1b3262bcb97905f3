"""Each converter: the graph computes what the op does."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.engine.op import OPS

from .agree import agrees, kinds

Tensors = Callable[[mg.Tensor], Any]


def values(*shape: int) -> mg.Tensor:
    mg.manual_seed(0)
    return mg.randn(*shape)


ACTIVATIONS = [
    nn.ReLU(True), nn.ReLU6(), nn.PReLU(), nn.Softmax2d(), nn.Softsign(), nn.Tanhshrink(), nn.RReLU(), nn.Softmin(1), nn.ELU(), nn.SELU(),
    nn.CELU(0.5), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardshrink(), nn.Softshrink(),
    nn.Softplus(2), nn.LogSigmoid(), nn.Sigmoid(), nn.Tanh(), nn.Hardtanh(), nn.Threshold(0.1, 3.0), nn.LeakyReLU(), nn.LogSoftmax(1),
    nn.GLU(1), nn.Dropout(), nn.Identity()]


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_activations(layer: nn.Module) -> None:
    agrees(layer, values(2, 4, 3, 3))


LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "linear": (nn.Linear(3, 4), (2, 3)), "linear of more dimensions": (nn.Linear(3, 4, bias=False), (2, 5, 3)),
    "conv1d same": (nn.Conv1d(3, 4, 4, padding="same"), (2, 3, 7)),
    "conv1d circular": (nn.Conv1d(3, 4, 3, 1, 1, padding_mode="circular"), (2, 3, 7)),
    "conv1d reflect": (nn.Conv1d(3, 4, 3, 1, 1, padding_mode="reflect"), (2, 3, 7)),
    "conv1d replicate": (nn.Conv1d(3, 4, 3, 1, 1, padding_mode="replicate"), (2, 3, 7)),
    "conv2d groups dilated": (nn.Conv2d(4, 4, 3, 2, 1, 2, 2), (2, 4, 9, 9)),
    "conv2d same": (nn.Conv2d(4, 4, (2, 4), padding="same"), (2, 4, 9, 8)),
    "conv3d": (nn.Conv3d(4, 4, 3, 2, 1), (2, 4, 7, 6, 5)),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1), (2, 4, 5, 5)),
    "transposed, no padding": (nn.ConvTranspose2d(4, 6, 3, 2, 0, 1), (2, 4, 5, 5)),
    "transposed 1d": (nn.ConvTranspose1d(4, 6, 3, 2, 1), (2, 4, 5)), "transposed 3d": (nn.ConvTranspose3d(4, 6, 3, 2, 1), (2, 4, 5, 3, 3)),
    "max pool ceil": (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 3, 10, 11)),
    "max pool dilated": (nn.MaxPool2d(2, 1, 1, dilation=2), (2, 3, 6, 6)),
    "avg pool": (nn.AvgPool2d(3, 2, 1), (2, 3, 9, 9)), "avg pool ceil": (nn.AvgPool2d(3, 2, 1, ceil_mode=True), (2, 3, 10, 11)),
    "avg pool ceil without padding": (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 3, 10, 11)),
    "avg pool divisor": (nn.AvgPool2d(3, 2, 1, divisor_override=5), (2, 3, 10, 11)),
    "pools 1d": (nn.Sequential(nn.MaxPool1d(2), nn.AvgPool1d(3)), (2, 3, 20)),
    "pools 3d": (nn.Sequential(nn.MaxPool3d(2), nn.AvgPool3d(2)), (2, 3, 8, 8, 8)),
    "adaptive": (nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.AdaptiveMaxPool2d(1)), (2, 3, 8, 8)),
    "adaptive uneven": (nn.AdaptiveAvgPool2d((3, 4)), (2, 3, 10, 7)),
    "adaptive max uneven": (nn.AdaptiveMaxPool2d((3, 4)), (2, 3, 10, 7)), "power pool": (nn.LPPool2d(2, 2), (2, 3, 8, 8)),
    "batch norm": (nn.BatchNorm2d(3), (2, 3, 4, 4)), "batch norm 1d": (nn.BatchNorm1d(3), (2, 3)),
    "batch norm without statistics": (nn.BatchNorm2d(3, track_running_stats=False), (2, 3, 4, 4)),
    "instance norm": (nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)), "group norm": (nn.GroupNorm(2, 4), (2, 4, 4, 4)),
    "layer norm": (nn.LayerNorm((3, 4)), (2, 3, 4)), "layer norm plain": (nn.LayerNorm(4, elementwise_affine=False), (2, 3, 4)),
    "rms norm": (nn.RMSNorm(4), (2, 3, 4)), "local response": (nn.LocalResponseNorm(2), (2, 3, 4, 4)),
    "upsample": (nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 4, 5)), "shuffle": (nn.PixelShuffle(2), (2, 8, 3, 3)),
    "unfold": (nn.Unfold(2, padding=1, stride=2), (2, 3, 6, 6)), "fold": (nn.Fold((6, 6), 2, stride=2), (2, 12, 9)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    layer, shape = LAYERS[name]
    agrees(layer, values(*shape))


INTERPOLATIONS = [
    (mode, options) for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
    for options in ({"scale_factor": 2}, {"scale_factor": 2.5}, {"size": (7, 3)}, {"size": (7, 3), "align_corners": True},
                    {"size": (1, 3), "align_corners": True}, {"size": (2, 3), "antialias": True})
    if mode in ("bilinear", "bicubic") or not {"align_corners", "antialias"} & set(options)]


@pytest.mark.parametrize(("mode", "options"), INTERPOLATIONS, ids=str)
def test_interpolation(mode: str, options: dict[str, Any]) -> None:
    agrees(lambda x: F.interpolate(x, mode=mode, **options), values(2, 3, 4, 5))


FUNCTIONS: dict[str, Tensors] = {
    "joined and cut": lambda x: (*x.chunk(3, 1), *x.split(2, 2), *x.unbind(0), mg.stack([x, x]), mg.cat([x, x], 2)),
    "shapes": lambda x: (x.expand(2, 2, 3, 4), x.repeat(1, 2, 1), x.repeat(2, 1, 1, 1), x.flatten(1), x.reshape(-1), x.movedim(0, 2), x.mT,
                         x[:1].squeeze(0), x.unsqueeze(-1)),
    "moved": lambda x: (x.flip(1, 2), x.roll(1, 2), x.roll(5), x.unfold(2, 2, 1), x.tril(), x.triu(1), x.diagonal(1, 1, 2),
                        x.repeat_interleave(2, 1), F.pad(x, (1, 2, 3, 4), value=2.0), F.pad(x, (-1, 0))),
    "arithmetic": lambda x: (x * mg.tensor([1, 2, 3, 4]), x.pow(2), x**0.5, 2 - x, x / 3, -x, x.reciprocal(), 2 / x, x + 1, mg.add(x, x,
                             alpha=3),
                             mg.hypot(x, x), mg.addcmul(x, x, x, value=2), mg.lerp(x, x * 2, 0.3), mg.maximum(x, 1 / x), x % 0.3, x // 0.3),
    "functions": lambda x: (x.exp(), x.log(), x.log2(), x.log10(), x.log1p(), x.expm1(), x.exp2(), x.sqrt(), x.rsqrt(), x.sin(), x.cos(),
                            x.tan(),
                            x.atan(), x.sinh(), x.cosh(), x.asinh(), x.erf(), x.erfc(), x.sign(), x.abs(), x.square(), (x * 3).sigmoid()),
    "rounding": lambda x: (x.round(), x.round(decimals=1), x.floor(), x.ceil(), (-x).trunc(), (-x).frac(), mg.fmod(-x, 0.4), x.clamp(0.5,
                           1),
                           x.clamp(min=0.7), x.clamp(max=mg.tensor(0.9)), mg.div(-x, 0.3, rounding_mode="trunc")),
    "integers": lambda x: (lambda n: (n // 2, n % 2, n + 1, -n // 3, -n % 3, n.float(), n.bool(), n * 0.5, n & 3, n.sum(),
                           n.sum().double()))((x * 9).long()),
    "sums": lambda x: (x.sum(), x.sum((0, 2)), x.mean(1), x.mean(), x.prod(1), x.amax(1), x.amin((0, 1)), x.max(), x.logsumexp(1),
                       x.cumsum(1)),
    "statistics": lambda x: (x.std(1), x.var(), x.var(1, unbiased=False), x.std(0, keepdim=True), *mg.var_mean(x, 2), x.norm(), x.norm(1,
                             dim=1),
                             x.norm(3, dim=2), x.norm(float("inf"), dim=0), F.normalize(x), F.cosine_similarity(x, x.flip(1)), mg.cdist(x,
                             x * 2)),
    "order": lambda x: (*x.max(1), *x.min(2, keepdim=True), x.argmax(), x.argmin(1, True), *x.topk(2), *x.topk(1, 1, False), *x.sort(1),
                        x.argsort(2, descending=True)),
    "comparisons": lambda x: (x > 1, x == x, x != 1, (x > 0.5) & (x < 1), ~(x > 1), (x > 1) | (x < 0.5), (x > 1) ^ (x > 2), x.isnan(),
                              (x > 1).any(1),
                              (x > 1).all(), (x > 1).sum(), mg.where(x > 1, x, 0.0), x.masked_fill(x > 1, 2.0), x.logical_not()),
    "products": lambda x: (x @ x.mT, mg.einsum("bij,bkj->bik", x, x), mg.einsum("bij->bj", x), mg.bmm(x, x.mT), mg.baddbmm(x @ x.mT, x,
                           x.mT, beta=2),
                           F.linear(x, x[0]), mg.tensordot(x, x, ([2], [2]))),
    "indices": lambda x: (x[:, 1:3, None, ..., ::2], x[mg.tensor([1, 0])], x[:, [0, 1], mg.tensor([1, 2])], x[[0, 1], :, [1, 2]], x[...,
                          -1], x[x > 1],
                          x[-1, :2], x[:, mg.tensor([[0, 1], [2, 2]])]),
    "lookups": lambda x: (x.gather(1, (x > 1).long()), x.index_select(1, mg.tensor([0, 2])), x.scatter_add(1, (x > 1).long(), x),
                          mg.zeros(2, 3, 4).index_add(1, mg.tensor([0, 0, 2]), x), x.scatter(1, mg.zeros(2, 1, 4).long(), 5.0),
                          x.take(mg.tensor([0, 5])),
                          mg.masked_select(x, x > 1), mg.nonzero(x > 1), F.one_hot((x > 1).long(), 3), F.embedding((x > 1).long(), x[0])),
    "rarer": lambda x: (x.sigmoid().logit(), mg.logit(x, 0.1), mg.special.ndtr(x), mg.count_nonzero(x > 1, 1), mg.det(x[:, :, :3]),
                        F.huber_loss(x, x * 3, delta=0.7), F.smooth_l1_loss(x, x * 2),
                        F.binary_cross_entropy_with_logits(x, (x > 1).float()),
                        F.binary_cross_entropy_with_logits(x, (x > 1).float(), pos_weight=mg.tensor([1.0, 2.0, 0.5, 3.0]))),
    "losses": lambda x: (F.mse_loss(x, x * 2), F.l1_loss(x, x * 2, reduction="sum"), F.cross_entropy(x[0], mg.tensor([1, 0, 3])),
                         F.nll_loss(x[0].log_softmax(1), mg.tensor([1, 0, 3])), F.binary_cross_entropy(x.sigmoid(), (x > 1).float())),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    agrees(FUNCTIONS[name], values(2, 3, 4).abs() + 0.1)


def test_writes_into_tensors() -> None:
    def write(x: mg.Tensor) -> Any:
        x = x * 1
        row = x[0]
        x[0, 1:2] = 3.0
        x.add_(1)
        row.mul_(2)                                  # a view: x sees it
        x.masked_fill_(x > 4, 1.0)
        x[:, 1] = x[:, 0] * 2
        x[x > 2] = 0.0
        x[:, [0, 2]] = mg.ones(4)
        x += 0.5
        x[1, :, 1:3] += x[0, :, 1:3]
        x[..., ::2] = 7.0
        buffer = mg.zeros(2, 3)
        buffer[:, 0].copy_(x[:, 0, 1])
        return x, row, x[0], buffer, x.clone().zero_(), x.relu_()
    x = values(2, 3, 4)
    before = x.clone()
    agrees(write, x)
    assert x.equal(before)


def test_a_transposed_convolution_in_groups_is_one_node() -> None:
    """onnx's evaluator cannot run it; so its pieces are compared, and its attributes."""
    from .agree import exported
    node = exported(nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), values(2, 4, 5, 5)).model_proto.graph.node[0]
    found = {a.name: a.i or list(a.ints) for a in node.attribute}
    assert found == {"strides": [2, 2], "pads": [1, 1, 0, 0], "dilations": [1, 1], "group": 2, "output_padding": [0, 0]}


def test_half_and_double_precision() -> None:
    agrees(nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.LayerNorm(4)).double(), values(2, 3).double(), tolerance=1e-7)
    agrees(lambda x: (x * 2 + 1).relu(), values(2, 3).half(), tolerance=1e-2)


def test_clean_graphs() -> None:
    program = agrees(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Linear(4, 2)),
                     values(2, 3, 8, 8))
    assert kinds(program) == ["BatchNormalization", "Conv", "Gemm", "GlobalAveragePool", "Relu", "Reshape"]


def test_every_converter_is_of_an_op() -> None:
    from minigrad.onnx.exporter import CONVERTERS
    from minigrad.onnx.recorder import PUT, TAKE
    nn.functional.adaptive_max_pool2d                # noqa: B018   # all of ops/ is loaded
    assert sorted(set(CONVERTERS) - set(OPS) - {PUT, TAKE}) == []
