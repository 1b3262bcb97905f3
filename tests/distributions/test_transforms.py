"""Transforms, constraints and their registries against PyTorch's."""
from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import distributions as D
from minigrad.distributions import constraints, transforms
from tests.agree import agree, lines, refuse

# D: the namespace; x float64 (2, 3, 4) that requires grad, of which `t` lines use other shapes and ranges.
PREPARE = "D = torch.distributions; T = D.transforms; C = D.constraints; "
REAL = VECTOR = "x / 8 - 1.2"

TRANSFORMS = {
    "T.ExpTransform()": REAL,
    "T.PowerTransform(torch.tensor(2.5))": "x + 0.5",
    "T.PowerTransform(torch.tensor([2.5, -1, 0.5, 3], dtype=torch.float64))": "x + 0.5",
    "T.SigmoidTransform()": REAL,
    "T.SoftplusTransform()": REAL,
    "T.TanhTransform()": REAL,
    "T.AffineTransform(2., -3.)": REAL,
    "T.AffineTransform(torch.tensor([1., 2, 3, 4]).double(), torch.tensor(-2.).double(), event_dim=1)": REAL,
    "T.AffineTransform(1, torch.tensor([[2.], [3], [-1]]).double(), event_dim=2)": REAL,
    "T.CumulativeDistributionTransform(D.Normal(torch.tensor(.5).double(), torch.tensor(2.).double()))": REAL,
    "T.StickBreakingTransform()": VECTOR,
    "T.ReshapeTransform((3, 4), (2, 6))": REAL,
    "T.ComposeTransform([T.AffineTransform(1., 2.), T.ExpTransform()])": REAL,
    "T.ComposeTransform([T.AffineTransform(1., 2.), T.StickBreakingTransform()])": VECTOR,
    "T.ComposeTransform([T.StickBreakingTransform(), T.AffineTransform(1., 2.)])": VECTOR,
    "T.ComposeTransform([])": REAL,
    "T.IndependentTransform(T.ExpTransform(), 2)": REAL,
    "T.CatTransform([T.ExpTransform(), T.AffineTransform(0., 2.)], dim=-1, lengths=[3, 1])": REAL,
    "T.CatTransform([T.ExpTransform(), T.IndependentTransform(T.ExpTransform(), 1)], dim=1, lengths=[2, 1])": REAL,
    "T.StackTransform([T.ExpTransform(), T.AffineTransform(0., 2.), T.TanhTransform()], dim=1)": REAL,
    "T.ExpTransform().inv": "x + 0.5",
    "T.ComposeTransform([T.AffineTransform(1., 2.), T.ExpTransform()]).inv": "x + 0.5",
}
NOT_BIJECTIVE = {
    "T.AbsTransform()": REAL,
    "T.SoftmaxTransform()": VECTOR,
    "T.LowerCholeskyTransform()": "x[:, :3, :3] / 8 - 1.2",
    "T.PositiveDefiniteTransform()": "x[:, :3, :3] / 8 - 1.2",
}
MANY = {**TRANSFORMS, **NOT_BIJECTIVE}


@pytest.mark.parametrize("t", MANY)
def test_there_and_back(t: str) -> None:
    """Value and gradient, of the inverse of the value too; the shapes and constraints; equality."""
    agree(f"{PREPARE}t = {t}; t({MANY[t]})")
    agree(f"{PREPARE}t = {t}; t.inv(t({MANY[t]}))")
    agree(f"{PREPARE}t = {t}; t.forward_shape((2, 3, 4)), t.bijective, t.domain.event_dim, t.codomain.event_dim")
    agree(f"{PREPARE}t = {t}; repr(t.domain), repr(t.codomain), repr(t), repr(t.inv)")
    agree(f"{PREPARE}t = {t}; s = {t}; t == s, t != s, t == T.ExpTransform(), t.inv.inv is t, t.inv == s.inv")
    if "CatTransform([T.ExpTransform(), T.Ind" not in t:                   # whose checks give different shapes
        agree(f"{PREPARE}t = {t}; t.codomain.check(t({MANY[t]})), t.domain.check({MANY[t]})")
    agree(f"{PREPARE}t = {t}.with_cache(1); v = {MANY[t]}; t(v) is t(v), t.inv(t(v)) is v, t._cache_size, t.with_cache(1) is t")


