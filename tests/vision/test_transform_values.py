"""The same seed gives what torchvision gives: recorded numbers of its results, and the number that its generator draws next."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import rng
from minigrad.vision import transforms, tv_tensors
from minigrad.vision.transforms import InterpolationMode, v2

from . import transform_cases as cases

Image = pytest.importorskip("PIL.Image")
VALUES = json.loads(Path(__file__).with_name("transform_values.json").read_text())
NAMES = [name for name in VALUES if name != "torchvision"]
# Between two pixels that are equally near, and at half a grey value, the last bit of a float32 decides.
LEVELS, STRAYS = 1.01, 2


@pytest.fixture(autouse=True)
def own_stream() -> Iterator[None]:
    """Seeds set here stay here."""
    with rng.fork_rng():
        yield


def given(which: str, kind: str) -> Any:
    if which == "sample":
        return cases.sample(tv_tensors, minigrad.from_numpy, kind)
    picture = cases.picture()
    return Image.fromarray(picture) if kind == "PIL" else minigrad.from_numpy(picture.transpose(2, 0, 1) / np.float32(255))


@pytest.mark.parametrize("name", NAMES)
def test_recorded(name: str) -> None:
    which, case, kind, seed = name.split(", ")
    make = cases.SAMPLES[case] if which == "sample" else {**cases.BOTH, **cases.V2}[case]
    transform = make(transforms if which == "v1" else v2, InterpolationMode)
    rng.manual_seed(int(seed))
    out = transform(given(which, kind))
    assert minigrad.rand(1).item() == VALUES[name]["next"]
    wanted = VALUES[name]["out"]
    for part in ("image", "boxes", "masks", "points", "labels") if which == "sample" else ("",):
        mine, theirs = (cases.summary(out[part]), wanted[part]) if part else (cases.summary(out), wanted)
        assert mine["shape"] == theirs["shape"], part
        apart = np.abs(np.subtract(mine["values"], theirs["values"]))
        if part == "boxes" and kind.endswith("R"):
            apart = np.minimum(apart, np.abs(apart - 360))           # an angle
        near = {"boxes": 2e-3, "points": 2e-3, "": LEVELS if kind == "PIL" else 2e-4}.get(part, LEVELS)
        assert (apart > near).sum() <= (STRAYS if part in ("", "image", "masks") else 0), (part, mine, theirs)


def test_strays_are_few() -> None:
    """PIL images: not one number of them all differs by more than a level."""
    worst = 0.0
    for name in NAMES:
        which, case, kind, seed = name.split(", ")
        if kind == "PIL":
            rng.manual_seed(int(seed))
            out = {**cases.BOTH, **cases.V2}[case](transforms if which == "v1" else v2, InterpolationMode)(given(which, kind))
            worst = max(worst, float(np.abs(np.subtract(cases.summary(out)["values"], VALUES[name]["out"]["values"])).max()))
    assert worst <= 1
