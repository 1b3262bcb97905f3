"""Metrics, against formulas and libraries that others wrote."""
from __future__ import annotations

import itertools
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


# ---------------------------------------------------------------- what others say of the same
FOUND, RIGHT = [0, 0, 2, 2, 2, 0, 3, 3, 0, 2, 2, 0], [0, 1, 2, 2, 0, 1, 3, 0, 0, 2, 1, 0]


@pytest.mark.parametrize(("kind", "macro", "micro", "weighted"), [
    (M.Precision, 0.425, 0.583333333333, 0.441666666667), (M.Recall, 0.65, 0.583333333333, 0.583333333333),
    (M.F1, 0.504166666667, 0.583333333333, 0.493055555556), (M.MeanIoU, 0.382142857143, 0.411764705882, 0.370238095238)])
def test_means_are_scikit_learn_s(kind: Any, macro: float, micro: float, weighted: float) -> None:
    """scikit-learn 1.9.1, zero_division=0. Class 1 occurs and is never found."""
    for average, expected in (("macro", macro), ("micro", micro), ("weighted", weighted)):
        assert kind(4, average)(scores(FOUND, 4), mg.tensor(RIGHT)) == pytest.approx(expected)
        ignoring = kind(4, average, ignore_index=9)(scores([*FOUND, 3], 4), mg.tensor([*RIGHT, 9]))
        assert ignoring == pytest.approx(expected)
        assert kind(6, average)(scores(FOUND, 6), mg.tensor(RIGHT)) == pytest.approx(expected)       # classes that nobody saw


def test_of_two_classes_the_second_is_the_one_to_be_found() -> None:
    found, right = mg.tensor([0.9, 0.2, 0.7, 0.6]), mg.tensor([1, 1, 0, 1])
    assert M.Precision(2, "binary", threshold=0.5)(found, right) == pytest.approx(2 / 3)
    assert M.Recall(2, "binary", threshold=0.65)(found, right) == pytest.approx(1 / 3)
    assert M.F1(2, "binary")(found - 0.5, right.float()) == pytest.approx(2 / 3)
    with pytest.raises(ArgumentError, match="average='binary' is of two classes; got 3"):
        M.F1(3, "binary")
    with pytest.raises(ArgumentError, match=r"average must be 'macro', .*; got None; per_class\(\) has the number of each"):
        M.F1(3, None)                                # type: ignore[arg-type]


BOXES_RIGHT: list[dict[str, Any]] = [
    {"boxes": [[10, 10, 30, 40], [50, 20, 80, 60], [12, 12, 28, 38]], "labels": [0, 1, 0], "iscrowd": [0, 0, 0]},
    {"boxes": [[5, 5, 25, 25], [40, 40, 60, 70], [0, 0, 90, 90]], "labels": [0, 0, 1], "iscrowd": [0, 0, 1]}]
BOXES_FOUND: list[dict[str, Any]] = [
    {"boxes": [[11, 11, 29, 39], [10, 10, 31, 40], [52, 22, 80, 58], [0, 50, 10, 60]], "labels": [0, 0, 1, 1], "scores": [.9, .8, .75, .3]},
    {"boxes": [[6, 4, 25, 26], [38, 42, 61, 66], [41, 39, 60, 71], [30, 30, 50, 50]], "labels": [0, 0, 0, 1], "scores": [.6, .95, .5, .85]}]


def test_mean_average_precision_is_coco_s() -> None:
    """pycocotools 2.0.11; a box that lies in a crowd does not count."""
    cases: list[Any] = [(None, 0.6608333333333333), ((0.5,), 1.0), ((0.75,), 0.7257425742574256), ((0.9,), 0.0429042904290429)]
    for thresholds, expected in cases:
        assert M.MeanAveragePrecision(thresholds, "coco")(BOXES_FOUND, BOXES_RIGHT) == pytest.approx(expected)


