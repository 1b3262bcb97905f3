"""An epoch of `DataLoader`, in this process and with two workers."""
from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .family import Family, Step, Workloads

ABOUT = ("One epoch, in batches of 64, shuffled. *Images*: 4,096 grey 28x28 PIL images; each is padded, shifted by a random crop, flipped "
         "at random, made a tensor and normalised, by the same code on both sides (Pillow, NumPy, one `from_numpy` per sample). "
         "*Pairs*: 16,384 samples of 100 numbers and a label from a data set of our own, stacked by `default_collate`. "
         "*Rows*: the same from a `TensorDataset`. *Colour images*: 128 uint8 images of 3x224x224 in batches of 16. "
         "Workers live for one epoch, so that starting and ending them counts; *kept*: with `persistent_workers`. "
         "CPU time is that of the main process.")
FAMILY = Family("Loading data", ABOUT, (1,), ("wall", "cpu"))


def images(lib: Any) -> Any:
    """Grey images with random crops and flips, drawn from `random` as a user's own transform would."""
    import random

    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (4096, 28, 28), np.uint8)
    data = importlib.import_module(f"{lib.__name__}.utils.data")

    class Images(data.Dataset):                      # type: ignore[misc]
        def __len__(self) -> int:
            return len(pixels)

        def __getitem__(self, index: int) -> Any:
            image = Image.fromarray(pixels[index])
            wide = Image.new("L", (32, 32))
            wide.paste(image, (2, 2))
            top, left, flip = random.randrange(5), random.randrange(5), random.random() < 0.5
            image = wide.crop((left, top, left + 28, top + 28))
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else image
            x = lib.from_numpy(np.asarray(image, np.float32)[None] / 255)
            return (x - 0.1307) / 0.3081, index % 10
    return Images()


def pairs(lib: Any) -> Any:
    numbers = lib.from_numpy(np.random.default_rng(0).standard_normal((16384, 100), np.float32))
    data = importlib.import_module(f"{lib.__name__}.utils.data")

    class Pairs(data.Dataset):                       # type: ignore[misc]
        def __len__(self) -> int:
            return len(numbers)

        def __getitem__(self, index: int) -> Any:
            return numbers[index], index % 10
    return Pairs()


def rows(lib: Any) -> Any:
    numbers = np.random.default_rng(0).standard_normal((16384, 100), np.float32)
    data = importlib.import_module(f"{lib.__name__}.utils.data")
    return data.TensorDataset(lib.from_numpy(numbers), lib.arange(16384) % 10)


def colour(lib: Any) -> Any:
    pixels = np.random.default_rng(0).integers(0, 255, (128, 3, 224, 224), np.uint8)
    return [(lib.from_numpy(pixel), i % 10) for i, pixel in enumerate(pixels)]


def workloads(lib: Any) -> Workloads:
    data = importlib.import_module(f"{lib.__name__}.utils.data")

    def epoch(make: Callable[[Any], Any], **options: Any) -> Callable[[], Step]:
        def build() -> Step:
            loader = data.DataLoader(make(lib), **{"batch_size": 64, "shuffle": True, **options})

            def step() -> Any:
                count, last = 0, None
                for x, last in loader:               # noqa: B007, what is returned is compared
                    count += len(x)
                return count, last
            return step
        return build

    found: Workloads = {}
    kinds: list[tuple[str, Callable[[Any], Any], dict[str, Any]]] = [
        ("images", images, {}), ("pairs", pairs, {}), ("rows", rows, {}), ("colour images", colour, {"batch_size": 16})]
    for name, make, options in kinds:
        for ways, more in (("in this process", {}), ("2 workers", {"num_workers": 2}),
                           ("2 workers, kept", {"num_workers": 2, "persistent_workers": True})):
            found[f"{ways}: {name}"] = epoch(make, **options, **more)
    return found
