"""MNIST: the files, what is wrong with them, and what is given when there are none."""
from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import logging
import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import DatasetError
from minigrad.vision.datasets import MNIST, download, idx, mnist, mnist_arrays

IMAGES, LABELS = (file.name for file in mnist.FILES[True])
FULL = os.environ.get("MINIGRAD_DATA")


def digits(count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """`count` images of noise and labels 0, 1, 2, ..."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with two small, sound IDX files."""
    images, labels = digits()
    (tmp_path / IMAGES).write_bytes(idx.idx_bytes(images))
    (tmp_path / LABELS).write_bytes(idx.idx_bytes(labels))
    return tmp_path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No MNIST anywhere, and the notice about that not given yet."""
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    mnist._say_subset.cache_clear()
    yield tmp_path
    mnist._say_subset.cache_clear()


# ---------------------------------------------------------------- IDX
@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0, 3), (2, 3, 4)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_round_trip(tmp_path: Path, name: str, shape: tuple[int, ...], pack: Callable[[bytes], bytes]) -> None:
    array = np.asarray(np.random.default_rng(1).normal(0, 50, shape)).astype(name)
    path = tmp_path / "x"
    path.write_bytes(pack(idx.idx_bytes(array)))
    read = idx.read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


def test_idx_bytes_are_the_format_of_the_paper() -> None:
    content = idx.idx_bytes(np.array([[1, -2]], np.int16))
    assert content == b"\0\0\x0b\x02" + struct.pack(">II", 1, 2) + struct.pack(">hh", 1, -2)
    assert idx.idx_sha256(np.array([[1, -2]], np.int16)) == hashlib.sha256(content).hexdigest()


def test_idx_refuses_other_dtypes() -> None:
    with pytest.raises(DatasetError, match=r"IDX holds uint8, .* got complex64"):
        idx.idx_bytes(np.zeros(2, np.complex64))


def header(*dims: int, code: int = 8) -> bytes:
    return struct.pack(f">HBB{len(dims)}I", 0, code, len(dims), *dims)


SOUND = idx.idx_bytes(digits()[0])
ZIPPED = gzip.compress(SOUND, mtime=0)
FLIPPED = ZIPPED[:5000] + bytes([ZIPPED[5000] ^ 0xFF]) + ZIPPED[5001:]
DAMAGED = {
    "empty": (b"", "cut short inside its header: 0 of the first 4 bytes"),
    "only magic": (SOUND[:4], "cut short inside its header: 0 of 12 bytes of shape"),
    "half a header": (SOUND[:10], "cut short inside its header: 6 of 12 bytes of shape"),
    "cut": (SOUND[:-1], "is cut short: its header promises 9,408 bytes of data, the file has 9,407"),
    "header only": (SOUND[:16], "is cut short: its header promises 9,408 bytes of data, the file has 0"),
    "trailing": (SOUND + b"!", "has trailing bytes: its header promises 9,408 bytes of data, the file has 9,409"),
    "html": (b"<!DOCTYPE html><title>404</title>", "is no IDX file: it starts with 3c 21 44 4f"),
    "no such type": (header(1, 28, 28, code=0x0A) + bytes(784), "is no IDX file: it starts with 00 00 0a 03"),
    "floats": (idx.idx_bytes(np.zeros((3, 28, 28), np.float32)), r"must hold uint8 \(N, 28, 28\) and holds float32"),
    "flat images": (idx.idx_bytes(np.zeros((3, 784), np.uint8)), r"must hold uint8 \(N, 28, 28\) and holds uint8 \(3, 784\)"),
    "other size": (idx.idx_bytes(np.zeros((3, 32, 32), np.uint8)), r"holds uint8 \(3, 32, 32\)"),
    "labels": (idx.idx_bytes(digits()[1]), r"holds uint8 \(12,\)"),
    "too many axes": (header(*[1] * 40) + b"\0", "promises 40 axes"),
    "huge": (header(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF) + bytes(100), "is cut short: its header promises 79,228,1"),
    "huge, zipped": (gzip.compress(header(0xFFFFFFFF, 0xFFFFFFFF) + bytes(100)), "more than the .* it can hold"),
    "bomb": (gzip.compress(header(2 ** 20, 28, 28) + bytes(100)), "promises 822,083,584 bytes of data, more than the "),
    "zipped, cut": (ZIPPED[:-100], "gzip stream is broken .*ended before"),
    "zipped, cut header": (ZIPPED[:6], "gzip stream is broken"),
    "zipped, no checksum": (ZIPPED[:-8], "gzip stream is broken"),
    "zipped, wrong checksum": (ZIPPED[:-8] + bytes(4) + ZIPPED[-4:], "gzip stream is broken .*CRC"),
    "zipped, bits flipped": (FLIPPED, "gzip stream is broken"),
    "zipped, garbage behind": (ZIPPED + b"garbage", "gzip stream is broken"),
    "zipped, data short": (gzip.compress(SOUND[:-7]), "is cut short: its header promises 9,408 bytes of data, it has 9,401"),
    "zipped, trailing": (gzip.compress(SOUND + b"!"), "has trailing bytes after the 9,408 bytes"),
    "zipped twice": (gzip.compress(ZIPPED), "is no IDX file: it starts with 1f 8b"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_images_are_refused_with_file_reason_and_remedy(folder: Path, name: str) -> None:
    content, reason = DAMAGED[name]
    (folder / IMAGES).write_bytes(content)
    with pytest.raises(RuntimeError, match=reason) as caught:
        mnist_arrays(folder, verify=False)
    assert str(caught.value).startswith(str(folder / IMAGES))
    assert str(caught.value).endswith("delete the file and fetch it again")
    assert isinstance(caught.value, DatasetError)


def test_a_lying_header_asks_for_no_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    empty = np.empty
    monkeypatch.setattr(idx.np, "empty", lambda shape, dtype: asked.append(shape) or empty(shape, dtype))
    for name in ("huge", "huge, zipped", "bomb"):
        (folder / IMAGES).write_bytes(DAMAGED[name][0])
        with pytest.raises(DatasetError):
            mnist_arrays(folder, verify=False)
    assert asked == []


def test_a_gzip_bomb_is_read_no_further_than_the_real_files_size(folder: Path) -> None:
    (folder / IMAGES).write_bytes(gzip.compress(header(120_000, 28, 28) + bytes(120_000 * 784), 1))
    with pytest.raises(DatasetError, match="more than the 47,040,016 it can hold"):
        mnist_arrays(folder)


def test_a_folder_or_an_unreadable_file_is_no_file(folder: Path) -> None:
    with pytest.raises(DatasetError, match="it cannot be read"):
        idx.read_idx(folder)
    with pytest.raises(DatasetError, match=r"it cannot be read .No such file"):
        idx.read_idx(folder / "missing")


# ---------------------------------------------------------------- finding and checking
@pytest.mark.parametrize("place", ["", "MNIST/raw", "raw", "mnist"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("zipped", [False, True])
def test_files_are_found_whatever_their_name_says_of_compression(tmp_path: Path, place: str, suffix: str, zipped: bool) -> None:
    images, labels = digits()
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, array in ((IMAGES, images), (LABELS, labels)):
        content = idx.idx_bytes(array)
        (tmp_path / place / (name + suffix)).write_bytes(gzip.compress(content) if zipped else content)
    got, wanted, source = mnist_arrays(tmp_path, verify=False)
    np.testing.assert_array_equal(got, images)
    np.testing.assert_array_equal(wanted, labels)
    assert (got.dtype, wanted.dtype) == (np.uint8, np.int64)
    assert source == f"files at {tmp_path / place}"


def test_other_content_is_refused_unless_the_user_says_so(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"content is not MNIST's: SHA-256 .*wanted ba891046e650.*verify=False"):
        MNIST(folder)
    assert len(MNIST(folder, verify=False)) == 12


def test_images_and_labels_must_be_as_many(folder: Path) -> None:
    (folder / LABELS).write_bytes(idx.idx_bytes(digits(11)[1]))
    with pytest.raises(DatasetError, match=r"one label per image; got 12 images in .* and 11 labels in .*fetch both"):
        mnist_arrays(folder, verify=False)


def test_images_without_labels_are_an_error(folder: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / LABELS).unlink()
    with pytest.raises(DatasetError, match=rf"{LABELS} \(plain or .gz\) is not in {folder}"):
        mnist_arrays(folder)
    monkeypatch.setenv("MINIGRAD_DATA", str(folder))
    with pytest.raises(DatasetError, match=f"{LABELS} .* is not in"):
        mnist_arrays()                               # half a set is a mistake, not a reason to give the subset


def test_a_root_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"dataset not found: .*pass download=True to fetch them, or leave out root"):
        MNIST(tmp_path)


def test_damaged_files_in_the_default_place_are_no_reason_for_the_subset(
    folder: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / IMAGES).write_bytes(SOUND[:-1])
    monkeypatch.setenv("MINIGRAD_DATA", str(folder))
    with pytest.raises(DatasetError, match="is cut short"):
        MNIST()


# ---------------------------------------------------------------- the bundled subset
def test_subset_is_balanced_and_has_known_content(nowhere: Path) -> None:
    content = b""
    for train, count in ((True, 600), (False, 100)):
        images, labels, source = mnist_arrays(train=train)
        assert images.shape == (10 * count, 28, 28)
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
        assert np.bincount(labels).tolist() == [count] * 10
        assert source == "bundled subset of 6,000 + 1,000 images"
        content += idx.idx_bytes(images) + idx.idx_bytes(labels.astype(np.uint8))
    assert hashlib.sha256(content).hexdigest() == "13f2bfa158b0307aedc6271b03a1ac2f2851c0af6e688a22ea18ae227233a0d3"


def test_subset_is_said_once(nowhere: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "minigrad.vision"):
        for train in (True, False, True):
            assert MNIST(train=train).source.startswith("bundled subset")
    assert [record.getMessage() for record in caplog.records] == [
        f"MNIST: no full set in {nowhere / 'cache' / 'data'}; using the bundled subset of 6,000 + 1,000 images "
        "(download=True fetches all 70,000)"
    ]


def test_data_folder_comes_before_the_cache(folder: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = nowhere / "cache" / "data" / "raw"
    cache.mkdir(parents=True)
    images, labels = digits(3)
    (cache / IMAGES).write_bytes(idx.idx_bytes(images))
    (cache / LABELS).write_bytes(idx.idx_bytes(labels))
    assert mnist_arrays(verify=False)[2] == f"files at {cache}"
    monkeypatch.setenv("MINIGRAD_DATA", str(folder))
    assert mnist_arrays(verify=False)[2] == f"files at {folder}"


def test_without_lzma_the_subset_names_the_way_out(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lzma", None)
    with pytest.raises(DatasetError, match=r"no lzma module; .*full set"):
        mnist_arrays()


# ---------------------------------------------------------------- download
class Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served over HTTP as the only mirror, with a small set that passes for the real one."""
    served = tmp_path / "served"
    served.mkdir()
    images, labels = digits()
    files = []
    for name, array in ((IMAGES, images), (LABELS, labels)):
        (served / f"{name}.gz").write_bytes(gzip.compress(idx.idx_bytes(array)))
        files.append(mnist.File(name, array.shape, idx.idx_sha256(array)))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=served)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        monkeypatch.setattr(mnist, "MIRRORS", (address + "gone/", address))
        monkeypatch.setattr(mnist, "FILES", {True: tuple(files)})
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield served
        server.shutdown()
        thread.join()


