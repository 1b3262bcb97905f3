"""unfold and fold against PyTorch: every option, refusals, and that each is the other's adjoint."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)


def call(name: str, *args: Any, **options: Any) -> Any:
    return lambda lib, x: getattr(lib.F, name)(x, *args, **options)


OPTIONS: list[tuple[Any, dict[str, Any]]] = [(3, {}), ((2, 3), {"dilation": 2, "padding": 1, "stride": 2}),
                                             ((2, 3), {"dilation": (1, 3), "padding": (2, 1), "stride": (3, 2)})]


@pytest.mark.parametrize(("kernel", "options"), OPTIONS)
def test_values_and_gradients(kernel: Any, options: dict[str, Any]) -> None:
    x = RNG.normal(size=(2, 3, 7, 9))
    same(call("unfold", kernel, **options), x, second=True)
    same(call("unfold", kernel, **options), x[0].astype("f4"))
    columns = F.unfold(mg.tensor(x), kernel, **options).numpy()
    same(call("fold", (7, 9), kernel, **options), columns, second=True)
    same(call("fold", (7, 9), kernel, **options), columns[0])


def test_fold_is_the_adjoint_of_unfold() -> None:
    """<unfold(x), y> = <x, fold(y)>"""
    x = mg.tensor(RNG.normal(size=(2, 3, 7, 9)))
    columns = F.unfold(x, (2, 3), 2, 1, 2)
    y = mg.tensor(RNG.normal(size=columns.shape))
    assert (columns * y).sum().item() == pytest.approx((x * F.fold(y, (7, 9), (2, 3), 2, 1, 2)).sum().item())


def test_refusals() -> None:
    x = RNG.normal(size=(2, 3, 5, 6))
    same_error(call("unfold", 7), x, match=r"Given input with spatial size \(5, 6\), kernel_size=\(7, 7\), .*calculated shape of the array "
               r"of sliding blocks as \(-1, 0\), but its components must be at least one")
    same_error(call("unfold", 0), x, match="unfold: kernel_size must be greater than zero; got 0")
    same_error(call("unfold", 3, stride=0), x, match="unfold: stride must be greater than zero")
    same_error(call("unfold", 3), x.astype(int), match="unfold: takes floating-point, complex or bool input; got int64")
    with pytest.raises(RuntimeError, match=r"unfold: expected 3D \(C, H, W\) or 4D \(N, C, H, W\) input; got float64 \(5, 6\)"):
        F.unfold(mg.tensor(x[0, 0]), 3)
    y = RNG.normal(size=(2, 27, 12))
    same_error(call("fold", (5, 6), 3), y[:, :26], match="to be divisible by the product of kernel_size, but got 26 and kernel_size")
    same_error(call("fold", (5, 6), 3), y[..., :11], match="match the calculated number of sliding blocks 3 \\* 4, but got 11")
    same_error(call("fold", (2, 2), 3), y, match="match the calculated number of sliding blocks 0 \\* 0, but got 12")
    same_error(call("fold", (5, 6), 3), y[None], match="Expected 2D or 3D")
