"""Pets, flowers, house numbers, captions; targets of Pascal VOC and of pets for transforms; helpers for data sets of one's own."""
from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DatasetError
from minigrad.vision import datasets, tv_tensors
from minigrad.vision.datasets import folder, utils
from minigrad.vision.transforms import v2

from .test_datasets import write_images, write_voc

Image = pytest.importorskip("PIL.Image")
savemat = pytest.importorskip("scipy.io").savemat
wrap = datasets.wrap_dataset_for_transforms_v2


def picture(path: Path, value: int, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (6, 4), (value,) * 3 if mode == "RGB" else value).save(path, "png")


# ---------------------------------------------------------------- pets
PETS = [("Abyssinian_1", 1, 1, 1), ("american_bulldog_2", 2, 2, 1), ("Bengal_7", 3, 1, 2)]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    base = tmp_path / "oxford-iiit-pet"
    for i, (name, *_) in enumerate(PETS):
        picture(base / "images" / f"{name}.jpg", i)
        picture(base / "annotations" / "trimaps" / f"{name}.png", 1 + i, "L")
    for split, rows in (("trainval", PETS), ("test", PETS[1:])):
        (base / "annotations" / f"{split}.txt").write_text("".join(f"{' '.join(map(str, row))}\n" for row in rows))
    return tmp_path


@pytest.mark.parametrize(("kinds", "wanted"), [
    ("category", [0, 1, 2]), ("binary-category", [0, 1, 0]), (["binary-category", "category"], [(0, 0), (1, 1), (0, 2)]), ([], [None] * 3)])
def test_pets(kinds: Any, wanted: list[Any], pets: Path) -> None:
    made = datasets.OxfordIIITPet(pets, target_types=kinds, transform=lambda image: image.getpixel((0, 0))[0])
    assert [made[i] for i in range(len(made))] == list(enumerate(wanted))


def test_outlines_of_pets(pets: Path) -> None:
    made = datasets.OxfordIIITPet(pets, "test", ["category", "segmentation"])
    image, (kind, outline) = made[0]
    assert (len(made), image.size, kind, outline.mode, outline.getpixel((0, 0))) == (2, (6, 4), 1, "L", 2)
    assert (made.bin_classes, made.bin_class_to_idx) == (["Cat", "Dog"], {"Cat": 0, "Dog": 1})
    whole = datasets.OxfordIIITPet(pets)
    assert (whole.classes, whole.class_to_idx["Bengal"]) == (["Abyssinian", "American Bulldog", "Bengal"], 2)
    _, (kind, mask) = wrap(made)[0]
    assert (kind, type(mask), tuple(mask.shape), mask.unique().tolist()) == (1, tv_tensors.Mask, (1, 4, 6), [2])
    assert wrap(whole)[2][1] == 2
    cut = datasets.OxfordIIITPet(pets, target_types="segmentation", transforms=v2.CenterCrop(2))
    assert tuple(wrap(cut)[0][1].shape) == (1, 2, 2)


def test_errors_of_pets(pets: Path) -> None:
    for options, text in (({"split": "train"}, "Unknown value 'train' for argument split"),
                          ({"target_types": ["breed"]}, "Unknown value 'breed' for argument target_types")):
        with pytest.raises(ValueError, match=text):
            datasets.OxfordIIITPet(pets, **options)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"Dataset not found: .*trainval.txt .*download=True"):
        datasets.OxfordIIITPet(pets / "elsewhere")


# ---------------------------------------------------------------- MATLAB's files
def test_flowers(tmp_path: Path) -> None:
    base = tmp_path / "flowers-102"
    for i in range(1, 6):
        picture(base / "jpg" / f"image_{i:05d}.jpg", i)
    savemat(base / "imagelabels.mat", {"labels": np.array([[5, 3, 102, 1, 2]], np.uint8)})
    savemat(base / "setid.mat", {"trnid": np.array([[4, 1]], np.uint16), "valid": [[2]], "tstid": [[3, 5]]})
    for split, wanted in (("train", [(4, 0), (1, 4)]), ("val", [(2, 2)]), ("test", [(3, 101), (5, 1)])):
        made = datasets.Flowers102(tmp_path, split, transform=lambda image: image.getpixel((0, 0))[0])
        assert [made[i] for i in range(len(made))] == wanted
        assert f"split={split}" in repr(made)
    (base / "setid.mat").write_bytes(b"not MATLAB's")
    with pytest.raises(DatasetError, match=r"setid.mat: it must hold trnid"):
        datasets.Flowers102(tmp_path)
    (base / "setid.mat").unlink()
    with pytest.raises(RuntimeError, match=r"must hold jpg, imagelabels.mat and setid.mat. You can use download=True"):
        datasets.Flowers102(tmp_path)


def test_house_numbers(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), np.uint8)
    savemat(tmp_path / "test_32x32.mat", {"X": pixels, "y": np.array([[1], [10], [3], [9]], np.uint8)})
    made = datasets.SVHN(tmp_path, "test", verify=False)
    assert (len(made), made.data.shape, made.labels.tolist(), made.labels.dtype) == (4, (4, 3, 32, 32), [1, 0, 3, 9], np.int64)
    image, target = made[1]
    np.testing.assert_array_equal(np.asarray(image), pixels[..., 1])
    assert (target, "Split: test" in repr(made)) == (0, True)
    with pytest.raises(DatasetError, match="its content is not the published one"):
        datasets.SVHN(tmp_path, "test")
    with pytest.raises(RuntimeError, match=r"Dataset not found or corrupted: .*train_32x32.mat is not there"):
        datasets.SVHN(tmp_path)


