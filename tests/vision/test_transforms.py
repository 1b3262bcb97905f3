"""Transforms on PIL images and tensors."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import rng
from minigrad.errors import MinigradError
from minigrad.vision import transforms as T
from minigrad.vision.transforms import InterpolationMode as Mode
from minigrad.vision.transforms import functional as F
from minigrad.vision.transforms.sizes import padding_sides, pair

Image = pytest.importorskip("PIL.Image")
torch = pytest.importorskip("torch")

MODES = ["L", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "P", "1", "I", "F", "I;16"]


@pytest.fixture(autouse=True)
def own_streams() -> Iterator[None]:
    """Seeds set here stay here."""
    with rng.fork_rng(), torch.random.fork_rng(devices=[]):
        yield


@pytest.fixture(scope="module")
def torchvision() -> Any:
    """torchvision.transforms, where it is installed in a version that goes with the installed PyTorch."""
    try:
        from torchvision import transforms
    except (ImportError, RuntimeError) as error:     # RuntimeError: built for another PyTorch
        pytest.skip(f"torchvision cannot be imported: {error}")
    return transforms


def noise(*shape: int, dtype: str = "uint8") -> np.ndarray:
    values = np.random.default_rng(3).integers(0, 256, shape)
    return (values / 255).astype(dtype) if dtype.startswith("float") else values.astype(dtype)


def picture(mode: str = "RGB", height: int = 11, width: int = 8) -> Any:
    image = Image.fromarray(noise(height, width, 3))
    return Image.fromarray(noise(height, width, dtype="int32").astype("uint16")) if mode == "I;16" else image.convert(mode)


def tensors(array: np.ndarray) -> tuple[Any, Any]:
    return minigrad.tensor(array), torch.tensor(array)


def same(mine: Any, wanted: Any, atol: float = 0) -> None:
    """Two PIL images, or a tensor of ours and one of PyTorch's or an array."""
    if F.is_pil(wanted):
        assert F.is_pil(mine)
        assert (mine.mode, mine.size) == (wanted.mode, wanted.size)
        assert mine.getpalette() == wanted.getpalette()
    mine, wanted = (np.asarray(value if F.is_pil(value) or isinstance(value, np.ndarray) else value.numpy())
                    for value in (mine, wanted))
    assert mine.dtype == wanted.dtype
    assert mine.shape == wanted.shape
    np.testing.assert_allclose(mine, wanted, rtol=0, atol=atol)


# ---------------------------------------------------------------- to and from tensors
def test_to_tensor_is_channels_first_in_zero_to_one() -> None:
    array = noise(5, 4, 3)
    for pic in (array, Image.fromarray(array)):
        out = T.ToTensor()(pic)
        assert out.dtype is minigrad.float32
        same(out, array.transpose(2, 0, 1).astype(np.float32) / np.float32(255))
    assert tuple(T.ToTensor()(array[:, :, 0]).shape) == (1, 5, 4)
    same(T.ToTensor()(array.astype(np.int32)), array.transpose(2, 0, 1).astype(np.int32))
    assert float(T.ToTensor()(Image.new("1", (2, 2), 1)).numpy().max()) == 1.0


def test_to_tensor_does_not_share_memory() -> None:
    array = noise(5, 4, 1).astype(np.float32)
    T.ToTensor()(array.copy()).numpy()
    out = T.PILToTensor()(Image.fromarray(array[:, :, 0]))
    out.numpy()[:] = -1                              # writable, and not the image's memory


def test_a_16_bit_image_becomes_int32() -> None:
    image = Image.fromarray(np.array([[0, 65535]], np.uint16))
    same(T.PILToTensor()(image), np.array([[[0, 65535]]], np.int32))


@pytest.mark.parametrize("mode", MODES)
def test_conversions_like_torchvision(mode: str, torchvision: Any) -> None:
    image = picture(mode)
    same(T.ToTensor()(image), torchvision.ToTensor()(image))
    wanted = torchvision.PILToTensor()(image)
    same(T.PILToTensor()(image), wanted.to(torch.int32) if wanted.dtype is torch.uint16 else wanted)
    assert F.get_dimensions(image) == torchvision.functional.get_dimensions(image)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "I", "F"])
