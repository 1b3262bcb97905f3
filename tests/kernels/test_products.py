"""Large products of matrices against NumPy's, in every layout that they come in."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernels.both import assert_same, compiled, whole

pytestmark = compiled


@pytest.fixture(autouse=True, params=["ALONE", "BLAS", "OURS"])
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones too, and with several threads: so that each way is tested on every machine that has it."""
    from minigrad.kernels.cpu import blas, products
    how = products.Way[request.param]
    if how is products.Way.BLAS and not blas.sgemm():
        pytest.skip("NumPy has another BLAS than OpenBLAS")
    monkeypatch.setattr(products, "way", lambda work: (how, 2))
    monkeypatch.setattr(products, "WORK", 0)


def layouts(x: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    wide = np.zeros((*x.shape[:-1], x.shape[-1] + 3), x.dtype)
    wide[..., :x.shape[-1]] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    odd = np.frombuffer(b"." + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape)          # not at a multiple of four
    return [x, np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2), wide[..., :x.shape[-1]], frozen, x[..., ::-1].copy()[..., ::-1],
            odd, np.repeat(x, 2, -1)[..., ::2]]


@pytest.mark.parametrize(("n", "k", "m"), [(1, 1, 1), (1, 300, 9), (9, 1, 9), (4, 8, 4), (7, 30, 9), (100, 300, 50), (13, 600, 71),
                                         (64, 513, 48), (5, 1100, 24)])
def test_equals_numpy_in_any_layout(n: int, k: int, m: int) -> None:
    from minigrad.kernels.cpu import products
    rng = np.random.default_rng(0)
    x, y = whole(rng, (n, k), np.float32), whole(rng, (k, m), np.float32)
    expected = x @ y
    for one in layouts(x):
        for other in layouts(y):
            assert_same(products.matmul(one, other), expected)
    b = whole(rng, (m,), np.float32)
    assert_same(products.linear(x, np.ascontiguousarray(y.T), b), expected + b)
    assert_same(products.linear(x, y.T, None), expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(1, 300), st.integers(1, 60), st.sampled_from([(), (3,), (2, 1), (2, 3)]),
       st.sampled_from([(), (3,), (1, 3)]))
def test_batches_broadcast_as_numpys(n: int, k: int, m: int, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    from minigrad.kernels.cpu import products
    rng = np.random.default_rng(n * k + m)
    x, y = whole(rng, (*left, n, k), np.float32), whole(rng, (*right, k, m), np.float32)
    assert_same(products.matmul(x, y), x @ y)


def test_what_is_not_its_business_is_numpys() -> None:
    from minigrad.kernels.cpu import products
    rng = np.random.default_rng(0)
    for x, y in [(rng.random((50, 60)), rng.random((60, 70))), (rng.random(60, "f4"), rng.random((60, 70), "f4")),
                 (rng.integers(0, 9, (50, 60)), rng.integers(0, 9, (60, 70))), (rng.random((2, 3), "f4"), rng.random((3, 2), "f4"))]:
        assert_same(products.matmul(x, y), x @ y)
    with pytest.raises(ValueError, match="not aligned"):
        products.matmul(np.ones((90, 90), "f4"), np.ones((91, 90), "f4"))


def test_nan_and_inf_stay_in_their_row_and_column() -> None:
    from minigrad.kernels.cpu import products
    rng = np.random.default_rng(0)
    x, y = rng.random((33, 400), "f4"), rng.random((400, 30), "f4")
    x[5, 7], y[9, 3] = np.inf, np.nan
    for got in (products.matmul(x, y), products.linear(x, np.ascontiguousarray(y.T), None)):
        assert np.isinf(np.delete(got[5], 3)).all()
        assert np.isnan(got[:, 3]).all()
        assert np.isfinite(np.delete(np.delete(got, 5, 0), 3, 1)).all()


def test_blas_has_its_threads_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask at once, and whether or not somebody sets another number meanwhile."""
    from minigrad.kernels.cpu import blas
    both = blas.counts()
    if both is None:
        pytest.skip("NumPy has another BLAS than OpenBLAS")
    count, limit = both
    before = count()
    try:
        limit(2)
        with blas.alone, blas.alone:
            assert count() == 1
        assert count() == 2
        with pytest.raises(ZeroDivisionError), blas.alone:
            _ = 1 / 0
        assert count() == 2
        with blas.alone:
            blas.set_num_threads(1)
        assert count() == 1
        limit(2)
        with ThreadPoolExecutor(8) as pool:
            x = np.ones((64, 64), np.float32)
            from minigrad.kernels.cpu import products
            assert all((found == 64).all() for found in pool.map(lambda _: products.matmul(x, x), range(200)))
        assert count() == 2
    finally:
        limit(before)
