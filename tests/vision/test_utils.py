"""Images laid out side by side and drawn on, and read from files and written."""
from __future__ import annotations

import io as std
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.vision import io, utils

PIL = pytest.importorskip("PIL.Image")


# ---------------------------------------------------------------- grids
def test_grid() -> None:
    images = mg.arange(5.0).reshape(5, 1, 1, 1).expand(5, 1, 2, 3)
    grid = utils.make_grid(images, nrow=2, padding=1, pad_value=9)
    assert grid.shape == (3, 3 * 3 + 1, 2 * 4 + 1)                       # grey images get three channels
    assert mg.equal(grid[0], grid[2])
    assert grid[0, 1].tolist() == [9, 0, 0, 0, 9, 1, 1, 1, 9]
    assert grid[0, 7].tolist() == [9, 4, 4, 4] + [9] * 5                 # one is missing in the last row
    assert grid[0, 3].tolist() == [9] * 9
    assert mg.equal(utils.make_grid([*images], 2, 1, pad_value=9), grid)


def test_single_images_have_no_frame() -> None:
    assert utils.make_grid(mg.ones(4, 5)).shape == utils.make_grid(mg.ones(1, 4, 5)).shape == utils.make_grid(mg.ones(1, 3, 4, 5)).shape
    assert utils.make_grid(mg.ones(4, 5)).shape == (3, 4, 5)


def test_grids_are_normalised_on_request() -> None:
    images = mg.tensor([-1.0, 0, 3, 7]).reshape(2, 1, 1, 2)
    before = images.clone()
    assert utils.make_grid(images, padding=0, normalize=True)[0, 0].tolist() == [0, 0.125, 0.5, 1]
    assert utils.make_grid(images, padding=0, normalize=True, scale_each=True)[0, 0].tolist() == [0, 1, 0, 1]
    assert utils.make_grid(images, padding=0, normalize=True, value_range=(0, 4))[0, 0].tolist() == [0, 0, 0.75, 1]
    assert mg.equal(images, before)
    with pytest.raises(TypeError, match="value_range has to be a tuple"):
        utils.make_grid(images, normalize=True, value_range=3)           # type: ignore[arg-type]
    with pytest.raises(TypeError, match="tensor or list of tensors expected, got a list containing int"):
        utils.make_grid([1])
    with pytest.raises(TypeError, match="tensor or list of tensors expected, got ndarray"):
        utils.make_grid(np.zeros((2, 3, 4, 4)))


