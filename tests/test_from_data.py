"""Tensors from numbers, lists and memory of others, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, lines, refuse

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("line", lines("""
    torch.tensor([1, 2.5])
    torch.tensor([True, 2])
    torch.tensor([True, 2.5])
    torch.tensor([True, False])
    torch.tensor([1, 2.5, 1j])
    torch.tensor([])
    torch.tensor([[], []])
    torch.tensor([[[]]])
    torch.tensor([(), ()])
    torch.tensor((1, 2))
    torch.tensor([(1, 2), [3, 4]])
    torch.tensor(range(3))
    torch.tensor([range(2), range(2)])
    torch.tensor(3)
    torch.tensor(-2**63)
    torch.tensor([1.5, 2**70])
    torch.tensor([float('inf'), 1])
    torch.tensor(1e300)
    torch.tensor([1e300])
    torch.tensor(1e300, dtype=torch.float16)
    torch.tensor(np.float32(3))
    torch.tensor([np.float32(3)])
    torch.tensor([np.float64(3)])
    torch.tensor([np.int32(3)])
    torch.tensor([np.int32(3), 1.5])
    torch.tensor([np.float16(3)])
    torch.tensor([np.float16(1), 1.0])
    torch.tensor([np.float32(1), np.float64(2)])
    torch.tensor([np.int8(1), np.uint8(1)])
    torch.tensor([np.int8(1), 1])
    torch.tensor(np.bool_(True))
    torch.tensor(np.complex64(1))
    torch.tensor(np.array(5))
    torch.tensor(np.arange(3, dtype='i2'))
    torch.tensor(np.zeros((2, 0)))
    torch.tensor(np.arange(6).reshape(2, 3).T)
    torch.tensor(np.arange(6).reshape(2, 3).T).stride()
    torch.tensor([np.arange(3), np.arange(3)])
    torch.tensor([np.arange(3.), np.arange(3.)])
    torch.tensor([[1, 2], np.array([3, 4])])
    torch.tensor([1, np.array(3.)])
    torch.tensor([np.array([5])])
    torch.tensor([torch.tensor(1., dtype=torch.float64), 2])
    torch.tensor([torch.tensor(1), 2.])
    torch.tensor([[torch.tensor(1.)], [2]])
    torch.tensor([torch.tensor([1])])
    torch.tensor(torch.tensor([1., 2.]))
    torch.tensor(memoryview(b'abc'))
    torch.tensor(bytearray(b'abc'))
    torch.tensor(data=[1])
    torch.tensor([1], pin_memory=False)
    torch.tensor(3.7, dtype=torch.int64)
    torch.tensor([3.7, -3.7], dtype=torch.int64)
    torch.tensor([-1], dtype=torch.uint8)
    torch.tensor(True, dtype=torch.float32)
    torch.tensor([2, 0], dtype=torch.bool)
    torch.tensor(float('nan'), dtype=torch.bool)
    torch.tensor(np.array([300]), dtype=torch.uint8)
    torch.tensor(np.array([1.7]), dtype=torch.int64)
    torch.tensor(np.array([1 + 2j]), dtype=torch.float32)
    torch.tensor(1, dtype=float)
    torch.tensor(1, dtype=int)
    torch.tensor(1, dtype=bool)
    torch.tensor([1., 2], requires_grad=True).is_leaf
    torch.tensor(1, device='cpu').device