def test_pil_round_trip(mode: str) -> None:
    image = picture(mode)
    same(T.ToPILImage(mode)(T.PILToTensor()(image)), image)


@pytest.mark.parametrize(("array", "mode", "wanted"), [
    (noise(5, 4), None, "L"), (noise(5, 4, 1), None, "L"), (noise(5, 4, 2), None, "LA"), (noise(5, 4, 3), None, "RGB"),
    (noise(5, 4, 4), None, "RGBA"), (noise(5, 4, 4), "CMYK", "CMYK"), (noise(5, 4, 3), "HSV", "HSV"),
    (noise(5, 4, dtype="int16"), None, "I;16"), (noise(5, 4, dtype="int32"), None, "I"),
    (noise(5, 4, dtype="float32"), None, "L"), (noise(5, 4, dtype="float32"), "F", "F"),
    (noise(5, 4, 3, dtype="float32"), None, "RGB"),
])
def test_to_pil_image(array: np.ndarray, mode: str | None, wanted: str) -> None:
    image = F.to_pil_image(array, mode)
    assert (image.mode, image.size) == (wanted, (4, 5))
    pixels = array if array.dtype.kind != "f" or mode == "F" else (array * 255).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)
    channels_first = np.moveaxis(array, 2, 0) if array.ndim == 3 else array
    same(F.to_pil_image(minigrad.tensor(channels_first), mode), image)


