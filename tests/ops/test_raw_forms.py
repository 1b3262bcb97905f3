"""Functions as PyTorch's own namespace has them: other arguments than in nn.functional, the same results."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
    torch.batch_norm(x, x[0, :, 0], x[1, :, 0], torch.zeros(3).double(), torch.ones(3).double(), False, 0.1, 1e-5, True)
    torch.instance_norm(x, x[0, :, 0], None, None, None, True, 0.1, 1e-5, False)
    torch.layer_norm(x, (4,), x[0, 0], cudnn_enable=False)
    torch.group_norm(x, 3, x[0, :, 0], cudnn_enabled=False)
    torch.native_layer_norm(x, (3, 4), None, None, 1e-5)
    torch.native_group_norm(x, None, None, 2, 3, 4, 3, 1e-5)[0]
    torch.native_group_norm(x.detach(), None, None, 2, 3, 4, 3, 1e-5)
    torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)
    torch.native_batch_norm(x, None, None, torch.zeros(3).double(), torch.ones(3).double(), False, 0.1, 1e-5)[0]
    torch.convolution(x, x[:, :, :2], None, [1], [1], [2], False, [0], 1)
    torch.convolution(x, x[:, :, :2].reshape(3, 2, 2), None, [2], [1], [1], True, [1], 1)
    torch.convolution(x.unsqueeze(2), x.reshape(2, 3, 2, 2), None, [1, 1], [1, 0], [1, 1], False, [0, 0], 1)
    torch.conv_tbc(x, x.reshape(2, 4, 3), x[0, :, 0], 1)
    torch.embedding(x[0], i % 3)
    torch.embedding(x[0], i % 3, 2, True)
    torch.embedding(weight=x[0], indices=i % 3, padding_idx=0)
    torch.grid_sampler(x.unsqueeze(0), x[None, :, :, :2] / 12 - 1, 0, 1, False)
    torch.grid_sampler_2d(x.unsqueeze(0), x[None, :, :, :2] / 12 - 1, 2, 0, True)
    torch.affine_grid_generator(x[:, :2, :3], [2, 1, 2, 2], False)
    torch.adaptive_max_pool1d(x, 2)
    torch.frobenius_norm(x, (0, 1))
    torch.frobenius_norm(x, (), True)
    torch.nuclear_norm(x[0, :2])
    torch.nuclear_norm(x[:, :2], True)
    torch.nuclear_norm(x, (0, 2), keepdim=True)
    torch.norm_except_dim(x)
    torch.norm_except_dim(x, 2, 2)
    torch.norm_except_dim(x, 1, 1)
    torch.norm_except_dim(x, dim=-1)
    torch.norm_except_dim(x[0, 0])
    torch.native_channel_shuffle(x.detach().reshape(1, 6, 4), 2)
    torch.dropout(x, 0.5, False)
    torch.dropout(x, p=0.0, train=True)
    torch.feature_dropout(x, 1.0, True)
    torch.native_dropout(x, 0.5, False)
"""))
def test_layers(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    torch.dropout(torch.ones(4, 8), 0.5, True)
    torch.dropout_(torch.ones(4, 8), 0.5, True)
    torch.alpha_dropout(torch.ones(4, 8), 0.5, True)
    torch.feature_dropout(torch.ones(4, 8, 2), 0.5, True)
    torch.feature_alpha_dropout(torch.ones(4, 8, 2), 0.5, True)
    torch.native_dropout(torch.ones(4, 8), 0.25, True)
"""))
def test_draws(line: str) -> None:
    agree(line, seed=5)


@pytest.mark.parametrize("line", lines("""
    torch.kl_div(x.log(), torch.ones(2, 3, 4).double(), 2)
    torch.kl_div(x, x.detach() + 1, 0, log_target=True)
    torch.binary_cross_entropy_with_logits(x, m.double(), None, x[0, 0].detach(), 2)
    torch.hinge_embedding_loss(x, m * 2.0 - 1, 2.0, 0)
    torch.cosine_embedding_loss(x[0], x[1], torch.tensor([1, -1, 1]), 0.5, 1)
    torch.margin_ranking_loss(x[0], x[1], m[0] * 2.0 - 1, 0.5, 2)
    torch.poisson_nll_loss(x / 9, x.detach(), True, False, 1e-8, 1)
    torch.triplet_margin_loss(x[0], x[1], x[1] + 3, 2.0, reduction=0)
    torch.ctc_loss(x.transpose(0, 1).log_softmax(2), torch.tensor([[1, 2], [3, 1]]), (3, 3), (2, 1), 0, 1)
    torch.ctc_loss(x.transpose(0, 1).log_softmax(2), torch.tensor([[1, 2], [3, 1]]), (3, 3), (2, 1), 0, 0)
"""))
def test_losses(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    torch.segment_reduce(x[0], 'sum', lengths=torch.tensor([2, 0, 1]))
    torch.segment_reduce(x[0], 'mean', lengths=torch.tensor([2, 1]))
    torch.segment_reduce(x[0], 'mean', lengths=torch.tensor([2, 0, 1]), initial=7)
    torch.segment_reduce(x[0], 'max', offsets=torch.tensor([0, 2, 2, 3]), initial=5)
    torch.segment_reduce(x[0], 'min', offsets=torch.tensor([0, 2, 3]))
    torch.segment_reduce(x[0] + 1, 'prod', lengths=torch.tensor([2, 1]))
    torch.segment_reduce(x, 'sum', lengths=torch.tensor([[2, 1], [0, 3]]), axis=1)
    torch.segment_reduce(x.detach(), 'amax', lengths=torch.tensor([[1, 1], [0, 3]]), axis=1, unsafe=True)[:1]
"""))
def test_segments(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "words"), [
    ("torch.kl_div(x, x, 'sum')", "argument 'reduction' must be int, not str 'sum'"),
    ("torch.segment_reduce(x, 'sum')", "Either lengths or offsets must be defined"),
    ("torch.segment_reduce(x, 'sum', lengths=torch.tensor([1]))", "sum to 2"),
    ("torch.segment_reduce(x, 'sum', lengths=torch.tensor([3, -1]))", "negative value"),
    ("torch.segment_reduce(x, 'first', lengths=torch.tensor([2]))", "must be either sum, prod, mean"),
    ("torch.lobpcg(x[0].detach(), k=1)", "A must be square"),
    ("torch.lobpcg(x[0, :, :3], k=2)", "smaller than 3 x"),
    ("torch.dropout(x)", "missing"),
])
def test_errors(line: str, words: str) -> None:
    refuse(line, words)


