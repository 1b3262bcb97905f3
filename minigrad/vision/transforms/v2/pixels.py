"""What happens to the values of an image: normalising, blur, noise, erasing, JPEG."""
from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import creation
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, describe
from ....rng import continuous, default_generator
from ...tv_tensors import Image, Video, wrap
from ..images import get_dimensions, is_pil
from ..sizes import pair
from . import functional as F
from .dispatch import is_pure_tensor
from .geometric import number_or_two
from .structure import Params, Randomly, Transform, has_any, integer, query_chw, uniform


class _Tensors(Transform):
    """Base of what cannot be done to PIL images."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if has_any(flat_inputs, is_pil):
            raise ArgumentTypeError(f"{type(self).__name__}: PIL images are not supported; put ToImage and ToDtype(float32, scale=True), "
                                    f"or ToTensor, before it")


class Normalize(_Tensors):
    """(image - mean) / std with one number per channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean, self.std, self.inplace = list(mean), list(std), inplace

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.normalize, inpt, self.mean, self.std, self.inplace)


class LinearTransformation(_Tensors):
    """(image - mean_vector) @ transformation_matrix over all its numbers at once, such as whitening."""

    _transformed_types = (is_pure_tensor, Image, Video)

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        n = len(transformation_matrix)
        if tuple(transformation_matrix.shape) != (n, n) or tuple(mean_vector.shape) != (n,):
            raise ArgumentError(f"LinearTransformation: transformation_matrix should be square, and mean_vector as long; got "
                                f"{describe(transformation_matrix)} and {describe(mean_vector)}")
        if (transformation_matrix.dtype, transformation_matrix.device) != (mean_vector.dtype, mean_vector.device):
            raise ArgumentError(f"LinearTransformation: both tensors should have the same dtype and device; got "
                                f"{describe(transformation_matrix)} and {describe(mean_vector)}")
        self.transformation_matrix, self.mean_vector = transformation_matrix, mean_vector

    def transform(self, inpt: Any, params: Params) -> Any:
        n = math.prod(inpt.shape[-3:])
        if n != len(self.mean_vector):
            raise ArgumentError(f"LinearTransformation: the image should have {len(self.mean_vector)} numbers; got {describe(inpt)}")
        flat = inpt.reshape(-1, n) - self.mean_vector
        return wrap((flat @ self.transformation_matrix.to(flat.dtype)).reshape(inpt.shape), like=inpt)


class GaussianBlur(Transform):
    """Smoothed by a Gaussian of `kernel_size` pixels and a random width of `sigma`, (low, high) or one number."""

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = pair(kernel_size, "GaussianBlur")
        if any(n <= 0 or n % 2 == 0 for n in self.kernel_size):
            raise ArgumentError(f"GaussianBlur: kernel size value should be an odd and positive number; got {kernel_size}")
        self.sigma = number_or_two(sigma, "sigma", "GaussianBlur")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ArgumentError(f"GaussianBlur: sigma values should be positive, the smaller first; got {sigma}")

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A random width."""
        return uniform(sigma_min, sigma_max)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"sigma": [self.get_params(*self.sigma)] * 2}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.gaussian_blur, inpt, self.kernel_size, **params)


class GaussianNoise(_Tensors):
    """Normal noise added to a tensor, on a scale of 0 ... 1, which `clip` keeps."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.gaussian_noise, inpt, self.mean, self.sigma, self.clip)


class RandomErasing(Randomly):
    """With probability `p`, a box of a random share (`scale`) and aspect (`ratio`) overwritten (Zhong et al. 2017).

    value: a number, one per channel, or "random" for normal noise. Boxes, points and masks stay as they are.
    """

    def __init__(self, p: float = 0.5, scale: Sequence[float] = (0.02, 0.33), ratio: Sequence[float] = (0.3, 3.3),
                 value: float | Sequence[float] | str = 0.0, inplace: bool = False) -> None:
        super().__init__(p)
        if not isinstance(value, (int, float, str, tuple, list)):
            raise ArgumentTypeError(f"RandomErasing: argument value should be a number, a str or a sequence; got {describe(value)}")
        if isinstance(value, str) and value != "random":
            raise ArgumentError(f"RandomErasing: if value is str, it should be 'random'; got {value!r}")
        if not (isinstance(scale, Sequence) and isinstance(ratio, Sequence)):
            raise ArgumentTypeError(f"RandomErasing: scale and ratio should be sequences of two numbers; got {scale} and {ratio}")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn(f"RandomErasing: scale and ratio should be (min, max); got {scale} and {ratio}", stacklevel=2)
        if scale[0] < 0 or scale[1] > 1:
            raise ArgumentError(f"RandomErasing: scale should be between 0 and 1; got {scale}")
        self.scale, self.ratio, self.inplace = scale, ratio, inplace
        self.value = None if value == "random" else [float(value)] if isinstance(value, (int, float)) else [float(v) for v in value]

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float],
                   value: Sequence[float] | None = None) -> tuple[int, int, int, int, Any]:
        """(top, left, height, width, what comes there) for one image; all of it, by itself, where no box fits."""
        box = random_box(get_dimensions(img), scale, ratio, value)
        return box if box is not None else (0, 0, img.shape[-2], img.shape[-1], img)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"box": random_box(query_chw(flat_inputs), self.scale, self.ratio, self.value)}

    def transform(self, inpt: Any, params: Params) -> Any:
        return inpt if params["box"] is None else self._call_kernel(F.erase, inpt, *params["box"], inplace=self.inplace)


def random_box(size: Sequence[int], scale: Sequence[float], ratio: Sequence[float],
               value: Sequence[float] | None) -> tuple[int, int, int, int, Tensor] | None:
    """(top, left, height, width, values) of a random box in an image of `size` (channels, height, width); None if none fits."""
    c, h, w = size
    if value is not None and len(value) not in (1, c):
        raise ArgumentError(f"RandomErasing: value should be one number or {c}, the channels of the image; got {value}")
    low, high = (float(np.log(np.float32(r))) for r in ratio)
    for _ in range(10):
        area = h * w * uniform(*scale)
        aspect = float(np.exp(np.float32(uniform(low, high))))
        height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if height < h and width < w:
            v = (continuous.normal(default_generator, (c, height, width), np.float32) if value is None
                 else np.asarray(value, np.float32).reshape(-1, 1, 1))
            return integer(0, h - height + 1), integer(0, w - width + 1), height, width, creation.from_numpy(v)
    return None


class JPEG(Transform):
    """What is left after JPEG of a random `quality`, (low, high) within 1 ... 100 or one number."""

    def __init__(self, quality: int | Sequence[int]) -> None:
        super().__init__()
        if isinstance(quality, bool):
            raise ArgumentTypeError("JPEG: quality can't be bool")
        ends = [quality] * 2 if isinstance(quality, int) else list(quality)
        if len(ends) != 2 or not all(isinstance(q, int) for q in ends) or not 1 <= ends[0] <= ends[1] <= 100:
            raise ArgumentError(f"JPEG: quality must be integers from 1 to 100, the smaller first; got {quality}")
        self.quality = ends

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"quality": integer(self.quality[0], self.quality[1] + 1)}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.jpeg, inpt, **params)