def test_download_from_the_second_mirror(mirror: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    images, labels, source = mnist_arrays(root, download=True)
    np.testing.assert_array_equal(images, digits()[0])
    np.testing.assert_array_equal(labels, digits()[1])
    assert source == f"full set at {root / 'MNIST' / 'raw'}"
    assert sorted(p.name for p in (root / "MNIST" / "raw").iterdir()) == sorted([IMAGES, LABELS])
    for path in mirror.iterdir():
        path.unlink()
    assert len(mnist_arrays(root, download=True)[0]) == 12       # nothing is fetched twice


def test_download_goes_on_where_it_was_interrupted(mirror: Path, tmp_path: Path) -> None:
    raw = tmp_path / "root" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / IMAGES).write_bytes(SOUND)
    (mirror / f"{IMAGES}.gz").unlink()
    assert len(mnist_arrays(tmp_path / "root", download=True)[1]) == 12


@pytest.mark.parametrize(("content", "reason"), [
    (gzip.compress(SOUND[:-1]), "9,423 bytes with SHA-256 .* wanted 9,424"),
    (gzip.compress(SOUND[:-1] + b"!"), "9,424 bytes with SHA-256"),
    (gzip.compress(SOUND + bytes(10 ** 5)), "9,425 bytes with SHA-256"),      # read no further than one byte too far
    (ZIPPED[:-10], "ended before"),
    (b"<html>", "Not a gzipped file"),
    (np.random.default_rng(0).bytes(200_000), "sends more than 10,448 bytes"),
])
def test_a_bad_download_leaves_nothing_behind(mirror: Path, tmp_path: Path, content: bytes, reason: str) -> None:
    (mirror / f"{IMAGES}.gz").write_bytes(content)
    with pytest.raises(DatasetError, match=reason) as caught:
        MNIST(tmp_path / "root", download=True)
    text = str(caught.value)
    assert "/gone/" in text
    assert "404" in text
    assert text.endswith(f"fetch it by hand, compressed (.gz) or not, and put it into {tmp_path / 'root' / 'MNIST' / 'raw'}")
    assert list((tmp_path / "root").rglob("*.*")) == []