# ---------------------------------------------------------------- captions
def test_flickr(tmp_path: Path) -> None:
    for i in (1, 2):
        picture(tmp_path / f"{i}#a.jpg", i)
    (tmp_path / "a.token").write_text("2#a.jpg#0\tcat\n1#a.jpg#0\tA dog\n1#a.jpg#1\tTwo dogs .\n\n")
    made = datasets.Flickr30k(tmp_path, tmp_path / "a.token", transform=lambda image: image.getpixel((0, 0))[0])
    assert [made[i] for i in range(len(made))] == [(1, ["A dog", "Two dogs ."]), (2, ["cat"])]
    (tmp_path / "a.token").write_text("image,caption\n")
    with pytest.raises(DatasetError, match=r"line 1 is not 'name.jpg#0<tab>sentence'; got 'image,caption'"):
        datasets.Flickr30k(tmp_path, tmp_path / "a.token")


# ---------------------------------------------------------------- targets for transforms of whole samples
def test_wrapped_voc(tmp_path: Path) -> None:
    write_voc(tmp_path)
    made = wrap(datasets.VOCDetection(tmp_path, transforms=v2.RandomHorizontalFlip(1.0)))
    image, target = made[1]
    assert (image.size, sorted(target), target["labels"].tolist()) == ((5, 6), ["boxes", "labels"], [8, 12])
    assert (target["boxes"].tolist(), target["boxes"].canvas_size) == ([[2, 2, 4, 4]] * 2, (6, 5))
    assert isinstance(made, datasets.VOCDetection)
    everything = wrap(datasets.VOCDetection(tmp_path), "all")[0][1]
    assert (sorted(everything), everything["annotation"]["object"][0]["name"]) == (["annotation", "boxes", "labels"], "dog")
    parts = datasets.VOCSegmentation(tmp_path, image_set="val")
    mask = wrap(parts)[0][1]
    assert (type(mask), mask.dtype) == (tv_tensors.Mask, mg.uint8)
    np.testing.assert_array_equal(mask.numpy()[0], np.asarray(parts[0][1]))


def test_a_picture_without_objects_has_no_boxes(tmp_path: Path) -> None:
    write_voc(tmp_path)
    (tmp_path / "VOCdevkit/VOC2012/Annotations/a.xml").write_text("<annotation><folder>VOC2012</folder></annotation>")
    target = wrap(datasets.VOCDetection(tmp_path))[0][1]
    assert (tuple(target["boxes"].shape), target["labels"].tolist(), target["labels"].dtype) == ((0, 4), [], mg.int64)


def test_what_is_wrapped(tmp_path: Path) -> None:
    fake = datasets.FakeData(3, (3, 4, 4))
    assert wrap(fake)[1][1] == fake[1][1]
    assert wrap(fake, "all")[2][1] == fake[2][1]
    with pytest.raises(ValueError, match=r"target_keys: is for data sets whose targets are dicts, .*VOCDetection; got FakeData"):
        wrap(fake, ["boxes"])
    with pytest.raises(TypeError, match="No wrapper exists for dataset class list: it must be, or derive from, CocoCaptions"):
        wrap([1])


# ---------------------------------------------------------------- helpers
def test_archives(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("content")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.write(tmp_path / "a.txt", "in/a.txt")
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.txt", "in/a.txt")
    (tmp_path / "g.txt.gz").write_bytes(gzip.compress(b"content"))
    for name in ("z.zip", "t.tar.gz"):
        assert utils.extract_archive(tmp_path / name, tmp_path / name[0]) == tmp_path / name[0]
        assert (tmp_path / name[0] / "in" / "a.txt").read_text() == "content"
    assert utils.extract_archive(str(tmp_path / "g.txt.gz"), remove_finished=True) == str(tmp_path / "g.txt")
    assert ((tmp_path / "g.txt").read_text(), (tmp_path / "g.txt.gz").exists()) == ("content", False)
    (tmp_path / "z.zip").write_text("broken")
    with pytest.raises(DatasetError, match=r"z.zip: it cannot be unpacked"):
        utils.extract_archive(tmp_path / "z.zip")
    with pytest.raises(ValueError, match=r"extract_archive: the file must end in .zip, .gz, .tar"):
        utils.extract_archive(tmp_path / "a.txt")


def test_downloads_of_ones_own(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "my set.zip", "w") as packed:
        packed.writestr("a.txt", "content")
    url, md5 = (tmp_path / "my set.zip").as_uri(), hashlib.md5((tmp_path / "my set.zip").read_bytes()).hexdigest()
    utils.download_and_extract_archive(url, tmp_path / "new", md5=md5)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.txt", "my set.zip"]
    utils.download_and_extract_archive(url, tmp_path / "b", tmp_path / "c", "x.zip", remove_finished=True)
    assert ((tmp_path / "c" / "a.txt").is_file(), list((tmp_path / "b").iterdir())) == (True, [])
    assert utils.check_integrity(tmp_path / "my set.zip", md5)
    assert not utils.check_integrity(tmp_path / "my set.zip", "00")
    assert not utils.check_integrity(tmp_path / "none")
    with pytest.raises(RuntimeError, match=f"content with MD5 {md5}, wanted 00"):
        utils.download_url(url, tmp_path / "d", md5="00")


def test_names_of_files(tmp_path: Path) -> None:
    assert folder.is_image_file("a.JPG")
    assert not folder.has_file_allowed_extension("a.jpg", (".png", ".txt"))
    write_images(tmp_path)
    assert len(datasets.DatasetFolder(tmp_path, str, ".png")) == 3
