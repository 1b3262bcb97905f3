"""assert_close passes and fails where PyTorch's does."""
from __future__ import annotations

from typing import Any

import pytest

import minigrad as mg
from tests.agree import lines

CASES = lines("""
    T([1.0, 2.0]), T([1.0, 2.000001])
    T([1.0, 2.0]), T([1.0, 2.1])
    T([1e-6]), T([0.0])
    T([1e-4]), T([0.0])
    T([1, 2]), T([1, 2])
    T([1, 2]), T([1, 3])
    T([True, False]), T([True, True])
    T([1, 2]), T([1.0, 2.0])
    T([1, 2]), T([1.0, 2.0]), check_dtype=False
    T([1.0, 2.0]), T([[1.0, 2.0]])
    T([NAN]), T([NAN])
    T([NAN, 1.0]), T([NAN, 1.0]), equal_nan=True
    T([INF, -INF]), T([INF, -INF])
    T([INF]), T([-INF])
    T([1.0]), T([1.05]), rtol=0.1, atol=0.0
    T([1.0]), T([1.5]), rtol=0.0, atol=0.1
    T([1.0]), T([1.5]), rtol=0.1
    T([1.0 + 1j]), T([1.0 + 1j])
    T([1.0 + 1j]), T([1.0 + 2j])
    T([]), T([])
    T([[1.0, 2.0]]).t(), T([[1.0], [2.0]])
    T([[1.0, 2.0], [3.0, 4.0]]).t(), T([[1.0, 3.0], [2.0, 4.0]]), check_stride=True
    1.0, 1.0 + 1e-9
    1.0, 1.1
    1, 1.0
    1, 1.0, check_dtype=False
    True, False
    1 + 1j, 1 + 1j
    [T([1.0]), T([2.0])], (T([1.0]), T([2.0]))
    [T([1.0]), T([2.0])], [T([1.0]), T([3.0])]
    [1, 2], [1, 2, 3]
    {"a": T([1.0]), "b": [1, 2]}, {"b": [1, 2], "a": T([1.0])}
    {"a": [T([1.0])]}, {"a": [T([2.0])]}
    {"a": 1}, {"b": 1}
    None, None
    None, 1
    "a", "a"
    T([1.0]), 1.0
    T([1.0]), [1.0]
""")


def outcome(library: Any, case: str) -> type[BaseException] | None:
    """The kind of error, None for none."""
    known = {"T": library.tensor, "NAN": float("nan"), "INF": float("inf"), "check": library.testing.assert_close}
    try:
        eval(f"check({case})", known)
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("case", CASES)
def test_as_pytorch(case: str) -> None:
    torch = pytest.importorskip("torch")
    theirs, ours = outcome(torch, case), outcome(mg, case)
    assert (ours is None) == (theirs is None), f"{ours}, PyTorch {theirs}"
    assert ours is None or theirs is not None and issubclass(ours, theirs)


@pytest.mark.parametrize(("case", "words"), [
    ("T([1.0, 2.0]), T([1.0, 4.0])", r"tensors are not close: 1 of 2 elements differ; largest absolute difference 2\.0 at \(1,\), 1e-05 "
     r"allowed; largest relative difference 0\.5 at \(1,\), 1.3e-06 allowed"),
    ("T([1]), T([3])", r"tensors are not equal: 1 of 1 elements differ; largest absolute difference 2 at \(0,\)"),
    ("{'w': [T([1.0]), T([1.0])]}, {'w': [T([1.0]), T([2.0])]}", r"1 of 1 elements differ, at \['w'\]\[1\]"),
    ("T([1.0]), T([1])", "the dtypes differ, minigrad.float32 and minigrad.int64; pass check_dtype=False"),
    ("T([1.0]), T([1.0, 2.0])", r"the shapes differ, \(1,\) and \(2,\)"),
    ("1.0, 2.0", r"numbers 1\.0 and 2\.0 are not close"),
    ("{'a': 1}, {'b': 1}", r"the keys differ: actual lacks \[\"'b'\"\] and has \[\"'a'\"\]"),
])
def test_messages(case: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        eval(f"check({case})", {"T": mg.tensor, "check": mg.testing.assert_close})


def test_a_message_of_ones_own() -> None:
    with pytest.raises(AssertionError, match=r"^gone$"):
        mg.testing.assert_close(1, 2, msg="gone")
    with pytest.raises(AssertionError, match=r"^step 3: assert_close: numbers 1 and 2"):
        mg.testing.assert_close(1, 2, msg=lambda text: f"step 3: {text}")


def test_tensors_that_record_are_compared_by_value() -> None:
    x = mg.ones(2, requires_grad=True)
    mg.testing.assert_close(x * 2, mg.tensor([2.0, 2.0]))