def test_a_place_that_cannot_be_written_is_named(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match=r"cannot be written .*give another root"):
        mnist_arrays(tmp_path / "root", download=True)


def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DatasetError, match=r"x cannot be written .No space left on device.; give another root"):
        download._write(tmp_path / "x", b"content")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the class
def test_mnist_has_torchvisions_attributes(folder: Path) -> None:
    data = MNIST(str(folder), verify=False)
    images, labels = digits()
    np.testing.assert_array_equal(data.data.numpy(), images)
    np.testing.assert_array_equal(data.targets.numpy(), labels)
    assert (str(data.data.numpy().dtype), str(data.targets.numpy().dtype)) == ("uint8", "int64")
    assert data.classes[3] == "3 - three"
    assert data.class_to_idx["7 - seven"] == 7
    assert len(data) == 12
    assert repr(data) == (
        f"Dataset MNIST\n    Number of datapoints: 12\n    Root location: {folder}\n    Split: Train\n"
        f"    Source: files at {folder}"
    )


def test_samples_are_pil_images_and_ints(folder: Path) -> None:
    image_class = pytest.importorskip("PIL.Image").Image
    data = MNIST(folder, verify=False)
    image, label = data[3]
    assert isinstance(image, image_class)
    assert (image.mode, image.size, type(label)) == ("L", (28, 28), int)
    np.testing.assert_array_equal(np.asarray(image), digits()[0][3])
    assert data[-1][1] == digits()[1][-1]
    with pytest.raises(IndexError):
        data[12]
    assert sum(1 for _ in data) == 12                # ends by IndexError, as the iteration protocol wants