def test_mean_average_precision_of_pascal_voc() -> None:
    right = [{"boxes": [[0, 0, 10, 10], [20, 20, 30, 30], [40, 40, 50, 50]], "labels": [0, 0, 0], "difficult": [0, 0, 1]}]
    boxes = [[40, 40, 50, 50], [0, 0, 10, 10], [60, 60, 70, 70], [20, 20, 30, 30]]
    found = [{"boxes": boxes, "labels": [0] * 4, "scores": [0.9, 0.8, 0.7, 0.6]}]
    # the first counts for nothing; then precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1
    assert M.MeanAveragePrecision()(found, right) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert M.MeanAveragePrecision(style="voc07")(found, right) == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)
    # the nearest right box is taken: wrong for Pascal VOC, and for COCO the next one's
    pair = [{"boxes": [[0, 0, 10, 10], [0, 0, 10, 14]], "labels": [0, 0]}]
    twice = [{"boxes": [[0, 0, 10, 10], [0, 0, 10, 11]], "labels": [0, 0], "scores": [0.9, 0.8]}]
    assert M.MeanAveragePrecision()(twice, pair) == pytest.approx(0.5)
    assert M.MeanAveragePrecision((0.5,), "coco")(twice, pair) == pytest.approx(1.0)


def test_boxes_that_make_no_sense() -> None:
    with pytest.raises(ArgumentError, match="style must be one of voc, voc07, coco; got 'lvis'"):
        M.MeanAveragePrecision(style="lvis")
    with pytest.raises(ArgumentError, match="an image needs scores; got boxes, labels"):
        M.MeanAveragePrecision().update([{"boxes": [], "labels": []}], [{"boxes": [], "labels": []}])
    with pytest.raises(ArgumentError, match="boxes, labels and scores must have one length; got 1, 1 and 2"):
        M.MeanAveragePrecision().update([{"boxes": [[0, 0, 1, 1]], "labels": [0], "scores": [1, 1]}], [{"boxes": [], "labels": []}])
    with pytest.raises(ArgumentError, match="needs a mapping for each image; got 1 found, 0 right"):
        M.MeanAveragePrecision().update([{}], [])
    assert M.MeanAveragePrecision()([{"boxes": mg.zeros(0, 4), "labels": mg.zeros(0), "scores": mg.zeros(0)}],
                                    [{"boxes": mg.ones(1, 4), "labels": mg.zeros(1)}]) == 0.0


CANDIDATES = ["the cat sat on the mat", "there is a dog in the garden now", "a man rides a horse"]
REFERENCES = [["the cat is on the mat", "a cat sat on the mat"], ["there was a dog in the garden", "there is a dog in our garden now"],
              ["a man is riding a horse", "a man rides a brown horse along"]]


def test_bleu_is_sacrebleu_s() -> None:
    """sacreBLEU 2.6.0, words as they are, no smoothing."""
    words = [text.split() for text in CANDIDATES], [[text.split() for text in texts] for texts in REFERENCES]
    assert M.BLEU()(*words) == pytest.approx(0.8127015117648597)
    numbers = {word: i for i, word in enumerate(" ".join([*CANDIDATES, *itertools.chain(*REFERENCES)]).split())}
    coded = [mg.tensor([numbers[word] for word in text]) for text in words[0]], [[[numbers[word] for word in text] for text in texts]
                                                                                 for texts in words[1]]
    assert M.BLEU()(*coded) == pytest.approx(0.8127015117648597)
    with pytest.raises(ArgumentError, match=r"a sentence must be a list of words, .*got 'the cat' and \['the cat'\]; split\(\) strings"):
        M.BLEU()(["the cat"], [["the cat"]])
    with pytest.raises(ArgumentError, match="put a single reference into a list"):
        M.BLEU()([["the", "cat"]], [["the", "cat"]])


BOXES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2)), max_size=4)
IMAGES = st.lists(st.tuples(BOXES, BOXES), min_size=1, max_size=5)


def detection(boxes: list[tuple[int, ...]], first: int, marked: bool) -> dict[str, Any]:
    """An image of boxes (x, y, width, height, label), whose scores fall from one to the next, no two of all images alike."""
    extra = {"difficult": [x % 2 for x, *_ in boxes]} if marked else {"scores": [1 / (first + i + 1) for i in range(len(boxes))]}
    return {"boxes": [[x, y, x + w, y + h] for x, y, w, h, _ in boxes], "labels": [label for *_, label in boxes], **extra}