def test_saved_images_are_rounded(tmp_path: Path) -> None:
    values = mg.tensor([0, 0.4 / 255, 0.6 / 255, 1, 1.5, -1]).reshape(1, 1, 6)
    utils.save_image(values, tmp_path / "a.png")
    assert np.array(PIL.open(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 0, 1, 255, 255, 0]
    file = std.BytesIO()
    utils.save_image(mg.rand(4, 3, 8, 8), file, format="png", nrow=2, padding=1)
    assert PIL.open(file).size == (19, 19)


# ---------------------------------------------------------------- drawing
def test_boxes_are_drawn() -> None:
    image = mg.zeros(3, 20, 30, dtype=mg.uint8)
    drawn = utils.draw_bounding_boxes(image, mg.tensor([[2, 3, 10, 12]]), colors="red")
    assert drawn.dtype is mg.uint8
    red = drawn[0] == 255
    assert bool(red[3, 2:11].all() and red[12, 2:11].all() and red[3:13, 2].all() and red[3:13, 10].all())
    assert int(red.sum()) == 2 * 9 + 2 * 8
    assert int(drawn[1:].sum()) == 0
    assert int(image.sum()) == 0                     # a copy
    filled = utils.draw_bounding_boxes(image, mg.tensor([[2, 3, 10, 12]]), colors=[(0, 255, 0)], fill=True)
    assert filled[1, 7, 5] == 100                    # of 255, over black
    text = utils.draw_bounding_boxes(image, mg.tensor([[2, 3, 28, 18]]), ["ab"], "white", label_colors="blue")
    assert int((text[2] > text[0]).sum()) > 5
    ground = utils.draw_bounding_boxes(image, mg.tensor([[2, 3, 28, 18]]), ["ab"], "white", fill_labels=True)
    assert ground[:, 8, 5].tolist() == [255] * 3
    floats = utils.draw_bounding_boxes(mg.zeros(1, 20, 30), mg.tensor([[2.7, 3.2, 10, 12]]), colors="red")
    assert floats.dtype is mg.float32
    assert mg.equal(floats, drawn / 255)
    turned = utils.draw_bounding_boxes(image, mg.tensor([[15, 2, 25, 9, 15, 16, 5, 9]]), colors="white")
    assert 20 < int((turned[0] == 255).sum()) < 60


def test_boxes_get_colours_of_their_own() -> None:
    drawn = utils.draw_bounding_boxes(mg.full((3, 9, 30), 7, dtype=mg.uint8), mg.tensor([[0, 0, 8, 8], [10, 0, 18, 8], [20, 0, 28, 8]]))
    assert len({tuple(drawn[:, 0, x].tolist()) for x in (0, 10, 20)}) == 3


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"image": np.zeros((3, 4, 4))}, TypeError, "Tensor expected, got ndarray"),
    ({"image": mg.zeros(3, 4, 4).long()}, ValueError, "dtype must be uint8 or float, got minigrad.int64"),
    ({"image": mg.zeros(1, 3, 4, 4)}, ValueError, "Pass individual images, not batches"),
    ({"image": mg.zeros(2, 4, 4)}, ValueError, "Only grayscale and RGB images"),
    ({"boxes": mg.tensor([[3.0, 0, 1, 2]])}, ValueError, r"\(xmin, ymin, xmax, ymax\) format. Use torchvision.ops.box_convert"),
    ({"labels": ["a", "b"]}, ValueError, r"Number of boxes \(1\) and labels \(2\) mismatch"),
    ({"colors": ["red"][:0]}, ValueError, "equal or larger than the number of objects, but got 0 < 1"),
    ({"colors": (1, 2)}, ValueError, "should be an RGB triplet"),
    ({"colors": 3}, ValueError, "a tuple or a string, or a list thereof, but got int 3"),
])
def test_what_cannot_be_drawn(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments: dict[str, Any] = {"image": mg.zeros(3, 4, 4), "boxes": mg.tensor([[0.0, 0, 2, 2]]), **change}
    with pytest.raises(error, match=f"draw_bounding_boxes: .*{message}"):
        utils.draw_bounding_boxes(**arguments)


def test_no_boxes_are_no_error() -> None:
    image = mg.zeros(3, 4, 4)
    with pytest.warns(UserWarning, match="boxes doesn't contain any box"):
        assert utils.draw_bounding_boxes(image, mg.zeros(0, 4)) is image
    with pytest.warns(UserWarning, match="masks doesn't contain any mask"):
        assert utils.draw_segmentation_masks(image, mg.zeros(0, 4, 4, dtype=mg.bool)) is image


def test_masks_are_drawn() -> None:
    masks = mg.zeros(2, 4, 4, dtype=mg.bool)
    masks[0, :2], masks[1, :, :1] = True, True
    image = mg.full((3, 4, 4), 100, dtype=mg.uint8)
    drawn = utils.draw_segmentation_masks(image, masks, 0.5, ["red", (0, 0, 200)])
    assert drawn[:, 0, 3].tolist() == [177, 50, 50]
    assert drawn[:, 3, 0].tolist() == [50, 50, 150]
    assert drawn[:, 0, 0].tolist() == [50, 50, 50]   # both: black
    assert drawn[:, 3, 3].tolist() == [100] * 3
    floats = utils.draw_segmentation_masks(image / 255, masks[0], 1.0, "red")
    assert floats[:, 0, 0].tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match=r"The masks must be of dtype bool\. Got minigrad.float32"):
        utils.draw_segmentation_masks(image, mg.zeros(4, 4))
    with pytest.raises(ValueError, match="must have the same height and width"):
        utils.draw_segmentation_masks(image, masks[:, :3])