@pytest.mark.parametrize("t", [t for t in TRANSFORMS if "event_dim" not in t])
def test_stretch(t: str) -> None:
    agree(f"{PREPARE}t = {t}; v = {MANY[t]}; t.log_abs_det_jacobian(v, t(v))")
    agree(f"{PREPARE}t = {t}; v = {MANY[t]}; t.inv.log_abs_det_jacobian(t(v), v)")
    agree(f"{PREPARE}t = {t}; t.inv.forward_shape(t.forward_shape((2, 3, 4)))")


@pytest.mark.parametrize("t", lines("""
    T.ExpTransform()
    T.PowerTransform(torch.tensor(-2.))
    T.AffineTransform(0, -2)
    T.TanhTransform().inv
    T.AffineTransform(0, torch.tensor([2., -1]))
    T.ComposeTransform([T.AffineTransform(0, -2), T.ExpTransform()])
"""))
def test_sign(t: str) -> None:
    agree(f"{PREPARE}{t}.sign")


def test_a_power_that_is_a_number_has_a_sign() -> None:
    assert [D.PowerTransform(e).sign for e in (2.0, -1)] == [1, -1]          # PyTorch wants a tensor for that


def test_correlation() -> None:
    """From (2, 3, 6) numbers to (2, 3, 4, 4) Cholesky factors, and back."""
    v = "v = torch.cat([x, x[..., :2] * 0.5], -1) / 20 - 0.4; t = T.CorrCholeskyTransform(); y = t(v); "
    for what in ("y", "t.inv(y)", "t.log_abs_det_jacobian(v, y)", "t.codomain.check(y)",
                 "t.forward_shape((5, 6)), t.inverse_shape((5, 4, 4))"):
        agree(PREPARE + v + what)


def test_the_stretch_of_an_affine_event() -> None:
    """All elements of an event count, whatever the shape of the scale; PyTorch counts those of the scale."""
    for scale in ("-3.", "torch.full((3, 4), -3.).double()", "torch.tensor([[2.], [3], [-1]]).double().expand(3, 4)"):
        for dims in (1, 2):
            agree(f"{PREPARE}t = T.AffineTransform(1., {scale}, event_dim={dims}); t.log_abs_det_jacobian(x, t(x))")
    x = mg.zeros(2, 4, dtype=mg.float64)
    for factor in (mg.tensor(-3.0, dtype=mg.float64), mg.full((4,), -3.0, dtype=mg.float64), mg.full((2, 1), -3.0, dtype=mg.float64)):
        np.testing.assert_allclose(D.AffineTransform(0.0, factor, event_dim=1).log_abs_det_jacobian(x, x), [4 * np.log(3)] * 2)


def test_the_stretch_is_the_determinant() -> None:
    v = mg.tensor([0.3, -0.7, 1.1], dtype=mg.float64)
    for t, cut in ((D.StickBreakingTransform(), slice(0, 3)), (D.ExpTransform(), slice(None)), (D.CorrCholeskyTransform(), None)):
        def below(x: Any, t: Any = t, cut: Any = cut) -> Any:
            return D.utils.tril_matrix_to_vec(t(x), -1) if cut is None else t(x)[cut]
        jacobian = mg.autograd.functional.jacobian(below, v)
        stretch = t.log_abs_det_jacobian(v, t(v))
        np.testing.assert_allclose(mg.linalg.slogdet(jacobian).logabsdet.item(), stretch.sum().item(), rtol=1e-10)


