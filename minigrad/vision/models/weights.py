"""Which trained weights torchvision has published for a network, and how a file of them is used.

Nothing is downloaded here: a file that PyTorch has fetched before is found where PyTorch keeps it; else the error says what to fetch.
"""
from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from ..._tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, CheckpointError, describe
from ...nn.module import Module
from ...serialization import load
from ..transforms import functional as T

SERVER = "https://download.pytorch.org/models/"
IMAGENET_CLASSES = 1000
M = TypeVar("M", bound=Module)


class ImageClassification:
    """What an image must go through before a network trained on ImageNet sees it: (3, crop_size, crop_size), normalised."""

    def __init__(self, *, crop_size: int, resize_size: int = 256, mean: tuple[float, ...] = (0.485, 0.456, 0.406),
                 std: tuple[float, ...] = (0.229, 0.224, 0.225), interpolation: str = "bilinear") -> None:
        self.crop_size, self.resize_size, self.mean, self.std = [crop_size], [resize_size], list(mean), list(std)
        self.interpolation = T.InterpolationMode(interpolation)

    def __call__(self, img: Any) -> Tensor:
        img = T.center_crop(T.resize(img, self.resize_size, self.interpolation), self.crop_size)
        if not isinstance(img, Tensor):
            img = T.pil_to_tensor(img)
        return T.normalize(T.convert_image_dtype(img), self.mean, self.std)

    def __repr__(self) -> str:
        return (f"ImageClassification(crop_size={self.crop_size}, resize_size={self.resize_size}, mean={self.mean}, std={self.std}, "
                f"interpolation={self.interpolation})")


@dataclass(frozen=True)
class Weights:
    """One file of trained weights: where it is published, and `transforms()`, which makes what the network expects of an image."""
    url: str
    transforms: Callable[..., Any]


def imagenet(file: str, resize_size: int = 256, crop_size: int = 224, **options: Any) -> Weights:
    """Weights trained on the 1000 classes of ImageNet. options: those of `ImageClassification`."""
    return Weights(SERVER + file, functools.partial(ImageClassification, crop_size=crop_size, resize_size=resize_size, **options))


class WeightsEnum(Enum):
    """The files that are published for one network; `DEFAULT` is the best of them."""

    @classmethod
    def verify(cls, obj: Any) -> WeightsEnum | None:
        """A member, by itself or by its name. Raises KeyError for an unknown name, TypeError for anything else."""
        if obj is None or isinstance(obj, cls):
            return obj
        if isinstance(obj, str):
            return cls[obj.removeprefix(f"{cls.__name__}.")]
        raise ArgumentTypeError(f"Invalid Weight class provided; expected {cls.__name__} but received {describe(obj)}")

    @property
    def url(self) -> str:
        """Where the file is published."""
        return str(self.value.url)

    @property
    def transforms(self) -> Callable[..., Any]:
        """`weights.transforms()` makes what the network expects of an image."""
        found: Callable[..., Any] = self.value.transforms
        return found

    def get_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The weights, from the file that PyTorch keeps of them. Raises CheckpointError where there is none."""
        path = kept_at(self.url)
        if not path.exists():
            raise CheckpointError(
                f"{self}: there is no {path}, and weights are not downloaded here; fetch {self.url} and put it there, or build the network "
                f"without, weights_backbone=None or weights=None and call load_state_dict(load({path.name!r}))")
        return load(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    __str__ = __repr__


def kept_at(url: str) -> Path:
    """Where `torch.hub` keeps a file that it has fetched: $TORCH_HOME/hub/checkpoints."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = Path(os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))).expanduser()
    return home / "hub" / "checkpoints" / url.rpartition("/")[2]


def chosen(kind: type[WeightsEnum], weights: Any, options: dict[str, Any], classes: int = IMAGENET_CLASSES) -> WeightsEnum | None:
    """The member that the arguments of a network's function mean; `num_classes` must then be that of the file.

    options: its other keyword arguments; `pretrained`, as it was called before torchvision 0.13, is taken out of them.
    """
    if options.pop("pretrained", False) and weights is None:
        weights = next(iter(kind))
    found = kind.verify(weights)
    if found is not None:
        if options.get("num_classes") not in (None, classes):
            raise ArgumentError(f"The parameter 'num_classes' expected value {classes} but got {options['num_classes']} instead; load the "
                                "weights first, then replace the last layer")
        options["num_classes"] = classes
    return found


def filled(model: M, weights: WeightsEnum | None) -> M:
    """The network with the weights of a file, if any are asked for."""
    if weights is not None:
        model.load_state_dict(weights.get_state_dict())
    return model
