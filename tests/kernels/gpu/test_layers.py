"""Layers on arrays that refuse NumPy, with the GPU's kernels run on the CPU."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from minigrad import nn
from tests.gpu.test_modules import LAYERS, NAMES, check_layer

pytestmark = pytest.mark.usefixtures("on_host")


@pytest.mark.parametrize(("build", "shape"), LAYERS, ids=NAMES)
def test_layer_with_gpu_kernels(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    check_layer(build, shape)