@pytest.mark.parametrize(("line", "match"), [
    ("T.ExpTransform(cache_size=2)", "cache_size must be 0 or 1"),
    ("T.ReshapeTransform((2, 3), (4,))", "different numbers of elements"),
    ("T.ReshapeTransform((2, 3), (6,)).forward_shape((2, 4))", "Shape mismatch"),
    ("T.ReshapeTransform((2, 3), (6,)).forward_shape((4,))", "Too few dimensions"),
    ("T.SoftmaxTransform().forward_shape(())", "Too few dimensions"),
    ("T.IndependentTransform(T.ExpTransform(), 2)(x[0, 0])", "Too few dimensions"),
    ("T.CorrCholeskyTransform().forward_shape((5,))", "not a flattened lower-diagonal number"),
    ("T.CorrCholeskyTransform().inverse_shape((5, 4))", "not square"),
    ("T.CatTransform([T.ExpTransform()], lengths=[1, 2])", "a length for each"),
    ("T.CatTransform([3])", "must be Transforms"),
    ("T.CatTransform([T.ExpTransform()], lengths=[3])(x)", "needs size 3 in dimension 0"),
    ("T.StickBreakingTransform().event_dim; T.ReshapeTransform((2, 3), (6,)).event_dim", "they differ"),
    ("C.simplex.__class__; C.dependent.check(x)", "Cannot determine validity"),
    ("C.dependent.event_dim", "cannot be determined statically"),
    ("C.independent(3, 1)", "must be a Constraint"),
    ("C.independent(C.real, -1)", "non-negative int"),
    ("C.independent(C.real, 2).check(x[0, 0])", "Expected value.dim"),
    ("C.cat([C.real], lengths=[1, 2])", "a length for each"),
    ("C.stack([C.real], dim=5).check(x)", "must have dimension 5"),
    ("D.biject_to(C.lower_cholesky)", "Cannot transform _LowerCholesky constraints"),
    ("D.biject_to(C.boolean)", "Cannot transform _Boolean constraints"),
    ("D.transform_to.register(3, lambda c: None)", "either a Constraint subclass or instance"),
    ("D.TransformedDistribution(D.Normal(0., 1.), [3])", "must be a Transform or a list of Transforms"),
    ("D.TransformedDistribution(D.Normal(0., 1.), D.StickBreakingTransform())", "needs to have shape with size at least 1"),
])
def test_refused(line: str, match: str) -> None:
    refuse(PREPARE + line, match)


@pytest.mark.parametrize("c", lines("""
    C.real
    C.real_vector
    C.boolean
    C.one_hot
    C.nonnegative_integer
    C.positive_integer
    C.integer_interval(2, 7)
    C.positive
    C.nonnegative
    C.greater_than(3.)
    C.greater_than_eq(3.)
    C.less_than(3.)
    C.unit_interval
    C.interval(2., 5.)
    C.half_open_interval(2., 5.)
    C.simplex
    C.multinomial(6)
    C.lower_triangular
    C.lower_cholesky
    C.corr_cholesky
    C.square
    C.symmetric
    C.positive_semidefinite
    C.positive_definite
    C.independent(C.positive, 2)
    C.cat([C.positive, C.real], -1, [3, 1])
    C.stack([C.positive, C.real, C.boolean], 1)
    C.MixtureSameFamilyConstraint(C.simplex)
    C.dependent
    C.dependent(is_discrete=True, event_dim=1)
"""))
def test_constraint(c: str) -> None:
    """What it allows, of several kinds of values; what it says of itself."""
    agree(f"{PREPARE}repr({c}), C.is_dependent({c})")
    if c == "C.dependent":
        return
    agree(f"{PREPARE}c = {c}; c.event_dim, c.is_discrete")
    if "dependent(" in c and "independent" not in c:
        return
    for v in ("x", "x - 3", "x / 24", "torch.eye(4).double().expand(2, 4, 4)[:, :3]", "(x == 2) * 1.0", "x / x.sum(-1, True)",
              "x * float('nan')"):
        if "3" not in c or "square" not in c:
            agree(f"{PREPARE}{c}.check({v})" if not matrices(c) else f"{PREPARE}{c}.check(({v})[:, :3, :3])")
    if matrices(c):
        for v in ("m", "m @ m.mT", "m @ m.mT + torch.eye(3)", "m / m.norm(dim=-1, keepdim=True)", "m[:, :2]"):
            if v != "m[:, :2]" or "square" in c:
                agree(f"{PREPARE}m = (x[:, :3, :3] + 1).tril() / 9; {c}.check({v})")


