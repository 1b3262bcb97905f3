"""Transforms as objects, to be put one after another: what `functional` does, with its arguments remembered."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, describe
from ...nn.module import Module
from ...rng import continuous, default_generator, discrete
from . import functional as F
from .images import Image, InterpolationMode, interpolation_mode
from .sizes import PAD_MODES, Mode, padding_sides, pair


class Compose:
    """One transform after another.

    >>> Compose([Resize(32), ToTensor()])
    Compose(
        Resize(size=32, interpolation=bilinear, max_size=None, antialias=True)
        ToTensor()
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return "\n    ".join([f"{type(self).__name__}(", *map(repr, self.transforms)]) + "\n)"


class ToTensor:
    """PIL image or ndarray (H, W, C) -> tensor (C, H, W); uint8 becomes float in [0, 1]."""

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """PIL image -> tensor (C, H, W) with the values unchanged."""

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """Tensor (C, H, W) or ndarray (H, W, C) -> PIL image."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Lambda:
    """Any function as a transform."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise ArgumentTypeError(f"Lambda: argument lambd should be callable; got {describe(lambd)}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    """Another dtype, rescaled: floats run from 0 to 1, integers from 0 to their largest value."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        super().__init__()
        if not isinstance(dtype, dtypes.dtype):
            raise ArgumentTypeError(f"ConvertImageDtype: argument dtype should be a dtype; got {describe(dtype)}")
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class Normalize(Module):
    """(image - mean) / std with one number per channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Resize(Module):
    """Resize to (height, width), or the shorter edge to one number with the aspect ratio kept."""

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: Mode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence, type(None))):
            raise ArgumentTypeError(f"Resize: size should be int or sequence; got {describe(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ArgumentError(f"Resize: if size is a sequence, it should have 1 or 2 values; got {size}")
        self.size = size
        self.interpolation = interpolation_mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: Image) -> Image:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
                f"max_size={self.max_size}, antialias={self.antialias})")


class CenterCrop(Module):
    """The middle of an image, padded with zeros first where it is too small."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size, "CenterCrop")

    def forward(self, img: Image) -> Image:
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """Pixels added on all sides; see `functional.pad`."""

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        padding_sides(padding)                     # wrong arguments are better refused here
        if not isinstance(fill, (int, float, str, tuple, list)):
            raise ArgumentTypeError(f"Pad: fill should be a number, a colour or one number per channel; got {describe(fill)}")
        if padding_mode not in PAD_MODES:
            raise ArgumentError(f"Pad: padding mode should be one of {', '.join(PAD_MODES)}; got {padding_mode!r}")
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Image) -> Image:
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class RandomCrop(Module):
    """A box of the given size from anywhere in the image, drawn from the default generator.

    Raises ValueError for an image that is too small, unless `pad_if_needed`.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = pair(size, "RandomCrop")
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Image, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a random box."""
        _, h, w = F.get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ArgumentError(
                f"RandomCrop: required crop size {(height, width)} is larger than input image size {(h, w)}; "
                f"pass pad_if_needed=True"
            )
        if (h, w) == (height, width):
            return 0, 0, h, w
        top, left = (int(discrete.integers(default_generator, (1,), np.int64, 0, room + 1)[0])
                     for room in (h - height, w - width))
        return top, left, height, width

    def forward(self, img: Image) -> Image:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, h, w = F.get_dimensions(img)
            for short, padding in ((self.size[1] - w, (self.size[1] - w, 0)), (self.size[0] - h, (0, self.size[0] - h))):
                if short > 0:
                    img = F.pad(img, padding, self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(Module):
    """Left and right exchanged with probability `p`, drawn from the default generator."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Image) -> Image:
        return F.hflip(img) if continuous.uniform(default_generator, (1,), np.float32)[0] < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom exchanged with probability `p`, drawn from the default generator."""

    def forward(self, img: Image) -> Image:
        return F.vflip(img) if continuous.uniform(default_generator, (1,), np.float32)[0] < self.p else img


class Grayscale(Module):
    """Luma in one channel, or in three equal ones."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Image) -> Image:
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"
