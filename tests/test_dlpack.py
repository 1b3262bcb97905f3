"""Memory shared with other libraries through DLPack."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg


def test_numpy_and_minigrad_share_memory() -> None:
    x = mg.arange(6.0).reshape(2, 3)
    theirs = np.from_dlpack(x.T)
    x[0, 1] = 9
    assert theirs[1, 0] == 9
    array = np.arange(3)
    ours = mg.from_dlpack(array)
    array[0] = 7
    assert (ours.tolist(), ours.dtype) == ([7, 1, 2], mg.int64)
    assert mg.from_dlpack(array, copy=True).data_ptr() != ours.data_ptr()


def test_pytorch_and_minigrad_share_memory() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.zeros(3)
    mg.from_dlpack(theirs)[1] = 5
    ours = mg.zeros(2)
    torch.from_dlpack(ours)[0] = 4
    assert (theirs.tolist(), ours.tolist()) == ([0.0, 5.0, 0.0], [4.0, 0.0])


def test_what_cannot_be_shared() -> None:
    with pytest.raises(RuntimeError, match=r"can't export tensors that require gradient; use tensor\.detach"):
        np.from_dlpack(mg.zeros(2, requires_grad=True))
    with pytest.raises(TypeError, match="from_dlpack: takes an object with __dlpack__"):
        mg.from_dlpack([1, 2])