@pytest.mark.parametrize(("call", "kind", "text"), [
    (lambda: F.to_tensor([1]), TypeError, "to_tensor: pic should be PIL Image or ndarray; got list of 1"),
    (lambda: F.to_tensor(np.zeros(3)), ValueError, r"should be 2/3 dimensional; got .*\(3,\)"),
    (lambda: F.pil_to_tensor(np.zeros(3)), TypeError, "pic should be PIL Image"),
    (lambda: F.to_pil_image("x"), TypeError, "pic should be Tensor or ndarray"),
    (lambda: F.to_pil_image(np.zeros((1, 2, 3, 4))), ValueError, "2/3 dimensional"),
    (lambda: F.to_pil_image(noise(5, 4, 5)), ValueError, "should not have > 4 channels"),
    (lambda: F.to_pil_image(noise(5, 4), "RGB"), ValueError, r"can have the modes \['L'\]; got mode='RGB'"),
    (lambda: F.to_pil_image(noise(5, 4, 3), "RGBA"), ValueError, r"\['RGB', 'YCbCr', 'HSV'\]"),
    (lambda: F.to_pil_image(noise(5, 4, dtype="int64")), TypeError, "input type int64 is not supported"),
    (lambda: F.to_pil_image(noise(5, 4, 3, dtype="int16")), TypeError, "input type int16 is not supported"),
    (lambda: F.normalize(np.zeros((1, 2, 2)), [0], [1]), TypeError, "should be Tensor Image; .*put ToTensor before it"),
    (lambda: F.normalize(minigrad.tensor(noise(1, 2, 2)), [0], [1]), TypeError, "should be a float tensor; got uint8"),
    (lambda: F.normalize(minigrad.zeros(2, 2), [0], [1]), ValueError, r"\(..., C, H, W\); got float32 \(2, 2\)"),
    (lambda: F.normalize(minigrad.zeros(1, 2, 2), [0], [0]), ValueError, "std evaluated to zero"),
    (lambda: F.resize(minigrad.zeros(1, 2, 2), [1, 2, 3]), ValueError, "1 or 2 elements"),
    (lambda: F.resize(minigrad.zeros(1, 2, 2), [1, 2], max_size=3), ValueError, "max_size should only be passed if size"),
    (lambda: F.resize(minigrad.zeros(1, 2, 2), 5, max_size=5), ValueError, "max_size must be greater"),
    (lambda: F.resize(minigrad.zeros(1, 2, 2), 5, "cubic"), TypeError, "interpolation should be an InterpolationMode"),
    (lambda: F.resize(minigrad.zeros(1, 2, 2), 5, Mode.LANCZOS), ValueError, "tensors take NEAREST"),
    (lambda: F.resize("x", 5), TypeError, "img should be PIL Image or Tensor; got str 'x'"),
    (lambda: F.crop(minigrad.zeros(2), 0, 0, 1, 1), TypeError, "two dimensions or more"),
    (lambda: F.pad(minigrad.zeros(1, 2, 2), "1"), TypeError, "padding should be a number"),
    (lambda: F.pad(minigrad.zeros(1, 2, 2), [1, 2, 3]), ValueError, "1, 2, or 4 element tuple; got 3"),
    (lambda: F.pad(minigrad.zeros(1, 2, 2), 1, padding_mode="wrap"), ValueError, "constant, edge, reflect, symmetric; got 'wrap'"),
    (lambda: F.pad(picture("RGB"), 1, (1, 2)), ValueError, r"one number per channel \(3\); got \(1, 2\)"),
    (lambda: F.rgb_to_grayscale(minigrad.zeros(2, 2, 2)), TypeError, "1 or 3 channels"),
    (lambda: F.rgb_to_grayscale(minigrad.zeros(3, 2, 2), 2), ValueError, "either 1 or 3; got 2"),
    (lambda: T.Lambda(3), TypeError, "lambd should be callable; got int 3"),
    (lambda: T.Resize("x" * 3), ValueError, "1 or 2 values"),
    (lambda: T.Resize(2.5), TypeError, "size should be int or sequence"),
    (lambda: T.CenterCrop([1, 2, 3]), ValueError, "only two dimensions"),
    (lambda: T.Pad(1, fill=None), TypeError, "fill should be a number"),
    (lambda: T.Pad(1, padding_mode="wrap"), ValueError, "padding mode should be one of"),
    (lambda: T.RandomCrop(9)(minigrad.zeros(1, 8, 20)), ValueError, r"\(9, 9\) is larger than input image size \(8, 20\)"),
    (lambda: T.ConvertImageDtype("float32"), TypeError, "argument dtype should be a dtype"),
    (lambda: F.convert_image_dtype(minigrad.zeros(2), minigrad.int64), RuntimeError, "float32 to .*int64 cannot be performed"),
])
def test_wrong_use(call: Callable[[], Any], kind: type, text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        call()
    assert isinstance(caught.value, MinigradError)


def test_without_pillow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ImportError, match=r"to_pil_image needs Pillow.*pip install 'minigrad\[examples\]'"):
        T.ToPILImage()(noise(2, 2))


# ---------------------------------------------------------------- values
def test_normalize() -> None:
    array = noise(2, 3, 4, 5, dtype="float32")
    mean, std = [0.1, 0.2, 0.3], [0.5, 0.25, 2.0]
    wanted = (array - np.float32(mean)[:, None, None]) / np.float32(std)[:, None, None]
    given = minigrad.tensor(array)
    same(T.Normalize(mean, std)(given), wanted, 1e-7)
    same(given, array)
    out = T.Normalize(mean, std, inplace=True)(given)
    assert out is given
    same(given, wanted, 1e-7)