"""))
def test_tensor(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.tensor([[1, 2], [3]])", "expected sequence of length 2 at dim 1 \\(got 1\\)"),
    ("torch.tensor([[[1], [2]], [[3], [4, 5]]])", "expected sequence of length 1 at dim 2 \\(got 2\\)"),
    ("torch.tensor([np.array([1, 2]), np.array([3])])", "expected sequence of length 2 at dim 1 \\(got 1\\)"),
    ("torch.tensor([[1], []])", "expected sequence of length 1 at dim 1 \\(got 0\\)"),
    ("torch.tensor([[1, 2], 3])", "not a sequence at dim 1: int 3"),
    ("torch.tensor([1, [2, 3]])", "a list where a number is expected"),
    ("torch.tensor('a')", "invalid data type 'str'"),
    ("torch.tensor(b'a')", "invalid data type 'bytes'"),
    ("torch.tensor(['a'])", "too many dimensions 'str'"),
    ("torch.tensor(None)", "could not infer dtype of NoneType"),
    ("torch.tensor([None])", "could not infer dtype of NoneType"),
    ("torch.tensor({})", "could not infer dtype of dict"),
    ("torch.tensor(2**63)", "overflow"),
    ("torch.tensor([2**64])", "overflow"),
    ("torch.tensor(300, dtype=torch.uint8)", "type uint8 without overflow"),
    ("torch.tensor([300], dtype=torch.uint8)", "type uint8 without overflow"),
    ("torch.tensor([300.5], dtype=torch.uint8)", "type uint8 without overflow"),
    ("torch.tensor([2**40], dtype=torch.int32)", "type int32 without overflow"),
    ("torch.tensor([float('nan')], dtype=torch.int64)", "type int64 without overflow"),
    ("torch.tensor([1j], dtype=torch.float32)", "must be real number, not complex"),
    ("torch.tensor([torch.tensor([1., 2])])", "only one element tensors can be converted to Python scalars"),
    ("torch.tensor([1, 2], requires_grad=True)", "only Tensors of floating point and complex dtype"),
    ("torch.tensor([1], torch.float32)", "positional argument"),
    ("torch.tensor(1, dtype='float32')", "dtype: must be a minigrad dtype; got 'float32'"),
    ("torch.tensor(np.array(['a']))", "can't convert an array of <U1"),
    ("torch.tensor(np.array([1, 'a'], dtype=object))", "can't convert an array of object"),
    ("torch.tensor(np.arange(3, dtype='>f4'))", "byte order.*astype\\('float32'\\) first"),
])
def test_what_is_no_data(line: str, match: str) -> None:
    refuse(line, match)


def test_a_reversed_array_can_be_copied() -> None:
    """PyTorch refuses its strides even there."""
    assert mg.tensor(np.arange(3)[::-1]).tolist() == [2, 1, 0]


def is_ragged(data: object) -> bool:
    """True for nested lists of different lengths."""
    try:
        np.array(data)
    except ValueError:
        return True
    return False


def test_what_differs_from_pytorch() -> None:
    with pytest.raises(TypeError, match="can't convert an array of uint16"):
        mg.tensor(np.zeros(2, "u2"))
    with pytest.raises(ValueError, match="expected sequence of length 0 at dim 1"):
        mg.tensor([[], [1]])


@given(st.recursive(st.floats(-9, 9) | st.integers(-9, 9) | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=12))
def test_any_nested_list(data: object) -> None:
    """The same tensor, or both refuse."""
    try:
        theirs = torch.tensor(data)
    except (ValueError, TypeError, RuntimeError):
        theirs = None
    if theirs is None or is_ragged(data):            # PyTorch looks at an empty first row only
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            mg.tensor(data)
        return
    ours = mg.tensor(data)
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("line", lines("""
    torch.as_tensor(np.arange(3))
    torch.as_tensor([1, 2.])
    torch.as_tensor(np.float64(3))
    torch.as_tensor(np.arange(3), dtype=torch.float32)
    torch.as_tensor(np.arange(6).reshape(2, 3).T).stride()
    torch.as_tensor(x) is x
    torch.as_tensor(torch.ones(2, requires_grad=True)).requires_grad
    torch.asarray(np.arange(3), dtype=torch.float32)
    torch.asarray([1, 2], copy=True)
    torch.asarray(3)
    torch.asarray(np.arange(3), copy=False)
    torch.asarray(torch.ones(2), requires_grad=True).requires_grad
    torch.asarray(memoryview(bytearray(8)), dtype=torch.int32)
    torch.from_numpy(np.array(1.))
    torch.from_numpy(np.zeros(3)[::2]).stride()
    torch.frombuffer(bytearray(8), dtype=torch.int32)
    torch.frombuffer(bytearray(range(8)), dtype=torch.int32, offset=4)
    torch.frombuffer(bytearray(range(8)), dtype=torch.int16, count=1)
    torch.scalar_tensor(3)
    torch.scalar_tensor(True)
    torch.scalar_tensor(2.5, dtype=torch.int64)
"""))
def test_from_other_memory(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.from_numpy([1])", "expected np.ndarray \\(got list\\)"),
    ("torch.from_numpy(np.float32(1))", "expected np.ndarray"),
    ("torch.from_numpy(np.arange(3)[::-1])", "stride in the given numpy array is negative"),
    ("torch.from_numpy(np.arange(3, dtype='>i8'))", "byte order"),
    ("torch.from_numpy(np.array([1, None]))", "can't convert an array of object"),
    ("torch.asarray([1], copy=False)", "can't alias arbitrary sequence"),
    ("torch.asarray(np.arange(3), dtype=torch.float32, copy=False)", "can't alias"),
    ("torch.frombuffer(bytearray(7), dtype=torch.int32)", "must be a multiple of element size \\(4\\)"),
    ("torch.frombuffer(bytearray(8), dtype=torch.int32, offset=9)", "offset \\(9 bytes\\) must be non-negative"),
    ("torch.frombuffer(bytearray(8), dtype=torch.int32, count=3)", "requested buffer length \\(3 \\* 4 bytes\\)"),
    ("torch.frombuffer(bytearray(0), dtype=torch.int32)", "must not be 0"),
])
def test_memory_that_cannot_be_shared(line: str, match: str) -> None:
    refuse(line, match)


def test_memory_is_shared_both_ways() -> None:
    array = np.zeros(3)
    x, y = mg.from_numpy(array), mg.as_tensor(array)
    array[0] = 1
    x[1] = 2
    assert y.tolist() == [1.0, 2.0, 0.0]
    assert array.tolist() == [1.0, 2.0, 0.0]
    copy = mg.tensor(array)
    array[2] = 3
    assert copy.tolist() == [1.0, 2.0, 0.0]


def test_read_only_memory_warns_and_is_not_written() -> None:
    array = np.broadcast_to(np.zeros(3), (2, 3))
    with pytest.warns(UserWarning, match="not writable"):
        x = mg.from_numpy(array)
    with pytest.raises(RuntimeError):
        x.add_(1)
    assert not array.any()