def test_table_rows_are_shortened_in_place() -> None:
    agree_after("torch.embedding_renorm_(x[0].detach(), i[:, :2] % 3, 2.0, 2.0); x = x[0].detach()")


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("packed", [False, True])
def test_recurrent_networks(kind: str, packed: bool) -> None:
    """Weights in one list, padded and packed input, against PyTorch: results and gradients."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    gates = {"lstm": 4, "gru": 3}.get(kind, 1)
    shapes = [(gates * 3, n) for layer in range(2) for n in ((2 if layer == 0 else 6, 3) * 2)]
    weights = [w for i, s in enumerate(shapes) for w in ([rng.standard_normal(s)] if i % 2 == 0 else
                                                         [rng.standard_normal(s), *rng.standard_normal((2, gates * 3))])]
    x = rng.standard_normal((7, 2) if packed else (2, 4, 2))
    states = rng.standard_normal((2, 4, 3 if packed else 2, 3))
    found = []
    for lib in (torch, mg):
        leaves = [lib.tensor(v).requires_grad_() for v in (x, *states[:2 if kind == "lstm" else 1], *weights)]
        hx = leaves[1:3] if kind == "lstm" else leaves[1]
        params = leaves[3:] if kind == "lstm" else leaves[2:]
        first = (leaves[0], lib.tensor([3, 2, 2])) if packed else (leaves[0],)
        last = () if packed else (True,)
        outs = getattr(lib, kind)(*first, hx, params, True, 2, 0.0, True, True, *last)
        grads = lib.autograd.grad(sum((o * o).sum() for o in outs), leaves)
        found.append([t.detach().numpy() for t in (*outs, *grads)])
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_the_list_of_weights_must_be_complete() -> None:
    with pytest.raises(RuntimeError, match=r"gru: got an incorrect number of RNN parameters: 1 layers and directions take 4 each; got 2"):
        mg.gru(mg.ones(2, 1, 2), mg.zeros(1, 1, 3), [mg.ones(9, 2), mg.ones(9, 3)], True, 1, 0.0, False, False, False)


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("pair", [False, True])
def test_lobpcg(largest: bool, pair: bool) -> None:
    """The eigenvalues that PyTorch's iteration converges to; vectors that solve the equation; gradients that the values have."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 2, 9, 9))
    a, b = a + a.swapaxes(1, 2), b @ b.swapaxes(1, 2) + 9 * np.eye(9)
    both = [(torch.tensor(a), torch.tensor(b)), (mg.tensor(a).requires_grad_(), mg.tensor(b).requires_grad_())]
    expected, _ = torch.lobpcg(both[0][0], 3, both[0][1] if pair else None, niter=300, largest=largest)
    values, vectors = mg.lobpcg(both[1][0], 3, both[1][1] if pair else None, largest=largest)
    np.testing.assert_allclose(values.detach().numpy(), expected.numpy(), rtol=1e-6)
    metric = b if pair else np.broadcast_to(np.eye(9), b.shape)
    v = vectors.detach().numpy()
    np.testing.assert_allclose(a @ v, metric @ v * values.detach().numpy()[:, None], atol=1e-9)
    np.testing.assert_allclose(v.swapaxes(1, 2) @ metric @ v, np.broadcast_to(np.eye(3), (2, 3, 3)), atol=1e-9)
    values.sum().backward()                          # de = x^T (dA - e dB) x, of the symmetric parts
    np.testing.assert_allclose(both[1][0].grad.numpy(), v @ v.swapaxes(1, 2), atol=1e-9)


