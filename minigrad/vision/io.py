"""Images read from files and written to them, as tensors of uint8 (C, H, W). Pillow knows the formats."""
from __future__ import annotations

import io
import os
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from .. import creation, dtypes
from .._tensor import Tensor
from ..errors import ArgumentError, ArgumentTypeError, MissingFilesError, RefusedArgumentError, describe
from ._pillow import channels_first, pillow

Path = str | os.PathLike[str]


class ImageReadMode(Enum):
    """Which channels a decoded image shall have; a function that takes one also takes its name, "RGB"."""
    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


PILLOW_MODES = {ImageReadMode.GRAY: "L", ImageReadMode.GRAY_ALPHA: "LA", ImageReadMode.RGB: "RGB", ImageReadMode.RGB_ALPHA: "RGBA"}
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


# ---------------------------------------------------------------- bytes
def read_file(path: Path) -> Tensor:
    """The bytes of a file, uint8 (N,). Raises FileNotFoundError, which is a RuntimeError here, where there is none."""
    try:
        return creation.from_numpy(np.fromfile(path, np.uint8))
    except FileNotFoundError as error:
        raise MissingFilesError(f"read_file: [Errno 2] No such file or directory: {os.fspath(path)!r}") from error


def write_file(filename: Path, data: Tensor) -> None:
    """Bytes, uint8 (N,), as a file."""
    if data.dtype is not dtypes.uint8 or data.ndim != 1:
        raise RefusedArgumentError(f"write_file: Input tensor should be 1-dimensional and of dtype uint8; got {describe(data)}")
    with open(filename, "wb") as file:
        file.write(data.cpu().numpy().tobytes())


# ---------------------------------------------------------------- reading
def _decoded(name: str, input: Tensor, mode: ImageReadMode | str, upright: bool = False, formats: Sequence[str] = FORMATS) -> Tensor:
    if not isinstance(input, Tensor):
        raise ArgumentTypeError(f"{name}: expected a tensor of bytes; got {describe(input)}; read_file(path) makes one of a file")
    if input.dtype is not dtypes.uint8 or input.ndim != 1 or not input.numel():
        raise RefusedArgumentError(f"{name}: Expected a non empty 1-dimensional tensor of dtype uint8; got {describe(input)}")
    if input.device.type != "cpu":
        raise ArgumentError(f"{name}: Input tensor must be a CPU tensor; got one on {input.device}")
    images = pillow("reading images")
    try:
        image = images.open(io.BytesIO(input.numpy().tobytes()), formats=formats)
        if mode in (ImageReadMode.GRAY, "GRAY"):
            image.draft("L", None)                   # a JPEG holds its brightness: it needs no conversion by way of colours
        image.load()
    except images.UnidentifiedImageError as error:
        raise RefusedArgumentError(f"{name}: Unsupported image file; expected {', '.join(formats)}") from error
    except OSError as error:
        raise RefusedArgumentError(f"{name}: damaged image: {error}") from error
    if image.format == "GIF":
        frames = [np.array(frame.convert("RGB")).transpose(2, 0, 1) for frame in pillow("reading images", "ImageSequence").Iterator(image)]
        return creation.from_numpy(np.ascontiguousarray(frames[0] if len(frames) == 1 else np.stack(frames)))
    if upright:
        image = pillow("reading images", "ImageOps").exif_transpose(image)
    return creation.from_numpy(_pixels(image, ImageReadMode[mode.upper()] if isinstance(mode, str) else mode))


def _pixels(image: Any, mode: ImageReadMode) -> Any:
    """(C, H, W) in the channels that are asked for. Unchanged, an image with a palette gives the numbers of its colours."""
    if image.mode.startswith("I"):                   # 16 bits of grey, which Pillow would cut off in colours
        grey = np.array(image).astype(np.int32)[None]
        alpha = [np.full_like(grey, 65535)] if mode.name.endswith("ALPHA") else []
        return np.concatenate([grey] * (3 if mode.name.startswith("RGB") else 1) + alpha)
    if mode is not ImageReadMode.UNCHANGED:
        image = image.convert(PILLOW_MODES[mode])
    return channels_first(np.array(image.convert("L") if image.mode == "1" else image))


