"""Metrics, against formulas and libraries that others wrote."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.errors import ArgumentError
from minigrad.train import metrics as M


def scores(labels: Any, classes: int) -> mg.Tensor:
    """Scores whose highest are at these labels."""
    return mg.nn.functional.one_hot(mg.tensor(labels), classes).float()


LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(LABELS, st.integers(1, 40))
def test_classification_metrics_by_their_definitions(pairs: list[tuple[int, int]], cut: int) -> None:
    found, right = np.array(pairs).T
    made = [M.Accuracy(), M.Precision(4), M.Recall(4), M.F1(4), M.MeanIoU(4), M.F1(4, "micro"), M.ConfusionMatrix(4)]
    for part in (slice(0, cut), slice(cut, None)):   # in two batches
        for metric in made:
            if len(found[part]):
                metric.update(scores(found[part], 4), mg.tensor(right[part]))
    accuracy, precision, recall, f1, iou, micro, matrix = (metric.compute() for metric in made)
    assert accuracy == pytest.approx((found == right).mean()) == pytest.approx(micro) == pytest.approx(matrix)
    expected: dict[str, list[float]] = {"precision": [], "recall": [], "f1": [], "iou": []}
    for c in range(4):
        hits = int(((found == c) & (right == c)).sum())
        alarms, misses = int((found == c).sum()) - hits, int((right == c).sum()) - hits
        for name, top, bottom in (("precision", hits, hits + alarms), ("recall", hits, hits + misses),
                                  ("f1", 2 * hits, 2 * hits + alarms + misses), ("iou", hits, hits + alarms + misses)):
            if hits + alarms + misses:               # a class that occurs and is never found has precision 0
                expected[name].append(top / max(bottom, 1))
    for name, value in (("precision", precision), ("recall", recall), ("f1", f1), ("iou", iou)):
        assert value == pytest.approx(np.mean(expected[name]))


def test_top_k() -> None:
    y = mg.tensor([[0.1, 0.5, 0.4], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    assert M.TopK(2)(y, mg.tensor([2, 2, 1])) == pytest.approx(2 / 3)
    with pytest.raises(ArgumentError, match="5 of 3 classes"):
        M.TopK(5)(y, mg.tensor([0, 0, 0]))


def test_one_logit_is_two_classes() -> None:
    assert M.Accuracy()(mg.tensor([[0.3], [-2.0], [1.0]]), mg.tensor([[1], [0], [0]])) == pytest.approx(2 / 3)
    assert M.Accuracy()(mg.tensor([0.3, -2.0]), mg.tensor([1, 1])) == 0.5


def test_segmentation_leaves_ignored_places_out() -> None:
    y = scores([[0, 1], [2, 2]], 3).permute(2, 0, 1).unsqueeze(0)
    t = mg.tensor([[[0, 1], [255, 1]]])
    assert M.MeanIoU(3, ignore_index=255)(y, t) == pytest.approx(np.mean([1, 1 / 2, 0]))
    assert M.Accuracy(ignore_index=255)(y, t) == pytest.approx(2 / 3)
    with pytest.raises(ArgumentError, match=r"labels must lie in 0 \.\.\. 2"):
        M.MeanIoU(3)(y, t)


def test_mean_average_precision_by_hand() -> None:
    right = [{"boxes": [[0, 0, 10, 10], [20, 20, 30, 30]], "labels": [0, 0]}]
    found = [{"boxes": [[0, 0, 10, 10], [50, 50, 60, 60], [20, 20, 30, 31]], "labels": [0, 0, 0], "scores": [0.9, 0.8, 0.7]}]
    # precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1: half at 1, half at 2/3
    assert M.MeanAveragePrecision()(found, right) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert M.MeanAveragePrecision((0.95,))(found, right) == pytest.approx(0.5)
    twice = [{"boxes": [[0, 0, 10, 10], [0, 0, 10, 10]], "labels": [0, 0], "scores": [0.9, 0.8]}]
    assert M.MeanAveragePrecision()(twice, [{"boxes": [[0, 0, 10, 10]], "labels": [0]}]) == 1.0
    assert math.isnan(M.MeanAveragePrecision()([], []))


def test_bleu_of_the_paper() -> None:
    """Papineni et al., 2002, section 2.1: unigrams are clipped by the references."""
    candidate = "the the the the the the the".split()
    references = ["the cat is on the mat".split(), "there is a cat on the mat".split()]
    assert M.BLEU(1)([candidate], [references]) == pytest.approx(2 / 7)
    exact = "it is a guide to action".split()
    assert M.BLEU()([exact], [[exact]]) == pytest.approx(1.0)
    short = M.BLEU(1)(["it is".split()], [["it is a guide".split()]])
    assert short == pytest.approx(math.exp(1 - 4 / 2))


def test_states_go_on() -> None:
    labels = scores([0, 1], 3), mg.tensor([0, 2])
    cases: list[Any] = [(M.Accuracy, labels), (lambda: M.F1(3), labels), (M.BLEU, ([["a", "b"]], [[["a", "b"]]])),
                        (lambda: M.Averaged(lambda y, t: (y - t).abs().mean()), (mg.ones(3), mg.zeros(3)))]
    for make, batch in cases:
        first, second = make(), make()
        first.update(*batch)
        second.load_state_dict(first.state_dict())
        assert second.compute() == pytest.approx(first.compute(), nan_ok=True)


def test_functions_are_metrics() -> None:
    found = M.metrics_of({"error": lambda y, t: (y - t).abs().mean()})
    found["error"].update(mg.ones(3), mg.zeros(3))
    found["error"].update(mg.ones(1) * 5, mg.zeros(1))
    assert found["error"].compute() == pytest.approx(2.0)