DTYPES = ["uint8", "int16", "int32", "int64", "float32", "float64"]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("to", DTYPES)
def test_convert_image_dtype_keeps_black_and_white(name: str, to: str) -> None:
    if (name, to) in (("float32", "int32"), ("float32", "int64"), ("float64", "int64")):
        pytest.skip("refused: the largest integer is not exact in the float")
    top = {kind: 1.0 if kind.startswith("float") else float(np.iinfo(kind).max) for kind in (name, to)}
    given = minigrad.tensor(np.array([0, np.iinfo(name).max if name[0] in "iu" else 1.0], name))
    out = T.ConvertImageDtype(getattr(minigrad, to))(given).numpy()
    assert out.dtype == to
    assert out[0] == 0
    assert out[1] / top[to] == pytest.approx(1, abs=0.005)       # 255 * 128 of 32767


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("to", DTYPES)
def test_convert_image_dtype_like_torchvision(name: str, to: str, torchvision: Any) -> None:
    mine, other = tensors(noise(3, 5, 5, dtype=name))
    try:
        wanted = torchvision.functional.convert_image_dtype(other, getattr(torch, to))
    except RuntimeError:
        with pytest.raises(RuntimeError):
            F.convert_image_dtype(mine, getattr(minigrad, to))
    else:
        same(F.convert_image_dtype(mine, getattr(minigrad, to)), wanted)


@pytest.mark.parametrize("channels", [1, 3])
def test_grayscale_of_tensors_is_601_luma(channels: int) -> None:
    array = noise(2, 3, 4, 5, dtype="float32")
    luma = (array * np.array([0.2989, 0.587, 0.114])[:, None, None]).sum(1, keepdims=True)
    same(T.Grayscale(channels)(minigrad.tensor(array)), luma.repeat(channels, 1).astype(np.float32), 1e-6)
    grey = T.Grayscale(channels)(picture())
    assert grey.mode == ("L" if channels == 1 else "RGB")
    np.testing.assert_array_equal(np.asarray(grey).reshape(11, 8, -1)[..., 0], np.asarray(picture().convert("L")))


# ---------------------------------------------------------------- size
@pytest.mark.parametrize("size", [(5, 7), (11, 3), (20, 30), (1, 1), (4, 9)])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [True, False])
def test_resize_of_tensors_is_pytorchs_interpolate(size: tuple[int, int], mode: str, antialias: bool) -> None:
    antialias = antialias and mode[0] == "b"
    for dtype, atol in (("float32", 2e-6), ("float64", 1e-13)):
        mine, other = tensors(noise(2, 3, 11, 8, dtype=dtype))
        wanted = torch.nn.functional.interpolate(other, size, mode=mode, antialias=antialias)
        same(T.Resize(size, Mode(mode), antialias=antialias)(mine), wanted, atol)


@pytest.mark.parametrize("mode", [Mode.BILINEAR, Mode.BICUBIC])
def test_resize_agrees_between_pil_and_tensor(mode: Mode) -> None:
    image = picture("RGB", 23, 17)
    wanted = np.asarray(T.Resize((9, 12), mode)(image)).astype(int)
    got = T.Resize((9, 12), mode)(T.PILToTensor()(image)).numpy()
    assert got.dtype == np.uint8
    assert abs(got.transpose(1, 2, 0).astype(int) - wanted).max() <= 1


def test_resize_is_differentiable() -> None:
    x = minigrad.ones(1, 6, 6, requires_grad=True)
    T.Resize(3)(x).sum().backward()
    assert x.grad is not None
    assert float(x.grad.numpy().sum()) == pytest.approx(9, abs=1e-5)


@pytest.mark.parametrize(("arguments", "wanted"), [
    ({"size": 5}, (5, 8)), ({"size": [5]}, (5, 8)), ({"size": (3, 4)}, (3, 4)), ({"size": 20}, (20, 34)),
    ({"size": 10}, (10, 17)), ({"size": 8, "max_size": 10}, (6, 10)), ({"size": None, "max_size": 9}, (5, 9)),
])
def test_resized_shape(arguments: dict[str, Any], wanted: tuple[int, int]) -> None:
    assert tuple(F.resize(minigrad.zeros(1, 10, 17), **arguments).shape[-2:]) == wanted
    assert F.resize(minigrad.zeros(1, 17, 10), **(arguments if isinstance(arguments["size"], (int, type(None)))
                                                 else {"size": wanted[::-1]})).shape[-2:] == wanted[::-1]
    assert F.resize(Image.new("L", (17, 10)), **arguments).size == wanted[::-1]


