"""Every distribution against PyTorch's: what it says of itself, probabilities, draws, and the gradients of all that."""
from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.distributions.cases import DRAWN_OTHERWISE, EVERY, IMPLICIT, both

pytestmark = pytest.mark.filterwarnings("ignore")
each = pytest.mark.parametrize(("name", "i"), EVERY)


def close(ours: Any, theirs: Any, rtol: float = 1e-6) -> None:
    ours, theirs = ours.detach(), theirs.detach()
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    loose = 1e-4 if theirs.numpy().dtype == np.float32 else 0
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=max(rtol, loose), atol=max(1e-8, loose * 1e-2))


def gradients(library: Any, value: Any, inputs: list[Any]) -> list[Any]:
    if not inputs or not value.requires_grad:
        return [None] * len(inputs)
    seed = library.linspace(0.5, 1.5, value.numel(), dtype=value.dtype).reshape(value.shape)
    return list(library.autograd.grad(value, inputs, seed, allow_unused=True))


def outcome(library: Any, ask: Callable[[], Any], inputs: list[Any]) -> Any:
    """A value and its gradients; or the error."""
    try:
        value = ask()
        return value, gradients(library, value, inputs)
    except Exception as error:
        return error


def same(ask: Callable[[Any, Any], Any], name: str, i: int, rtol: float = 1e-6) -> None:
    """What is asked of both has the same answer, or is refused by both."""
    theirs, ours = [outcome(library, lambda d=d, library=library: ask(library, d), live) for library, d, live in both(name, i)]
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception), f"PyTorch raises {theirs!r}"
        assert isinstance(ours, next(t for t in (NotImplementedError, ValueError, RuntimeError, Exception) if isinstance(theirs, t)))
        return
    if isinstance(ours, Exception):
        raise ours
    rtol = max(rtol, 1e-5 if name == "VonMises" else 0)              # PyTorch's Bessel functions are approximations
    close(ours[0], theirs[0], rtol)
    assert ours[0].requires_grad == theirs[0].requires_grad
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            if name == "Wishart" and a.dim() > 1:                    # PyTorch's have a gradient in the upper triangle, which is not read
                a, b = a.tril(), b.tril()
            close(a, b, rtol)


def need_its_stream(name: str) -> None:
    """Skip where PyTorch draws exponential numbers, and indices by way of them, from MKL's stream."""
    import torch
    if name not in ("Exponential", "Pareto", "Weibull") and "Categorical" not in name and "Multinomial" not in name:
        return
    found = []
    for library in (torch, mg):
        library.manual_seed(1)
        found.append(library.zeros(64).exponential_().tolist())
    if not np.allclose(*found, rtol=1e-5):
        pytest.skip("an Intel CPU: PyTorch draws from MKL's stream")


def drawn(name: str, i: int, n: int = 5) -> np.ndarray:
    """Values of a distribution."""
    (torch, d, _), _ = both(name, i)
    torch.manual_seed(7)
    return np.asarray(d.sample((n,)).detach().numpy())


def plain(d: Any) -> str:
    """A `repr` without what tells of gradients."""
    return re.sub(", (requires_grad=True|grad_fn=<\\w+>)", "", repr(d)).replace("minigrad", "torch")


@each
def test_what_it_is(name: str, i: int) -> None:
    (_, theirs, _), (_, ours, _) = both(name, i)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    assert plain(ours) == plain(theirs)
    kinds = [{name: type(c).__name__ for name, c in d.arg_constraints.items()} for d in (ours, theirs)]
    assert kinds[0] == kinds[1]
    assert type(ours.support).__name__ == type(theirs.support).__name__
    assert (ours.support.event_dim, ours.support.is_discrete) == (theirs.support.event_dim, theirs.support.is_discrete)


@each
@pytest.mark.parametrize("what", ["mean", "mode", "variance", "stddev"])
def test_moments(name: str, i: int, what: str) -> None:
    if (name, what) == ("Kumaraswamy", "mode"):
        pytest.skip("PyTorch's is always nan; the right one is tested in test_formulas.py")
    same(lambda library, d: getattr(d, what), name, i)


@each
@pytest.mark.parametrize("what", ["entropy", "perplexity"])
def test_entropy(name: str, i: int, what: str) -> None:
    same(lambda library, d: getattr(d, what)(), name, i)


@each
def test_log_prob(name: str, i: int) -> None:
    values = drawn(name, i)
    same(lambda library, d: d.log_prob(library.tensor(values)), name, i)
    if not both(name, i)[0][1].support.is_discrete:
        def slope(library: Any, d: Any) -> Any:
            x = library.tensor(values, requires_grad=True)
            return library.autograd.grad(d.log_prob(x).sum(), x)[0].detach()
        same(slope, name, i)


@each
def test_distribution_function(name: str, i: int) -> None:
    values = drawn(name, i)
    same(lambda library, d: d.cdf(library.tensor(values)), name, i)
    shape = values.shape[:1] + tuple(both(name, i)[0][1].batch_shape)
    u = np.random.default_rng(0).uniform(0.01, 0.99, shape).astype(values.dtype)
    same(lambda library, d: d.icdf(library.tensor(u)), name, i)


@each
def test_support(name: str, i: int) -> None:
    values = drawn(name, i)
    for x in (values, values + 0.3, -values, values * np.nan):
        same(lambda library, d, x=x: d.support.check(library.tensor(x)), name, i)
    for expand in (True, False):
        same(lambda library, d, expand=expand: d.enumerate_support(expand), name, i)


@each
def test_expand(name: str, i: int) -> None:
    values = drawn(name, i, n=2)
    for shape in ((2,), (3, 2)):
        full = (*shape, *both(name, i)[0][1].batch_shape)
        found = []
        for library, d, _ in both(name, i):
            larger = d.expand(full)
            assert tuple(larger.batch_shape) == full
            assert tuple(larger.event_shape) == tuple(d.event_shape)
            assert type(larger) is type(d)
            library.manual_seed(3)
            assert tuple(larger.sample((2,)).shape) == (2, *full, *d.event_shape)
            found.append(larger.log_prob(library.tensor(values)))
            same(lambda library, d, full=full: d.expand(full).mean, name, i)
        close(found[1], found[0])


@each
def test_draws(name: str, i: int) -> None:
    """The same numbers from the same seed; none is in the graph."""
    if name in DRAWN_OTHERWISE:
        pytest.skip("drawn in another way than PyTorch's")

    need_its_stream(name)

    def draw(shape: tuple[int, ...]) -> Callable[[Any, Any], Any]:
        def ask(library: Any, d: Any) -> Any:
            library.manual_seed(11)
            return d.sample(shape)
        return ask
    for shape in ((), (3,), (20, 2)):
        same(draw(shape), name, i)
    for library, d, _ in both(name, i):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            assert tuple(d.sample_n(3).shape) == tuple(d.sample((3,)).shape)
        assert issubclass(heard[0].category, FutureWarning) or library is not mg


@each
def test_gradients_of_draws(name: str, i: int) -> None:
    if name in DRAWN_OTHERWISE:
        pytest.skip("drawn in another way than PyTorch's; tested in test_formulas.py")

    need_its_stream(name)

    def ask(library: Any, d: Any) -> Any:
        library.manual_seed(5)
        return d.rsample((4,))
    same(ask, name, i, rtol=5e-3 if name in IMPLICIT else 1e-6)


@each
def test_without_validation(name: str, i: int) -> None:
    values = drawn(name, i)
    for library, d, _ in both(name, i, validate_args=False):
        assert d._validate_args is False
        assert tuple(d.log_prob(library.tensor(values)).shape) == (5, *d.batch_shape)
