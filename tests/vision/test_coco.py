"""MS COCO: annotations by their ids, polygons and run lengths as pixels, targets for transforms of whole samples."""
from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DatasetError
from minigrad.utils.data import DataLoader
from minigrad.vision import datasets, tv_tensors
from minigrad.vision.datasets.coco import CocoIndex
from minigrad.vision.datasets.coco_masks import mask_of, polygon_mask, unpacked
from minigrad.vision.transforms import v2

Image = pytest.importorskip("PIL.Image")
OUTLINE = [[2, 3, 7.5, 3, 7.5, 9, 2, 9]]
ANNOTATIONS = [
    {"id": 10, "image_id": 1, "bbox": [2, 3, 5.5, 6], "category_id": 7, "area": 33, "iscrowd": 0, "segmentation": OUTLINE},
    {"id": 12, "image_id": 1, "bbox": [0, 0, 1, 10], "category_id": 1, "area": 10, "iscrowd": 1,
     "segmentation": {"counts": [0, 10, 590], "size": [20, 30]}},
    {"id": 11, "image_id": 3, "bbox": [1, 1, 14, 14.5], "category_id": 1, "area": 16, "iscrowd": 0,
     "segmentation": [[1, 1, 4, 1, 4, 4], [10, 10, 15, 10, 15, 15.5]]}]