def test_pil_resize_takes_pillows_numbers_and_says_that_antialias_is_its_own() -> None:
    image = picture("L")
    same(T.Resize((5, 4), 3)(image), image.resize((4, 5), Image.BICUBIC))
    same(T.Resize((5, 4), Mode.LANCZOS)(image), image.resize((4, 5), Image.LANCZOS))
    assert T.Resize((11, 8))(image) is image
    with pytest.warns(UserWarning, match="antialias=False has no effect on PIL images"):
        T.Resize(3, antialias=False)(image)


PADDINGS = [2, [3], (1, 2), (1, 2, 3, 0), (-2, 1, 3, -1), 0]


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize("padding", PADDINGS)
def test_pad_is_numpys_pad_on_both_kinds(padding: Any, mode: str) -> None:
    array = noise(7, 6, 3)
    left, top, right, bottom = padding_sides(padding)
    kept = array[max(-top, 0):7 - max(-bottom, 0), max(-left, 0):6 - max(-right, 0)]
    extra = {"constant_values": 9} if mode == "constant" else {}
    sides = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0)), (0, 0)]
    wanted = np.pad(kept, sides, mode, **extra)      # type: ignore[call-overload]
    same(T.Pad(padding, 9, mode)(minigrad.tensor(array.transpose(2, 0, 1))), wanted.transpose(2, 0, 1))
    if mode != "constant" or min(left, top, right, bottom) >= 0:
        np.testing.assert_array_equal(np.asarray(T.Pad(padding, 9, mode)(Image.fromarray(array))), wanted)


def test_pad_of_pil_images_takes_a_colour_and_keeps_the_palette() -> None:
    out = T.Pad(1, fill=(1, 2, 3))(picture("RGB"))
    assert out.getpixel((0, 0)) == (1, 2, 3)
    for mode in ("constant", "edge"):
        assert T.Pad(1, padding_mode=mode)(picture("P")).getpalette() == picture("P").getpalette()


@pytest.mark.parametrize("box", [(2, 1, 4, 3), (0, 0, 11, 8), (-2, -1, 5, 20), (9, 6, 5, 5)])
def test_crop_is_the_same_on_both_kinds(box: tuple[int, int, int, int]) -> None:
    image = picture()
    out = F.crop(T.PILToTensor()(image), *box)
    same(out, np.asarray(F.crop(image, *box)).transpose(2, 0, 1))
    assert tuple(out.shape) == (3, *box[2:])


@pytest.mark.parametrize("size", [5, [4], (5, 6), (12, 7), (15, 16), (11, 8), 20])
def test_center_crop_is_the_same_on_both_kinds(size: Any) -> None:
    image = picture()
    out = T.CenterCrop(size)(T.PILToTensor()(image))
    same(out, np.asarray(T.CenterCrop(size)(image)).transpose(2, 0, 1))
    assert tuple(out.shape[1:]) == pair(size, "")


def test_flip() -> None:
    image = picture()
    same(F.hflip(image), Image.fromarray(np.asarray(image)[:, ::-1]))
    same(F.hflip(T.PILToTensor()(image)), np.asarray(image)[:, ::-1].transpose(2, 0, 1))


# ---------------------------------------------------------------- chance
def test_random_crop_draws_as_pytorch_does() -> None:
    image = minigrad.tensor(noise(1, 11, 8))
    rng.manual_seed(7)
    torch.manual_seed(7)
    for _ in range(5):
        top, left = (int(torch.randint(0, room + 1, (1,))) for room in (11 - 4, 8 - 5))
        same(T.RandomCrop((4, 5))(image), image.numpy()[:, top:top + 4, left:left + 5])
    state = rng.get_rng_state()
    same(T.RandomCrop((11, 8))(image), image.numpy())
    np.testing.assert_array_equal(rng.get_rng_state(), state)    # one place only: nothing is drawn


