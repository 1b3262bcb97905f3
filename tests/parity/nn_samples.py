"""Samples of our own: for classes of `torch.nn` that PyTorch's database lacks, and for options that it leaves out."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.testing import make_tensor
from torch.testing._internal.common_modules import FunctionInput as given
from torch.testing._internal.common_modules import ModuleInput

from .translate import recipe

Pair = tuple[Any, Any]                               # what the class is made with, what it is called with (None: it is not)


def ints(high: int, *shape: int) -> Any:
    return make_tensor(shape, device="cpu", dtype=torch.int64, low=0, high=high)


def dropouts(*shapes: tuple[int, ...]) -> Callable[[Any], list[Pair]]:
    return lambda t: [(given(p), given(t(shape))) for shape in shapes for p in (0.5, 0.2)] + [(given(), given(t(shapes[0])))]


def norms(*shapes: tuple[int, ...]) -> Callable[[Any], list[Pair]]:
    return lambda t: [(given(**options), given(t(shape))) for shape in shapes
                      for options in ({}, {"affine": False}, {"momentum": None, "track_running_stats": True}, {"bias": False, "eps": 1e-3})]


def paddings(n: int) -> Callable[[Any], list[Pair]]:
    """Convolutions of n dimensions with all padding modes, groups and dilation."""
    def samples(t: Any) -> list[Pair]:
        x = t((2, 4, *(7, 8, 6)[:n]))
        return [*[(given(4, 6, 3, padding=2, padding_mode=mode), given(x)) for mode in ("zeros", "reflect", "replicate", "circular")],
                *[(given(4, 4, (3, 2, 3)[:n], padding="same", padding_mode=mode, dilation=2), given(x)) for mode in ("zeros", "circular")],
                (given(4, 8, 3, padding="valid", groups=2, bias=False), given(x)), (given(4, 4, 3, 2, 1, 1, 4), given(x))]
    return samples


def recurrent(t: Any, options: tuple[dict[str, Any], ...], states: int) -> list[Pair]:
    found = []
    for o in ({}, {"num_layers": 2}, {"bidirectional": True}, {"batch_first": True, "num_layers": 2, "bidirectional": True},
              {"bias": False}, *options):
        wide, inner = 5, o.get("proj_size", 5)
        layers = o.get("num_layers", 1) * (2 if o.get("bidirectional") else 1)
        start = [t((layers, 3, inner)), t((layers, 3, wide))][:states]
        x = t((3, 4, 2)) if o.get("batch_first") else t((4, 3, 2))
        found += [(given(2, wide, **o), given(x)), (given(2, wide, **o), given(x, start[0] if states == 1 else tuple(start)))]
    return found


def attention(t: Any) -> list[Pair]:
    q, k, v = t((4, 2, 6)), t((5, 2, 6)), t((5, 2, 6))
    mask = torch.ones(4, 5, dtype=torch.bool).triu(1)
    padded = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    return [(given(6, 2), given(q, k, v)), (given(6, 3, bias=False), given(q, k, v, attn_mask=mask)),
            (given(6, 2, batch_first=True), given(q.detach(), q.detach(), q.detach(), need_weights=False)),
            (given(6, 2, kdim=3, vdim=2), given(q, t((5, 2, 3)), t((5, 2, 2)), key_padding_mask=padded)),
            (given(6, 2, add_bias_kv=True, add_zero_attn=True), given(q, k, v, average_attn_weights=False))]


def adaptive(t: Any) -> list[Pair]:
    x, y = t((6, 5)), torch.tensor([0, 3, 4, 7, 9, 11])
    return [(given(5, 12, [4, 8]), given(x, y)), (given(5, 12, [3], div_value=2.0, head_bias=True), given(x, y)),
            (given(5, 12, [4, 8]), given(x[0].detach(), y[1]))]


def encoder(**options: Any) -> Any:
    return recipe("TransformerEncoderLayer", 4, 2, 8, 0.0, **options)


def decoder(**options: Any) -> Any:
    return recipe("TransformerDecoderLayer", 4, 2, 8, 0.0, **options)


def unpool(n: int) -> Callable[[Any], list[Pair]]:
    def samples(t: Any) -> list[Pair]:
        pool, x = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[n - 1], t((2, 3, *(6, 8, 4)[:n])).detach()
        kept, indices = pool(x, 2, 2, return_indices=True)
        single, single_indices = pool(x[0], 2, 2, return_indices=True)
        odd, odd_indices = pool(x, 3, 2, return_indices=True)
        return [(given(2), given(kept.requires_grad_(), indices)), (given(2, 2), given(single.requires_grad_(), single_indices)),
                (given(3, 2), given(odd.requires_grad_(), odd_indices, output_size=list(x.shape)))]
    return samples


def bags(t: Any) -> list[Pair]:
    rows, flat, offsets = ints(7, 3, 4), ints(7, 10), torch.tensor([0, 3, 3, 8])
    weights = t((10,))
    return [*[(given(7, 3, mode=mode), given(rows)) for mode in ("sum", "mean", "max")],
            *[(given(7, 3, mode=mode), given(flat, offsets)) for mode in ("sum", "mean", "max")],
            (given(7, 3, mode="sum"), given(flat, offsets, weights)), (given(7, 3, padding_idx=2), given(flat, offsets)),
            (given(7, 3, include_last_offset=True), given(flat, torch.tensor([0, 3, 10]))), (given(7, 3, max_norm=1.0), given(rows))]


def triplets(t: Any) -> list[Pair]:
    three = [t((4, 5)) for _ in range(3)]
    return [(given(), given(*three)), (given(margin=0.3, p=1.0), given(*three)), (given(swap=True), given(*three)),
            (given(reduction="sum"), given(*three)), (given(reduction="none"), given(*[x[0] for x in three]))]


OWN: dict[str, Callable[[Any], list[Pair]]] = {
    # ------------------------------------------------------------ containers
    "Module": lambda t: [(given(), None)],
    "Container": lambda t: [(given(a=recipe("Linear", 2, 3), b=recipe("ReLU")), None)],
    "Sequential": lambda t: [
        (given(), given(t((2, 3)))), (given(recipe("Linear", 3, 4), recipe("ReLU"), recipe("Linear", 4, 2)), given(t((5, 3)))),
        (given(OrderedDict(conv=recipe("Conv2d", 1, 2, 3), act=recipe("Tanh"), norm=recipe("BatchNorm2d", 2))), given(t((3, 1, 5, 5)))),
        (given(recipe("Sequential", recipe("Dropout", 0.0), recipe("Linear", 3, 3)), recipe("Sequential")), given(t((3,))))],
    "ModuleList": lambda t: [(given(), None), (given([recipe("Linear", 2, 2), recipe("Linear", 2, 2), recipe("ReLU")]), None)],
    "ModuleDict": lambda t: [(given(), None), (given({"b": recipe("Linear", 2, 3), "a": recipe("ReLU")}), None),
                             (given([["x", recipe("PReLU")], ["y", recipe("Identity")]]), None)],
    "ParameterList": lambda t: [(given(), None), (given([t((2, 3)), t((1,))]), None), (given([recipe("Parameter", t((2,)))]), None)],
    "ParameterDict": lambda t: [(given(), None), (given({"b": t((2, 3)), "a": recipe("Parameter", t((2,)))}), None)],
    "DataParallel": lambda t: [(given(recipe("Linear", 3, 2)), given(t((4, 3))))],
    "Parameter": lambda t: [(given(t((2, 3)).detach()), None), (given(t((2,)).detach(), requires_grad=False), None), (given(), None)],
    "Buffer": lambda t: [(given(t((2, 3)).detach()), None), (given(t((2,)).detach(), persistent=False), None)],
    "UninitializedParameter": lambda t: [(given(), None), (given(dtype=torch.float64), None)],
    "UninitializedBuffer": lambda t: [(given(), None)],
    "LinearCrossEntropyOptions": lambda t: [(given(), None)],
    # ------------------------------------------------------------ shapes
    "Identity": lambda t: [(given(), given(t((2, 3)))), (given(54, unused=1), given(t(())))],
    "Flatten": lambda t: [(given(), given(t((2, 3, 4)))), (given(0, 1), given(t((2, 3, 4)))), (given(end_dim=-2), given(t((2, 3, 4, 5))))],
    "Unflatten": lambda t: [(given(1, (2, 3)), given(t((2, 6)))), (given(-1, torch.Size([2, -1])), given(t((2, 6)))),
                            (given(0, [1, 2]), given(t((2, 6))))],
    "Fold": lambda t: [(given((4, 5), (2, 2)), given(t((2, 3 * 4, 12)))), (given((4, 5), 2, stride=2, padding=1), given(t((2, 8, 9)))),
                       (given((4, 5), (2, 2), dilation=2), given(t((4, 6))))],
    "Unfold": lambda t: [(given((2, 3)), given(t((2, 3, 5, 6)))), (given(2, 2, 1, 2), given(t((2, 3, 6, 6)))),
                         (given(2), given(t((3, 4, 5))))],
    "PixelShuffle": lambda t: [(given(2), given(t((2, 8, 3, 3)))), (given(3), given(t((9, 2, 2)))), (given(1), given(t((1, 2, 2, 2))))],
    "PixelUnshuffle": lambda t: [(given(2), given(t((2, 2, 4, 6)))), (given(3), given(t((1, 3, 6))))],
    "ChannelShuffle": lambda t: [(given(2), given(t((2, 4, 3, 3)))), (given(3), given(t((1, 6, 2))))],
    "Upsample": lambda t: [
        (given(scale_factor=2), given(t((1, 2, 3, 4)))), (given(size=(5, 3)), given(t((1, 2, 3, 4)))),
        (given(scale_factor=(2, 1.5), mode="bilinear"), given(t((1, 2, 4, 4)))),
        (given(scale_factor=2, mode="bilinear", align_corners=True), given(t((1, 2, 3, 4)))),
        (given(size=7, mode="linear"), given(t((1, 2, 3)))), (given(scale_factor=2, mode="trilinear"), given(t((1, 1, 2, 3, 2)))),
        (given(scale_factor=1.7, mode="bicubic", recompute_scale_factor=True), given(t((1, 1, 4, 5))))],
    "UpsamplingNearest2d": lambda t: [(given(scale_factor=2), given(t((1, 2, 3, 4)))), (given(size=(5, 6)), given(t((1, 2, 3, 4))))],
    "UpsamplingBilinear2d": lambda t: [(given(scale_factor=2), given(t((1, 2, 3, 4)))), (given((5, 6)), given(t((1, 2, 3, 4))))],
    "MaxUnpool1d": unpool(1), "MaxUnpool2d": unpool(2), "MaxUnpool3d": unpool(3),
    # ------------------------------------------------------------ activations, dropout
    "Hardsigmoid": lambda t: [(given(), given(t((3, 4), low=-5, high=5))), (given(), given(t(())))],
    "RReLU": lambda t: [(given(), given(t((20, 30)))), (given(0.1, 0.4), given(t((20, 30)))), (given(0.2, 0.2), given(t((3, 4))))],
    "Dropout": dropouts((40, 50), (7,)), "Dropout1d": dropouts((30, 40, 3), (4, 5)), "Dropout2d": dropouts((30, 40, 3, 2), (2, 3, 4, 4)),
    "Dropout3d": dropouts((30, 40, 2, 2, 2), (2, 3, 2, 2, 2)), "AlphaDropout": dropouts((40, 50), (7,)),
    "FeatureAlphaDropout": dropouts((30, 40, 2, 2), (2, 3, 4)),
    "PReLU": lambda t: [(given(3), given(t((2, 3, 4)))), (given(1, 0.5), given(t((2, 3))))],
    # ------------------------------------------------------------ norms
    "SyncBatchNorm": lambda t: [(given(3, *more), given(t(shape)))
                                for more in ((), (1e-3, None), (1e-5, 0.1, False), (1e-5, 0.1, True, False))
                                for shape in ((4, 3), (4, 3, 5), (2, 3, 4, 4), (2, 3, 2, 2, 2))],
    "CrossMapLRN2d": lambda t: [(given(5), given(t((2, 3, 4, 4)))), (given(3, 0.5, 0.6, 2), given(t((2, 2, 3, 3)))),
                                (given(2, 0.5), given(t((1, 1, 3, 3)))), (given(3, 0.5), given(t((2, 6, 2, 2))))],
    "LazyBatchNorm1d": norms((4, 3), (4, 3, 5)), "LazyBatchNorm2d": norms((4, 3, 5, 5)), "LazyBatchNorm3d": norms((2, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": norms((4, 3, 5)), "LazyInstanceNorm2d": norms((4, 3, 5, 5)), "LazyInstanceNorm3d": norms((2, 3, 2, 3, 2)),
    "LazyLinear": lambda t: [(given(4), given(t((2, 3)))), (given(4, bias=False), given(t((2, 5, 3)))), (given(1), given(t((7,))))],
    # ------------------------------------------------------------ distances, losses
    "CosineSimilarity": lambda t: [(given(), given(t((4, 5)), t((4, 5)))), (given(dim=0, eps=1e-2), given(t((4, 5)), t((4, 5)))),
                                   (given(dim=-1), given(t((2, 3, 4)), t((4,))))],
    "PairwiseDistance": lambda t: [(given(), given(t((4, 5)), t((4, 5)))), (given(1.0, 1e-3, True), given(t((4, 5)), t((4, 5)))),
                                   (given(p=3), given(t((5,)), t((5,))))],
    "TripletMarginLoss": triplets,
    "TripletMarginWithDistanceLoss": lambda t: [
        *triplets(t)[:1], (given(distance_function=recipe("CosineSimilarity"), margin=0.5), given(*[t((4, 5)) for _ in range(3)])),
        (given(distance_function=F.pairwise_distance, swap=True, reduction="none"), given(*[t((4, 5)) for _ in range(3)]))],
    "NLLLoss2d": lambda t: [(given(), given(t((2, 3, 4, 4)), ints(3, 2, 4, 4))),
                            (given(weight=t((3,)).detach(), reduction="sum"), given(t((2, 3, 4, 4)), ints(3, 2, 4, 4)))],
    "AdaptiveLogSoftmaxWithLoss": adaptive,
    # ------------------------------------------------------------ convolution
    "Conv1d": paddings(1), "Conv2d": paddings(2), "Conv3d": paddings(3),
    "ConvTranspose1d": lambda t: [(given(4, 6, 3, 2, 1, 1, groups=2, dilation=2), given(t((2, 4, 5)))),
                                  (given(4, 3, 3, stride=2), given(t((2, 4, 5)), output_size=[12]))],
    "ConvTranspose2d": lambda t: [(given(4, 6, 3, 2, 1, 1, groups=2), given(t((2, 4, 5, 4)))),
                                  (given(4, 3, (3, 2), stride=2), given(t((2, 4, 5, 4)), output_size=[12, 9]))],
    "ConvTranspose3d": lambda t: [(given(2, 4, 2, 2, groups=2), given(t((1, 2, 3, 2, 3)))),
                                  (given(2, 3, 3, bias=False), given(t((2, 3, 2, 3))))],
    # ------------------------------------------------------------ sequences
    "RNNBase": lambda t: [(given("LSTM", 2, 3), None), (given("GRU", 2, 3, num_layers=2, bidirectional=True), None)],
    "RNNCellBase": lambda t: [(given(2, 3, bias=True, num_chunks=4), None), (given(2, 3, False, 1), None)],
    "RNN": lambda t: recurrent(t, ({"nonlinearity": "relu"},), 1),
    "GRU": lambda t: recurrent(t, (), 1),
    "LSTM": lambda t: recurrent(t, ({"proj_size": 3}, {"proj_size": 2, "bidirectional": True, "num_layers": 2}), 2),
    "Embedding": lambda t: [(given(6, 3, padding_idx=1), given(ints(6, 2, 4))),
                            (given(6, 3, max_norm=1.0, norm_type=1.0), given(ints(6, 2, 4))),
                            (given(6, 3, scale_grad_by_freq=True), given(ints(6, 2, 4))),
                            (given(4, 2, _weight=t((4, 2)).detach()), given(ints(4, 3)))],
    "EmbeddingBag": bags,
    "MultiheadAttention": attention,
    "TransformerEncoder": lambda t: [(given(encoder(), 2, recipe("LayerNorm", 4)), given(t((3, 2, 4)))),
                                     (given(encoder(norm_first=True, batch_first=True), 1), given(t((2, 3, 4)), is_causal=False))],
    "TransformerDecoder": lambda t: [
        (given(decoder(), 2), given(t((3, 2, 4)), t((5, 2, 4)))),
        (given(decoder(norm_first=True, batch_first=True), 2, norm=recipe("LayerNorm", 4)), given(t((2, 3, 4)), t((2, 5, 4)))),
        (given(decoder(activation="gelu"), 1), given(t((3, 2, 4)), t((5, 2, 4)), tgt_mask=torch.ones(3, 3, dtype=torch.bool).triu(1),
                                                     memory_key_padding_mask=torch.tensor([[False] * 5, [False] * 4 + [True]])))],
    "Transformer": lambda t: [(given(4, 2, 1, 1, 8, 0.0), given(t((3, 2, 4)), t((2, 2, 4)))),
                              (given(4, 2, 0, 1, 8, 0.0, custom_encoder=recipe("TransformerEncoder", encoder(), 1)),
                               given(t((3, 2, 4)), t((2, 2, 4))))],
}


def own(name: str, dtype: Any) -> list[Any]:
    """Our samples of a class, in the form of PyTorch's."""
    tensor = partial(make_tensor, device="cpu", dtype=dtype, requires_grad=True)
    return [ModuleInput(*pair) for pair in OWN[name](tensor)] if name in OWN else []