def test_points_are_drawn() -> None:
    points = mg.tensor([[[5.0, 5], [15, 5], [5, 15]]])
    image = mg.zeros(3, 20, 20, dtype=mg.uint8)
    drawn = utils.draw_keypoints(image, points, [(0, 1), (1, 2)], "red", 1, 1, visibility=mg.tensor([[True, True, False]]))
    assert drawn[:, 6, 5].tolist() == [255, 0, 0]    # below the first
    assert drawn[:, 5, 10].tolist() == [255] * 3     # on the line
    assert int(drawn[:, 11:, :].sum()) == 0          # the third is hidden, and its line
    with pytest.raises(ValueError, match=r"keypoints must be of shape \(num_instances, K, 2\)"):
        utils.draw_keypoints(image, points[0])


def test_flow_in_colours() -> None:
    flow = mg.zeros(2, 1, 4)
    flow[0, 0] = mg.tensor([1.0, -1, 0, 0.5])
    picture = utils.flow_to_image(flow)
    assert (picture.dtype, picture.shape) == (mg.uint8, (3, 1, 4))
    assert picture[:, 0, 2].tolist() == [255] * 3    # no movement is white
    assert picture[:, 0, 0].tolist() != picture[:, 0, 1].tolist()
    assert (picture[:, 0, 3] >= picture[:, 0, 0]).all()                  # slow is pale
    assert utils.flow_to_image(flow[None]).shape == (1, 3, 1, 4)
    with pytest.raises(ValueError, match=r"Flow should be of dtype torch\.float, got minigrad.float64"):
        utils.flow_to_image(flow.double())


# ---------------------------------------------------------------- files
def encoded(image: Any, format: str, **options: Any) -> mg.Tensor:
    file = std.BytesIO()
    image.save(file, format, **options)
    return mg.tensor(np.frombuffer(file.getvalue(), np.uint8).copy())


@pytest.fixture
def smooth() -> Any:
    return PIL.fromarray(np.random.default_rng(0).integers(0, 255, (5, 6, 3)).astype("u1")).resize((24, 20), PIL.Resampling.BICUBIC)


def test_png_comes_back_as_it_was(tmp_path: Path) -> None:
    for channels in (1, 3):
        image = mg.randint(0, 256, (channels, 7, 9)).to(mg.uint8)
        assert mg.equal(io.decode_image(io.encode_png(image)), image)
        io.write_png(image, tmp_path / "a.png", 9)
        for read in (io.read_image, io.decode_image):
            assert mg.equal(read(tmp_path / "a.png"), image)
        assert mg.equal(io.decode_png(io.read_file(str(tmp_path / "a.png"))), image)


def test_jpeg_is_near(tmp_path: Path, smooth: Any) -> None:
    image = mg.tensor(np.array(smooth).transpose(2, 0, 1).copy())
    io.write_jpeg(image, tmp_path / "a.jpg", 95)
    found = io.decode_jpeg(io.read_file(tmp_path / "a.jpg"))
    assert (found.float() - image.float()).abs().mean() < 8             # small and colourful: hard for a JPEG
    assert len(io.encode_jpeg(image, 20)) < len(io.encode_jpeg(image, 95))
    assert [len(io.decode_jpeg([one])) for one in io.encode_jpeg([image, image[:1]])] == [1, 1]
    assert io.decode_jpeg(io.encode_jpeg(image[:1])).shape == (1, 20, 24)