CATEGORIES = [{"id": 1, "name": "cat", "supercategory": "animal"}, {"id": 7, "name": "car", "supercategory": "vehicle"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, 1 with two annotations, 2 with none, 3 with one."""
    for i in (1, 2, 3):
        Image.fromarray(np.full((20, 30, 3), i, np.uint8)).save(tmp_path / f"{i}.png")
    write(tmp_path / "instances.json", ANNOTATIONS)
    write(tmp_path / "captions.json", [{"id": i, "image_id": 1 + i % 3, "caption": f"picture {i}"} for i in range(5)])
    return tmp_path


def write(path: Path, annotations: list[Any]) -> None:
    images = [{"id": i, "file_name": f"{i}.png", "height": 20, "width": 30} for i in (3, 1, 2)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))


def detection(folder: Path, **options: Any) -> datasets.CocoDetection:
    return datasets.CocoDetection(folder, folder / "instances.json", **options)


def wrapped(folder: Path, keys: Any = None, **options: Any) -> Any:
    return datasets.wrap_dataset_for_transforms_v2(detection(folder, **options), keys)


# ---------------------------------------------------------------- the data sets
def test_detection(folder: Path) -> None:
    made = detection(folder)
    assert (len(made), made.ids) == (3, [1, 2, 3])
    assert [target for _, target in made] == [ANNOTATIONS[:2], [], ANNOTATIONS[2:]]       # type: ignore[attr-defined]
    image, _ = made[2]
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (30, 20), (3, 3, 3))
    assert detection(folder, transform=lambda image: image.size, target_transform=len)[0] == ((30, 20), 2)
    with pytest.raises(ValueError, match="CocoDetection: index must be of type integer; got str"):
        made["1"]                                    # type: ignore[index]


def test_captions(folder: Path) -> None:
    made = datasets.CocoCaptions(folder, folder / "captions.json", transforms=lambda image, target: (image.size, target))
    assert [made[i] for i in range(3)] == [
        ((30, 20), ["picture 0", "picture 3"]), ((30, 20), ["picture 1", "picture 4"]), ((30, 20), ["picture 2"])]


@pytest.mark.parametrize(("query", "wanted"), [
    ("getCatIds()", [1, 7]), ("getCatIds(catNms=['car'])", [7]), ("getCatIds('car')", [7]), ("getCatIds(supNms='animal')", [1]),
    ("getCatIds(catIds=[7])", [7]), ("getImgIds(catIds=[1])", [3, 1]), ("getImgIds(catIds=[1, 7])", [1]), ("getImgIds()", [3, 1, 2]),
    ("getImgIds([1, 2], 7)", [1]), ("getAnnIds(1)", [10, 12]), ("getAnnIds([1], iscrowd=False)", [10]), ("getAnnIds(iscrowd=1)", [12]),
    ("getAnnIds(catIds=[1])", [12, 11]), ("getAnnIds(areaRng=[12, 40])", [10, 11]), ("loadCats([7])", CATEGORIES[1:]),
    ("loadAnns([11, 10])", [ANNOTATIONS[2], ANNOTATIONS[0]]),
    ("loadImgs(2)", [{"id": 2, "file_name": "2.png", "height": 20, "width": 30}]),
])
def test_the_index_answers_as_cocos_own_tools(query: str, wanted: list[Any], folder: Path) -> None:
    assert eval(f"index.{query}", {"index": detection(folder).coco}) == wanted


@pytest.mark.parametrize("content", ["{", "[]", '{"images": [{"id": 1}], "annotations": [{"id": 2}]}', '{"annotations": []}'])
def test_another_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DatasetError, match=r"a.json: it is no annotation file of COCO: a JSON object with lists of images"):
        CocoIndex(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError, match=r"none.json is not there; give the path of the annotations' .json file"):
        CocoIndex(tmp_path / "none.json")


# ---------------------------------------------------------------- pixels
def test_run_lengths() -> None:
    wanted = np.array([[0, 1, 0], [1, 1, 0]], np.uint8)
    assert (mask_of({"counts": [1, 3, 2], "size": [2, 3]}, 2, 3) == wanted).all()
    assert (mask_of({"counts": "132", "size": [2, 3]}, 2, 3) == wanted).all()
    for bad in ({"counts": [1, 3], "size": [2, 3]}, {"counts": [1, 3, 2], "size": [3, 2]}, {"size": [2, 3]}):
        with pytest.raises(DatasetError, match=r"run lengths must have size \[2, 3\] and fill it"):
            mask_of(bad, 2, 3)


@pytest.mark.parametrize(("text", "runs"), [            # as pycocotools writes them
    ("06", [0, 6]), ("??", [15, 15]), ("o01", [31, 1]), ("P12", [32, 2]), ("52203", [5, 2, 2, 2, 5]), ("o31l04", [127, 1, 28, 5]),
    ("Xo0d0\\9@L", [1000, 20, 300, 4, 296])])
def test_packed_run_lengths(text: str, runs: list[int]) -> None:
    assert unpacked(text) == unpacked(text.encode()) == runs


# Polygons and what pycocotools draws of them, rows from the top.
DRAWN = [
    ([2, 1, 5, 1, 5, 4, 2, 4], ["......", "..###.", "..###.", "..###.", "......"]),
    ([0, 0, 6, 0, 0, 5], ["#####.", "####..", "###...", "##....", "#....."]),
    ([1.5, 0.5, 4.5, 2.2, 3.1, 4.9], ["......", "..#...", "..##..", "...#..", "......"]),
    ([-3, -3, 9, -3, 9, 9, -3, 9], ["######"] * 5),
    ([1, 1, 4, 4, 4, 1, 1, 4], ["......", ".#.#..", ".#.#..", "......", "......"]),
]


@pytest.mark.parametrize(("polygon", "rows"), DRAWN)
def test_polygons(polygon: list[float], rows: list[str]) -> None:
    assert ["".join(".#"[pixel] for pixel in row) for row in polygon_mask(polygon, 5, 6)] == rows


def test_polygons_of_one_object_are_joined() -> None:
    both = mask_of([[0, 0, 3, 0, 3, 3, 0, 3], [2, 2, 5, 2, 5, 5, 2, 5]], 6, 6)
    assert both.sum() == 9 + 9 - 1
    for bad in ([[1, 1, 2, 2]], [3], [[1, 2, 3, 4, 5, 6, 7]]):
        with pytest.raises(DatasetError, match="a polygon has three or more points x, y; got"):
            mask_of(bad, 6, 6)


@pytest.mark.parity
def test_polygons_and_run_lengths_are_pycocotools() -> None:
    tools = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(300):
        h, w = map(int, rng.integers(1, 60, 2))
        polygon = rng.uniform(-5, 65, 2 * rng.integers(3, 12)).round(2).tolist()
        runs, = tools.frPyObjects([polygon], h, w)
        wanted = tools.decode(runs)
        assert (polygon_mask(polygon, h, w) == wanted).all()
        assert (mask_of({"counts": runs["counts"], "size": [h, w]}, h, w) == wanted).all()


# ---------------------------------------------------------------- for transforms of whole samples
def test_wrapped_targets_have_boxes_and_labels(folder: Path) -> None:
    made = wrapped(folder)
    image, target = made[0]
    assert image.size == (30, 20)
    assert sorted(target) == ["boxes", "image_id", "labels"]
    boxes = target["boxes"]
    assert isinstance(boxes, tv_tensors.BoundingBoxes)
    assert (boxes.tolist(), boxes.format, boxes.canvas_size) == (
        [[2, 3, 7.5, 9], [0, 0, 1, 10]], tv_tensors.BoundingBoxFormat.XYXY, (20, 30))
    assert (target["labels"].tolist(), target["labels"].dtype, target["image_id"]) == ([7, 1], mg.int64, 1)
    assert made[1][1] == {"image_id": 2}             # nothing in it
    assert (len(made), made.ids, type(made).__name__) == (3, [1, 2, 3], "WrappedCocoDetection")
    assert isinstance(made, datasets.CocoDetection)
    assert made.coco.annToMask(ANNOTATIONS[0]).sum() == 36


def test_other_keys(folder: Path) -> None:
    target = wrapped(folder, "all")[0][1]
    assert sorted(target) == ["area", "bbox", "boxes", "category_id", "image_id", "iscrowd", "labels", "masks", "segmentation"]
    assert (target["area"], target["bbox"]) == ([33, 10], [[2, 3, 5.5, 6], [0, 0, 1, 10]])
    masks = target["masks"]
    assert isinstance(masks, tv_tensors.Mask)
    assert (tuple(masks.shape), masks.dtype, masks.sum((1, 2)).tolist()) == ((2, 20, 30), mg.uint8, [36, 10])
    assert sorted(wrapped(folder, ["masks", "area"])[2][1]) == ["area", "masks"]
    for bad in ("boxes", ["box"]):
        with pytest.raises(ValueError, match=r"target_keys: can be None, 'all', or a collection of strings, of those that CocoDet"):
            wrapped(folder, bad)


def test_transforms_come_after_wrapping(folder: Path) -> None:
    flipped = wrapped(folder, transforms=v2.RandomHorizontalFlip(1.0))[0][1]
    assert flipped["boxes"].tolist() == [[22.5, 3, 28, 9], [29, 0, 30, 10]]
    image, keys = wrapped(folder, transform=v2.ToImage(), target_transform=sorted)[0]
    assert isinstance(image, tv_tensors.Image)
    assert keys == ["boxes", "image_id", "labels"]


def test_wrapped_in_workers(folder: Path) -> None:
    made = wrapped(folder, ["boxes", "masks"], transform=v2.ToImage())
    assert pickle.loads(pickle.dumps(wrapped(folder)))[0][1]["labels"].tolist() == [7, 1]
    samples = [sample for batch in DataLoader(made, 2, num_workers=1, collate_fn=list) for sample in batch]
    assert [sorted(target) for _, target in samples] == [["boxes", "masks"], ["image_id"], ["boxes", "masks"]]
    assert type(samples[0][1]["boxes"]) is tv_tensors.BoundingBoxes
    assert samples[0][1]["boxes"].canvas_size == (20, 30)
