"""Many kinds of change to one image, chosen at random: AutoAugment, RandAugment, TrivialAugment, AugMix."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .... import creation
from ...._tensor import Tensor
from ....batching.trees import flatten, unflatten
from ....distributions import Dirichlet
from ....errors import ArgumentError, ArgumentTypeError
from ...tv_tensors import BoundingBoxes, KeyPoints, Mask, wrap
from ..affine import Fill
from ..images import InterpolationMode, interpolation_mode, is_pil, largest
from ..sizes import Mode
from . import functional as F
from .policies import AutoAugmentPolicy, policies
from .sizing import checked_fill
from .structure import Transform, has_any, integer, is_image, uniform

SIGNED = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness")
PIXELS: dict[str, Callable[..., Any]] = {
    "Brightness": F.adjust_brightness, "Color": F.adjust_saturation, "Contrast": F.adjust_contrast, "Sharpness": F.adjust_sharpness,
    "AutoContrast": F.autocontrast, "Equalize": F.equalize, "Invert": F.invert}


def evenly(start: float, end: float, n: int) -> list[float]:
    """float32 numbers from start to end, to the last bit as PyTorch's: from both ends to the middle, each rounded once."""
    a, b = np.float32(start), np.float32(end)
    step, i = np.float64((b - a) / np.float32(n - 1)), np.arange(n)
    numbers: list[float] = np.where(i < n // 2, a + step * i, b - step * (n - 1 - i)).astype(np.float32).tolist()
    return numbers


class _AutoAugment(Transform):
    """Base of the four: what can be done to an image, and how strongly. Raises TypeError for boxes, points and masks."""

    names: tuple[str, ...] = ("Identity", *SIGNED, "Posterize", "Solarize", "AutoContrast", "Equalize")
    shear, rotate, colour = 0.3, 30.0, 0.9           # what the strongest change is
    bits, fewer_bits = 8, 4

    def __init__(self, interpolation: Mode = InterpolationMode.NEAREST, fill: Fill | dict[Any, Fill] = None) -> None:
        super().__init__()
        self.interpolation, self.fill = interpolation_mode(interpolation), checked_fill(fill, type(self).__name__)

    def forward(self, *inputs: Any) -> Any:
        parts, tree = flatten(inputs if len(inputs) > 1 else inputs[0])
        who = type(self).__name__
        if has_any(parts, BoundingBoxes, Mask, KeyPoints):
            raise ArgumentTypeError(f"{who}: boxes, points and masks are not supported; use RandomAffine, RandomRotation and ColorJitter")
        found = [i for i, wanted in enumerate(self._needs_transform_list(parts)) if wanted and is_image(parts[i])]
        if len(found) != 1:
            raise ArgumentTypeError(f"{who}: expected one image in the sample; found {len(found)}")
        parts[found[0]] = self.augmented(parts[found[0]])
        return unflatten(parts, tree)

    def augmented(self, image: Any) -> Any:
        """The image, changed."""
        raise NotImplementedError

    def shift(self, h: int, w: int) -> tuple[float, float]:
        """The longest shift along x and y."""
        return 150.0 / 331.0 * w, 150.0 / 331.0 * h

    def negative(self) -> bool:
        """Whether a change goes the other way."""
        return uniform() <= 0.5

    def strengths(self, name: str, bins: int, size: list[int]) -> list[float] | None:
        """The strengths of a change from none to the strongest; None where there is only one."""
        if name == "Posterize":
            lost = np.arange(bins, dtype=np.float32) / np.float32((bins - 1) / self.fewer_bits)
            return [float(bits) for bits in (self.bits - lost).round()]
        if name == "Solarize":
            return self.thresholds(bins)
        if name not in SIGNED:
            return None
        x, y = self.shift(*size)
        top = {"TranslateX": x, "TranslateY": y, "Rotate": self.rotate, "ShearX": self.shear, "ShearY": self.shear}.get(name, self.colour)
        return evenly(0.0, top, bins)

    def thresholds(self, bins: int) -> list[float]:
        """Of solarising, as parts of white."""
        return evenly(1.0, 0.0, bins)

    def threshold(self, image: Any, strength: float) -> float:
        """A threshold for this image."""
        return (largest(image.dtype) if isinstance(image, Tensor) else 255.0) * strength

    def signed(self, name: str, strength: float) -> float:
        """The strength, with a random sign where it may have one."""
        return -strength if name in SIGNED and self.negative() else strength

    def changed(self, image: Any, name: str, strength: float) -> Any:
        """One change of one strength."""
        how = {"interpolation": self.interpolation, "fill": F.fill_for(image, self.fill)}
        if name in ("ShearX", "ShearY"):
            angle = math.degrees(math.atan(strength))
            return F.affine(image, 0.0, [0, 0], 1.0, [angle, 0.0] if name == "ShearX" else [0.0, angle], center=[0, 0], **how)
        if name in ("TranslateX", "TranslateY"):
            return F.affine(image, 0.0, [int(strength), 0] if name == "TranslateX" else [0, int(strength)], 1.0, [0.0, 0.0], **how)
        if name == "Rotate":
            return F.rotate(image, strength, **how)
        if name == "Posterize":
            return F.posterize(image, int(strength))
        if name == "Solarize":
            return F.solarize(image, self.threshold(image, strength))
        if name == "Identity":
            return image
        return PIXELS[name](image, 1.0 + strength) if name in SIGNED else PIXELS[name](image)


class AutoAugment(_AutoAugment):
    """One of the pairs of changes that were learnt for a data set (Cubuk et al. 2019, AutoAugment)."""

    def __init__(self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET, interpolation: Mode = InterpolationMode.NEAREST,
                 fill: Fill | dict[Any, Fill] = None) -> None:
        super().__init__(interpolation, fill)
        if not isinstance(policy, AutoAugmentPolicy):
            raise ArgumentError(f"AutoAugment: policy should be an AutoAugmentPolicy; got {policy!r}")
        self.policy, self.policies = policy, policies(policy)

    def augmented(self, image: Any) -> Any:
        for name, p, level in self.policies[integer(0, len(self.policies))]:
            if uniform() <= p:
                strengths = self.strengths(name, 10, F.get_size(image))
                image = self.changed(image, name, 0.0 if strengths is None or level is None else self.signed(name, strengths[level]))
        return image


class RandAugment(_AutoAugment):
    """`num_ops` random changes of one strength, `magnitude` of 0 ... num_magnitude_bins - 1 (Cubuk et al. 2020, RandAugment)."""

    def __init__(self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31,
                 interpolation: Mode = InterpolationMode.NEAREST, fill: Fill | dict[Any, Fill] = None) -> None:
        super().__init__(interpolation, fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ArgumentError(f"RandAugment: num_ops should be a non-negative integer; got {num_ops}")
        if not 0 <= magnitude < num_magnitude_bins:
            raise ArgumentError(f"RandAugment: magnitude should be one of 0 ... {num_magnitude_bins - 1}; got {magnitude}")
        self.num_ops, self.magnitude, self.num_magnitude_bins = num_ops, magnitude, num_magnitude_bins

    def augmented(self, image: Any) -> Any:
        for _ in range(self.num_ops):
            name = self.names[integer(0, len(self.names))]
            strengths = self.strengths(name, self.num_magnitude_bins, F.get_size(image))
            image = self.changed(image, name, 0.0 if strengths is None else self.signed(name, strengths[self.magnitude]))
        return image


class TrivialAugmentWide(_AutoAugment):
    """One random change of a random strength (Müller and Hutter 2021, TrivialAugment)."""

    shear, rotate, colour, fewer_bits = 0.99, 135.0, 0.99, 6

    def __init__(self, num_magnitude_bins: int = 31, interpolation: Mode = InterpolationMode.NEAREST,
                 fill: Fill | dict[Any, Fill] = None) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def shift(self, h: int, w: int) -> tuple[float, float]:
        return 32.0, 32.0

    def augmented(self, image: Any) -> Any:
        name = self.names[integer(0, len(self.names))]
        strengths = self.strengths(name, self.num_magnitude_bins, F.get_size(image))
        strength = 0.0 if strengths is None else strengths[integer(0, self.num_magnitude_bins)]
        return self.changed(image, name, self.signed(name, strength))


class AugMix(_AutoAugment):
    """A mixture of the image and of `mixture_width` chains of changes to it (Hendrycks et al. 2020, AugMix).

    severity: the strongest change, 1 ... 10. chain_depth: how many changes each chain has; negative: 1 ... 3 at random. alpha: of the
    Dirichlet distributions of the shares. all_ops: also brightness, contrast, colour and sharpness.
    """

    bits = 4

    def __init__(self, severity: int = 3, mixture_width: int = 3, chain_depth: int = -1, alpha: float = 1.0, all_ops: bool = True,
                 interpolation: Mode = InterpolationMode.BILINEAR, fill: Fill | dict[Any, Fill] = None) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= 10:
            raise ArgumentError(f"AugMix: the severity must be between 1 and 10; got {severity}")
        self.severity, self.mixture_width, self.chain_depth, self.alpha, self.all_ops = severity, mixture_width, chain_depth, alpha, all_ops
        self.names = (*SIGNED[:5], "Posterize", "Solarize", "AutoContrast", "Equalize", *(SIGNED[5:] if all_ops else ()))

    def shift(self, h: int, w: int) -> tuple[float, float]:
        return w / 3.0, h / 3.0

    def extra_repr(self) -> str:
        return super().extra_repr().partition(", names=")[0]

    def augmented(self, image: Any) -> Any:
        whole = F.pil_to_tensor(image) if is_pil(image) else image.as_subclass(Tensor) if type(image) is not Tensor else image
        x = whole.reshape(*[1] * (4 - whole.ndim), *whole.shape)
        lead = (len(x), *[1] * (x.ndim - 1))
        own, others = self._shares(len(x), 2).unbind(1)
        weights = self._shares(len(x), self.mixture_width) * others.reshape(-1, 1)
        mix = own.reshape(lead) * x
        for i in range(self.mixture_width):
            chain = x
            for _ in range(self.chain_depth if self.chain_depth > 0 else integer(1, 4)):
                name = self.names[integer(0, len(self.names))]
                strengths = self.strengths(name, 10, F.get_size(image))
                strength = 0.0 if strengths is None else strengths[integer(0, self.severity)]
                chain = self.changed(chain, name, self.signed(name, strength))
            mix = mix + weights[:, i].reshape(lead) * chain
        out = mix.reshape(whole.shape).to(whole.dtype)
        return F.to_pil_image(out, image.mode) if is_pil(image) else wrap(out, like=image)

    def _shares(self, n: int, parts: int) -> Tensor:
        return Dirichlet(creation.full((n, parts), float(self.alpha))).sample()
