"""Random tensors: PyTorch's numbers for PyTorch's seeds."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.rand(2, 3)
    torch.rand((2, 3))
    torch.rand(size=(2,))
    torch.rand(())
    torch.rand(2, dtype=torch.float64)
    torch.rand(2, dtype=torch.complex64)
    torch.rand(2, generator=torch.Generator().manual_seed(3))
    torch.rand(2, requires_grad=True).requires_grad
    torch.rand(2, out=torch.zeros(2))
    torch.randn(20)
    torch.randn(3, dtype=torch.float64)
    torch.randn(3, dtype=torch.complex64)
    torch.randn((4, 5), dtype=torch.float16)
    torch.randint(10, (3,))
    torch.randint(5, 10, (3,))
    torch.randint(0, 10, [3], dtype=torch.float32)
    torch.randint(10, size=(3,))
    torch.randint(low=3, high=10, size=(3,))
    torch.randint(high=10, size=(3,))
    torch.randint(2**40, (3,))
    torch.randint(2, (3,), dtype=torch.bool)
    torch.randint(10, (3,), generator=torch.Generator().manual_seed(3))
    torch.randperm(10)
    torch.randperm(10, dtype=torch.int32)
    torch.randperm(5, generator=torch.Generator().manual_seed(3))
    torch.randperm(0)
    torch.normal(0., 1., (3,))
    torch.normal(2, 3, size=(20,))
    torch.normal(torch.arange(20.), 1.)
    torch.normal(torch.arange(3.), torch.arange(3.))
    torch.normal(0., torch.arange(3.))
    torch.normal(torch.zeros(3, 1), torch.ones(4))
    torch.normal(torch.zeros(3), torch.ones(3, dtype=torch.float64))
    torch.normal(mean=torch.arange(3.))
    torch.rand_like(x)
    torch.rand_like(i, dtype=torch.float32)
    torch.randn_like(x)
    torch.randn_like(x.transpose(0, 2))
    torch.randn_like(x.transpose(0, 2)).stride()
    torch.randint_like(x, 10)
    torch.randint_like(i, 3, 10)
    torch.randint_like(x, low=3, high=10)
    torch.initial_seed()
    torch.random.initial_seed()
    torch.random.manual_seed(3); torch.rand(2)
    torch.default_generator.initial_seed()
    torch.Generator().initial_seed()
    torch.get_rng_state().dtype
    torch.get_rng_state()[:100]
    s = torch.get_rng_state(); a = torch.randn(5); torch.set_rng_state(s); (a, torch.randn(5))
    g = torch.Generator().manual_seed(1); s = g.get_state(); a = torch.rand(5, generator=g); g.set_state(s); torch.rand(5, generator=g)
"""))
def test_the_same_numbers(line: str) -> None:
    agree(line, seed=5)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.rand()", "missing argument 'size'"),
    ("torch.rand(-1)", "negative dimension"),
    ("torch.rand(2, dtype=torch.int64)", "not implemented for int64"),
    ("torch.randn(3, dtype=torch.int64)", "not implemented for int64"),
    ("torch.rand(2, generator=3)", "must be a Generator; got int 3"),
    ("torch.randint(10, 3)", "must be tuple of ints, not int"),
    ("torch.randint(10)", "takes \\(high, size\\)"),
    ("torch.randint(10, 5, (3,))", "from=10, to=5"),
    ("torch.randint(300, (3,), dtype=torch.uint8)", "out of bounds for uint8"),
    ("torch.randint(10.5, (3,))", "'high' must be int"),
    ("torch.randperm(-1)", "negative"),
    ("torch.normal(0., 1.)", "needs a size"),
    ("torch.normal(torch.arange(3.), torch.ones(4))", "attempting to broadcast"),
    ("torch.normal(torch.arange(3.), -1.)", "std must be >= 0"),
    ("torch.normal(torch.arange(3.), torch.tensor([-1., 1., 1.]))", "all elements of std >= 0"),
    ("torch.normal(torch.arange(3), 1.)", "not implemented for int64"),
    ("torch.rand_like(i)", "not implemented for int64"),
    ("torch.manual_seed('a')", "invalid literal"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_draws_are_outside_the_graph() -> None:
    p = mg.full((3,), 0.5, requires_grad=True)
    assert not mg.bernoulli(p).requires_grad
    assert not mg.normal(p, 1.0).requires_grad
    assert not mg.poisson(p).requires_grad


def test_fork_rng_leaves_the_stream_as_it_was() -> None:
    mg.manual_seed(1)
    with mg.random.fork_rng():
        inside = mg.rand(3)
    np.testing.assert_array_equal(mg.rand(3).numpy(), inside.numpy())


def test_an_unseeded_generator_differs() -> None:
    g = mg.Generator()
    assert g.seed() == g.initial_seed()
    assert g.initial_seed() != mg.Generator().seed()
