"""Dropout: the very masks that PyTorch draws, gradients through them, what stays untouched, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import libraries, same, same_error

RNG = np.random.default_rng(0)
ELEMENTS, CHANNELS = ["dropout", "alpha_dropout"], ["dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def call(name: str, view: Any = lambda x: x, **options: Any) -> Any:
    """F.name from the same seed; `view` lays the input out in memory."""
    def run(lib: Any, x: Any) -> Any:
        lib.manual_seed(3)
        return getattr(lib.F, name)(view(x), **{"training": True, **options})
    return run


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (2, 3, 4, 5), (300, 200)])
def test_elements(name: str, shape: tuple[int, ...]) -> None:
    for p in (0.3, 0.5, 0.9):
        same(call(name, p=p), RNG.normal(size=shape))
    same(call(name), RNG.normal(size=shape).astype("f4"))
    same(call(name), RNG.normal(size=shape).astype("f2"), rtol=2e-3)


@pytest.mark.parametrize("name", ELEMENTS)
def test_the_mask_follows_the_order_in_memory(name: str) -> None:
    for view in (lambda x: x.t(), lambda x: x[:, :3], lambda x: x[::2], lambda x: x.t()[1:], lambda x: x[:1].expand(4, 5)):
        same(call(name, view), RNG.normal(size=(4, 5)))
    same(call(name, lambda x: x.permute(0, 2, 1, 3)), RNG.normal(size=(2, 3, 4, 5)))


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (2, 3, 4, 5), (2, 3, 4, 5, 2)])
@pytest.mark.filterwarnings("ignore:dropout.d. Received a")
def test_channels(name: str, shape: tuple[int, ...]) -> None:
    if name == "dropout1d" and len(shape) > 3:
        same_error(call(name), np.ones(shape), match=r"dropout1d: Expected 2D or 3D input, but received a .D input")
        return
    same(call(name, p=0.3), RNG.normal(size=shape))


@pytest.mark.parametrize("name", ELEMENTS + CHANNELS)
@pytest.mark.filterwarnings("ignore:dropout.d. Received a")
def test_ends_and_refusals(name: str) -> None:
    x = RNG.normal(size=(4, 5))
    for options in ({"p": 0.0}, {"p": 1.0}, {"p": 0.7, "training": False}):
        same(call(name, **options), x)
    same(call(name), np.zeros((0, 3)))
    for p in (1.5, -0.1, np.nan):
        same_error(call(name, p=p), x, match=f"dropout probability has to be between 0 and 1, but got {p}")
    same_error(call(name), x.astype(int), match="result type Float can't be cast to the desired output type int64; got x int64")
    with pytest.raises(TypeError, match="input must be a Tensor; got float 1"):
        getattr(F, name)(1.0)


def test_outside_training_the_input_itself_comes_back() -> None:
    x = mg.ones(3)
    assert F.dropout(x, 0.5, False) is x
    assert F.dropout(x, 0.0) is x
    assert F.alpha_dropout(x) is x


def test_second_gradients() -> None:
    def square(lib: Any, x: Any) -> Any:
        return call("alpha_dropout")(lib, x * x * x)
    same(square, RNG.normal(size=(4, 5)), second=True)


@pytest.mark.parametrize("name", [*ELEMENTS, "dropout1d"])
@pytest.mark.parametrize("p", [0.4, 1.0])
def test_in_place(name: str, p: float) -> None:
    def run(lib: Any, x: Any) -> Any:
        y = x * 2
        z = call(name, p=p, inplace=True)(lib, y)
        assert name == "dropout1d" or z is y
        return z * y
    same(run, RNG.normal(size=(4, 5)))
    if name == "dropout1d":
        same(run, RNG.normal(size=(2, 4, 5)))


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    out = F.alpha_dropout(mg.tensor(RNG.normal(size=(400, 500)).astype("f4")), 0.2, True).numpy()
    assert abs(out.mean()) < 0.02
    assert abs(out.var() - 1) < 0.02


def test_dropping_all_keeps_nan() -> None:
    same(call("dropout", p=1.0), np.array([np.inf, np.nan, 2.0]))


def test_warnings_about_dimensions() -> None:
    for name, shape in (("dropout2d", (2, 5)), ("dropout2d", (2, 5, 3)), ("dropout2d", (2, 5, 3, 3, 3)), ("dropout3d", (2, 5, 3))):
        texts = []
        for lib in libraries():
            with pytest.warns(UserWarning, match=f"{name}: Received a") as record:
                getattr(lib.F, name)(lib.ones(*shape))
            texts.append(str(record[0].message))
        assert texts[0] == texts[1]
