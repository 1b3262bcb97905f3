"""MultiheadAttention and transformers against PyTorch: the same weights, masks, gradients, names and initial values."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:Support for mismatched")
rng = np.random.default_rng(0)
X, M = rng.standard_normal((5, 2, 8)), rng.standard_normal((7, 2, 8))          # (L, N, E), (S, N, E)
PADDING = np.array([[False] * 5 + [True] * 2, [False] * 6 + [True]])
CAUSAL = np.triu(np.full((5, 5), -np.inf), 1)


def layer(s: Side, kind: str, *args: Any, **options: Any) -> Any:
    """A layer with the same random parameters on both sides."""
    net = getattr(s.library.nn, kind)(*args, **options).double()
    numbers = np.random.default_rng(1)
    with s.library.no_grad():
        for p in net.parameters():
            p.copy_(s.tensor(numbers.standard_normal(tuple(p.shape)) * 0.4))
    return net


def with_gradients(s: Side, net: Any, out: Any, *inputs: Any) -> Any:
    """The results, and the gradients of a weighted sum of them."""
    outs = [o for o in (out if isinstance(out, tuple) else (out,)) if o is not None]
    sum((o * s.library.arange(o.numel()).reshape(o.shape).double().cos()).sum() for o in outs).backward()
    return outs, [x.grad for x in inputs], {k: p.grad for k, p in net.named_parameters()}


# ---------------------------------------------------------------- attention
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 8, "vdim": 8},
                                     {"add_bias_kv": True, "add_zero_attn": True}, {"batch_first": True}], ids=str)
@pytest.mark.parametrize("call", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
def test_attention(options: Any, call: Any) -> None:
    def program(s: Side, masked: bool) -> Any:
        net = layer(s, "MultiheadAttention", 8, 2, **options)
        swap = (lambda a: a.swapaxes(0, 1).copy()) if options.get("batch_first") else (lambda a: a)
        q, k = s.tensor(swap(X), requires_grad=True), s.tensor(swap(M), requires_grad=True)
        masks = {"key_padding_mask": s.tensor(PADDING), "attn_mask": s.tensor(np.arange(35).reshape(5, 7) % 3 == 1)} if masked else {}
        return with_gradients(s, net, net(q, k, k, **masks, **call), q, k)
    agree(lambda s: program(s, False), rtol=1e-8)
    agree(lambda s: program(s, True), rtol=1e-8)


def test_attention_to_itself() -> None:
    def program(s: Side, batch_first: bool, **call: Any) -> Any:
        net = layer(s, "MultiheadAttention", 8, 4, batch_first=batch_first)
        x = s.tensor(X.swapaxes(0, 1).copy() if batch_first else X, requires_grad=True)
        return with_gradients(s, net, net(x, x, x, attn_mask=s.tensor(CAUSAL), **call), x)
    for batch_first in (False, True):
        agree(lambda s, b=batch_first: program(s, b), rtol=1e-8)
        agree(lambda s, b=batch_first: program(s, b, need_weights=False, is_causal=True), rtol=1e-8)


def test_attention_without_a_batch_and_with_other_sizes() -> None:
    def program(s: Side) -> Any:
        net = layer(s, "MultiheadAttention", 8, 2, kdim=4, vdim=6)
        q, k, v = s.tensor(X[:, 0].copy()), s.tensor(M[:, 0, :4].copy()), s.tensor(M[:, 0, :6].copy())
        return with_gradients(s, net, net(q, k, v, key_padding_mask=s.tensor(PADDING[0])))
    agree(program, rtol=1e-8)


def test_masks_in_one() -> None:
    def program(s: Side) -> Any:
        net = layer(s, "MultiheadAttention", 8, 2, batch_first=True)
        mask, kind = net.merge_masks(s.tensor(CAUSAL), s.tensor(np.zeros((2, 5))), s.tensor(X.swapaxes(0, 1).copy()))
        return mask, s.tensor(kind)
    agree(program)


@pytest.mark.parametrize(("program", "match"), [
    (lambda s, x: s.library.nn.MultiheadAttention(8, 3), "embed_dim must be divisible by num_heads"),
    (lambda s, x: s.library.nn.MultiheadAttention(0, 3), "must be greater than 0, got embed_dim=0 and num_heads=3"),
    (lambda s, x: layer(s, "MultiheadAttention", 8, 2)(x, x, x[:, 0]), r"For batched \(3-D\) `query`"),
    (lambda s, x: layer(s, "MultiheadAttention", 8, 2)(x[None], x, x), "query should be unbatched 2D or batched 3D tensor"),
    (lambda s, x: layer(s, "MultiheadAttention", 8, 2)(x[..., :4], x, x), "was expecting embedding dimension of 8, but got 4"),
    (lambda s, x: layer(s, "MultiheadAttention", 8, 2)(x, x, x, is_causal=True), "Need attn_mask if specifying the is_causal hint"),
    (lambda s, x: layer(s, "MultiheadAttention", 8, 2)(x, x, x, attn_mask=x.new_zeros(4, 5)), "The shape of the 2D attn_mask is"),
    (lambda s, x: s.library.nn.TransformerEncoderLayer(8, 2, activation="x"), "activation should be relu/gelu, not x"),
    (lambda s, x: layer(s, "Transformer", 8, 2, 1, 1, 4)(x, x[:, :1]), "the batch number of src and tgt must be equal"),
    (lambda s, x: layer(s, "Transformer", 8, 2, 1, 1, 4)(x[..., :4], x), "the feature number of src and tgt must be equal to d_model"),
])
def test_errors(program: Any, match: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_error(lambda s: program(s, s.tensor(X)), match)


# ---------------------------------------------------------------- transformers
@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"activation": "gelu", "bias": False}, {"batch_first": True}], ids=str)
def test_layers(options: Any) -> None:
    swap = (lambda a: a.swapaxes(0, 1).copy()) if options.get("batch_first") else (lambda a: a)

    def encoder(s: Side) -> Any:
        net = layer(s, "TransformerEncoderLayer", 8, 2, 16, 0.0, **options)
        x = s.tensor(swap(M), requires_grad=True)
        return with_gradients(s, net, net(x, src_key_padding_mask=s.tensor(PADDING)), x)

    def decoder(s: Side) -> Any:
        net = layer(s, "TransformerDecoderLayer", 8, 2, 16, 0.0, **options)
        x, m = s.tensor(swap(X), requires_grad=True), s.tensor(swap(M), requires_grad=True)
        out = net(x, m, tgt_mask=s.tensor(CAUSAL), tgt_is_causal=True, memory_key_padding_mask=s.tensor(PADDING))
        return with_gradients(s, net, out, x, m)
    agree(encoder, rtol=1e-8)
    agree(decoder, rtol=1e-8)


def test_stacks() -> None:
    def encoder(s: Side, **options: Any) -> Any:
        nn = s.library.nn
        net = nn.TransformerEncoder(layer(s, "TransformerEncoderLayer", 8, 2, 16, 0.0), 2, layer(s, "LayerNorm", 8))
        x = s.tensor(X, requires_grad=True)
        return with_gradients(s, net, net(x, s.tensor(CAUSAL), **options), x)

    def decoder(s: Side) -> Any:
        net = s.library.nn.TransformerDecoder(layer(s, "TransformerDecoderLayer", 8, 2, 16, 0.0), 2)
        x, m = s.tensor(X, requires_grad=True), s.tensor(M, requires_grad=True)
        return with_gradients(s, net, net(x, m, s.tensor(CAUSAL), memory_key_padding_mask=s.tensor(PADDING)), x, m)
    agree(encoder, rtol=1e-8)
    agree(lambda s: encoder(s, is_causal=True), rtol=1e-8)
    agree(decoder, rtol=1e-8)


@pytest.mark.parametrize("options", [{}, {"batch_first": True, "norm_first": True}], ids=str)
def test_the_whole(options: Any) -> None:
    def program(s: Side, one: bool = False) -> Any:
        net = layer(s, "Transformer", 8, 2, 2, 1, 16, 0.0, **options)
        swap = (lambda a: a[:, 0].copy()) if one else (lambda a: a.swapaxes(0, 1).copy()) if options else (lambda a: a)
        src, tgt = s.tensor(swap(M), requires_grad=True), s.tensor(swap(X), requires_grad=True)
        mask = s.library.nn.Transformer.generate_square_subsequent_mask(5, dtype=s.library.float64)
        padding = s.tensor(PADDING[0] if one else PADDING)
        out = net(src, tgt, tgt_mask=mask, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return with_gradients(s, net, out, src, tgt)
    agree(program, rtol=1e-7)
    agree(lambda s: program(s, True), rtol=1e-7)


def test_the_causal_mask() -> None:
    agree(lambda s: s.library.nn.Transformer.generate_square_subsequent_mask(4))


@pytest.mark.parametrize(("kind", "args", "options"), [
    ("MultiheadAttention", (8, 2), {}), ("MultiheadAttention", (8, 2), {"kdim": 4, "add_bias_kv": True}),
    ("MultiheadAttention", (8, 2), {"bias": False}), ("TransformerEncoderLayer", (8, 2, 16), {}),
    ("TransformerDecoderLayer", (8, 2, 16), {}),
    ("Transformer", (8, 2, 2, 1, 16), {"bias": False}), ("Transformer", (8, 2, 1, 2, 16), {})], ids=str)
def test_what_a_layer_says_of_itself(kind: str, args: Any, options: Any) -> None:
    """Names, shapes and initial values of parameters, and the representation."""
    nets = []
    for s in SIDES:
        s.library.manual_seed(3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nets.append(getattr(s.library.nn, kind)(*args, **options))
    ours, theirs = nets
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for (name, a), (_, b) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-7, err_msg=name)


def test_dropout_is_for_training() -> None:
    net = layer(SIDES[0], "TransformerEncoderLayer", 8, 2, 16, 0.5)
    x = SIDES[0].tensor(X)
    assert not np.allclose(net(x).detach().numpy(), net(x).detach().numpy())
    np.testing.assert_array_equal(net.eval()(x).detach().numpy(), net(x).detach().numpy())


def test_padding_is_computed_like_everything_else() -> None:
    """PyTorch's encoder leaves zeros at padded places in evaluation without gradients, and only there."""
    outs = []
    for s in SIDES:
        net = s.library.nn.TransformerEncoder(layer(s, "TransformerEncoderLayer", 8, 2, 16, 0.0, batch_first=True), 2).eval()
        with s.library.no_grad():
            outs.append(net(s.tensor(M.swapaxes(0, 1).copy()), src_key_padding_mask=s.tensor(PADDING)).numpy())
    ours, theirs = outs
    assert (theirs[PADDING[:, :theirs.shape[1]]] == 0).all()
    assert (ours[PADDING] != 0).all()
    np.testing.assert_allclose(ours[:, :theirs.shape[1]][~PADDING[:, :theirs.shape[1]]], theirs[~PADDING[:, :theirs.shape[1]]], rtol=1e-7)
