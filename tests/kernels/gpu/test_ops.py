"""Every op on arrays that refuse NumPy, with the GPU's kernels run on the CPU: values, first and second gradients."""
from __future__ import annotations

import pytest

from tests.ops.test_contract import NAMES, check_on_device

pytestmark = pytest.mark.usefixtures("on_host")


@pytest.mark.parametrize("name", NAMES)
def test_op_with_gpu_kernels(name: str) -> None:
    check_on_device(name)