def decode_image(input: Tensor | Path, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """An image of its bytes, uint8 (N,), or from a path: uint8 (C, H, W); of a GIF with several frames (N, 3, H, W).

    mode: the channels wanted. apply_exif_orientation: turned as the camera has noted. A grey PNG of 16 bits gives int32.
    Raises RuntimeError for what is no JPEG, PNG, GIF or WebP.
    """
    return _decoded("decode_image", read_file(input) if isinstance(input, (str, os.PathLike)) else input, mode, apply_exif_orientation)


def read_image(path: Path, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """`decode_image` from a path."""
    return decode_image(read_file(path), mode, apply_exif_orientation)


def decode_jpeg(input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, device: Any = "cpu",
                apply_exif_orientation: bool = False) -> Any:
    """`decode_image` of a JPEG, or of a list of them."""
    if isinstance(input, list):
        if not input:
            raise ArgumentError("decode_jpeg: Input list must contain at least one element")
        return [decode_jpeg(one, mode, device, apply_exif_orientation) for one in input]
    return _decoded("decode_jpeg", input, mode, apply_exif_orientation, ["JPEG"]).to(device)


def decode_png(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """`decode_image` of a PNG."""
    return _decoded("decode_png", input, mode, apply_exif_orientation, ["PNG"])


def decode_webp(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """`decode_image` of a WebP."""
    return _decoded("decode_webp", input, mode, formats=["WEBP"])


def decode_gif(input: Tensor) -> Tensor:
    """`decode_image` of a GIF."""
    return _decoded("decode_gif", input, ImageReadMode.RGB, formats=["GIF"])


# ---------------------------------------------------------------- writing
def _encoded(name: str, input: Tensor, **options: Any) -> Tensor:
    if input.dtype is not dtypes.uint8:
        raise RefusedArgumentError(f"{name}: Input tensor dtype should be uint8; got {describe(input)}; for floats in 0 to 1, "
                                   "(input * 255).round().to(uint8)")
    if input.ndim != 3:
        raise RefusedArgumentError(f"{name}: Input data should be 3-dimensional, (C, H, W); got {describe(input)}")
    if input.shape[0] not in (1, 3):
        raise RefusedArgumentError(f"{name}: The number of channels should be 1 or 3, got: {input.shape[0]}")
    pixels = input.detach().cpu().numpy().transpose(1, 2, 0)
    file = io.BytesIO()
    pillow("writing images").fromarray(np.ascontiguousarray(pixels[:, :, 0] if input.shape[0] == 1 else pixels)).save(file, **options)
    return creation.from_numpy(np.frombuffer(file.getvalue(), np.uint8).copy())


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """The bytes of a PNG: uint8 (1 or 3, H, W) -> uint8 (N,). compression_level: 0 to 9."""
    if not 0 <= compression_level <= 9:
        raise RefusedArgumentError(f"encode_png: Compression level should be between 0 and 9; got {compression_level}")
    return _encoded("encode_png", input, format="PNG", compress_level=compression_level)


def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """The bytes of a JPEG: uint8 (1 or 3, H, W) -> uint8 (N,); of a list, a list. quality: 1 to 100."""
    if not 1 <= quality <= 100:
        raise ArgumentError(f"encode_jpeg: Image quality should be a positive number between 1 and 100; got {quality}")
    if isinstance(input, list):
        if not input:
            raise ArgumentError("encode_jpeg: requires at least one input tensor when a list is passed")
        return [encode_jpeg(one, quality) for one in input]
    return _encoded("encode_jpeg", input, format="JPEG", quality=quality)


def write_png(input: Tensor, filename: Path, compression_level: int = 6) -> None:
    """`encode_png` into a file."""
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Tensor, filename: Path, quality: int = 75) -> None:
    """`encode_jpeg` into a file."""
    write_file(filename, encode_jpeg(input, quality))
