"""Complex numbers: PyTorch's values, gradients, views and refusals."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, SPECIAL, same, same_error

WITH_ZERO = np.array([1 + 2j, -1 + 0.5j, 0j, -2 - 1j, 3j])


@pytest.mark.parametrize("name", ["real", "imag", "conj", "conj_physical", "resolve_conj", "resolve_neg", "angle", "abs", "sgn"])
@pytest.mark.parametrize("dtype", ["c16", "c8"])
def test_parts(name: str, dtype: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x), WITH_ZERO.astype(dtype))
    same(lambda lib, x: getattr(lib, name)(x), np.array(1 - 2j, dtype))


@pytest.mark.parametrize("name", ["real", "imag", "conj", "angle", "abs", "sgn"])
def test_second_gradients(name: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x * x), COMPLEX, second=True)


@pytest.mark.parametrize("name", ["real", "conj", "resolve_conj", "angle", "conj_physical"])
def test_parts_of_real_numbers(name: str) -> None:
    for values in (SPECIAL, SPECIAL.astype("f4"), np.arange(-2, 2)):
        same(lambda lib, x: getattr(lib, name)(x), values)


def test_what_needs_complex_numbers() -> None:
    same_error(lambda lib, x: x.imag, SPECIAL, match="imag: is not implemented for tensors with non-complex dtypes; got float64")
    same_error(lambda lib, x: lib.view_as_real(x), SPECIAL, match="view_as_real: is only supported for complex tensors")


def test_arithmetic_mixes_with_real_numbers() -> None:
    real = np.array([1.0, 2, -3, 0.5, 4])
    for dtype in ("f8", "f4"):
        for f in (lambda lib, x, y: x * y, lambda lib, x, y: y / x, lambda lib, x, y: x - y, lambda lib, x, y: (x * y).abs()):
            same(f, real.astype(dtype), COMPLEX, rtol=1e-5)
    same(lambda lib, x: x * 2j + 1, real.astype("f4"))
    same(lambda lib, x: (x * (1 + 2j)).real, real)


def test_real_and_imag_are_views() -> None:
    z = mg.tensor([1 + 2j, 3 - 1j])
    z.real.mul_(10)
    z.imag = mg.tensor([5.0, 6.0])
    assert z.tolist() == [10 + 5j, 30 + 6j]
    z.real = 0
    assert z.tolist() == [5j, 6j]


def test_a_write_through_a_part_into_a_graph_is_refused_not_computed_wrongly() -> None:
    z = mg.tensor([1 + 2j, 3 - 1j], requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="real"):
        z.real.mul_(10)


def test_views_between_pairs_and_complex_numbers() -> None:
    same(lambda lib, x: lib.view_as_complex(x), np.arange(12.0).reshape(2, 3, 2))
    same(lambda lib, x: lib.view_as_complex(x * 1) * (1 + 1j), np.arange(4.0, dtype="f4").reshape(2, 2))
    same(lambda lib, z: lib.view_as_real(z), COMPLEX)
    same(lambda lib, z: lib.view_as_real(z.reshape(5, 1).expand(5, 2)).sum((1, 2)), COMPLEX)
    same(lambda lib, z: (lib.view_as_real(z * z) ** 2).sum(), COMPLEX, second=True)
    z = mg.tensor([1 + 2j])
    mg.view_as_real(z)[0, 1] = 7.0
    assert z.tolist() == [1 + 7j]


def test_view_as_complex_refuses() -> None:
    same_error(lambda lib, x: lib.view_as_complex(x), np.ones(3), match="view_as_complex: Tensor must have a last dimension of size 2")
    same_error(lambda lib, x: lib.view_as_complex(x.t()), np.ones((2, 3)), match="last dimension (of size 2|with stride 1)")
    same_error(lambda lib, x: lib.view_as_complex(x), np.ones((3, 2), "i8"),
               match="only supported for float and double tensors; got .*int64")


def test_made_of_parts() -> None:
    x, y = np.array([1.0, 2.0, 0.5]), np.array([[0.3], [-2.0]])
    for dtype in ("f8", "f4"):
        same(lambda lib, a, b: lib.complex(a, b), x.astype(dtype), y.astype(dtype))
        same(lambda lib, a, b: lib.polar(a, b), x.astype(dtype), y.astype(dtype))
    same(lambda lib, a, b: lib.polar(a, b).real, x, y, second=True)
    assert mg.complex(real=mg.ones(1), imag=mg.ones(1)).tolist() == [1 + 1j]
    for name in ("complex", "polar"):
        same_error(lambda lib, a, b, n=name: getattr(lib, n)(a, b), x, x.astype("f4"),
                   match=f"{name}: expected all operands to have the same dtype")
        same_error(lambda lib, a, n=name: getattr(lib, n)(a, a), np.arange(3),
                   match=f"{name}: expected both inputs to be Half, Float or Double tensors; got int64")


def test_questions() -> None:
    z, x, i = mg.tensor([1j]), mg.ones(1), mg.tensor([1])
    assert z.is_complex()
    assert not x.is_complex()
    assert x.is_floating_point()
    assert not z.is_floating_point()
    assert not i.is_floating_point()
    assert x.is_signed()
    assert not mg.tensor([1], dtype=mg.uint8).is_signed()
    assert not z.is_conj()
    assert not z.is_neg()
    with pytest.raises(TypeError, match="is_complex: input must be a Tensor; got int 3"):
        mg.is_complex(3)                             # type: ignore[arg-type]


def test_a_real_tensor_is_its_own_conjugate() -> None:
    x = mg.ones(2)
    assert x.conj() is x
    assert mg.resolve_conj(x) is x


def test_where_we_differ() -> None:
    """Stated in docs/differences.md."""
    half = mg.ones(1, dtype=mg.float16)
    assert mg.complex(half, half).dtype == mg.polar(half, half).dtype == mg.complex64
    r = mg.tensor([-2.0, 0.0], requires_grad=True)
    mg.polar(r, mg.zeros(2)).real.sum().backward()
    assert r.grad.tolist() == [1.0, 1.0]
    z = mg.tensor([1 + 1j, complex("nan")], requires_grad=True)
    mg.nn.functional.silu(mg.nan_to_num(z)).real.sum().backward()
    assert z.grad[1].item() == 0
