"""Clipping gradients, vectors of parameters, sequences of different lengths."""
from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")


def twins(values=((3.0, 4.0), (-12.0,), None)):
    found = []
    for t, n in ((minigrad, nn), (torch, torch.nn)):
        ps = [n.Parameter(t.zeros(len(v or (1,)))) for v in values]
        for p, v in zip(ps, values):
            p.grad = None if v is None else t.tensor(v)
        found.append(ps)
    return found


@pytest.mark.parametrize("norm_type", [2.0, 1, 3.5, math.inf, 0])
@pytest.mark.parametrize("max_norm", [1.0, 100.0, 5])
def test_clipping_by_norm(norm_type: float, max_norm: float) -> None:
    ours, theirs = twins()
    a, b = nn.utils.clip_grad_norm_(ours, max_norm, norm_type), torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    np.testing.assert_allclose(a.item(), b.item(), 1e-6)
    assert a.dtype == minigrad.float32
    for p, q in zip(ours[:2], theirs[:2]):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), 1e-6)
    assert ours[2].grad is None


def test_norms_that_are_not_finite() -> None:
    for bad in (math.nan, math.inf):
        ours, theirs = twins(((bad, 1.0), (2.0,)))
        for n, ps in ((nn, ours), (torch.nn, theirs)):
            with pytest.raises(RuntimeError, match=r"The total norm of order 2.0 for gradients from `parameters` is non-finite"):
                n.utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
            n.utils.clip_grad_norm_(ps, 1.0)
        for p, q in zip(ours, theirs):
            np.testing.assert_array_equal(p.grad.numpy(), q.grad.numpy())


def test_clipping_takes_tensors_lists_and_generators() -> None:
    ours, _ = twins()
    assert nn.utils.clip_grad_norm_(ours[0], 1.0).item() == 5
    assert nn.utils.clip_grad_norm_((p for p in ours), 1.0).item() > 1
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0
    assert nn.utils.get_total_norm([ours[1].grad]).item() == pytest.approx(12 / math.sqrt(145), 1e-4)
    with pytest.warns(UserWarning, match="`parameters` is an empty generator, no gradient clipping will occur"):
        nn.utils.clip_grad_norm_((p for p in ()), 1.0)
    nn.utils.clip_grads_with_norm_(ours, 1.0, minigrad.tensor(10.0))


def test_clipping_by_value() -> None:
    ours, theirs = twins()
    nn.utils.clip_grad_value_(ours, 3.5)
    torch.nn.utils.clip_grad_value_(theirs, 3.5)
    for p, q in zip(ours[:2], theirs[:2]):
        np.testing.assert_array_equal(p.grad.numpy(), q.grad.numpy())


def test_clipping_is_a_write() -> None:
    g = minigrad.ones(2, requires_grad=True)
    p = nn.Parameter(minigrad.zeros(2))
    p.grad = g.detach()
    out = (g * g).sum()
    nn.utils.clip_grad_norm_(p, 0.1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_vectors_of_parameters() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (13,)
    assert vector.requires_grad
    nn.utils.vector_to_parameters(minigrad.arange(13.0), model.parameters())
    assert model[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert model[1].bias.tolist() == [12]
    assert model[1].bias.requires_grad
    with pytest.raises(TypeError, match=r"expected torch\.Tensor, but got: list of 1"):
        nn.utils.vector_to_parameters([1.0], model.parameters())
    with pytest.raises(RuntimeError, match="the parameters have more elements than the vector"):
        nn.utils.vector_to_parameters(minigrad.ones(4), model.parameters())


@pytest.mark.parametrize("options", [
    {}, {"batch_first": True}, {"padding_value": -1.0}, {"batch_first": True, "padding_side": "left"},
    {"padding_side": "left", "padding_value": 2.0},
])
def test_padding_sequences(options: dict) -> None:
    arrays = [np.random.default_rng(n).normal(size=(n, 2)) for n in (3, 5, 1)]
    xs, ys = [minigrad.tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]
    a, b = nn.utils.rnn.pad_sequence(xs, **options), torch.nn.utils.rnn.pad_sequence(ys, **options)
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    (a * a).sum().backward()
    for x in xs:
        np.testing.assert_allclose(x.grad.numpy(), 2 * x.detach().numpy())


def test_sequences_come_apart_again() -> None:
    each = [minigrad.ones(2, 3), minigrad.zeros(4, 3)]
    for batch_first in (False, True):
        padded = nn.utils.rnn.pad_sequence(each, batch_first)
        found = nn.utils.rnn.unpad_sequence(padded, minigrad.tensor([2, 4]), batch_first)
        assert [t.tolist() for t in found] == [t.tolist() for t in each]
    with pytest.raises(RuntimeError, match="received an empty list of sequences"):
        nn.utils.rnn.pad_sequence([])
    with pytest.raises(RuntimeError, match="all sizes but the first must be equal"):
        nn.utils.rnn.pad_sequence([minigrad.ones(2, 3), minigrad.ones(2, 4)])
    with pytest.raises(ValueError, match="padding_side"):
        nn.utils.rnn.pad_sequence(each, padding_side="up")