def test_channels_that_are_asked_for(smooth: Any) -> None:
    png = encoded(smooth, "png")
    for mode, channels in (("UNCHANGED", 3), ("GRAY", 1), ("GRAY_ALPHA", 2), ("RGB", 3), ("RGBA", 4), ("rgb_alpha", 4)):
        assert io.decode_image(png, mode).shape == (channels, 20, 24)
    assert io.decode_image(png, io.ImageReadMode.RGBA).shape == (4, 20, 24)
    assert io.ImageReadMode.RGBA is io.ImageReadMode.RGB_ALPHA
    jpeg = encoded(smooth, "jpeg")
    wanted = np.array(PIL.open(std.BytesIO(jpeg.numpy().tobytes())).convert("L"), "i4")
    np.testing.assert_allclose(io.decode_jpeg(jpeg, "GRAY").numpy()[0], wanted, atol=5)


def test_a_palette_gives_the_numbers_of_its_colours() -> None:
    """Masks of data sets are such images: a number per object, and colours to look at."""
    image = PIL.fromarray(np.array([[0, 1], [2, 1]], "u1"), "L").convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    assert io.decode_image(encoded(image, "png")).tolist() == [[[0, 1], [2, 1]]]
    assert io.decode_image(encoded(image, "png"), "RGB")[:, 0, 1].tolist() == [255, 0, 0]


def test_other_formats(smooth: Any) -> None:
    frames = encoded(smooth.convert("P"), "gif", save_all=True, append_images=[smooth.rotate(90).convert("P")])
    assert io.decode_gif(frames).shape == io.decode_image(frames).shape == (2, 3, 20, 24)
    assert io.decode_image(encoded(smooth.convert("P"), "gif")).shape == (3, 20, 24)
    np.testing.assert_array_equal(io.decode_webp(encoded(smooth, "webp", lossless=True)).numpy(), np.array(smooth).transpose(2, 0, 1))
    deep = PIL.fromarray((np.arange(12).reshape(3, 4) * 5000).astype("u2"))
    assert io.decode_image(encoded(deep, "png")).tolist() == [(np.arange(12).reshape(3, 4) * 5000).tolist()]
    assert io.decode_image(encoded(deep, "png"), "RGB").shape == (3, 3, 4)
    exif = PIL.Exif()
    exif[274] = 6                                    # the camera was held upright
    turned = encoded(smooth, "jpeg", exif=exif)
    assert io.decode_image(turned).shape == (3, 20, 24)
    assert io.decode_image(turned, apply_exif_orientation=True).shape == (3, 24, 20)


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"No such file or directory: 'nowhere\.png'"):
        io.read_image("nowhere.png")
    with pytest.raises(RuntimeError, match="decode_image: Unsupported image file; expected JPEG, PNG, GIF, WEBP"):
        io.decode_image(mg.zeros(30, dtype=mg.uint8))
    with pytest.raises(RuntimeError, match="decode_png: damaged image"):
        io.decode_png(io.encode_png(mg.randint(0, 256, (3, 40, 40)).to(mg.uint8))[:900])
    with pytest.raises(RuntimeError, match=r"Input tensor dtype should be uint8; got .*float32.*; for floats in 0 to 1"):
        io.encode_png(mg.zeros(3, 4, 4))
    with pytest.raises(RuntimeError, match="The number of channels should be 1 or 3, got: 2"):
        io.encode_jpeg(mg.zeros(2, 4, 4, dtype=mg.uint8))
    with pytest.raises(ValueError, match="between 1 and 100; got 0"):
        io.encode_jpeg(mg.zeros(1, 4, 4, dtype=mg.uint8), 0)
    with pytest.raises(RuntimeError, match="Compression level should be between 0 and 9; got 10"):
        io.encode_png(mg.zeros(1, 4, 4, dtype=mg.uint8), 10)
    with pytest.raises(RuntimeError, match="write_file: Input tensor should be 1-dimensional"):
        io.write_file(os.fspath(tmp_path / "a"), mg.zeros(2, 2))
