"""Losses as modules give what PyTorch's give."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)
X, Y, T = rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
P, Q = (np.exp(a) / np.exp(a).sum(1, keepdims=True) for a in (X, T))
SIGNS, CLASSES, LABELS = np.sign(T), np.array([1, 0, 4, 2]), np.array([[1, 3, -1, 0, 0], [0, -1, 0, 0, 0], [4, 2, 0, -1, 1],
    [-1, 0, 0, 0, 0]])
ONES = (T > 0).astype("f8")
CASES = [
    ("L1Loss()", (X, T)), ("MSELoss()", (X, T)), ("MSELoss(reduction='sum')", (X, T)), ("SmoothL1Loss()", (X, T)),
    ("SmoothL1Loss(beta=0.3)", (X, T)), ("HuberLoss(delta=0.4)", (X, T)), ("NLLLoss()", (np.log(P), CLASSES)),
    ("NLLLoss(weight={w}, ignore_index=4, reduction='sum')", (np.log(P), CLASSES)), ("CrossEntropyLoss()", (X, CLASSES)),
    ("CrossEntropyLoss({w}, label_smoothing=0.2)", (X, CLASSES)), ("CrossEntropyLoss(reduction='none')", (X, Q)),
    ("BCELoss()", (P, ONES)), ("BCELoss(weight={w})", (P, ONES)), ("BCEWithLogitsLoss(pos_weight={w})", (X, ONES)),
    ("BCEWithLogitsLoss({w})", (X, ONES)), ("KLDivLoss(reduction='batchmean')", (np.log(P), Q)),
    ("KLDivLoss(reduction='sum', log_target=True)", (np.log(P), np.log(Q))), ("PoissonNLLLoss()", (X, ONES)),
    ("PoissonNLLLoss(log_input=False, full=True)", (P, ONES * 3)), ("GaussianNLLLoss()", (X, T, P)),
    ("GaussianNLLLoss(full=True, eps=1e-3, reduction='sum')", (X, T, P)), ("HingeEmbeddingLoss(margin=0.5)", (X, SIGNS)),
    ("SoftMarginLoss()", (X, SIGNS)), ("MultiLabelMarginLoss()", (X, LABELS)), ("MultiLabelSoftMarginLoss()", (X, ONES)),
    ("MultiLabelSoftMarginLoss({w}, reduction='none')", (X, ONES)), ("MultiMarginLoss()", (X, CLASSES)),
    ("MultiMarginLoss(p=2, margin=0.5, weight={w})", (X, CLASSES)), ("MarginRankingLoss(0.3)", (X, Y, SIGNS)),
    ("CosineEmbeddingLoss(0.1)", (X, Y, SIGNS[:, 0])), ("TripletMarginLoss()", (X, Y, T)),
    ("TripletMarginLoss(margin=2.0, p=1.0, swap=True)", (X, Y, T)), ("TripletMarginWithDistanceLoss(swap=True)", (X, Y, T)),
    ("TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(1))", (X, Y, T)),
]


@pytest.mark.parametrize(("text", "arrays"), CASES, ids=[text for text, _ in CASES])
def test_value_gradient_repr(text: str, arrays) -> None:
    found = []
    for t, n in ((minigrad, nn), (torch, torch.nn)):
        w = t.tensor([0.5, 1.0, 2.0, 0.1, 1.5], dtype=t.float64)
        loss = eval(f"n.{text.replace('{w}', 'w')}", {"n": n, "w": w})
        tensors = [t.tensor(a) for a in arrays]
        tensors[0].requires_grad_()
        value = loss(*tensors)
        value.sum().backward()
        found.append((value.detach().numpy(), tensors[0].grad.numpy(), repr(loss), list(loss.state_dict())))
    for ours, theirs in zip(found[0][:2], found[1][:2]):
        np.testing.assert_allclose(ours, theirs, 1e-7, 1e-10)
    assert found[0][2:] == found[1][2:]


def test_the_old_arguments_of_reduction() -> None:
    for size_average, reduce, reduction in ((True, None, "mean"), (False, None, "sum"), (None, False, "none"), (False, False, "none"),
        (None, True, "mean")):
        with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead"):
            assert nn.MSELoss(size_average, reduce).reduction == reduction