@pytest.mark.parametrize("style", ["voc", "voc07", "coco"])
@given(IMAGES, st.randoms())
def test_of_boxes_the_order_of_images_and_batches_is_nothing(style: str, images: list[Any], chance: Any) -> None:
    found = [detection(boxes, 4 * i, False) for i, (boxes, _) in enumerate(images)]
    right = [detection(boxes, 0, True) for _, boxes in images]
    whole = M.MeanAveragePrecision((0.3, 0.6), style)(found, right)
    assert math.isnan(whole) or 0 <= whole <= 1 + 1e-12
    order = chance.sample(range(len(images)), len(images))
    parts = M.MeanAveragePrecision((0.3, 0.6), style)
    for i in order:
        parts.update([found[i]], [right[i]])
    again = M.MeanAveragePrecision((0.3, 0.6), style)
    again.load_state_dict(parts.state_dict())
    assert again.compute() == pytest.approx(whole, nan_ok=True)
    perfect = [{**image, "scores": [0.5] * len(image["labels"])} for image in right]
    if not math.isnan(whole):
        alone = [{**image, "difficult": [0] * len(image["labels"])} for image in right]
        assert M.MeanAveragePrecision((1.0,), "coco")(perfect, alone) == pytest.approx(1.0)


WORDS = st.lists(st.sampled_from("abc"), max_size=7)
SENTENCES = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), min_size=1, max_size=5)


@given(SENTENCES, st.randoms())
def test_of_sentences_the_order_and_batches_are_nothing(pairs: list[Any], chance: Any) -> None:
    sentences, references = map(list, zip(*pairs, strict=True))
    whole, parts = M.BLEU(2)(sentences, references), M.BLEU(2)
    for i in chance.sample(range(len(pairs)), len(pairs)):
        parts.update([sentences[i]], [chance.sample(references[i], len(references[i]))])
    assert parts.compute() == pytest.approx(whole, nan_ok=True)


@given(LABELS, st.randoms())
def test_of_labels_the_order_is_nothing(pairs: list[tuple[int, int]], chance: Any) -> None:
    for make in (lambda: M.F1(4, "weighted"), lambda: M.MeanIoU(4), lambda: M.Accuracy(ignore_index=2), lambda: M.TopK(2, ignore_index=1)):
        numbers = []
        for shuffled in (pairs, chance.sample(pairs, len(pairs))):
            found, right = np.array(shuffled).T
            numbers.append(make()(scores(found, 4) + 0.1 * mg.arange(4), mg.tensor(right)))
        assert numbers[0] == pytest.approx(numbers[1], nan_ok=True)


# ---------------------------------------------------------------- what an output means
def test_probabilities_of_classes_may_be_targets() -> None:
    y = mg.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    assert M.Accuracy()(y, mg.tensor([[0.9, 0.1], [0.4, 0.6], [0.0, 1.0]])) == pytest.approx(2 / 3)
    assert M.Accuracy(threshold=0.0)(y, mg.tensor([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])) == pytest.approx(4 / 6)     # each for itself


def test_what_is_no_label_is_an_error() -> None:
    with pytest.raises(ArgumentError, match=r"the target must hold a label for each of \(3,\); got output .*\(3, 2\), target .*\(3, 1\)"):
        M.Accuracy()(mg.zeros(3, 2), mg.zeros(3, 1).long())
    with pytest.raises(ArgumentError, match=r"the target must hold labels, whole numbers; got .* with others; for regression"):
        M.Accuracy()(mg.zeros(3, 1), mg.tensor([0.5, 1.0, 2.0]))
    with pytest.raises(ArgumentError, match=r"labels must lie in 0 \.\.\. 2; got outputs 0 \.\.\. 3"):
        M.ConfusionMatrix(3)(scores([0, 3], 4), mg.tensor([0, 1]))
    with pytest.raises(ArgumentError, match="classes must be a number from 2 on; got 'macro'"):
        M.F1("macro")                                # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"'f1' needs to know how many classes there are; give metrics.F1\(classes\)"):
        M.metrics_of(["f1"])
    with pytest.raises(ArgumentError, match="F1 is a class; make one"):
        M.metrics_of([M.F1])
    with pytest.raises(ArgumentError, match="each needs a name of its own, not 'loss' or 'lr'; got f1, f1; name them in a mapping"):
        M.metrics_of([M.F1(2), M.F1(2, "micro")])


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