def matrices(c: str) -> bool:
    return any(kind in c for kind in ("lower", "corr", "square", "symmetric", "definite"))


@pytest.mark.parametrize("c", lines("""
    C.real
    C.real_vector
    C.positive
    C.nonnegative
    C.greater_than(2.)
    C.greater_than_eq(torch.tensor(2.).double())
    C.less_than(2.)
    C.unit_interval
    C.interval(-1, 3)
    C.half_open_interval(torch.tensor(-1.).double(), 3)
    C.simplex
    C.cat([C.positive, C.real], -1, [3, 1])
    C.stack([C.positive, C.real, C.unit_interval], 1)
    C.independent(C.positive, 1)
"""))
def test_registries(c: str) -> None:
    for to in ("biject_to", "transform_to"):
        agree(f"{PREPARE}D.{to}({c})(x / 8 - 1)")
        agree(f"{PREPARE}repr(D.{to}({c}))")
        agree(f"{PREPARE}{c}.check(D.{to}({c})(x / 8 - 1))")


def test_registries_of_matrices() -> None:
    for c in ("lower_cholesky", "positive_definite", "positive_semidefinite"):
        agree(f"{PREPARE}D.transform_to(C.{c})(x[:, :3, :3] / 8 - 1)")
    agree(PREPARE + "D.biject_to(C.corr_cholesky)(x[..., :3] / 30)")


def test_what_a_transform_lacks() -> None:
    x = mg.zeros(2)
    for ask in (lambda: D.AbsTransform().log_abs_det_jacobian(x, x), lambda: D.Transform().sign, lambda: D.SoftmaxTransform().sign,
                lambda: D.Transform()(x), lambda: D.Transform().inv(x)):
        with pytest.raises(NotImplementedError):
            ask()


def test_a_registry_of_ones_own() -> None:
    registry = D.constraint_registry.ConstraintRegistry()

    @registry.register(constraints.interval)
    def to_interval(c: Any) -> Any:
        return D.AffineTransform(c.lower_bound, 1)
    registry.register(constraints.real, lambda c: D.identity_transform)
    assert registry(constraints.interval(2, 3)) == D.AffineTransform(2, 1)
    assert registry(constraints.real) is D.identity_transform
    with pytest.raises(NotImplementedError, match="Cannot transform _Simplex constraints"):
        registry(constraints.simplex)


def test_a_dependent_property_is_a_constraint_of_the_class() -> None:
    assert constraints.is_dependent(D.Uniform.support)
    assert (D.Uniform.support.is_discrete, D.Uniform.support.event_dim) == (False, 0)       # type: ignore[attr-defined]
    assert repr(D.Uniform(0.0, 1.0).support) == "Interval(lower_bound=0.0, upper_bound=1.0)"


def test_the_inverse_is_kept_only_while_used() -> None:
    t = D.ExpTransform()
    assert t.inv is not D.ExpTransform().inv
    inverse = t.inv
    assert t.inv is inverse
    del inverse
    gc.collect()
    assert t._inv() is None


def test_copies() -> None:
    for t in (D.AffineTransform(1.0, 2.0), D.ExpTransform().inv, D.ComposeTransform([D.ExpTransform()])):
        for again in (copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
            assert again == t
            assert again.inv(again(mg.tensor(0.5))).item() == pytest.approx(0.5)


def test_public_names() -> None:
    torch = pytest.importorskip("torch")
    assert sorted(D.__all__) == sorted(torch.distributions.__all__)
    assert sorted(transforms.__all__) == sorted(torch.distributions.transforms.__all__)
    assert sorted(constraints.__all__) == sorted(torch.distributions.constraints.__all__)
    for name in D.__all__:
        theirs, ours = getattr(torch.distributions, name), getattr(D, name)
        if isinstance(theirs, type):
            assert ours.__module__.split(".")[-1] in (theirs.__module__.split(".")[-1], "transform", "pointwise", "shaping", "joining")