def test_transforms_are_called(folder: Path) -> None:
    pytest.importorskip("PIL")
    data = MNIST(folder, transform=lambda image: image.size, target_transform=lambda label: -label, verify=False)
    assert data[2] == ((28, 28), -2)


def test_without_pillow_arrays_still_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    data = MNIST(folder, verify=False)
    assert data.data[0].numpy().shape == (28, 28)
    with pytest.raises(ImportError, match=r"MNIST.__getitem__ needs Pillow.*pip install 'minigrad\[examples\]'"):
        data[0]


@pytest.mark.skipif(not FULL, reason="the full MNIST set is read where MINIGRAD_DATA points at it")
@pytest.mark.parametrize(("train", "count", "first"), [(True, 60000, [5, 0, 4, 1, 9]), (False, 10000, [7, 2, 1, 0, 4])])
def test_full_set(train: bool, count: int, first: list[int]) -> None:
    data = MNIST(train=train)
    assert data.source.startswith("full set at ")
    assert tuple(data.data.shape) == (count, 28, 28)
    assert data.targets[:5].numpy().tolist() == first
    if train:
        assert data.data.numpy().mean() / 255 == pytest.approx(0.1307, abs=5e-5)


@pytest.mark.skipif(not FULL, reason="the full MNIST set is read where MINIGRAD_DATA points at it")
@pytest.mark.parametrize(("train", "count"), [(True, 600), (False, 100)])
def test_subset_is_the_first_of_each_digit_of_the_full_set(train: bool, count: int) -> None:
    images, labels, _ = mnist_arrays(train=train)
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == digit)[:count] for digit in range(10)]))
    wanted_images, wanted_labels, _ = mnist._read_subset(train)
    np.testing.assert_array_equal(images[chosen], wanted_images)
    np.testing.assert_array_equal(labels[chosen], wanted_labels)
