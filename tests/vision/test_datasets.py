"""Data sets of pictures, read from files that are made here in the official formats."""
from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DatasetError
from minigrad.utils.data import DataLoader
from minigrad.vision import datasets, transforms
from minigrad.vision.datasets import download, folder
from minigrad.vision.datasets.idx import idx_bytes

Image = pytest.importorskip("PIL.Image")
RNG = np.random.default_rng(0)


def pixels(*shape: int) -> Any:
    return RNG.integers(0, 256, shape, np.uint8)


# ---------------------------------------------------------------- MNIST's relatives
def write_idx(folder: Path, start: str, n: int, zipped: bool) -> tuple[Any, Any]:
    images, labels = pixels(n, 28, 28), RNG.integers(0, 10, n, np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in ((f"{start}-images-idx3-ubyte", images), (f"{start}-labels-idx1-ubyte", labels)):
        content = idx_bytes(array)
        (folder / (name + ".gz" * zipped)).write_bytes(gzip.compress(content) if zipped else content)
    return images, labels


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", [datasets.FashionMNIST, datasets.KMNIST])
def test_relatives_of_mnist(kind: Any, zipped: bool, tmp_path: Path) -> None:
    images, labels = write_idx(tmp_path / kind.__name__ / "raw", "train", 5, zipped)
    made = kind(tmp_path, transform=transforms.ToTensor(), target_transform=lambda t: -t, verify=False)
    assert len(made) == 5
    assert made.data.numpy().tolist() == images.tolist()
    assert made.targets.dtype is mg.int64
    x, t = made[3]
    np.testing.assert_allclose(x.numpy()[0], images[3] / 255, atol=1e-6)
    assert t == -int(labels[3])
    assert len(made.classes) == 10
    assert made.class_to_idx[made.classes[7]] == 7
    assert "Split: Train" in repr(made)
    if zipped:
        with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte.gz: its content is not the published one"):
            kind(tmp_path)
    with pytest.raises(RuntimeError, match=r"Dataset not found: t10k-images-idx3-ubyte .* you can use download=True"):
        kind(tmp_path, train=False)
    write_idx(tmp_path / kind.__name__ / "raw", "train", 4, True)
    (tmp_path / kind.__name__ / "raw" / "train-images-idx3-ubyte").write_bytes(idx_bytes(pixels(3, 28, 28)))
    with pytest.raises(DatasetError, match="must be one label per image"):
        kind(tmp_path, verify=False)


@pytest.mark.parametrize(("split", "classes", "last"), [
    ("byclass", 62, "z"), ("bymerge", 47, "t"), ("balanced", 47, "t"), ("letters", 27, "z"), ("digits", 10, "9"), ("mnist", 10, "9")])
def test_emnist(split: str, classes: int, last: str, tmp_path: Path) -> None:
    images, _ = write_idx(tmp_path / "EMNIST" / "raw", f"emnist-{split}-test", 3, True)
    made = datasets.EMNIST(tmp_path, split, train=False)
    assert made.data.numpy().tolist() == images.tolist()
    assert (len(made.classes), made.classes[-1]) == (classes, last)
    with pytest.raises(ValueError, match=r"Unknown value 'all' for argument split. Valid values are {byclass, bymerge"):
        datasets.EMNIST(tmp_path, "all")


def test_emnist_takes_its_files_out_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx(tmp_path / "made", "emnist-digits-train", 3, True)
    archive = tmp_path / "gzip.zip"
    with zipfile.ZipFile(archive, "w") as content:
        for path in (tmp_path / "made").iterdir():
            content.write(path, f"gzip/{path.name}")
    monkeypatch.setattr(datasets.EMNIST, "url", archive.as_uri())
    monkeypatch.setattr(datasets.EMNIST, "archive_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    assert len(datasets.EMNIST(tmp_path, "digits", download=True)) == 3


# ---------------------------------------------------------------- CIFAR
def write_cifar(root: Path, kind: Any, n: int = 4) -> list[Any]:
    found = []
    (root / kind.base_folder).mkdir()
    for name in (*kind.train_list, *kind.test_list):
        found.append(pixels(n, 3, 32, 32))
        entry = {"data": found[-1].reshape(n, 3072), kind.label_key: list(range(n)), "filenames": ["a"] * n}
        (root / kind.base_folder / name).write_bytes(pickle.dumps(entry, 2))
    (root / kind.base_folder / kind.meta[0]).write_bytes(pickle.dumps({kind.meta[2]: ["plane", "car", "bird", "cat"]}, 2))
    return found


@pytest.mark.parametrize("kind", [datasets.CIFAR10, datasets.CIFAR100])
def test_cifar(kind: Any, tmp_path: Path) -> None:
    batches = write_cifar(tmp_path, kind)
    made, test = kind(tmp_path, verify=False), kind(tmp_path, train=False, transform=transforms.PILToTensor(), verify=False)
    np.testing.assert_array_equal(made.data, np.concatenate(batches[:-1]).transpose(0, 2, 3, 1))
    x, t = test[2]
    np.testing.assert_array_equal(x.numpy(), batches[-1][2])
    assert (t, made.targets[:5], made.classes[1], made.class_to_idx["bird"]) == (2, [0, 1, 2, 3, *made.targets[4:5]], "car", 2)
    assert made[0][0].size == (32, 32)
    with pytest.raises(DatasetError, match="its content is not the published one"):
        kind(tmp_path)
    with pytest.raises(RuntimeError, match=r"Dataset not found or corrupted.*download=True"):
        kind(tmp_path / "elsewhere")


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    write_cifar(tmp_path, datasets.CIFAR10)

    class Bad:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({"data": Bad()}))
    with pytest.raises(DatasetError, match=r"test_batch: it cannot be read \(it names"):
        datasets.CIFAR10(tmp_path, train=False, verify=False)
    assert not (tmp_path / "ran").exists()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({"data": np.ones((2, 3072), np.uint8), "labels": [1]}))
    with pytest.raises(DatasetError, match="as many 'labels'"):
        datasets.CIFAR10(tmp_path, train=False, verify=False)


