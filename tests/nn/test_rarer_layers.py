"""Layers that few networks use, against PyTorch: adaptive softmax, bags of embeddings, unaligned sequences, random windows."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.func.torch_side import SIDES, Side, agree, same_error

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
X, LABELS = rng.standard_normal((6, 8)), np.array([0, 5, 12, 3, 19, 11])


def filled(s: Side, kind: str, *args: Any, **options: Any) -> Any:
    """A layer with the same random parameters on both sides."""
    net = getattr(s.library.nn, kind)(*args, **options).double()
    numbers = np.random.default_rng(1)
    with s.library.no_grad():
        for p in net.parameters():
            p.copy_(s.tensor(numbers.standard_normal(tuple(p.shape))))
    return net


def gradients(net: Any) -> Any:
    return {k: p.grad for k, p in net.named_parameters()}


def test_adaptive_softmax() -> None:
    def program(s: Side, **options: Any) -> Any:
        net = filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4, 12], div_value=2.0, **options)
        x = s.tensor(X, requires_grad=True)
        out = net(x, s.tensor(LABELS))
        (out.loss + out.output.pow(2).sum()).backward()
        return tuple(out), x.grad, gradients(net), net.log_prob(x), net.predict(x), tuple(net(x[0], s.tensor(12)))
    agree(program)
    agree(lambda s: program(s, head_bias=True))


@pytest.mark.parametrize(("program", "match"), [
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4, 4]), "cutoffs should be a sequence of unique, positive integers"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [0, 4]), "cutoffs should be"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [25]), "cutoffs should be"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, []), "cutoffs should be a sequence of length larger than 0"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4])(s.tensor(X), s.tensor(LABELS[:2])), "same size in the batch dimension"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4])(s.tensor(X), s.tensor(LABELS + 5)), "Target values should be in"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4])(s.tensor(X), s.tensor(LABELS[:, None])), "multi-target not supported"),
    (lambda s: filled(s, "AdaptiveLogSoftmaxWithLoss", 8, 20, [4])(s.tensor(X[None]), s.tensor(LABELS[:1])), "1D target tensor expects 2D"),
    (lambda s: s.library.nn.EmbeddingBag(5, 3, padding_idx=7), "padding_idx must be within num_embeddings"),
    (lambda s: s.library.nn.EmbeddingBag(5, 3, _weight=s.tensor(X)), "Shape of weight does not match num_embeddings and embedding_dim"),
    (lambda s: s.library.nn.EmbeddingBag.from_pretrained(s.tensor(X[0])), "Embeddings parameter is expected to be 2-dimensional"),
    (lambda s: s.library.nn.FractionalMaxPool2d(2), "requires specifying either an output size, or a pooling ratio"),
    (lambda s: s.library.nn.FractionalMaxPool2d(2, output_size=2, output_ratio=0.5), "only one of output_size and output_ratio"),
    (lambda s: s.library.nn.FractionalMaxPool2d(2, output_ratio=1.5), "output_ratio must be between 0 and 1"),
    (lambda s: s.library.nn.LinearCrossEntropyLoss(3, 4, label_smoothing=2.0), r"label_smoothing to be in range \[0, 1\]"),
    (lambda s: s.library.nn.LinearCrossEntropyLoss(3, 4, weight=s.tensor(X)), "expected weight shape to be"),
])
def test_errors(program: Any, match: str) -> None:
    same_error(program, match)


@pytest.mark.parametrize("options", [{}, {"mode": "sum"}, {"mode": "max"}, {"padding_idx": 2}, {"max_norm": 1.0, "mode": "sum"}], ids=str)
def test_bags(options: Any) -> None:
    index = np.array([[0, 2, 4], [1, 1, 2]])

    def program(s: Side) -> Any:
        net = filled(s, "EmbeddingBag", 5, 3, **options)
        out = net(s.tensor(index)), net(s.tensor(index.reshape(-1)), s.tensor([0, 4]))
        sum(o.pow(2).sum() for o in out).backward()
        return out, gradients(net), net.state_dict()
    agree(program)
    agree(lambda s: s.library.nn.EmbeddingBag.from_pretrained(s.tensor(X), mode="sum", include_last_offset=True)(
        s.tensor([0, 3, 2]), s.tensor([0, 2, 3]), s.tensor([1.0, 2.0, 0.5]).double()))


def test_unaligned_sequences() -> None:
    scores = rng.standard_normal((7, 2, 4))

    def program(s: Side, **options: Any) -> Any:
        x = s.tensor(scores, requires_grad=True)
        loss = s.library.nn.CTCLoss(**options)(x.log_softmax(2), s.tensor([[1, 2, 2], [3, 1, 0]]), s.tensor([7, 6]), s.tensor([3, 2]))
        loss.sum().backward()
        return loss, x.grad
    for options in ({}, {"reduction": "sum"}, {"reduction": "none", "zero_infinity": True}):
        agree(lambda s, o=options: program(s, **o))


def test_a_linear_layer_with_its_loss() -> None:
    def program(s: Side, target: Any, **options: Any) -> Any:
        net = filled(s, "LinearCrossEntropyLoss", 8, 20, **options)
        loss = net(s.tensor(X), s.tensor(target))
        loss.sum().backward()
        return loss, gradients(net)
    agree(lambda s: program(s, LABELS))
    agree(lambda s: program(s, LABELS, bias=True, reduction="none", label_smoothing=0.1, ignore_index=5))
    agree(lambda s: program(s, np.stack([LABELS, LABELS[::-1]], 1), out_features=(2,), bias=True))
    agree(lambda s: s.library.nn.NLLLoss2d()(s.tensor(-abs(X).reshape(1, 6, 2, 4)),
                                             s.tensor(np.ones((1, 2, 4), int))))


def test_random_windows() -> None:
    image = rng.standard_normal((2, 3, 9, 9))
    where = rng.uniform(size=(2, 3, 2))

    def program(s: Side, **options: Any) -> Any:
        x = s.tensor(image, requires_grad=True)
        out, at = s.library.nn.FractionalMaxPool2d(2, return_indices=True, _random_samples=s.tensor(where), **options)(x)
        out.pow(2).sum().backward()
        return out, at, x.grad
    agree(lambda s: program(s, output_size=4))
    agree(lambda s: program(s, output_ratio=(0.5, 0.6)))
    assert mg.nn.FractionalMaxPool3d(2, output_size=3)(mg.ones(1, 2, 7, 7, 7)).shape == (1, 2, 3, 3, 3)


@pytest.mark.parametrize(("kind", "args", "options"), [
    ("AdaptiveLogSoftmaxWithLoss", (64, 20, [4, 10]), {"head_bias": True}), ("EmbeddingBag", (5, 3), {}),
    ("EmbeddingBag", (5, 3), {"mode": "max", "padding_idx": -1, "max_norm": 2.0}), ("CTCLoss", (), {}), ("NLLLoss2d", (), {}),
    ("FractionalMaxPool2d", (2,), {"output_ratio": 0.5}), ("LinearCrossEntropyLoss", (3, 4), {"bias": True})], ids=str)
def test_what_a_layer_says_of_itself(kind: str, args: Any, options: Any) -> None:
    nets = []
    for s in SIDES:
        s.library.manual_seed(3)
        nets.append(getattr(s.library.nn, kind)(*args, **options))
    ours, theirs = nets
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)