@pytest.mark.parametrize("line", lines("""
    x.dim_order()
    x.permute(2, 0, 1).dim_order()
    x.transpose(0, 1).dim_order()
    x.name
    x.is_distributed()
    torch.is_distributed(x)
    torch.is_inference(x)
    x.to_dense()
    torch.is_warn_always_enabled()
    x[1].untyped_storage().nbytes()
    x[1].untyped_storage().size()
    len(x[1].storage())
    x[1].storage().size()
    x[1].storage().tolist()
    x.transpose(0, 2).storage()[5]
    x[1].storage().dtype
    x[1].untyped_storage().data_ptr() == x.data_ptr()
    x[1].data_ptr() == x.storage().data_ptr() + 96
    torch.is_storage(x.untyped_storage())
    torch.is_storage(x)
    isinstance(x.untyped_storage(), torch.UntypedStorage)
    x[1].is_set_to(x[1])
    x[1].is_set_to(x[0])
    torch.legacy_contiguous_format == torch.contiguous_format
"""))
def test_small_questions(line: str) -> None:
    agree(line)


def test_dim_order_may_be_ambiguous() -> None:
    refuse("torch.ones(1, 3)[:, :1].dim_order(ambiguity_check=True)", "does not have unique dim order")


def test_a_storage_is_not_resized() -> None:
    store = mg.zeros(3).untyped_storage()
    assert store.resize_(12) is store
    with pytest.raises(NotImplementedError, match="12 bytes cannot be resized to 24"):
        store.resize_(24)


def test_warn_always_is_a_switch() -> None:
    mg.set_warn_always(True)
    assert mg.is_warn_always_enabled()
    mg.set_warn_always(False)
    assert not mg.is_warn_always_enabled()
    with pytest.raises(TypeError, match="expects a bool"):
        mg.set_warn_always(1)                        # type: ignore[arg-type]


def test_the_mean_is_the_default() -> None:
    """As PyTorch's schemas say, though its Python functions return all losses."""
    assert mg.kl_div(mg.zeros(4), mg.ones(4)).shape == ()


def test_functional_forms_keep_their_own_arguments() -> None:
    assert F.dropout(mg.ones(3), training=False).tolist() == [1.0, 1.0, 1.0]
    assert F.embedding(mg.tensor([1]), mg.eye(2)).tolist() == [[0.0, 1.0]]