def test_cifar_is_unpacked_from_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write_cifar(source, datasets.CIFAR100)
    archive = source / "cifar-100-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source / "cifar-100-python", "cifar-100-python")
    monkeypatch.setattr(datasets.CIFAR100, "url", archive.as_uri())
    monkeypatch.setattr(datasets.CIFAR100, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    assert len(datasets.CIFAR100(tmp_path / "new", download=True, verify=False)) == 4


# ---------------------------------------------------------------- downloads
def test_a_download_must_have_its_md5(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    good = hashlib.md5(b"content").hexdigest()
    target = tmp_path / "deep" / "file"
    with pytest.raises(DatasetError, match=r"no address gave file:\n  file:.*content with MD5 9a0364b9e99bb480dd25e1f0284c8555, wanted 00"):
        download.fetch_file([(tmp_path / "a").as_uri()], target, md5="00")
    assert list(target.parent.iterdir()) == []
    download.fetch_file([(tmp_path / "none").as_uri(), (tmp_path / "a").as_uri()], target, md5=good)
    assert target.read_bytes() == b"content"
    download.fetch_file([], target, md5=good)        # it is there
    with pytest.raises(DatasetError, match="it sends more than 3 bytes"):
        download.fetch_file([(tmp_path / "a").as_uri()], tmp_path / "b", md5=good, limit=3)


@pytest.mark.parametrize("old", [False, True])
def test_an_archive_stays_in_its_folder(old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if old:                                          # Python before 3.11.4
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    out, link = tarfile.TarInfo("../outside"), tarfile.TarInfo("link")
    out.size, link.type, link.linkname = 1, tarfile.SYMTYPE, "/etc"
    for bad in (out, link):
        with tarfile.open(tmp_path / "bad.tar", "w") as tar:
            tar.addfile(bad, io.BytesIO(b"x" * bad.size))
        with pytest.raises(DatasetError, match="cannot be unpacked"):
            download.extract_tar(tmp_path / "bad.tar", tmp_path / "inside")
        assert not (tmp_path / "outside").exists()
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a.txt").write_bytes(b"a")
    with tarfile.open(tmp_path / "good.tar", "w") as tar:
        tar.add(tmp_path / "good", "good")
    download.extract_tar(tmp_path / "good.tar", tmp_path / "inside")
    assert (tmp_path / "inside" / "good" / "a.txt").read_bytes() == b"a"


# ---------------------------------------------------------------- folders
def write_images(root: Path) -> None:
    for name in ("dog/1.png", "dog/deep/0.JPG", "cat/b.png", "cat/a.png", "cat/notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(6, 5, 3)).save(path, "jpeg" if name.endswith("JPG") else "png") if "." in name[-4:] and \
            not name.endswith("txt") else path.write_text("x")


def test_image_folder(tmp_path: Path) -> None:
    write_images(tmp_path)
    made = datasets.ImageFolder(tmp_path, transforms.PILToTensor())
    assert (made.classes, made.class_to_idx) == (["cat", "dog"], {"cat": 0, "dog": 1})
    assert [(Path(path).name, target) for path, target in made.samples] == [("a.png", 0), ("b.png", 0), ("1.png", 1), ("0.JPG", 1)]
    assert (made.imgs is made.samples, made.targets, len(made)) == (True, [0, 0, 1, 1], 4)
    x, t = made[3]
    assert (tuple(x.shape), t) == ((3, 6, 5), 1)
    batch = next(iter(DataLoader(made, 4, num_workers=1)))
    assert tuple(batch[0].shape) == (4, 3, 6, 5)
    assert len(datasets.ImageFolder(tmp_path, is_valid_file=lambda path: path.endswith("a.png"), allow_empty=True)) == 1


def test_folder_of_other_files(tmp_path: Path) -> None:
    write_images(tmp_path)
    assert len(datasets.DatasetFolder(tmp_path, str, (".txt",), allow_empty=True)) == 1
    with pytest.raises(FileNotFoundError, match=r"Found no valid file for the classes dog. Supported extensions are: .txt"):
        datasets.DatasetFolder(tmp_path, str, (".txt",))
    with pytest.raises(ValueError, match="Both extensions and is_valid_file"):
        datasets.DatasetFolder(tmp_path, str)
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.ImageFolder(tmp_path / "dog" / "deep")
    with pytest.raises(ValueError, match="at least one entry"):
        folder.make_dataset(tmp_path, {}, (".png",))


# ---------------------------------------------------------------- made up
def test_fake_data_are_torchvisions() -> None:
    torch = pytest.importorskip("torch")
    made = datasets.FakeData(5, (3, 4, 6), 7, random_offset=3)
    before = mg.get_rng_state()
    image, target = made[2]
    assert (mg.get_rng_state() == before).all()
    generator = torch.Generator().manual_seed(5)
    wanted = torch.randn(3, 4, 6, generator=generator)
    assert target == int(torch.randint(0, 7, (1,), generator=generator))
    np.testing.assert_array_equal(np.asarray(image), (wanted.mul(255).to(torch.int64) % 256).numpy().transpose(1, 2, 0))
    assert len(list(DataLoader(datasets.FakeData(5, (1, 4, 4), transform=transforms.ToTensor()), 2))) == 3
    with pytest.raises(IndexError, match="FakeData index out of range"):
        made[5]


# ---------------------------------------------------------------- Pascal VOC
XML = """<annotation><folder>VOC2012</folder><size><width>5</width><height>6</height></size>
{objects}<segmented>0</segmented></annotation>"""
OBJECT = ("<object><name>{name}</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>{parts}</object>")


def write_voc(root: Path) -> None:
    base = root / "VOCdevkit" / "VOC2012"
    for name in ("JPEGImages", "Annotations", "SegmentationClass", "ImageSets/Main", "ImageSets/Segmentation"):
        (base / name).mkdir(parents=True)
    for name, objects in (("a", [("dog", "")]), ("b", [("cat", "<part>1</part><part>2</part>"), ("dog", "")])):
        Image.fromarray(pixels(6, 5, 3)).save(base / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(pixels(6, 5) % 21).save(base / "SegmentationClass" / f"{name}.png")
        (base / "Annotations" / f"{name}.xml").write_text(
            XML.format(objects="".join(OBJECT.format(name=kind, parts=parts) for kind, parts in objects)))
    (base / "ImageSets/Main/train.txt").write_text("a\nb\n")
    (base / "ImageSets/Segmentation/val.txt").write_text("b\n")


def test_voc(tmp_path: Path) -> None:
    write_voc(tmp_path)
    found = datasets.VOCDetection(tmp_path)
    image, target = found[0]
    assert (image.mode, image.size, len(found), len(found.annotations)) == ("RGB", (5, 6), 2, 2)
    box = {"xmin": "1", "ymin": "2", "xmax": "3", "ymax": "4"}
    assert target == {"annotation": {"folder": "VOC2012", "size": {"width": "5", "height": "6"}, "segmented": "0",
                                     "object": [{"name": "dog", "bndbox": box}]}}
    assert [o["name"] for o in found[1][1]["annotation"]["object"]] == ["cat", "dog"]
    assert found[1][1]["annotation"]["object"][0]["part"] == ["1", "2"]
    parts = datasets.VOCSegmentation(tmp_path, image_set="val", transforms=lambda image, mask: (image.size, mask.size))
    assert (len(parts), parts[0], len(parts.masks)) == (1, ((5, 6), (5, 6)), 1)


def test_voc_errors(tmp_path: Path) -> None:
    write_voc(tmp_path)
    for arguments, text in (({"year": "2020"}, "Unknown value '2020' for argument year"), ({"image_set": "test"}, "for argument image_set"),
                            ({"transforms": max, "transform": abs}, "only transforms or transform/target_transform")):
        with pytest.raises(ValueError, match=text):
            datasets.VOCDetection(tmp_path, **arguments)
    with pytest.raises(RuntimeError, match=r"Dataset not found or corrupted: .*val.txt is not there"):
        datasets.VOCDetection(tmp_path, image_set="val")
    broken = tmp_path / "VOCdevkit/VOC2012/Annotations/a.xml"
    broken.write_text("<a>")
    with pytest.raises(DatasetError, match="is no XML file"):
        datasets.VOCDetection(tmp_path)[0]
    broken.unlink()
    with pytest.raises(DatasetError, match=r"names .*a.xml, which is not there"):
        datasets.VOCDetection(tmp_path)
