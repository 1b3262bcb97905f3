"""The draws against PyTorch's, call after call, and what they give where PyTorch is not installed.

Each test runs twice: with NumPy's functions, and with the compiled loops.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import DtypeError, RandomError, ShapeError
from minigrad.kernels import cpu, reference
from minigrad.rng import Generator, continuous, discrete
from minigrad.rng.generator import LAYOUT, MUCH, uniform53

from ..kernels.both import compiled

SIZES = (0, 1, 2, 5, 8, 15, 16, 17, 31, 32, 33, 100, 1000, 40_000)
FLOATS = (np.float16, np.float32, np.float64)


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(autouse=True, scope="module", params=["numpy", pytest.param("compiled", marks=compiled)])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """What draws."""
    with pytest.MonkeyPatch.context() as patch:
        kernels = cpu if request.param == "compiled" else reference
        patch.setattr(Generator, "kernels", staticmethod(lambda: kernels))
        patch.setattr(Generator, "_drawn", MUCH)     # enough for loops to pay
        yield request.param


# ---------------------------------------------------------------- the draws, ours and PyTorch's
def weights(n: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.RandomState(n).rand(n).astype(dtype)


def filled(method: str, *args: Any) -> Callable[..., Any]:
    def theirs(torch: Any, g: Any, n: int, dtype: Any) -> Any:
        return getattr(torch.empty(n, dtype=getattr(torch, np.dtype(dtype).name)), method)(*args, generator=g)
    return theirs


def from_array(name: str, make: Callable[[int, Any], np.ndarray], *args: Any) -> Callable[..., Any]:
    def theirs(torch: Any, g: Any, n: int, dtype: Any) -> Any:
        return getattr(torch, name)(torch.from_numpy(make(n, dtype)), *args, generator=g)
    return theirs


def rates(n: int, dtype: Any) -> np.ndarray:
    return (weights(n, np.float64) ** 3 * 100).astype(dtype)


# name: (draw of n numbers of a dtype, PyTorch's, whether PyTorch may use another stream on Intel CPUs)
DRAWS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., Any], bool]] = {
    "rand": (lambda g, n, d: continuous.uniform(g, (n,), d), filled("uniform_"), False),
    "uniform": (lambda g, n, d: continuous.uniform(g, (n,), d, -3.3, 7.1), filled("uniform_", -3.3, 7.1), False),
    "uniform in a tiny range": (lambda g, n, d: continuous.uniform(g, (n,), d, 1.0, 1.0 + 2.0 ** -9),
                                filled("uniform_", 1.0, 1.0 + 2.0 ** -9), False),
    "uniform constant": (lambda g, n, d: continuous.uniform(g, (n,), d, 2.5, 2.5), filled("uniform_", 2.5, 2.5), False),
    "randn": (lambda g, n, d: continuous.normal(g, (n,), d), filled("normal_"), False),
    "normal": (lambda g, n, d: continuous.normal(g, (n,), d, 0.3, 2.7), filled("normal_", 0.3, 2.7), False),
    "normal std 0": (lambda g, n, d: continuous.normal(g, (n,), d, 0.3, 0.0), filled("normal_", 0.3, 0.0), False),
    "log_normal": (lambda g, n, d: continuous.log_normal(g, (n,), d, 0.3, 0.7), filled("log_normal_", 0.3, 0.7), False),
    "cauchy": (lambda g, n, d: continuous.cauchy(g, (n,), d, 0.3, 0.7), filled("cauchy_", 0.3, 0.7), False),
    "exponential": (lambda g, n, d: continuous.exponential(g, (n,), d, 2.5), filled("exponential_", 2.5), True),
    "geometric": (lambda g, n, d: discrete.geometric(g, (n,), d, 0.2), filled("geometric_", 0.2), False),
    "bernoulli of a number": (lambda g, n, d: discrete.bernoulli(g, 0.7, (n,), d), filled("bernoulli_", 0.7), True),
    "bernoulli of an array": (lambda g, n, d: discrete.bernoulli(g, weights(n, d), (n,), d),
                              from_array("bernoulli", weights), False),
    "random": (lambda g, n, d: discrete.any_integers(g, (n,), d), filled("random_"), False),
    "integers": (lambda g, n, d: discrete.integers(g, (n,), d, 3, 100), filled("random_", 3, 100), False),
    "poisson": (lambda g, n, d: discrete.poisson(g, rates(min(n, 2000), d)),
                lambda torch, g, n, d: from_array("poisson", rates)(torch, g, min(n, 2000), d), False),
}
ROUNDED = ("normal", "randn", "log_normal", "cauchy", "exponential")     # these take log, exp, sin, cos or tan


@pytest.fixture(scope="module")
def oracle(torch: Any) -> Callable[[str], Any]:
    """PyTorch's side of a draw; skips where PyTorch itself uses MKL's stream (Intel CPUs only)."""
    ours, theirs = Generator().manual_seed(1), torch.Generator().manual_seed(1)
    ours.words(40)
    theirs_after: dict[str, Any] = {}
    for name in ("exponential", "bernoulli of a number"):
        DRAWS[name][1](torch, theirs.manual_seed(1), 20, np.float32)
        theirs_after[name] = theirs.get_state().numpy()

    def look_up(name: str) -> Any:
        if DRAWS[name][2] and not np.array_equal(theirs_after[name], ours.state_array()):
            pytest.skip("PyTorch draws this from MKL's generator on this CPU")
        return DRAWS[name][1]
    return look_up


def assert_same(x: np.ndarray, y: np.ndarray, name: str) -> None:
    """Equal bit for bit, but for the last bits of what another math library may round differently."""
    assert (x.dtype, x.shape) == (y.dtype, y.shape)
    if name not in ROUNDED or np.array_equal(x, y):
        np.testing.assert_array_equal(x, y)
    else:
        eps = float(np.finfo(x.dtype).eps)
        np.testing.assert_allclose(x, y, rtol=4 * eps, atol=(2 if x.dtype == np.float16 else 16) * eps)


def assert_same_state(ours: Generator, theirs: Any) -> None:
    """The same position in the same stream: layout and all."""
    np.testing.assert_array_equal(ours.state_array()[:16], theirs.get_state().numpy()[:16])
    a, b = ours.state_array().view(LAYOUT)[0], theirs.get_state().numpy().view(LAYOUT)[0]
    assert all(np.array_equal(a[field], b[field]) for field in ("next", "words", "has_normal"))
    np.testing.assert_allclose(a["normal"], b["normal"], rtol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", DRAWS)
def test_draw_is_pytorchs_at_every_size(name: str, dtype: Any, torch: Any, oracle: Any) -> None:
    theirs = oracle(name)
    g, h = Generator().manual_seed(7), torch.Generator().manual_seed(7)
    for n in SIZES:
        assert_same(DRAWS[name][0](g, n, dtype), theirs(torch, h, n, dtype).numpy(), name)
        assert_same_state(g, h)


@given(st.integers(-2 ** 63, 2 ** 64 - 1), st.data())
def test_any_sequence_of_draws_is_pytorchs(torch: Any, oracle: Any, seed: int, data: st.DataObject) -> None:
    portable = [name for name, (_, _, mkl) in DRAWS.items() if not mkl]
    g, h = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    call = st.tuples(st.sampled_from(portable), st.integers(0, 70), st.sampled_from(FLOATS))
    calls = data.draw(st.lists(call, max_size=8))
    for name, n, dtype in calls:
        assert_same(DRAWS[name][0](g, n, dtype), oracle(name)(torch, h, n, dtype).numpy(), name)
        assert_same_state(g, h)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.3, 2.7), (-5.0, 0.01)])
def test_float32_normals_are_pytorchs_bit_for_bit(mean: float, std: float, torch: Any) -> None:
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        pytest.skip("PyTorch uses other polynomials on this CPU")
    for seed in range(3):
        x = continuous.normal(Generator().manual_seed(seed), (300_007,), np.float32, mean, std)
        y = torch.empty(300_007).normal_(mean, std, generator=torch.Generator().manual_seed(seed))
        np.testing.assert_array_equal(x, y.numpy())


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 100])
def test_complex_parts_are_drawn_in_turn(dtype: Any, n: int, torch: Any) -> None:
    g, h = Generator().manual_seed(2), torch.Generator().manual_seed(2)
    kind = getattr(torch, np.dtype(dtype).name)
    x = continuous.normal(g, (n,), dtype, 0.5, 2.0)
    y = torch.empty(n, dtype=kind).normal_(0.5, 2.0, generator=h).numpy()
    np.testing.assert_allclose(x, y, rtol=1e-6 if dtype is np.complex64 else 1e-14)
    np.testing.assert_array_equal(continuous.uniform(g, (n,), dtype), torch.rand(n, dtype=kind, generator=h).numpy())
    assert_same_state(g, h)


@pytest.mark.parametrize("n", [3, 40])
def test_normals_in_pairs_are_what_pytorch_draws_into_strided_memory(n: int, torch: Any) -> None:
    g, h = Generator().manual_seed(2), torch.Generator().manual_seed(2)
    theirs = torch.empty(n, 2)[:, 0].normal_(1.0, 3.0, generator=h).numpy()
    np.testing.assert_allclose(continuous.normal_in_pairs(g, (n,), np.float32, 1.0, 3.0), theirs, rtol=1e-6)
    assert_same_state(g, h)


INTEGER_DTYPES = (np.uint8, np.int8, np.int16, np.int32, np.int64, np.bool_, *FLOATS)
BOUNDS = ((0, 2), (0, 10), (1, None), (-5, None), (-100, 100), (0, 2 ** 28 - 1), (0, 2 ** 28), (7, 2 ** 31),
          (0, 2 ** 33 + 7), (-2 ** 24 - 9, 2 ** 24 + 9), (-2 ** 62, 2 ** 62 + 5), (-2 ** 63, 2 ** 63 - 1),
          (-2 ** 63, None))


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.filterwarnings("ignore:.*out of bounds.*:UserWarning")       # PyTorch's own, for floats
def test_integers_are_pytorchs(dtype: Any, bounds: tuple[int, int | None], torch: Any) -> None:
    g, h = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    for n in (1, 0, 3, 50):              # PyTorch does not refuse what it need not draw
        try:
            expected = torch.empty(n, dtype=getattr(torch, np.dtype(dtype).name)).random_(*bounds, generator=h)
        except RuntimeError:             # also NotImplementedError
            with pytest.raises(RandomError, match="out of bounds"):
                discrete.integers(g, (n,), dtype, *bounds)
            return
        np.testing.assert_array_equal(discrete.integers(g, (n,), dtype, *bounds), expected.numpy())
        assert_same_state(g, h)


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
def test_integers_without_bounds_are_pytorchs(dtype: Any, torch: Any) -> None:
    g, h = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    expected = torch.empty(101, dtype=getattr(torch, np.dtype(dtype).name)).random_(generator=h)
    np.testing.assert_array_equal(discrete.any_integers(g, (101,), dtype), expected.numpy())
    assert_same_state(g, h)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.float32])
def test_geometric_and_bernoulli_in_integer_dtypes(dtype: Any, torch: Any) -> None:
    g, h = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    kind = getattr(torch, np.dtype(dtype).name)
    np.testing.assert_array_equal(discrete.geometric(g, (101,), dtype, 0.1),
                                  torch.empty(101, dtype=kind).geometric_(0.1, generator=h).numpy())
    p = weights(101, np.float64)
    np.testing.assert_array_equal(discrete.bernoulli(g, p, (101,), dtype),
                                  torch.empty(101, dtype=kind).bernoulli_(torch.from_numpy(p), generator=h).numpy())
    assert_same_state(g, h)


def test_permutation_is_pytorchs(torch: Any) -> None:
    g, h = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    for n in (0, 1, 2, 5, 1000, 60_000):
        np.testing.assert_array_equal(discrete.permutation(g, n), torch.randperm(n, generator=h).numpy())
        assert_same_state(g, h)
    np.testing.assert_array_equal(discrete.permutation(g, 256, np.uint8),
                                  torch.randperm(256, dtype=torch.uint8, generator=h).numpy())


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (7,), (5, 7), (3, 1), (2, 1000), (0, 3)])
@pytest.mark.parametrize("how", [(1, False), (1, True), (3, True), (3, False), (50, True)])
def test_multinomial_is_pytorchs(dtype: Any, shape: tuple[int, ...], how: tuple[int, bool], torch: Any,
                                 oracle: Any) -> None:
    k, replacement = how
    if not replacement and k > shape[-1]:
        pytest.skip("more samples than classes: an error, tested below")
    if not replacement or k == 1:
        oracle("exponential")            # skips where PyTorch's exponentials are MKL's
    g, h = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    w = np.random.RandomState(1).rand(*shape).astype(dtype)
    expected = torch.multinomial(torch.from_numpy(w), k, replacement, generator=h).numpy()
    x = discrete.multinomial(g, w, k, replacement)
    assert x.dtype == np.int64
    np.testing.assert_array_equal(x, expected)
    assert_same_state(g, h)


def test_dropout_mask_is_pytorchs(torch: Any, oracle: Any) -> None:
    oracle("bernoulli of a number")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        kept = torch.nn.functional.dropout(torch.ones(40, 50), 0.3).numpy() != 0
    np.testing.assert_array_equal(discrete.bernoulli(Generator().manual_seed(3), 1 - 0.3, (40, 50), np.bool_), kept)


# ---------------------------------------------------------------- without PyTorch
def test_first_numbers_of_seed_zero() -> None:
    g = Generator()
    rand = continuous.uniform(g.manual_seed(0), (3,), np.float32)
    np.testing.assert_allclose(rand, [0.49625658988952637, 0.7682217955589294, 0.08847743272781372], rtol=0)
    np.testing.assert_allclose(continuous.normal(g.manual_seed(0), (3,), np.float32),
                               [1.5409960746765137, -0.293428897857666, -2.1787893772125244], rtol=1e-6)
    np.testing.assert_array_equal(continuous.normal(g.manual_seed(0), (16,), np.float32)[:3],    # bit for bit anywhere
                                  np.array([-1.1258398294448853, -1.152360200881958, -0.2505785822868347], np.float32))
    assert discrete.permutation(g.manual_seed(0), 5).tolist() == [4, 0, 1, 3, 2]


@pytest.mark.parametrize(("draw", "mean", "std"), [
    (lambda g, n: continuous.uniform(g, (n,), np.float64, 2, 4), 3, 12 ** -0.5 * 2),
    (lambda g, n: continuous.normal(g, (n,), np.float32, 3, 2), 3, 2),
    (lambda g, n: continuous.normal_in_pairs(g, (n,), np.float64, 3, 2), 3, 2),
    (lambda g, n: np.log(continuous.log_normal(g, (n,), np.float64, 3, 2)), 3, 2),
    (lambda g, n: np.arctan(continuous.cauchy(g, (n,), np.float64)), 0, np.pi / 12 ** 0.5),
    (lambda g, n: continuous.exponential(g, (n,), np.float64, 4), 0.25, 0.25),
    (lambda g, n: discrete.integers(g, (n,), np.int64, 0, 11), 5, 10 ** 0.5),
    (lambda g, n: discrete.bernoulli(g, 0.25, (n,), np.float32), 0.25, 0.1875 ** 0.5),
    (lambda g, n: discrete.bernoulli(g, np.full(n, 0.25, np.float32), (n,), np.float32), 0.25, 0.1875 ** 0.5),
    (lambda g, n: discrete.geometric(g, (n,), np.float64, 0.25), 4, 12 ** 0.5),
    (lambda g, n: discrete.poisson(g, np.full(n, 3.0)), 3, 3 ** 0.5),
    (lambda g, n: discrete.poisson(g, np.full(n, 50.0)), 50, 50 ** 0.5),
    (lambda g, n: discrete.multinomial(g, np.array([1.0, 2, 1]), n, True), 1, 0.5 ** 0.5),
    (lambda g, n: discrete.multinomial(g, np.tile([1.0, 2, 1], (n, 1)), 1), 1, 0.5 ** 0.5),
], ids=str)
def test_mean_and_deviation(draw: Any, mean: float, std: float) -> None:
    n = 20_000
    x = np.asarray(draw(Generator().manual_seed(11), n), np.float64)
    assert abs(x.mean() - mean) < 5 * std / n ** 0.5
    assert x.std() == pytest.approx(std, rel=0.05)


def test_shapes_are_filled_in_c_order() -> None:
    g, h = Generator(), Generator()
    for draw in (continuous.uniform, continuous.normal, continuous.cauchy, discrete.any_integers):
        a, b = draw(g, (6, 7), np.float32), draw(h, (42,), np.float32)
        assert a.shape == (6, 7)
        np.testing.assert_array_equal(a.reshape(-1), b)
        assert draw(g, (), np.float32).shape == draw(h, (), np.float32).shape == ()


def test_bernoulli_broadcasts_its_probabilities() -> None:
    p = np.array([[0.0], [1.0], [0.5]])
    x = discrete.bernoulli(Generator(), p, (3, 200), np.int64)
    zeros, ones, some = x.sum(1)
    assert (zeros, ones) == (0, 200)
    assert some == pytest.approx(100, abs=40)


@given(p=st.floats(0, 1), words=st.lists(st.integers(0, 2 ** 32 - 1), min_size=2, max_size=20))
def test_coins_compare_as_the_53_bit_number_does(p: float, words: list[int]) -> None:
    w = np.array(words[:len(words) // 2 * 2], np.uint32)
    for chance in (p, float(uniform53(w)[0])):             # also exactly on the number: not below it
        np.testing.assert_array_equal(discrete._coins(w, chance), uniform53(w) < chance)


# ---------------------------------------------------------------- errors
REFUSED: list[tuple[Callable[..., Any], tuple[Any, ...], type[Exception], str]] = [
    (continuous.normal, ((3,), np.float32, 0, -1), RandomError, r"normal: std must be >= 0; got std=-1"),
    (continuous.normal, ((30,), np.float32, 0, np.nan), RandomError, r"normal: std must be >= 0; got std=nan"),
    (continuous.normal, ((3,), np.int64), DtypeError, r"normal: draws floating-point numbers; got int64 \(3,\)"),
    (continuous.log_normal, ((3,), np.float32, 0, 0), RandomError, r"log_normal_: std must be > 0"),
    (continuous.cauchy, ((3,), np.float32, 0, 0), RandomError, r"cauchy_: sigma must be > 0"),
    (continuous.cauchy, ((3,), np.complex64), DtypeError, r"cauchy_: draws floating-point numbers; got complex64"),
    (continuous.exponential, ((3,), np.float32, 0), RandomError, r"exponential_: lambd must be > 0"),
    (continuous.uniform, ((3,), np.float32, 1, 0), RandomError, r"`from` must not exceed `to`; got from=1, to=0"),
    (continuous.uniform, ((3,), np.float32, 0, 1e39), RandomError, r"`to` must be finite and fit float32"),
    (continuous.uniform, ((3,), np.float64, np.nan, 1), RandomError, r"`from` must be finite and fit float64"),
    (continuous.uniform, ((3,), np.float32, -3e38, 3e38), RandomError, r"to - from must fit float32"),
    (discrete.integers, ((3,), np.int64, 5, 5), RandomError, r"`from` must be less than `to`; got from=5, to=5"),
    (discrete.integers, ((3,), np.uint8, 0, 257), RandomError, r"to - 1 is out of bounds for uint8; got to=257"),
    (discrete.integers, ((3,), np.uint8, -1, 25), RandomError, r"`from` is out of bounds for uint8; got from=-1"),
    (discrete.integers, ((3,), np.complex64, 0, 5), DtypeError, r"random_: draws integers, in real dtypes"),
    (discrete.permutation, (-1,), RandomError, r"randperm: n must not be negative; got -1"),
    (discrete.permutation, (300, np.uint8), RandomError, r"randperm: uint8 cannot hold 0 \.\.\. n - 1; got n=300"),
    (discrete.bernoulli, (1.2, (3,), np.float32), RandomError, r"bernoulli_: p must lie in \[0, 1\]; got p=1.2"),
    (discrete.bernoulli, (np.array([0.1, np.nan]), (2,), np.float32), RandomError, r"all p must lie in \[0, 1\]"),
    (discrete.bernoulli, (np.array([1, 0]), (2,), np.float32), DtypeError, r"p must be floating-point; got int64"),
    (discrete.geometric, ((3,), np.float32, 1.0), RandomError, r"geometric_: p must lie in \(0, 1\); got p=1.0"),
    (discrete.geometric, ((3,), np.bool_, 0.5), DtypeError, r"geometric_: draws numbers of trials; got bool"),
    (discrete.poisson, (np.array([-1.0, 2.0]),), RandomError, r"poisson: rates must be >= 0; got -1.0"),
    (discrete.poisson, (np.array([np.inf]),), RandomError, r"poisson: rates must be finite"),
    (discrete.poisson, (np.array([1]),), DtypeError, r"poisson: rates must be floating-point; got int64"),
    (discrete.multinomial, (np.ones(4), 5), RandomError, r"cannot draw 5 of 4 without replacement"),
    (discrete.multinomial, (np.zeros(4), 1), RandomError, r"weights of a row must not all be zero"),
    (discrete.multinomial, (-np.ones(4), 1, True), RandomError, r"weights must be finite and >= 0"),
    (discrete.multinomial, (np.array([1.0, np.inf]), 1), RandomError, r"weights must be finite and >= 0"),
    (discrete.multinomial, (np.ones(4), 0), RandomError, r"num_samples must be positive; got 0"),
    (discrete.multinomial, (np.ones(4, np.int64), 1), DtypeError, r"input must be floating-point; got int64"),
    (discrete.multinomial, (np.ones((2, 2, 2)), 1), ShapeError, r"input must be 1-d or 2-d"),
    (discrete.multinomial, (np.ones((2, 0)), 1), ShapeError, r"there is no class to choose"),
]


@pytest.mark.parametrize(("draw", "arguments", "error", "text"), REFUSED)
def test_refused_and_nothing_drawn(draw: Any, arguments: tuple[Any, ...], error: type[Exception], text: str) -> None:
    g = Generator().manual_seed(1)
    before = g.state_array()
    with pytest.raises(error, match=text):
        draw(g, *arguments)
    np.testing.assert_array_equal(g.state_array(), before)