def test_random_crop_pads() -> None:
    assert T.RandomCrop(20, pad_if_needed=True)(picture()).size == (20, 20)
    out = T.RandomCrop((15, 12), padding=2, fill=7)(minigrad.tensor(noise(1, 11, 8)))
    assert (out.numpy()[0, :2] == 7).all()
    assert out.numpy()[0, 2:13, 2:10].tolist() == noise(1, 11, 8)[0].tolist()


def test_random_flip_draws_as_pytorch_does() -> None:
    image = minigrad.tensor(np.arange(2)[None, None])
    rng.manual_seed(1)
    torch.manual_seed(1)
    flips = [int(T.RandomHorizontalFlip(0.3)(image).numpy()[0, 0, 0]) for _ in range(30)]
    assert flips == [int(torch.rand(1).item() < 0.3) for _ in range(30)]
    assert T.RandomHorizontalFlip(0)(image) is image


# ---------------------------------------------------------------- pipelines
def test_compose_runs_in_order_and_prints() -> None:
    pipeline = T.Compose([T.Lambda(lambda x: x + 1), T.Lambda(lambda x: x * 10)])
    assert pipeline(2) == 30
    assert repr(T.Compose([T.ToTensor(), T.Normalize((0.5,), (0.25,))])) == (
        "Compose(\n    ToTensor()\n    Normalize(mean=(0.5,), std=(0.25,))\n)")


def test_an_mnist_pipeline() -> None:
    pipeline = T.Compose([T.Grayscale(), T.Pad(2), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize((0.1307,), (0.3081,))])
    out = pipeline(picture("RGB", 28, 28))
    assert tuple(out.shape) == (1, 32, 32)
    assert float(out.numpy().min()) == pytest.approx(-0.1307 / 0.3081)
    assert math.isfinite(float(out.numpy().max()))


ALIKE: dict[str, Callable[[Any], Any]] = {
    "resize": lambda t: t.Resize(5),
    "resize, both": lambda t: t.Resize((7, 6), t.InterpolationMode.BICUBIC),
    "resize, nearest": lambda t: t.Resize((7, 6), t.InterpolationMode.NEAREST),
    "resize, longer edge": lambda t: t.Resize(7, max_size=9),
    "enlarge": lambda t: t.Resize(20),
    "center crop": lambda t: t.CenterCrop((5, 4)),
    "center crop beyond": lambda t: t.CenterCrop((12, 3)),
    "pad": lambda t: t.Pad((1, 2, 3, 0), fill=5),
    "pad, reflect": lambda t: t.Pad((1, 2), padding_mode="reflect"),
    "pad, edge": lambda t: t.Pad(2, padding_mode="edge"),
    "pad, symmetric": lambda t: t.Pad(2, padding_mode="symmetric"),
    "random crop": lambda t: t.RandomCrop(5, padding=1),
    "random crop, if needed": lambda t: t.RandomCrop(13, pad_if_needed=True),
    "flip": lambda t: t.RandomHorizontalFlip(0.5),
    "grey": lambda t: t.Grayscale(),
    "three greys": lambda t: t.Grayscale(3),
}


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("kind", ["L", "RGB", "P", "uint8", "float32", "batch"])
def test_like_torchvision(name: str, kind: str, torchvision: Any) -> None:
    if kind in ("L", "RGB", "P"):
        mine = other = picture(kind)
    else:
        array = noise(*((2,) if kind == "batch" else ()), 3, 11, 8, dtype="uint8" if kind == "uint8" else "float32")
        mine, other = tensors(array)
    transform, wanted = ALIKE[name](T), ALIKE[name](torchvision)
    assert repr(transform) == repr(wanted)
    for seed in range(3):
        rng.manual_seed(seed)
        torch.manual_seed(seed)
        exact = name not in ("resize", "resize, both", "resize, longer edge", "enlarge")    # those round at the half
        same(transform(mine), wanted(other), {"uint8": 0 if exact else 1}.get(kind, 1e-6))
